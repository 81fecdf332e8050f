"""Simulate the genome with its genes, loci and motifs, and write down the rules."""

from typing import TYPE_CHECKING

from chrompute.runlog import run_log
from chrompute.simulate.design import Design
from chrompute.simulate.experiment import (
    write_genes,
    write_genome,
    write_loci,
    write_motifs,
    write_rules,
)

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]) as logger:
        design = Design.from_config(snakemake.params.design)
        motifs = write_genome(design, snakemake.output.fasta)
        write_genes(design, snakemake.output.genes)
        write_loci(design, snakemake.output.loci)
        write_motifs(motifs, snakemake.output.motifs)
        write_rules(design, snakemake.output.rules)
        logger.info("%d chromosomes, %s motifs planted", design.chromosomes, f"{len(motifs):,}")
