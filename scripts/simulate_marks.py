"""Simulate the peaks and ChIP alignments of the marks of one cell type."""

from typing import TYPE_CHECKING

from chrompute.runlog import run_log
from chrompute.simulate.design import Design
from chrompute.simulate.experiment import write_marks

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        design = Design.from_config(snakemake.params.design)
        bams = [path for path in snakemake.output.bams if path.endswith(".bam")]
        write_marks(
            design, snakemake.wildcards.cell_type, snakemake.params.replicates,
            snakemake.output.peaks, bams,
        )  # fmt: skip
