"""Aggregate the V-plots of one cell type at one set of sites."""

from typing import TYPE_CHECKING

from chrompute.figures import draw_vplot, save_figure
from chrompute.fragments import read_pool
from chrompute.runlog import run_log
from chrompute.sites import sites_of_class, sites_with_fragments
from chrompute.vplots import aggregate_vplot, write_vplot
from chrompute.windows import read_windows

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        fragments = read_pool(snakemake.input.fragments)
        entry, cell_type = snakemake.params.entry, snakemake.wildcards.cell_type
        if "task" in entry:
            windows = read_windows(snakemake.input.sites)
            sites = sites_of_class(windows, cell_type, **entry)
            counts = fragments.count_by_chromosome()
            sites = sites[sites["chrom"].map(counts) > 0].reset_index(drop=True)
        else:
            files = snakemake.input
            sites = sites_with_fragments(
                fragments, files.sites[0], entry, files.blacklist, next(iter(files.aliases), None)
            )
        shape = {k: snakemake.params.vplots[k] for k in ("flank", "min_length", "max_length")}
        vplot = aggregate_vplot(fragments, sites, **shape)
        title = snakemake.params.title
        write_vplot(vplot, snakemake.output.array, cell_type=cell_type, sites=title)
        figure = draw_vplot(vplot, f"{cell_type}: {title}")
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
