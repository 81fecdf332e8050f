"""Write the probability of one class along the genome as bigWig."""

from typing import TYPE_CHECKING

from chrompute.prediction_files import write_probability
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        task, name = snakemake.params.chosen
        write_probability(snakemake.input[0], task, name, snakemake.output[0])
