"""Time the reading of a BAM side by side: samtools, a pysam loop, the fast and the strict path.

    python bench/fragments.py [BAM]

Prints the ratio of each to `samtools view -c`, medians of five interleaved rounds.
"""

import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pysam

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from chrompute.alignments import FragmentFilter, read_sample  # noqa: E402
from chrompute.fragments import Shift  # noqa: E402

DEFAULT = ROOT.parent / "shared/data/yeast/mnase_henikoff2011.bam"
ROUNDS = 5


def loop(path: Path) -> int:
    """Collect the pairs as a plain pysam loop does."""
    with pysam.AlignmentFile(str(path)) as bam:
        return len(
            [
                (read.reference_id, read.reference_start, read.template_length)
                for read in bam
                if read.is_proper_pair and not read.is_reverse and read.mapping_quality >= 30
            ]
        )


def store(path: Path, pairing: str) -> int:
    """Make the fragment store."""
    with pysam.AlignmentFile(str(path)) as bam:
        sizes = dict(zip(bam.references, bam.lengths, strict=True))
    return len(read_sample([path], FragmentFilter(sizes, Shift(0, 0), pairing=pairing))[0])


def main() -> None:
    """Time all ways in turn, so that a change of the machine's pace meets them alike."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    ways: dict[str, Callable[[], object]] = {
        "pysam loop": lambda: loop(path),
        "fragment store, fast path": lambda: store(path, "fast"),
        "fragment store, strict path": lambda: store(path, "strict"),
    }
    if samtools := shutil.which("samtools"):
        command = [samtools, "view", "-c", str(path)]
        ways = {"samtools view -c": lambda: subprocess.run(command, capture_output=True)} | ways
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, run in ways.items():
            begun = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - begun)
    first = next(iter(ways))
    print(f"| way | seconds | times {first} |\n|---|---|---|")
    for name, taken in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(taken, seconds[first], strict=True))
        print(f"| {name} | {statistics.median(taken):.2f} | {ratio:.1f} |")


if __name__ == "__main__":
    main()
