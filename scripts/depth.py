"""Score a network from fewer and fewer fragments of the windows that are scored."""

from typing import TYPE_CHECKING

import pandas as pd

from chrompute.depth import assay_fragments, depth_table
from chrompute.genome import read_genome
from chrompute.model_files import load_network
from chrompute.predictions import write_scores
from chrompute.recipe import Recipe
from chrompute.rescoring import predict_again
from chrompute.runlog import run_log
from chrompute.window_files import read_windows

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        files, given = snakemake.input, snakemake.params
        recipe = Recipe(**given.recipe)
        network, card = load_network(files.weights, files.card)
        windows = recipe.own_split(read_windows(files.windows))
        windows = windows[windows["split"] == given.evaluation["split"]].reset_index(drop=True)
        stores = recipe.read_stores(files.fragments)
        genome = read_genome(files.genome[0]) if files.genome else None
        predictions = {1.0: pd.read_parquet(files.predictions)}
        for share in given.fractions:
            predictions[share] = predict_again(
                recipe, network, card, windows, stores, genome, share
            )
        facts = {"model": recipe.model, "seed": card["seed"]}
        fragments = assay_fragments(stores)
        table = depth_table(predictions, given.tasks, facts, fragments, **given.evaluation)
        write_scores(table, snakemake.output[0])
