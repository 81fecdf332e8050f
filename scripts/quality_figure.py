"""Draw one figure of the quality of a cell type."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from chrompute.figure_numbers import write_numbers
from chrompute.figures import save_figure
from chrompute.quality_figures import draw_quality
from chrompute.quality_numbers import quality_numbers
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        samples = [json.loads(Path(path).read_text()) for path in snakemake.input.samples]
        summary = json.loads(Path(snakemake.input.summary).read_text())
        given = (snakemake.wildcards.figure, samples, summary, snakemake.params.max_length)
        write_numbers(quality_numbers(*given), snakemake.output.numbers)
        save_figure(draw_quality(*given), snakemake.output.png, snakemake.output.pdf)
