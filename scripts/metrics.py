"""Gather the scores of all models in one tidy table."""

from typing import TYPE_CHECKING

import pandas as pd

from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        for name in ("metrics", "confusion"):
            parts = snakemake.input.scores if name == "metrics" else snakemake.input.confusion
            table = pd.concat([pd.read_csv(path, sep="\t") for path in parts])
            table.to_csv(getattr(snakemake.output, name), sep="\t", index=False)
