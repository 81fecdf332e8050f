"""Write the tables of the evaluation as JSON."""

from typing import TYPE_CHECKING

from chrompute.runlog import run_log
from chrompute.score_tables import write_records

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        for table, path in zip(snakemake.input, snakemake.output, strict=True):
            write_records(table, path)
