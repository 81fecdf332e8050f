"""Write the most probable class along the genome as BED in the colours of the classes."""

from typing import TYPE_CHECKING

from chrompute.prediction_files import write_segments
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        names = snakemake.wildcards
        write_segments(
            snakemake.input[0],
            names.task,
            snakemake.params.colours,
            snakemake.output.bed,
            f"{names.sample} {names.model}",
        )
