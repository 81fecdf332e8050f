"""Draw one figure of the quality of a cell type."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from chrompute.figures import save_figure
from chrompute.quality_figures import draw_quality
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        samples = [json.loads(Path(path).read_text()) for path in snakemake.input.samples]
        summary = json.loads(Path(snakemake.input.summary).read_text())
        figure = draw_quality(
            snakemake.wildcards.figure, samples, summary, snakemake.params.max_length
        )
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
