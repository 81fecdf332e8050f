"""Write the frozen example: digests of what must be equal, and scores, of the tiny configuration.

    snakemake --cores 2 --configfile config/tiny.yaml
    python docs/make_reproduce.py results/tiny

A test compares a run with docs/reproduce.tsv (tests/workflow/test_reproduce.py).
"""

import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from chrompute.same_results import result_digests  # noqa: E402

TABLE = ROOT / "docs/reproduce.tsv"
#: Folders of what is made of integers.
EXACT = ("simulation", "fragments", "tracks", "windows")
#: Ends of files that hold them; pictures depend on fonts.
ENDS = (".bam", ".fa", ".bed", ".gtf", ".narrowPeak", ".parquet", ".bw", ".bed.gz")
#: Scores that a few windows more or less do not move much, other than those of rare classes.
METRICS = ("accuracy", "auroc", "kappa")


def frozen(results: Path) -> pd.DataFrame:
    """Return one row a file or score: `what`, and its `value`."""
    digests = {
        name: digest
        for name, digest in result_digests(results).items()
        if name.split("/")[0] in EXACT and name.endswith(ENDS) and "/marks/" not in name
    }
    scores = pd.read_csv(results / "evaluation/metrics.tsv", sep="\t", dtype=str)
    scores = scores[scores["metric"].isin(METRICS)]
    words = ("metric", "of", "model", "seed", "task", "cell_type")
    names = [" ".join(row) for row in scores.assign(of="of")[[*words]].itertuples(index=False)]
    values = dict(zip(names, scores["value"], strict=True))
    found = digests | values
    return pd.DataFrame({"what": list(found), "value": list(found.values())})


if __name__ == "__main__":
    frozen(Path(sys.argv[1])).to_csv(TABLE, sep="\t", index=False)
