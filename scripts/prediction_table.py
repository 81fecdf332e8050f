"""Write all predictions of a cell type or a sample as text."""

from typing import TYPE_CHECKING

from chrompute.prediction_files import write_table
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        write_table(snakemake.input[0], snakemake.output.table)
