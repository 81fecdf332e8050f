"""Draw the map of windows of one network, coloured by class and by cell type."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from chrompute.embedding_figures import draw_map
from chrompute.figures import save_figure
from chrompute.predictions import read_scores
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        files, given, task = snakemake.input, snakemake.params, snakemake.wildcards.task
        table = read_scores(files.table, [task])
        explained = json.loads(Path(files.facts).read_text())["explained_variance"]
        title = f"{given.task}: {given.title}"
        figure = draw_map(table, task, given.classes, explained, title)
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
