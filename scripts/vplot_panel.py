"""Draw the V-plots of all classes beside each other."""

from typing import TYPE_CHECKING

from chrompute.figures import save_figure
from chrompute.runlog import run_log
from chrompute.vplot_figures import draw_vplot_panel
from chrompute.vplots import read_vplot

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        vplots = [read_vplot(path) for path in snakemake.input]
        figure = draw_vplot_panel(list(zip(snakemake.params.titles, vplots, strict=True)))
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
