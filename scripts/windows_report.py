"""Write the page of all window sets."""

from typing import TYPE_CHECKING

from chrompute.report import page_template, render, windows_page
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        given = snakemake.params
        content = windows_page(given.sets, given.results, given.simulated)
        render(page_template("windows"), content, snakemake.output[0])
