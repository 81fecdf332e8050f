"""Score one trained model."""

from typing import TYPE_CHECKING

import pandas as pd

from chrompute.metrics import score_predictions
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        task, given = snakemake.params.task, snakemake.params.evaluation
        facts = {"model": snakemake.wildcards.model, "seed": int(snakemake.wildcards.seed)}
        scores, confusion = score_predictions(
            pd.read_parquet(snakemake.input.predictions),
            list(task["titles"]),
            facts | {"task": task["task"]},
            **given,
        )
        scores.to_csv(snakemake.output.scores, sep="\t", index=False)
        confusion.to_csv(snakemake.output.confusion, sep="\t", index=False)
