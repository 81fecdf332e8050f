"""Draw the scores of networks against depth in one task and cell type."""

from typing import TYPE_CHECKING

from chrompute.depth_figures import draw_depth
from chrompute.figures import save_figure
from chrompute.runlog import run_log
from chrompute.score_tables import read_table

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        names, given = snakemake.wildcards, snakemake.params
        place = f"cell_type == {names.cell_type!r} and task == {names.task!r}"
        rows = read_table(snakemake.input.depth).query(place)
        agreement = read_table(snakemake.input.agreement).query(place)
        agreement = agreement[agreement["windows"] == names.windows]
        title = f"{names.cell_type}, {given.task}: fewer fragments of the same windows"
        figure = draw_depth(rows, agreement, given.titles, title, given.leading)
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
