"""Write cuts, coverage or dyads of one sample as bigWig."""

from typing import TYPE_CHECKING

from chrompute.fragments import read_fragments
from chrompute.genome import is_excluded
from chrompute.runlog import run_log
from chrompute.tracks import write_track

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        fragments = read_fragments(snakemake.input.fragments)
        if snakemake.params.lengths:
            fragments = fragments.with_lengths(*snakemake.params.lengths)
        chromosomes = [
            chrom for chrom in fragments.sizes if not is_excluded(chrom, snakemake.params.exclude)
        ]
        write_track(fragments, snakemake.wildcards.track, snakemake.output.track, chromosomes)
