"""Draw how far the probabilities of all models of a window set can be believed."""

from typing import TYPE_CHECKING

from chrompute.figures import save_figure
from chrompute.model_figures import draw_reliability
from chrompute.predictions import read_scores
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        names, given = snakemake.wildcards, snakemake.params
        place = f"cell_type == {names.cell_type!r} and task == {names.task!r}"
        bins, calibration = (
            read_scores(snakemake.input[name]).query(place)
            for name in ("reliability", "calibration")
        )
        title = f"{names.cell_type}, {given.task}: accuracy against confidence"
        figure = draw_reliability(bins, calibration, given.titles, title)
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
