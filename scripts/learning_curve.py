"""Draw the learning curves of one network, all seeds together."""

from typing import TYPE_CHECKING

import pandas as pd

from chrompute.figure_numbers import learning_numbers, write_numbers
from chrompute.figures import save_figure
from chrompute.model_figures import draw_learning_curve
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        given = snakemake.params
        pairs = zip(given.seeds, snakemake.input, strict=True)
        histories = {seed: pd.read_csv(path, sep="\t") for seed, path in pairs}
        write_numbers(learning_numbers(histories), snakemake.output.numbers)
        title = f"{given.title}, {len(histories)} seed{'s' * (len(histories) > 1)}"
        figure = draw_learning_curve(histories, given.tasks, title)
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
