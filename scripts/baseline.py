"""Fit a baseline and predict the windows of all splits but train."""

from typing import TYPE_CHECKING

import numpy as np

from chrompute.baselines import binned_features, forest_probabilities, majority_probabilities
from chrompute.manifest import write_json
from chrompute.predictions import prediction_table
from chrompute.recipe import Recipe
from chrompute.runlog import run_log
from chrompute.windows import read_windows

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        recipe, seed = Recipe(**snakemake.params.recipe), int(snakemake.wildcards.seed)
        windows = read_windows(snakemake.input.windows)
        stores = recipe.read_stores(snakemake.input.fragments)
        labels, train = recipe.label_codes(windows), (recipe.fit_role(windows) == "train")
        known = (labels, train.to_numpy(), len(recipe.classes))
        if recipe.kind == "forest":
            shape = (recipe.forest["length_edges"], recipe.forest["position_bin"])
            depth = recipe.reference_depth(stores)
            features = [
                binned_features(store, windows, *shape, depth[name])
                for name, store in stores.items()
            ]
            probabilities = forest_probabilities(
                np.concatenate(features, axis=1), *known, recipe.forest["trees"],
                recipe.forest["min_leaf"], seed, snakemake.threads,
            )  # fmt: skip
        else:
            probabilities = majority_probabilities(*known)
        table = prediction_table(windows, recipe.task, recipe.classes, probabilities)
        table[table["split"] != "train"].to_parquet(snakemake.output.predictions, index=False)
        card = {"model": recipe.model, "kind": recipe.kind, "task": recipe.task, "seed": seed}
        card |= {"classes": recipe.classes, "inputs": recipe.inputs, "device": "cpu"}
        card |= {"samples": recipe.samples, "train_on": recipe.train_on}
        write_json(
            card | ({"forest": recipe.forest} if recipe.forest else {}), snakemake.output.card
        )
