"""Write tracks of one sample, or of the pooled samples of a cell type, as bigWigs."""

from typing import TYPE_CHECKING

from chrompute.genome import is_excluded
from chrompute.runlog import run_log
from chrompute.store_files import read_fragments
from chrompute.tracks import Track, write_track

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        stores = [read_fragments(path) for path in snakemake.input]
        chromosomes = [
            chrom for chrom in stores[0].sizes if not is_excluded(chrom, snakemake.params.exclude)
        ]
        for rules, path in zip(snakemake.params.rules, snakemake.output, strict=True):
            write_track(stores, Track(**rules), path, chromosomes)
