"""Draw mean V-plots and mean attributions of one network, task and cell type."""

from typing import TYPE_CHECKING

import numpy as np

from chrompute.attribution_figures import draw_attributions
from chrompute.figures import save_figure
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        names, given = snakemake.wildcards, snakemake.params
        with np.load(snakemake.input[0]) as arrays:
            title = f"{names.cell_type}, {given.task}: {given.title}"
            figure = draw_attributions(arrays, given.classes, title)
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
