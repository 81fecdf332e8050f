"""Time how fast training batches are drawn on one core, beside plain ways to the same.

    python bench/batches.py

Fragments, genome and windows are made up: 7 million fragments of three cell types, windows of
2001 bp. Rates are windows by CPU time of the process, with one thread of torch, as medians of
rounds in which the ways take turns.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pysam
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from chrompute.canvas import SparseImages  # noqa: E402
from chrompute.device_fragments import DeviceFragments  # noqa: E402
from chrompute.fragments import Fragments  # noqa: E402
from chrompute.image_grid import ImageGrid  # noqa: E402
from chrompute.window_images import FragmentImages  # noqa: E402
from chrompute.window_sequence import GenomeSequence  # noqa: E402

PAIRS, CELL_TYPES, CHROMOSOMES, WINDOWS, WIDTH = 7_000_000, 3, 8, 200_000, 2001
JITTER, ROUNDS = 20, 15
CPU = torch.device("cpu")
#: 20 x 126 pixels, and a pixel a bp and length.
BINNED, FULL = ImageGrid(WIDTH, 0, 400, 20, 16), ImageGrid(WIDTH, 0, 300, 1, 1)
Arguments = tuple[Tensor, Tensor, Tensor]
#: Windows in a batch, batches in a round, and what draws a batch.
Way = tuple[int, int, Callable[[Arguments], object]]


class Case:
    """Windows that hold a number of fragments on average, and their images.

    The genome is as large as that asks for: chromosomes of one length, fragments all over them.
    """

    def __init__(self, fragments: int, rng: np.random.Generator) -> None:
        own = PAIRS // CELL_TYPES
        self.size = own * WIDTH // fragments // CHROMOSOMES
        self.sizes = {f"chr{number}": self.size for number in range(CHROMOSOMES)}
        self.stores = [self.made_store(own, rng) for _ in range(CELL_TYPES)]
        self.device_store = DeviceFragments(self.stores, CPU)
        self.group = rng.integers(0, CELL_TYPES * CHROMOSOMES, WINDOWS)
        self.starts = rng.integers(0, self.size - WIDTH, WINDOWS)

    def made_store(self, number: int, rng: np.random.Generator) -> Fragments:
        """Return fragments with the lengths of a gamma distribution, 1 in 100 above 400 bp."""
        lengths = np.clip(rng.gamma(2.5, 56, number), 20, 1000).astype(np.int64)
        begins = rng.integers(0, self.size - 1000, number)
        chroms = rng.integers(0, CHROMOSOMES, number)
        return Fragments.from_intervals(self.sizes, chroms, begins, begins + lengths)

    def images(self, grid: ImageGrid) -> FragmentImages:
        """Return the images of the windows, which are not scaled."""
        ones = np.ones(WINDOWS, np.float32)
        return FragmentImages(self.device_store, self.group, self.starts, ones, grid, CPU)


class DenseImages(Dataset[Tensor]):
    """Dense full-resolution images, one window at a time, as a plain data set makes them."""

    def __init__(self, case: Case) -> None:
        self.case = case

    def __len__(self) -> int:
        return WINDOWS

    def __getitem__(self, index: int) -> Tensor:
        cell_type, chrom = divmod(int(self.case.group[index]), CHROMOSOMES)
        store, start = self.case.stores[cell_type], int(self.case.starts[index])
        rows = store.rows(f"chr{chrom}")
        midpoints = store.midpoints[rows]
        low, high = np.searchsorted(midpoints, (2 * start + 1, 2 * (start + WIDTH) + 1))
        lengths = store.lengths[rows][low:high]
        columns = (midpoints[low:high] - 1) // 2 - start
        image = np.zeros(FULL.shape, dtype=np.float32)
        inside = lengths < FULL.max_length
        np.add.at(image, (lengths[inside], columns[inside]), 1)
        return torch.from_numpy(image)


def fresh_zeros(images: FragmentImages, arguments: Arguments) -> Tensor:
    """Draw in pixels that are made anew."""
    lit: SparseImages = images.sparse(*arguments)
    counts = torch.zeros(lit.shape, dtype=torch.int32)
    pixels = lit.pixels.long()
    return counts.view(-1).scatter_add_(0, pixels, torch.ones_like(pixels, dtype=torch.int32))


def one_hot_of_strings(fasta: pysam.FastaFile, case: Case, arguments: Arguments) -> Tensor:
    """Fetch each window's string and encode it as one-hot, in a loop."""
    bases = np.frombuffer(b"ACGT", dtype=np.uint8)[:, None]
    rows = []
    for window, shift, reverse in zip(*(each.tolist() for each in arguments), strict=True):
        start = int(case.starts[window]) + shift
        chrom = f"chr{case.group[window] % CHROMOSOMES}"
        text = fasta.fetch(chrom, max(start, 0), start + WIDTH).upper().encode().ljust(WIDTH, b"N")
        hot = (np.frombuffer(text, dtype=np.uint8) == bases).astype(np.float32)
        rows.append(hot[::-1, ::-1] if reverse else hot)
    return torch.from_numpy(np.stack(rows))


