"""Score one trained model in all its tasks."""

from typing import TYPE_CHECKING

import pandas as pd

from chrompute.calibration_shifts import Taught
from chrompute.calibration_tables import calibrate_predictions
from chrompute.class_metrics import score_classes
from chrompute.metrics import COLUMNS, joined_tables, score_predictions, splits_beside
from chrompute.predictions import write_scores
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        given = snakemake.params
        facts = {"model": snakemake.wildcards.model, "seed": int(snakemake.wildcards.seed)}
        predictions = pd.read_parquet(snakemake.input.predictions)
        evaluation = score_predictions(predictions, given.tasks, facts, **given.evaluation)
        calibration = calibrate_predictions(
            predictions, given.tasks, facts, Taught(**given.taught), **given.evaluation
        )
        others = [
            score_predictions(
                predictions, given.tasks, facts, **given.evaluation | {"split": split}
            )
            for split in splits_beside(given.evaluation["split"])
        ]
        by_class = score_classes(predictions, given.tasks, facts, **given.evaluation)
        tables = vars(evaluation) | vars(calibration)
        tables |= {
            "splits": joined_tables([part.scores for part in [*others, evaluation]], COLUMNS),
            "class_scores": by_class,
        }
        for name, path in snakemake.output.items():
            write_scores(tables[name], path)
