"""Draw the learning curve of one network."""

from typing import TYPE_CHECKING

import pandas as pd

from chrompute.figures import draw_learning_curve, save_figure
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        history = pd.read_csv(snakemake.input[0], sep="\t")
        names = snakemake.wildcards
        title = f"{snakemake.params.titles[names.model]}, seed {names.seed}"
        figure = draw_learning_curve(history, title)
        save_figure(figure, snakemake.output.png, snakemake.output.pdf)
