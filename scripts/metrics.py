"""Gather the scores of all models in tidy tables."""

from typing import TYPE_CHECKING

import pandas as pd

from chrompute.predictions import write_scores
from chrompute.runlog import run_log
from chrompute.score_tables import read_table

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        for name, path in snakemake.output.items():
            table = pd.concat([read_table(part) for part in snakemake.input[name]])
            write_scores(table, path)
