"""Draw the transfer matrix of one window set and task."""

from typing import TYPE_CHECKING

from chrompute.figures import save_figure
from chrompute.runlog import run_log
from chrompute.score_tables import read_table
from chrompute.transfer_figures import draw_transfer

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        names, given = snakemake.wildcards, snakemake.params
        rows = read_table(snakemake.input[0])
        rows = rows[(rows["windows"] == names.windows) & (rows["task"] == names.task)]
        title = f"{given.task}: trained on the row, tested on the column"
        figure = draw_transfer(rows, given.titles, title, given.leading)
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
