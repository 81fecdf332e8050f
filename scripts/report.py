"""Write the report of one cell type."""

from typing import TYPE_CHECKING

from chrompute.report import cell_type_content, page_template, render
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        content = cell_type_content(
            snakemake.params.plan, snakemake.params.results, snakemake.wildcards.cell_type
        )
        render(page_template("cell_type"), content, snakemake.output[0])
