"""Aggregate the V-plots of one cell type at one set of sites."""

from typing import TYPE_CHECKING

from chrompute.figures import draw_vplot, save_figure
from chrompute.fragments import read_pool
from chrompute.genome import read_aliases
from chrompute.intervals import read_blacklist
from chrompute.runlog import run_log
from chrompute.sites import read_sites, sites_of_class
from chrompute.vplots import aggregate_vplot, write_vplot
from chrompute.windows import read_windows

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        fragments = read_pool(snakemake.input.fragments)
        entry, cell_type = snakemake.params.entry, snakemake.wildcards.cell_type
        used = {chrom for chrom, number in fragments.count_by_chromosome().items() if number}
        if "task" in entry:
            windows = read_windows(snakemake.input.sites)
            sites = sites_of_class(windows, cell_type, **entry)
            sites = sites[sites["chrom"].isin(used)].reset_index(drop=True)
        else:
            aliases = read_aliases(next(iter(snakemake.input.aliases), None))
            blacklist = read_blacklist(snakemake.input.blacklist, fragments.sizes, aliases)
            sites = read_sites(
                snakemake.input.sites[0], entry, fragments.sizes, blacklist, used, aliases
            )
        shape = {k: snakemake.params.vplots[k] for k in ("flank", "min_length", "max_length")}
        vplot = aggregate_vplot(fragments, sites, **shape)
        title = snakemake.params.title
        write_vplot(vplot, snakemake.output.array, cell_type=cell_type, sites=title)
        figure = draw_vplot(vplot, f"{cell_type}: {title}")
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
