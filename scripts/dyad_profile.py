"""Average the MNase dyads of one cell type around one set of sites."""

from typing import TYPE_CHECKING

from chrompute.figures import draw_dyad_profile, save_figure
from chrompute.fragments import read_pool
from chrompute.manifest import write_json
from chrompute.nucleosomes import dyad_profile
from chrompute.runlog import run_log
from chrompute.sites import sites_with_fragments

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        given, entry = snakemake.params.nucleosomes, snakemake.params.entry
        fragments = read_pool(snakemake.input.fragments)
        dyads = fragments.with_lengths(given["min_length"], given["max_length"])
        files = snakemake.input
        sites = sites_with_fragments(
            dyads, files.sites[0], entry, files.blacklist, next(iter(files.aliases), None)
        )
        profile = dyad_profile(dyads, sites, given["flank"], given["smoothing"])
        profile.as_table().to_csv(snakemake.output.table, sep="\t", index=False)
        write_json(profile.as_summary(), snakemake.output.summary)
        figure = draw_dyad_profile(profile, f"{snakemake.wildcards.cell_type}: {entry['title']}")
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
