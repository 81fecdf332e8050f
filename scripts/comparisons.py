"""Compare every two models on equal windows."""

from typing import TYPE_CHECKING

from chrompute.comparisons import comparison_table
from chrompute.differences import Differences
from chrompute.model_pairs import Candidate, all_pairs
from chrompute.predictions import write_scores
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        given = snakemake.params
        paths: dict[str, list[str]] = {}
        for (model, _), path in zip(given.runs, snakemake.input.predictions, strict=True):
            paths.setdefault(model, []).append(path)
        classes = {task: own for task, (own, _) in given.tasks.items()}
        leading = {task: metric for task, (_, metric) in given.tasks.items()}
        scores = Differences(paths, classes, **given.evaluation)
        pairs = all_pairs([Candidate(**facts) for facts in given.candidates])
        write_scores(comparison_table(scores, pairs, leading), snakemake.output[0])
