"""Small files that unpack without end are refused before they fill memory or disk."""

import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from chrompute.annotations import scan_tss
from chrompute.bounded import ALWAYS, MOST_TIMES, open_text, refuse_endless
from chrompute.errors import InputError
from chrompute.genome import read_lengths
from chrompute.intervals import scan_bed
from chrompute.sheets import read_samples

SIZES = {"chr1": 1_000_000_000}


@pytest.fixture(scope="module")
def bomb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a gigabyte of one letter, in half a megabyte."""
    path = tmp_path_factory.mktemp("bomb") / "bomb.bed.gz"
    block = b"A" * (1 << 20)
    with gzip.open(path, "wb", compresslevel=1) as out:
        for _ in range(3 * (ALWAYS >> 20)):
            out.write(block)
    assert MOST_TIMES * path.stat().st_size < 3 * ALWAYS
    return path


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(refuse_endless, id="bytes"),
        pytest.param(lambda path: [len(line) for line in open_text(path)], id="text"),
        pytest.param(lambda path: scan_bed(path, SIZES), id="bed"),
        pytest.param(lambda path: [*scan_tss(path, {}, SIZES)], id="gtf"),
    ],
)
def test_text_that_unpacks_without_end_is_refused(
    bomb: Path, read: Callable[[Path], object]
) -> None:
    with pytest.raises(gzip.BadGzipFile, match="more than 200 times its size"):
        read(bomb)


def test_a_genome_that_unpacks_without_end_costs_no_memory(bomb: Path) -> None:
    tracemalloc.start()
    with pytest.raises(InputError, match=r"bomb\.bed\.gz: cannot be read as FASTA .*200 times"):
        read_lengths(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_what_shrinks_well_is_read(tmp_path: Path) -> None:
    """Lines that are all alike unpack to some 300 times their size: small ones do no harm."""
    text = "chr1\t100\t200\n" * 1_000_000
    path = tmp_path / "alike.bed.gz"
    path.write_bytes(gzip.compress(text.encode()))
    assert len(text) > MOST_TIMES * path.stat().st_size
    with open_text(path) as handle:
        assert handle.read() == text
    refuse_endless(path)


def test_a_cut_off_genome_says_so(tmp_path: Path) -> None:
    path = tmp_path / "cut.fa.gz"
    path.write_bytes(gzip.compress(b">chr1\n" + b"ACGT" * 1000)[:-20])
    with pytest.raises(InputError, match=r"cut\.fa\.gz: cannot be read as FASTA"):
        read_lengths(path)


def test_a_sheet_of_gigabytes_is_no_sheet(tmp_path: Path) -> None:
    path = tmp_path / "reads.bam"
    with open(path, "wb") as out:
        out.truncate(3_000_000_000)
    rows, faults = read_samples(str(path))
    assert rows == []
    assert faults == [f"{path}: has 3,000 MB, which no sheet needs; correct its path"]
