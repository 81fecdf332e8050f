"""Time how fast a genome is predicted by a trained network.

    python bench/predict.py MODEL GENOME.fa ATAC=STORE [MNASE=STORE] [--tiles N] [--cores N]

The first N tiles of 100 bp (20,000 by default) of the genome are predicted, on both strands, with
all cores, and the time of all tiles is told from that. Windows by CPU time of the process say what
one core does where other programs share the machine.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from chrompute.genome_predictions import predict_places  # noqa: E402
from chrompute.opened_models import Options, open_models  # noqa: E402
from chrompute.tiles import Tiles  # noqa: E402

STEP = 100


def main() -> None:
    """Print one line of the table in docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("genome")
    parser.add_argument("fragments", nargs="+", metavar="ASSAY=STORE")
    parser.add_argument("--tiles", type=int, default=20000)
    parser.add_argument("--cores", type=int)
    parser.add_argument("--threads", type=int)
    given = parser.parse_args()
    fragments = dict(text.split("=", 1) for text in given.fragments)
    models = open_models(
        given.model, fragments, given.genome, Options(threads=given.threads, cores=given.cores)
    )
    tiles = pd.concat([*Tiles(models.sizes, STEP, genome=models.codes)], ignore_index=True)
    models.refuse([*tiles["chrom"].unique()])
    first = tiles.head(given.tiles)
    with tempfile.TemporaryDirectory() as folder:
        predict_places(models, [first.head(models.step)], Path(folder) / "warm.parquet")
        wall, cpu = time.monotonic(), time.process_time()
        predict_places(models, [first], Path(folder) / "first.parquet")
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    print(
        f"{len(tiles):,} tiles: {len(first) / wall:.0f} windows/s, {len(first) / cpu:.0f} by CPU "
        f"time; all in {wall / len(first) * len(tiles):.0f} s"
    )


if __name__ == "__main__":
    main()
