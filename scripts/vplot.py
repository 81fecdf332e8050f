"""Aggregate the V-plots of one cell type at one set of sites."""

from typing import TYPE_CHECKING

from chrompute.class_sites import sites_of_entry
from chrompute.runlog import run_log
from chrompute.store_files import read_pool
from chrompute.vplots import aggregate_vplot, write_vplot

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        files, cell_type = snakemake.input, snakemake.wildcards.cell_type
        fragments = read_pool(files.fragments)
        sites = sites_of_entry(
            fragments, files.sites[0], snakemake.params.entry, cell_type, files.blacklist,
            next(iter(files.aliases), None),
        )  # fmt: skip
        vplot = aggregate_vplot(fragments, sites, **snakemake.params.shape)
        title = snakemake.params.title
        write_vplot(vplot, snakemake.output[0], cell_type=cell_type, sites=title)
