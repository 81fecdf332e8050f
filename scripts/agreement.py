"""Compare the replicates of all labels on the windows that models are scored on."""

from typing import TYPE_CHECKING

import pandas as pd

from chrompute.agreement import replicate_agreement
from chrompute.predictions import write_scores
from chrompute.runlog import run_log
from chrompute.window_files import read_windows

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        found = []
        sets = zip(snakemake.input.windows, snakemake.params.tasks.items(), strict=True)
        for path, (name, tasks) in sets:
            windows = read_windows(path)
            found += [
                replicate_agreement(windows, name, task, classes, **snakemake.params.evaluation)
                for task, classes in tasks.items()
            ]
        for name, path in snakemake.output.items():
            write_scores(pd.concat([getattr(part, name) for part in found]), path)
