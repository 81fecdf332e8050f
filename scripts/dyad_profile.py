"""Average MNase dyads and mono-nucleosomal ATAC fragments around one set of sites."""

from typing import TYPE_CHECKING

from chrompute.figures import save_figure
from chrompute.nucleosome_figures import draw_dyad_profiles
from chrompute.nucleosomes import read_dyads
from chrompute.phasing import dyad_profile, write_profiles
from chrompute.runlog import run_log
from chrompute.sites import sites_with_fragments

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]) as logger:
        files, given, entry = snakemake.input, snakemake.params.nucleosomes, snakemake.params.entry
        edges = {
            "MNase": (given["min_length"], given["max_length"]),
            "ATAC": (given["atac_min_length"], given["atac_max_length"]),
        }
        profiles = {}
        for assay, paths in (("MNase", files.mnase), ("ATAC", files.atac)):
            dyads = read_dyads(paths, *edges[assay]) if paths else ()
            if not len(dyads):
                logger.info("%s: no fragment of %d to %d bp", assay, *edges[assay])
                continue
            aliases = next(iter(files.aliases), None)
            sites = sites_with_fragments(dyads, files.sites[0], entry, files.blacklist, aliases)
            profiles[assay] = dyad_profile(dyads, sites, given["flank"], given["smoothing"])
        write_profiles(profiles, snakemake.output.table, snakemake.output.summary)
        figure = draw_dyad_profiles(profiles, f"{snakemake.wildcards.cell_type}: {entry['title']}")
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
