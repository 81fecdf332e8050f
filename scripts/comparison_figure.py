"""Draw the scores of all models of one window set in one task and cell type."""

from typing import TYPE_CHECKING

from chrompute.figures import save_figure
from chrompute.model_figures import draw_model_comparison
from chrompute.predictions import read_scores
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        names, given = snakemake.wildcards, snakemake.params
        place = f"cell_type == {names.cell_type!r} and task == {names.task!r}"
        scores = read_scores(snakemake.input.metrics).query(place)
        scores = scores[scores["model"].isin(given.titles)]
        agreement = read_scores(snakemake.input.agreement, ["windows"]).query(place)
        agreement = agreement[agreement["windows"] == names.windows]
        split = ", ".join(sorted(scores["split"].unique()))
        title = f"{names.cell_type}, {given.task}: {split} windows, 95 % intervals over blocks"
        figure = draw_model_comparison(
            scores, given.titles, title, given.leading, agreement, given.groups
        )
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
