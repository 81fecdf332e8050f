"""Gather the scores of all models in tidy tables."""

from typing import TYPE_CHECKING

import pandas as pd

from chrompute.predictions import read_scores, write_scores
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        for name, path in snakemake.output.items():
            table = pd.concat([read_scores(part) for part in snakemake.input[name]])
            write_scores(table, path)
