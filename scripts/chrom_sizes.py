"""Write the names and lengths of the genome's sequences."""

from typing import TYPE_CHECKING

from chrompute.genome import read_lengths, write_sizes
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        write_sizes(read_lengths(snakemake.input[0]), snakemake.output[0])
