"""Write how much of the gap from forest to replicate agreement each model closes."""

from typing import TYPE_CHECKING

from chrompute.gap import Run, gap_table
from chrompute.predictions import write_scores
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        given = snakemake.params
        pairs = zip(given.runs, snakemake.input.predictions, strict=True)
        runs = [Run(**facts, predictions=path) for facts, path in pairs]
        write_scores(gap_table(runs, given.tasks, **given.evaluation), snakemake.output[0])
