"""Write the index of all reports."""

from typing import TYPE_CHECKING

from chrompute.report import index_content, render
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        given = snakemake.params
        content = index_content(
            given.samples, snakemake.input.quality, next(iter(snakemake.input.metrics), None),
            given.titles, given.leading, given.rivals, given.simulated,
        )  # fmt: skip
        render(snakemake.input.template[0], content, snakemake.output[0])
