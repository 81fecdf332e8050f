"""Fixtures of all tests: real data, and small BAMs made on the spot."""

from collections.abc import Sequence
from pathlib import Path

import pysam
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from helpers import DATA, MakeBam, Read

#: Files of tests/workflow that read the results of one whole run, which one process makes.
SHARED_RUNS = {
    "simulated": {
        "faults",
        "pages",
        "reproduce",
        "reruns",
        "simulation",
        "simulation_models",
        "slurm",
    },
    "slice": {"failures", "genome_files", "inputs", "line", "missing_parts"},
}


class ByRun(LoadScopeScheduling):
    """What `--dist loadfile` does, but that files with a shared run go to one process."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        name = Path(path).stem.removeprefix("test_")
        runs = [run for run, files in SHARED_RUNS.items() if name in files and "workflow" in path]
        return runs[0] if runs else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByRun:
    """Give each whole run to one process."""
    return ByRun(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All but unit tests are slow."""
    for item in items:
        if item.path.parent.name != "unit":
            item.add_marker(pytest.mark.slow)


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
