"""Predict the windows of another window set that tune and test with a trained network."""

from typing import TYPE_CHECKING

from chrompute.derived import apply_network, refuse_trained_places
from chrompute.genome import read_genome
from chrompute.manifest import write_json
from chrompute.model_files import load_network
from chrompute.recipe import Recipe
from chrompute.runlog import run_log
from chrompute.whole_files import write_parquet
from chrompute.window_files import read_windows

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        files, given = snakemake.input, snakemake.params
        recipe, source = Recipe(**given.recipe), Recipe(**given.source)
        network, trained = load_network(files.weights, files.card)
        windows, training_set = read_windows(files.windows), read_windows(files.trained)
        refuse_trained_places(source, trained, training_set, recipe, windows, given.shared)
        stores = recipe.read_stores(files.fragments)
        genome = read_genome(files.genome[0]) if files.genome else None
        predictions, card = apply_network(recipe, network, trained, windows, stores, genome)
        write_parquet(predictions, snakemake.output.predictions)
        write_json(card, snakemake.output.card)
