"""Cost of the assay stage, side by side with samtools and bamCoverage, as whole processes.

    python bench/make_bam.py 1000000 1M.bam
    python bench/fragments.py 1M.bam [--rounds 5] [--bam-coverage]

Every round runs each way once, in turn; the table holds medians over rounds of CPU seconds, of
their ratio to `samtools view -c` in the same round, and of peak memory. Needs samtools.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pysam

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

#: What `bamCoverage` is told to count the fragments that the store holds.
COVERAGE_FLAGS = [
    "--binSize",
    "1",
    "--extendReads",
    "1000",
    "--samFlagInclude",
    "66",
    "--samFlagExclude",
    "3844",
    "--minMappingQuality",
    "30",
    "--numberOfProcessors",
    "1",
]
WINDOWS, FLANK = 100_000, 1000


def store(bam: Path, out: Path, pairing: str) -> None:
    """Make the fragment store, as the rule does."""
    from chrompute.alignments import FragmentFilter, read_sample
    from chrompute.distances import estimate_shift
    from chrompute.fragments import Shift
    from chrompute.store_files import write_fragments

    shift = Shift(0, 0)
    rules = FragmentFilter(sizes_of(bam), shift, pairing=pairing)
    fragments, _ = read_sample([bam], rules)
    estimate_shift(fragments, shift)
    write_fragments(fragments, out)


def coverage(parquet: Path, out: Path) -> None:
    """Write the base-resolution coverage of a store, as the rule does."""
    from chrompute.store_files import read_fragments
    from chrompute.tracks import Track, write_track

    fragments = read_fragments(parquet)
    write_track([fragments], Track(), out, fragments.sizes)


def slices(parquet: Path) -> None:
    """Take the fragments of many windows from a store."""
    import pandas as pd

    from chrompute.store_files import read_fragments
    from chrompute.vplots import fragments_at_sites

    fragments = read_fragments(parquet)
    rng = np.random.default_rng(0)
    chrom = rng.choice([*fragments.sizes], WINDOWS)
    sizes = pd.Series(fragments.sizes)[chrom].to_numpy()
    place = (rng.random(WINDOWS) * (sizes - 2 * FLANK)).astype(int) + FLANK
    sites = pd.DataFrame({"chrom": chrom, "position": place, "strand": "."})
    begun = os.times()
    fragments_at_sites(fragments, sites, FLANK)
    print(os.times().user - begun.user + os.times().system - begun.system)


def sizes_of(bam: Path) -> dict[str, int]:
    """Return {chromosome: bp} of a BAM."""
    with pysam.AlignmentFile(str(bam)) as handle:
        return dict(zip(handle.references, handle.lengths, strict=True))


def measure(command: list[str]) -> tuple[float, float, str]:
    """Run a command; return its CPU seconds, peak memory (MB) and what it printed."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    text = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000, text


def ways(bam: Path, folder: Path, with_bam_coverage: bool) -> dict[str, list[str]]:
    """Return the commands to compare, by name."""
    own = [sys.executable, str(Path(__file__))]
    samtools = shutil.which("samtools")
    if samtools is None:
        raise SystemExit("samtools is needed: it is what all is compared with")
    parquet, track = str(folder / "fast.parquet"), str(folder / "coverage.bw")
    commands = {
        "samtools view -c": [samtools, "view", "-c", str(bam)],
        "store, fast path": [*own, "--job", "store", str(bam), parquet, "fast"],
        "store, strict path": [
            *own, "--job", "store", str(bam), str(folder / "strict.parquet"), "strict",
        ],
        "coverage bigWig from the store": [*own, "--job", "coverage", parquet, track],
        f"V-plot slices of {WINDOWS:,} windows": [*own, "--job", "slices", parquet],
    }  # fmt: skip
    if with_bam_coverage:
        tool = str(Path(sys.executable).parent / "bamCoverage")
        target = ["--bam", str(bam), "--outFileName", str(folder / "deeptools.bw")]
        commands["bamCoverage -bs 1"] = [tool, *target, *COVERAGE_FLAGS]
    return commands


def compare(bam: Path, rounds: int, with_bam_coverage: bool) -> None:
    """Run all ways in turn and print the table."""
    figures: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        commands = ways(bam, folder, with_bam_coverage)
        for _ in range(rounds):
            for way, command in commands.items():
                seconds, memory, text = measure(command)
                # Reading the store is not part of slicing it; the job prints what it took.
                seconds = float(text) if way.startswith("V-plot") else seconds
                figures.setdefault(way, []).append((seconds, memory))
        fragments = pq.read_metadata(folder / "fast.parquet").num_rows
        size = (folder / "fast.parquet").stat().st_size / fragments
    together = zip(
        figures["store, fast path"], figures["coverage bigWig from the store"], strict=True
    )
    figures["store, fast path, and coverage bigWig"] = [
        (a + c, max(b, d)) for (a, b), (c, d) in together
    ]
    first = [seconds for seconds, _ in figures["samtools view -c"]]
    print("| way | CPU seconds | times samtools view -c | peak memory, MB |\n|---|---|---|---|")
    for way, taken in figures.items():
        ratio = statistics.median(a / b for (a, _), b in zip(taken, first, strict=True))
        seconds, memory = (statistics.median(values) for values in zip(*taken, strict=True))
        print(f"| {way} | {seconds:.2f} | {ratio:.2f} | {memory:,.0f} |")
    print(f"\n{fragments:,} fragments, {size:.2f} bytes each on disk; {rounds} rounds.")
    sliced = [a for a, _ in figures[f"V-plot slices of {WINDOWS:,} windows"]]
    made = [a for a, _ in figures["store, fast path"]]
    share = statistics.median(a / b for a, b in zip(sliced, made, strict=True))
    print(f"The slices cost {100 * share:.1f} % of the pass that makes the store (fast path).")


def main() -> None:
    """Run one job in this process, or compare all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="+", help="BAM (or the arguments of a job)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bam-coverage", action="store_true", help="compare with bamCoverage too")
    parser.add_argument("--job", choices=["store", "coverage", "slices"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    jobs: dict[str, Callable[..., None]] = {"store": store, "coverage": coverage, "slices": slices}
    if given.job:
        jobs[given.job](*given.paths)
    else:
        compare(Path(given.paths[0]), given.rounds, given.bam_coverage)


if __name__ == "__main__":
    main()
