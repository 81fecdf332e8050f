"""Attribute a network's answers to V-plots, and follow loci through its layers."""

from typing import TYPE_CHECKING

import numpy as np

from chrompute.interpretation import Question, interpret
from chrompute.predictions import read_predictions, write_scores
from chrompute.recipe import Recipe
from chrompute.runlog import run_log
from chrompute.subject import Subject, SubjectFiles
from chrompute.whole_files import write_arrays

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        files, given, names = snakemake.input, snakemake.params, snakemake.wildcards
        recipe = Recipe(**given.recipe)
        subject = Subject.read(recipe, SubjectFiles.of_rule(files), [*given.loci], names.cell_type)
        asked = Question(
            names.task, recipe.tasks[names.task], names.cell_type, given.split, given.windows,
            [*given.loci],
        )  # fmt: skip
        with np.load(files.mean) as stored, subject.calculating():
            mean = subject.on_device(stored)
            found = interpret(subject, read_predictions(files.predictions, names.task), asked, mean)
        write_arrays(snakemake.output.arrays, **found.arrays)
        write_arrays(snakemake.output.loci, **found.loci)
        write_scores(found.bands, snakemake.output.bands)
        write_scores(found.completeness, snakemake.output.completeness)
