"""Measure what tracks cost at base resolution: CPU seconds and peak memory.

    python bench/tracks.py [FRAGMENTS [TRACK ...]]

Makes a store of random fragments (10 million by default) on the chromosomes of a human genome, and
writes each track in a process of its own that begins with the store on disk. By default that is
the coverage, written by Chrompute and, for comparison, through pyBigWig (`pyBigWig:coverage`).
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyBigWig

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from chrompute.fragments import Fragments, read_fragments, write_fragments  # noqa: E402
from chrompute.pileup import pile_up  # noqa: E402
from chrompute.tracks import plan_track, write_track  # noqa: E402

#: Lengths of chromosomes 1 to 22, X and Y of hg38, Mb.
MEGABASES = (
    *(249, 242, 198, 190, 182, 171, 159, 145, 138, 134, 135, 133, 114, 107, 102, 90, 83, 80),
    *(59, 64, 47, 51, 156, 57),
)
SIZES = {f"chr{n}": 1_000_000 * size for n, size in enumerate(MEGABASES, 1)}
TRACKS = {
    "bin_size": 1,
    "nucleosome_free": 100,
    "mono_nucleosome": {"min_length": 150, "max_length": 300},
    "smoothing": 20,
    "footprint": 147,
}
NUCLEOSOMES = {"min_length": 120, "max_length": 181}


def make_store(number: int) -> Fragments:
    """Draw fragments evenly over the genome, with lengths like those of ATAC-seq."""
    rng = np.random.default_rng(1)
    sizes = np.array(list(SIZES.values()))
    chroms = np.repeat(np.arange(sizes.size), rng.multinomial(number, sizes / sizes.sum()))
    lengths = np.clip(rng.gamma(2, 90, number), 20, 1000).astype(np.int64)
    starts = (rng.random(number) * (sizes[chroms] - 1000)).astype(np.int64)
    return Fragments.from_intervals(SIZES, chroms, starts, starts + lengths)


def write(store: str, way: str, path: str) -> None:
    """Write one track; report the cost of this process, from the start of the interpreter."""
    fragments = read_fragments(store)
    track = plan_track(way.removeprefix("pyBigWig:"), TRACKS, NUCLEOSOMES)
    if way.startswith("pyBigWig:"):
        write_with_pybigwig(fragments, path)
    else:
        write_track([fragments], track, path, SIZES)
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds, memory = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    size = Path(path).stat().st_size / 1e6
    print(f"| {way} | {seconds:.1f} | {memory:.0f} | {size:.0f} |", flush=True)


def write_with_pybigwig(fragments: Fragments, path: str) -> None:
    """Write the same runs of coverage through pyBigWig, a million at a time."""
    with pyBigWig.open(path, "w") as handle:
        handle.addHeader(list(SIZES.items()))
        for chrom, size in SIZES.items():
            runs = pile_up(*fragments.intervals(chrom), size)
            for first in range(0, runs.values.size, 1_000_000):
                edges = runs.edges[first : first + 1_000_001]
                values = runs.values[first : first + 1_000_000].astype(float)
                names = np.full(values.size, chrom)
                handle.addEntries(names, edges[:-1], ends=edges[1:], values=values, validate=False)


def main() -> None:
    """Make the store and measure each way."""
    number = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        store = str(Path(folder) / "store.parquet")
        # Each in a process of its own, which also begins with no memory of its parent's peak.
        subprocess.run([sys.executable, __file__, "--make", str(number), store], check=True)
        print(f"{number:,} fragments, {sum(MEGABASES):,} Mb\n")
        print(
            "| track | CPU seconds | peak memory, MB | bigWig, MB |\n|---|---|---|---|", flush=True
        )
        for way in sys.argv[2:] or ["coverage", "pyBigWig:coverage"]:
            path = str(Path(folder) / "track.bw")
            subprocess.run([sys.executable, __file__, "--write", store, way, path], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        write(*sys.argv[2:])
    elif sys.argv[1:2] == ["--make"]:
        write_fragments(make_store(int(sys.argv[2])), sys.argv[3])
    else:
        main()
