"""Write the names and lengths of the genome's sequences."""

from typing import TYPE_CHECKING

from chrompute.genome import genome_sizes, write_sizes
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        sizes = genome_sizes(snakemake.input.fasta, snakemake.input.sizes)
        write_sizes(sizes, snakemake.output[0])
