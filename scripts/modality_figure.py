"""Draw what each input adds to the others in one task and cell type."""

from typing import TYPE_CHECKING

from chrompute.difference_figures import draw_modalities
from chrompute.figures import save_figure
from chrompute.predictions import read_scores
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        names, given = snakemake.wildcards, snakemake.params
        place = f"cell_type == {names.cell_type!r} and task == {names.task!r}"
        rows = read_scores(snakemake.input[0], ["windows"]).query(place)
        rows = rows[rows["windows"] == names.windows]
        title = f"{names.cell_type}, {given.task}: what each input adds"
        figure = draw_modalities(rows, title, given.leading)
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
