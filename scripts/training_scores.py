"""Score a network on windows that it was trained on."""

from typing import TYPE_CHECKING

from chrompute.calibration_shifts import Taught
from chrompute.genome import read_genome
from chrompute.model_files import load_network
from chrompute.predictions import write_scores
from chrompute.recipe import Recipe
from chrompute.rescoring import predict_again, some_training_windows
from chrompute.runlog import run_log
from chrompute.split_tables import tables_of_split
from chrompute.window_files import read_windows

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        files, given, files_of = snakemake.input, snakemake.params, snakemake.output
        recipe = Recipe(**given.recipe)
        network, card = load_network(files.weights, files.card)
        windows = some_training_windows(recipe, read_windows(files.windows))
        stores = recipe.read_stores(files.fragments)
        genome = read_genome(files.genome[0]) if files.genome else None
        predictions = predict_again(recipe, network, card, windows, stores, genome)
        facts = {"model": recipe.model, "seed": card["seed"]}
        evaluation = given.evaluation | {"split": "train"}
        taught = Taught.from_recipe(recipe)
        found = tables_of_split(predictions, given.tasks, facts, taught, **evaluation)
        for name, table in found.items():
            write_scores(table, files_of[name])
