"""Draw the fragment lengths of all samples of a cell type."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from chrompute.figures import draw_length_ladder, save_figure
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        samples = [json.loads(Path(path).read_text()) for path in snakemake.input]
        figure = draw_length_ladder(samples, snakemake.params.max_length)
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
