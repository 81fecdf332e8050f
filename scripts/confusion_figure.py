"""Draw the confusion matrix of one model in one task and cell type."""

from typing import TYPE_CHECKING

from chrompute.figures import draw_confusion, save_figure
from chrompute.predictions import read_scores
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        names, given = snakemake.wildcards, snakemake.params
        cells = read_scores(snakemake.input[0])
        cells = cells[(cells["cell_type"] == names.cell_type) & (cells["task"] == names.task)]
        title = f"{names.cell_type}, {given.task}: {given.titles[names.model]}"
        figure = draw_confusion(cells, list(given.classes), list(given.classes.values()), title)
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
