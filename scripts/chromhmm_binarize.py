"""Write in which bins each mark of one replicate is present."""

from typing import TYPE_CHECKING

from chrompute.chromhmm import ChipFile, Start, binarize
from chrompute.genome import is_excluded, read_sizes
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        sizes = read_sizes(snakemake.input.sizes)
        excluded = snakemake.params.exclude
        binarize(
            [ChipFile(**entry) for entry in snakemake.params.chips],
            {name: size for name, size in sizes.items() if not is_excluded(name, excluded)},
            snakemake.params.bin_size,
            snakemake.output[0],
            Start(snakemake.params.command, snakemake.resources.mem_mb),
        )