def write_fasta(path: Path, genome: dict[str, npt.NDArray[np.uint8]]) -> pysam.FastaFile:
    """Write a genome in lines of 60 bases and index it."""
    with path.open("w") as file:
        for name, codes in genome.items():
            text = np.frombuffer(b"ACGTN", dtype=np.uint8)[codes].tobytes().decode()
            lines = (text[begin : begin + 60] for begin in range(0, len(text), 60))
            file.write(f">{name}\n" + "\n".join(lines) + "\n")
    pysam.faidx(str(path))
    return pysam.FastaFile(str(path))


def drawn(rng: np.random.Generator, number: int) -> Arguments:
    """Return random windows with their shifts and strands."""
    return (
        torch.from_numpy(rng.integers(0, WINDOWS, number)),
        torch.from_numpy(rng.integers(-JITTER, JITTER + 1, number)),
        torch.from_numpy(rng.random(number) < 0.5),
    )


def rates_of(ways: dict[str, Way], rng: np.random.Generator) -> dict[str, float]:
    """Return windows per CPU second of each way, medians of the rounds."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(ROUNDS + 2):  # the first two fill buffers
        for name, (number, batches, way) in ways.items():
            arguments = [drawn(rng, number) for _ in range(batches)]
            begin = time.process_time()
            for each in arguments:
                way(each)
            if turn > 1:
                seconds[name].append((time.process_time() - begin) / (number * batches))
    return {name: 1 / statistics.median(values) for name, values in seconds.items()}


def report(title: str, must: int, rates: dict[str, float]) -> bool:
    """Print the rates of one measure, the way that must reach something first."""
    first, *_ = rates.values()
    print(f"\n{title}\n\n| way | windows/s | times as fast as it | must reach |\n|---|---|---|---|")
    for name, rate in rates.items():
        asked = f"{must:,}" if rate is first and must else ""
        print(f"| {name} | {rate:,.0f} | {rate / first:.4g} | {asked} |")
    return first >= must


def sparse_rates(case: Case, rng: np.random.Generator) -> dict[str, float]:
    """Time sparse batches of binned V-plots, and what is made of them."""
    binned, deep = case.images(BINNED), Case(1000, rng).images(BINNED)
    ways: dict[str, Way] = {
        "sparse, 100 fragments a window": (1024, 4, lambda a: binned.sparse(*a)),
        "the same, as dense counts": (512, 4, lambda a: binned.counts(*a)),
        "the same, scaled": (512, 4, lambda a: binned.scaled(*a)),
        "sparse, 1,000 fragments a window": (256, 4, lambda a: deep.sparse(*a)),
    }
    return rates_of(ways, rng)


def dense_rates(case: Case, rng: np.random.Generator) -> dict[str, float]:
    """Time dense batches at full resolution."""
    full, dense = case.images(FULL), DenseImages(case)
    ways: dict[str, Way] = {
        "reused buffer": (128, 8, lambda a: full.counts(*a)),
        "fresh zeros": (128, 1, lambda a: fresh_zeros(full, a)),
        "DataLoader of dense images, batches of 32": (
            *(32, 1),
            lambda a: [*DataLoader(dense, 32, sampler=a[0].tolist())],
        ),
    }
    return rates_of(ways, rng)


def sequence_rates(case: Case, rng: np.random.Generator) -> dict[str, float]:
    """Time batches of the sequence."""
    genome = {name: rng.integers(0, 4, size).astype(np.uint8) for name, size in case.sizes.items()}
    sequence = GenomeSequence(genome, case.group % CHROMOSOMES, case.starts, WIDTH, CPU)
    with (
        tempfile.TemporaryDirectory() as folder,
        write_fasta(Path(folder) / "genome.fa", genome) as fasta,
    ):
        ways: dict[str, Way] = {
            "codes": (256, 16, lambda a: sequence.codes(*a)),
            "pysam and one-hot": (64, 4, lambda a: one_hot_of_strings(fasta, case, a)),
        }
        return rates_of(ways, rng)


def main() -> int:
    """Time all ways and print a table for each measure; 1 where one falls short."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    print(f"{PAIRS:,} fragments, windows of {WIDTH} bp, CPU time of one thread of torch.")
    case = Case(100, rng)
    millions = case.size * CHROMOSOMES / 1e6
    sparse = (
        f"Sparse batches ({BINNED.shape[0]} x {BINNED.shape[1]} pixels; a genome of "
        f"{millions:.0f} Mb, on which windows hold about 100 fragments, or a tenth of it)"
    )
    dense = (
        f"Dense full-resolution batches ({FULL.shape[0]} x {FULL.shape[1]} pixels, about 100 "
        "fragments a window)"
    )
    enough = [
        report(sparse, 150_000, sparse_rates(case, rng)),
        report(dense, 40_000, dense_rates(case, rng)),
        report(f"Sequence (a genome of {millions:.0f} Mb)", 500_000, sequence_rates(case, rng)),
    ]
    return 0 if all(enough) else 1


if __name__ == "__main__":
    sys.exit(main())
