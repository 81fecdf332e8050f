"""Simulate the labels of one cell type, and write its true states and nucleosomes."""

from typing import TYPE_CHECKING

from chrompute.runlog import run_log
from chrompute.simulate.design import Design
from chrompute.simulate.experiment import write_dyads, write_labels

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        design, cell_type = (
            Design.from_config(snakemake.params.design),
            snakemake.wildcards.cell_type,
        )
        replicates = zip(snakemake.params.replicates, snakemake.output.labels, strict=True)
        for replicate, path in replicates:
            write_labels(design, cell_type, replicate, path)
        write_dyads(design, cell_type, snakemake.output.dyads)
