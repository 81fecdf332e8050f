"""Draw the scores of all models in one cell type."""

from typing import TYPE_CHECKING

from chrompute.figures import draw_model_comparison, save_figure
from chrompute.predictions import read_scores
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        cell_type = snakemake.wildcards.cell_type
        scores = read_scores(snakemake.input[0])
        titles = snakemake.params.titles
        scores = scores[(scores["cell_type"] == cell_type) & scores["model"].isin(titles)]
        split = ", ".join(sorted(scores["split"].unique()))
        title = f"{cell_type}: {split} windows, 95 % intervals over blocks"
        figure = draw_model_comparison(scores, titles, title)
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
