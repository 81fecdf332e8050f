"""Find the matches of a motif in the genome."""

from typing import TYPE_CHECKING

from chrompute.genome import read_aliases, read_sizes
from chrompute.intervals import read_blacklist
from chrompute.motif_scan import find_matches
from chrompute.motifs import motif_threshold, read_motif
from chrompute.runlog import run_log
from chrompute.whole_files import write_frame

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]) as logger:
        files, params = snakemake.input, snakemake.params
        sizes = read_sizes(files.sizes)
        listed = read_blacklist(
            files.blacklist, sizes, read_aliases(next(iter(files.aliases), None))
        )
        motif = read_motif(files.motifs[0], params.motif)
        threshold = motif_threshold(files.motifs[0], motif, params.p_value)
        matches = find_matches(files.genome[0], motif, threshold, params.exclude, listed)
        write_frame(matches, snakemake.output[0], header=False)
        logger.info("%s: %s matches", params.motif, f"{len(matches):,}")
