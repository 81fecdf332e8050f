"""Draw the aggregate V-plot of one cell type at one set of sites, as it is and corrected."""

from typing import TYPE_CHECKING

from chrompute.figures import save_figure
from chrompute.runlog import run_log
from chrompute.vplot_figures import draw_corrected, draw_vplot
from chrompute.vplots import read_vplot

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        vplot, output = read_vplot(snakemake.input[0]), snakemake.output
        title = f"{snakemake.wildcards.cell_type}: {snakemake.params.title}"
        save_figure(draw_vplot(vplot, title), output.png, output.pdf)
        save_figure(draw_corrected(vplot, title), output.corrected_png, output.corrected_pdf)
