"""Align and name the states of all replicates, and write their segments."""

from typing import TYPE_CHECKING

from chrompute.genome import read_sizes
from chrompute.runlog import run_log
from chrompute.segmentation import write_segmentations

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        replicates = snakemake.params.replicates
        tables = zip(
            snakemake.output.states, snakemake.output.emissions, snakemake.output.transitions,
            strict=True,
        )  # fmt: skip
        write_segmentations(
            dict(zip(replicates, snakemake.input.models, strict=True)),
            snakemake.params.names,
            read_sizes(snakemake.input.sizes),
            dict(zip(replicates, tables, strict=True)),
            dict(zip(snakemake.params.pairs, snakemake.output.segments, strict=True)),
        )
