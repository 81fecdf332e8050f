"""Compare the replicates of all labels on the windows that models are scored on."""

from typing import TYPE_CHECKING

import pandas as pd

from chrompute.metrics import replicate_agreement
from chrompute.predictions import write_scores
from chrompute.runlog import run_log
from chrompute.windows import read_windows

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        tasks = zip(snakemake.input.windows, snakemake.params.tasks.items(), strict=True)
        tables = [
            replicate_agreement(read_windows(path), task, classes, **snakemake.params.evaluation)
            for path, (task, classes) in tasks
        ]
        write_scores(pd.concat(tables), snakemake.output[0])
