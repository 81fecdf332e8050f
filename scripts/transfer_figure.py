"""Draw the transfer matrix of one window set and task."""

from typing import TYPE_CHECKING

from chrompute.figures import save_figure
from chrompute.predictions import read_scores
from chrompute.runlog import run_log
from chrompute.transfer_figures import draw_transfer

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        names, given = snakemake.wildcards, snakemake.params
        rows = read_scores(snakemake.input[0], ["windows", "trained_on", "family"])
        rows = rows[(rows["windows"] == names.windows) & (rows["task"] == names.task)]
        title = f"{given.task}: trained on the row, tested on the column"
        figure = draw_transfer(rows, given.titles, title, given.leading)
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
