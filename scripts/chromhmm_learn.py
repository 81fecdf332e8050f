"""Learn the states of one replicate over all its cell types."""

from typing import TYPE_CHECKING

from chrompute.chromhmm import Start, learn
from chrompute.genome import read_sizes
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        block = snakemake.params
        learn(
            snakemake.input.binary,
            read_sizes(snakemake.input.sizes),
            block.states,
            block.bin_size,
            snakemake.threads,
            snakemake.output[0],
            Start(block.command, snakemake.resources.mem_mb),
        )
