"""Train a network and predict the windows that tune and test."""

from pathlib import Path
from typing import TYPE_CHECKING

from chrompute.runlog import run_log
from chrompute.training_job import TrainingJob, train

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        results = Path(snakemake.params.results)
        train(
            TrainingJob(
                recipe=snakemake.params.recipe,
                windows=snakemake.input.windows,
                fragments=[*snakemake.input.fragments],
                genome=snakemake.input.genome[0] if snakemake.input.genome else None,
                seed=int(snakemake.wildcards.seed),
                checkpoints=str(results / "checkpoints"),
                code=snakemake.params.code,
                weights=snakemake.output.weights,
                card=snakemake.output.card,
                history=snakemake.output.history,
                predictions=snakemake.output.predictions,
                logs=str(Path(snakemake.output.history).parent / "tensorboard"),
            )
        )
