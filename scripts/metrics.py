"""Gather the scores of all models in one tidy table."""

from typing import TYPE_CHECKING

import pandas as pd

from chrompute.predictions import read_scores
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        for name in ("metrics", "confusion"):
            parts = snakemake.input.scores if name == "metrics" else snakemake.input.confusion
            table = pd.concat([read_scores(path) for path in parts])
            table.to_csv(getattr(snakemake.output, name), sep="\t", index=False)
