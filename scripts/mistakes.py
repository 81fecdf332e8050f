"""List the windows that one network is most sure of and wrong about."""

from typing import TYPE_CHECKING

from chrompute.mistakes import confident_mistakes
from chrompute.predictions import read_predictions, write_scores
from chrompute.recipe import Recipe
from chrompute.runlog import run_log
from chrompute.window_files import read_windows

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        files, given = snakemake.input, snakemake.params
        recipe = Recipe(**given.recipe)
        windows = recipe.own_split(read_windows(files.windows))
        tables = {task: read_predictions(files.predictions, task) for task in recipe.tasks}
        found = confident_mistakes(windows, tables, recipe.tasks, given.split)
        write_scores(found, snakemake.output[0])
