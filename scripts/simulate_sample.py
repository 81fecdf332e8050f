"""Simulate the alignments of one sample."""

from typing import TYPE_CHECKING

from chrompute.manifest import write_json
from chrompute.runlog import run_log
from chrompute.simulate.design import Design
from chrompute.simulate.experiment import write_sample

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]) as logger:
        design = Design.from_config(snakemake.params.design)
        counts = write_sample(design, **snakemake.params.sample, path=snakemake.output.bam)
        write_json(counts, snakemake.output.reads)
        logger.info("%s: %s reads", snakemake.wildcards.sample, f"{counts['reads']:,}")
