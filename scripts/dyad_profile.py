"""Average the MNase dyads of one cell type around one set of sites."""

from typing import TYPE_CHECKING

from chrompute.figures import draw_dyad_profile, save_figure
from chrompute.fragments import read_pool
from chrompute.genome import read_aliases
from chrompute.intervals import read_blacklist
from chrompute.manifest import write_json
from chrompute.nucleosomes import dyad_profile
from chrompute.runlog import run_log
from chrompute.sites import read_sites

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        given, entry = snakemake.params.nucleosomes, snakemake.params.entry
        fragments = read_pool(snakemake.input.fragments)
        dyads = fragments.with_lengths(given["min_length"], given["max_length"])
        used = {chrom for chrom, number in dyads.count_by_chromosome().items() if number}
        aliases = read_aliases(next(iter(snakemake.input.aliases), None))
        blacklist = read_blacklist(snakemake.input.blacklist, dyads.sizes, aliases)
        sites = read_sites(snakemake.input.sites[0], entry, dyads.sizes, blacklist, used, aliases)
        profile = dyad_profile(dyads, sites, given["flank"], given["smoothing"])
        profile.as_table().to_csv(snakemake.output.table, sep="\t", index=False)
        write_json(profile.as_summary(), snakemake.output.summary)
        figure = draw_dyad_profile(profile, f"{snakemake.wildcards.cell_type}: {entry['title']}")
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
