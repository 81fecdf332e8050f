"""The genome: sequence, names and exclusions."""

import gzip
from pathlib import Path

import pytest

from chrompute.errors import InputError
from chrompute.genome import encode, is_excluded, read_aliases, read_genome


@pytest.mark.parametrize("suffix", ["fa", "fa.gz"])
def test_genome_is_read_and_encoded(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"g.{suffix}"
    opener = gzip.open if suffix.endswith("gz") else open
    with opener(path, "wt") as handle:
        handle.write(">chr1 some text\nACGTN\nacgtR\n>chr2\nTT\n")
    genome = read_genome(path)
    assert {name: sequence.tolist() for name, sequence in genome.items()} == {
        "chr1": [0, 1, 2, 3, 4, 0, 1, 2, 3, 4],
        "chr2": [3, 3],
    }
    assert [*read_genome(path, ["chr2"])] == ["chr2"]
    assert encode("ACGTX").tolist() == [0, 1, 2, 3, 4]


def test_bad_genomes_are_refused(tmp_path: Path) -> None:
    twice = tmp_path / "twice.fa"
    twice.write_text(">a\nA\n>a\nC\n")
    with pytest.raises(InputError, match="'a' is there twice"):
        read_genome(twice)
    empty = tmp_path / "empty.fa"
    empty.write_text("")
    with pytest.raises(InputError, match="holds no sequence"):
        read_genome(empty)


def test_aliases_and_exclusions(tmp_path: Path) -> None:
    path = tmp_path / "aliases.tsv"
    path.write_text("# alias\tname\n1\tchr1\n")
    assert read_aliases(path) == {"1": "chr1"}
    path.write_text("1 chr1\n")
    with pytest.raises(InputError, match="line 1"):
        read_aliases(path)
    assert is_excluded("chrUn_1", ["chrM", "chrUn_*"])
    assert not is_excluded("chr1", ["chr", "chrM"])
