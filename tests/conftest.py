"""What all tests share: where real data lie, and how to make small BAMs."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pysam
import pytest

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared/data"


@pytest.fixture(scope="session")
def yeast() -> Path:
    """Folder of the yeast data set."""
    folder = DATA / "yeast"
    if not folder.is_dir():
        pytest.skip(f"the yeast data set is not in {folder}")
    return folder


@pytest.fixture(scope="session")
def human_bam() -> Path:
    """A BAM straight from an aligner."""
    path = DATA / "human/atac_GM12878_GL1.bam"
    if not path.is_file():
        pytest.skip(f"the human BAM is not at {path}")
    return path


def need_program(name: str) -> str:
    """Return a program's path; skip without it, unless CI says that it must be there."""
    path = shutil.which(name)
    if path is None:
        if os.environ.get("CHROMPUTE_NEED_PROGRAMS"):
            pytest.fail(f"{name} must be installed in CI")
        pytest.skip(f"{name} (from Debian) is not installed")
    return path


@dataclass(frozen=True)
class Read:
    """One alignment of a test BAM; positions are 0-based."""

    name: str
    chrom: str
    start: int
    flag: int
    mate_start: int = 0
    mate_chrom: str | None = None
    tlen: int = 0
    mapq: int = 60
    cigar: str = "20M"
    tags: tuple[tuple[str, int], ...] = ()


def pair(name: str, chrom: str, start: int, end: int, mapq: int = 60, flag: int = 0) -> list[Read]:
    """Return a proper pair of 20-bp reads for the fragment [start, end)."""
    first = Read(name, chrom, start, 0x63 | flag, end - 20, None, end - start, mapq)
    second = Read(name, chrom, end - 20, 0x93 | flag, start, None, start - end, mapq)
    return [first, second]


MakeBam = Callable[..., Path]


@pytest.fixture
def make_bam(tmp_path: Path) -> MakeBam:
    """Return a function that writes reads into a BAM, sorted by default."""

    def make(
        reads: Sequence[Read],
        sizes: dict[str, int],
        name: str = "test.bam",
        sort: bool = True,
        order: str = "coordinate",
    ) -> Path:
        names = list(sizes)
        header = pysam.AlignmentHeader.from_dict(
            {
                "HD": {"VN": "1.6", "SO": order},
                "SQ": [{"SN": chrom, "LN": size} for chrom, size in sizes.items()],
            }
        )
        if sort:
            reads = sorted(reads, key=lambda r: (names.index(r.chrom), r.start))
        path = tmp_path / name
        with pysam.AlignmentFile(path, "wb", header=header) as bam:
            for read in reads:
                bam.write(_segment(read, header))
        return path

    return make


def _segment(read: Read, header: pysam.AlignmentHeader) -> pysam.AlignedSegment:
    segment = pysam.AlignedSegment(header)
    segment.query_name = read.name
    segment.flag = read.flag
    segment.reference_name = read.chrom
    segment.reference_start = read.start
    segment.mapping_quality = read.mapq
    segment.cigarstring = None if read.flag & 4 else read.cigar
    segment.next_reference_name = read.mate_chrom or read.chrom
    segment.next_reference_start = read.mate_start
    segment.template_length = read.tlen
    for tag, value in read.tags:
        segment.set_tag(tag, value)
    return segment
