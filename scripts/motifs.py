"""Find motifs among the attributions of a class, and compare them with known ones."""

from typing import TYPE_CHECKING

import pandas as pd

from chrompute.figures import save_figure
from chrompute.motif_figures import draw_patterns
from chrompute.motif_matches import MATCHES, match_patterns, read_known, site_distances
from chrompute.motif_patterns import (
    find_patterns,
    pattern_logos,
    pattern_sites,
    pattern_table,
    write_patterns,
)
from chrompute.runlog import run_log
from chrompute.sequence_files import read_attributions, write_table
from chrompute.whole_files import write_frame

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        files, output, given = snakemake.input, snakemake.output, snakemake.params
        found, places = read_attributions(files.attributions), pd.read_csv(files.windows, sep="\t")
        patterns = find_patterns(found, given.motifs["span"], given.motifs["seqlets"])
        matches = pd.DataFrame(columns=MATCHES)
        if files.known:
            matches = match_patterns(patterns, read_known(files.known[0]))
        table, logos = pattern_table(patterns), pattern_logos(patterns)
        write_table(table, output.patterns)
        write_table(logos, output.logos)
        write_table(matches, output.matches)
        write_table(site_distances(patterns), output.distances)
        write_patterns(patterns, output.meme)
        write_frame(pattern_sites(patterns, places), output.bed, header=False)
        save_figure(draw_patterns(logos, table, matches, given.title), output.png, output.pdf)
