"""Write the index of all reports."""

from typing import TYPE_CHECKING

from chrompute.report import index_content, page_template, render
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        given, files = snakemake.params, snakemake.input
        content = index_content(
            given.samples, files.quality, next(iter(files.metrics), None), given.tasks,
            given.rivals, bool(files.windows), given.simulated,
        )  # fmt: skip
        render(page_template("index"), content, snakemake.output[0])
