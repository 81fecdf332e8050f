"""Draw loci from raw V-plot to answer, one figure each."""

from typing import TYPE_CHECKING

from chrompute.layer_figures import write_locus_figures
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        given = snakemake.params
        heading = f"{snakemake.wildcards.cell_type}, {given.title}"
        write_locus_figures(snakemake.input[0], given.classes, heading, snakemake.output[0])
