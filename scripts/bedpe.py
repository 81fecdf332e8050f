"""Write the pooled ATAC fragments of one cell type as BEDPE, for MACS3."""

from typing import TYPE_CHECKING

from chrompute.genome import is_excluded
from chrompute.peaks import write_bedpe
from chrompute.runlog import run_log
from chrompute.store_files import read_pool
from chrompute.whole_files import write_text

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        fragments = read_pool(snakemake.input.fragments)
        write_bedpe(fragments, snakemake.output.bedpe)
        own = [c for c in fragments.sizes if not is_excluded(c, snakemake.params.exclude)]
        size = sum(fragments.sizes[chrom] for chrom in own)
        write_text(snakemake.output.genome_size, f"{size}\n")
