"""Score one trained model in all its tasks, on the evaluated split and on the others."""

from typing import TYPE_CHECKING

import pandas as pd

from chrompute.calibration_shifts import Taught
from chrompute.predictions import write_scores
from chrompute.runlog import run_log
from chrompute.split_tables import joined_splits, splits_beside, tables_of_split

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        given, output = snakemake.params, snakemake.output
        facts = {"model": snakemake.wildcards.model, "seed": int(snakemake.wildcards.seed)}
        predictions = pd.read_parquet(snakemake.input.predictions)
        split = given.evaluation["split"]
        parts = {
            name: tables_of_split(
                predictions,
                given.tasks,
                facts,
                Taught(**given.taught),
                **given.evaluation | {"split": name},
            )
            for name in [*splits_beside(split), split]
        }
        own, every = parts[split], joined_splits([*parts.values()])
        for name in own:
            write_scores(own[name], output[name])
            write_scores(every[name], output[f"{name}_of_splits"])
