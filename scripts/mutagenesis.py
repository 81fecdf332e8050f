"""Predict every substitution of loci, and draw what each does to the score of a class."""

from typing import TYPE_CHECKING

import pandas as pd

from chrompute.figures import save_figure
from chrompute.motif_figures import draw_mutations
from chrompute.mutagenesis import loci_of_class, mutate, names_of
from chrompute.runlog import run_log
from chrompute.sequence_files import write_table
from chrompute.sequence_job import Explained

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        files, output, given = snakemake.input, snakemake.output, snakemake.params
        explained = Explained.read(
            files.weights, files.card, files.fragments, files.genome[0], given.cell_type
        )
        windows = pd.read_csv(files.windows, sep="\t")
        places = loci_of_class(windows, given.motifs["loci"], explained.recipe.width)
        table = mutate(explained, places, **given.of_class)
        write_table(table, output.table)
        figure = draw_mutations(table, names_of(places, explained.recipe.width), given.title)
        save_figure(figure, output.png, output.pdf)
