"""Write the usable TSS as BED, for deepTools."""

from typing import TYPE_CHECKING

from chrompute.genome import is_excluded, read_aliases, read_sizes
from chrompute.intervals import read_blacklist
from chrompute.runlog import run_log
from chrompute.sites import read_sites, write_sites

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        sizes = read_sizes(snakemake.input.sizes)
        aliases = read_aliases(next(iter(snakemake.input.aliases), None))
        blacklist = read_blacklist(snakemake.input.blacklist, sizes, aliases)
        used = {chrom for chrom in sizes if not is_excluded(chrom, snakemake.params.exclude)}
        sites = read_sites(
            snakemake.input.sites[0], snakemake.params.tss, sizes, blacklist, used, aliases
        )
        write_sites(sites, snakemake.output[0])
