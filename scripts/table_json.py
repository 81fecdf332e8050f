"""Write a table of the evaluation as JSON."""

from typing import TYPE_CHECKING

from chrompute.runlog import run_log
from chrompute.score_tables import write_records

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        write_records(snakemake.input[0], snakemake.output[0])
