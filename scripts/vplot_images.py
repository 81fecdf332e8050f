"""Write the V-plot of every site of a set, as a sparse matrix."""

from typing import TYPE_CHECKING

from chrompute.class_sites import sites_of_entry
from chrompute.runlog import run_log
from chrompute.store_files import read_pool
from chrompute.vplot_images import vplot_images, write_images
from chrompute.whole_files import write_frame

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
        images = vplot_images(fragments, sites, **snakemake.params.shape)
        facts = {"cell_type": cell_type, "sites": snakemake.params.title}
        write_images(images, snakemake.output.array, n_fragments=len(fragments), **facts)
        write_frame(sites, snakemake.output.sites)
