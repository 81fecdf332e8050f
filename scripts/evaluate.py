"""Score one trained model."""

from typing import TYPE_CHECKING

import pandas as pd

from chrompute.metrics import score_predictions
from chrompute.predictions import write_scores
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        task, given = snakemake.params.task, snakemake.params.evaluation
        facts = {"model": snakemake.wildcards.model, "seed": int(snakemake.wildcards.seed)}
        evaluation = score_predictions(
            pd.read_parquet(snakemake.input.predictions),
            list(task["titles"]),
            facts | {"task": task["task"]},
            **given,
        )
        write_scores(evaluation.scores, snakemake.output.scores)
        write_scores(evaluation.replicates, snakemake.output.replicates)
        write_scores(evaluation.confusion, snakemake.output.confusion)
        write_scores(evaluation.classes, snakemake.output.classes)
