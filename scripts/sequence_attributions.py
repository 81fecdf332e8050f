"""Attribute the score of a class to the DNA of its windows."""

from typing import TYPE_CHECKING

from chrompute.runlog import run_log
from chrompute.sequence_files import write_attributions, write_table
from chrompute.sequence_job import Explained, explain_class
from chrompute.window_files import read_windows

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        files, given = snakemake.input, snakemake.params
        explained = Explained.read(
            files.weights, files.card, files.fragments, files.genome[0], given.cell_type
        )
        places, found = explain_class(
            explained,
            read_windows(files.windows),
            **given.of_class,
            number=given.motifs["windows"],
            references=given.motifs["references"],
            seed=given.motifs["seed"],
            hold_frames=given.motifs["hold_frames"],
        )
        write_attributions(found, snakemake.output.attributions)
        write_table(places, snakemake.output.windows)
