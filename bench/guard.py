"""Time the search for identical sequences, and tell how many fragments real stores share.

    python bench/guard.py [--megabases 400] [--data ../shared/data]

The yeast genome and the stores are those of the development data set; without it, random bases
alone are searched.
"""

import argparse
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pysam

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from chrompute.alignments import FragmentFilter, read_sample  # noqa: E402
from chrompute.fragment_leaks import shared_fragments  # noqa: E402
from chrompute.fragments import Fragments, Shift, pool  # noqa: E402
from chrompute.genome import read_genome  # noqa: E402
from chrompute.identical import identical_windows  # noqa: E402
from chrompute.intervals import read_blacklist  # noqa: E402

WIDTH, CORE = 2001, 200
STORES = {
    "MNase": [
        ("yeast/mnase_G2_chrII.bam", "yeast/mnase_M_chrII.bam"),
        ("yeast/mnase_AGH01-1_dyads147.bam", "yeast/mnase_AGH01-2_dyads147.bam"),
    ],
    "ATAC": [
        ("yeast/atac_SRR1822137_pr1.bam", "yeast/atac_SRR1822137_pr2.bam"),
        ("worm/atac_germline.bam", "worm/atac_neurons.bam"),
    ],
}


def windows_along(sizes: dict[str, int], splits: dict[str, str], step: int) -> pd.DataFrame:
    """Return windows every `step` bp; chromosomes that `splits` does not name train."""
    tables = [
        pd.DataFrame(
            {
                "chrom": chrom,
                "centre": np.arange(step // 2, size, step),
                "split": splits.get(chrom, "train"),
            }
        )
        for chrom, size in sizes.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    table["start"] = table["centre"] - WIDTH // 2
    return table.assign(end=table["start"] + WIDTH, chrom=table["chrom"].astype("category"))


def report(name: str, windows: pd.DataFrame, genome: dict[str, np.ndarray]) -> None:
    """Search once more than needed, so that compiling does not count, and print."""
    identical_windows(windows.iloc[:: max(len(windows) // 100, 1)], genome, CORE)
    begin = time.process_time()
    held_out, training = identical_windows(windows, genome, CORE)
    seconds = time.process_time() - begin
    trains = windows["split"] == "train"
    bases = sum(len(genome[chrom]) for chrom in windows.loc[trains, "chrom"].unique())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{name}: {bases / 1e6:,.0f} Mb of training windows, {(~trains).sum():,} held-out windows: "
        f"{seconds:.2f} s, {seconds / bases * 1e9:.0f} ns a base, peak {peak:.1f} GB; "
        f"{held_out.sum():,} held-out windows marked, {training.sum():,} of {trains.sum():,} "
        "training windows hold a copy"
    )


def read_store(path: Path, assay: str) -> Fragments:
    """Read the fragments of one BAM with the defaults of its assay."""
    with pysam.AlignmentFile(path) as bam:
        sizes = dict(zip(bam.references, bam.lengths, strict=True))
    rules = FragmentFilter(
        sizes=sizes,
        shift=Shift.parse("+4/-4" if assay == "ATAC" else "none"),
        blacklist=read_blacklist([], sizes),
        remove_repeats=assay == "ATAC",
        min_mapq=30,
        min_length=20,
        max_length=1000,
    )
    return read_sample([path], rules)[0]


def main() -> None:
    """Run all that there are data for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabases", type=int, default=400)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data")
    given = parser.parse_args()
    fasta = given.data / "yeast/genome/sacCer3.fa.gz"
    if fasta.is_file():
        genome = {name: codes for name, codes in read_genome(fasta).items() if name != "chrM"}
        splits = {"chrXIII": "valid", "chrXV": "test", "chrXVI": "test"}
        sizes = {name: len(codes) for name, codes in genome.items()}
        report("yeast", windows_along(sizes, splits, 200), genome)
        for assay, pairs in STORES.items():
            for paths in pairs:
                one, two = (read_store(given.data / path, assay) for path in paths)
                for name, other in (
                    (paths[1], two),
                    (f"{paths[1]} with the first", pool([one, two])),
                ):
                    table = shared_fragments({"a": {assay: one}, "b": {assay: other}}, ["b"])
                    row = table.iloc[0]
                    print(f"{paths[0]}, {name}: {row['share']:.3f}, chance {row['expected']:.3f}")
    generator = np.random.default_rng(0)
    sizes = {"train": given.megabases * 1_000_000, "test": given.megabases * 250_000}
    genome = {name: generator.integers(0, 4, n, dtype=np.uint8) for name, n in sizes.items()}
    report("random", windows_along(sizes, {"test": "test"}, 330), genome)


if __name__ == "__main__":
    main()
