"""Draw the V-plots of all classes beside each other."""

from typing import TYPE_CHECKING

from chrompute.figure_numbers import vplot_numbers, write_numbers
from chrompute.figures import save_figure
from chrompute.runlog import run_log
from chrompute.vplot_figures import draw_vplot_panel
from chrompute.vplots import read_vplot

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        vplots = list(zip(snakemake.params.titles, map(read_vplot, snakemake.input), strict=True))
        figure = draw_vplot_panel(vplots)
        write_numbers(vplot_numbers(vplots), snakemake.output.numbers)
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
