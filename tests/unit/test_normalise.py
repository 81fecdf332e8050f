"""V-plots of equal sum: counts of a window tell nothing, places and lengths of fragments do."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from chrompute.baselines import run_baseline
from chrompute.features import binned_features
from chrompute.fragments import Fragments
from chrompute.inference import predict_logits
from chrompute.model_data import typical_sums, window_data
from chrompute.predictions import task_probabilities
from chrompute.recipe import Recipe
from chrompute.runs import run_recipe
from toy_models import FEATURES, FOREST, IMAGES, make_toy, recipe_of

SIZES = {"chr1": 20_000}
WIDTH = 401
CPU = torch.device("cpu")


def normalised(recipe: Recipe) -> Recipe:
    return replace(recipe, images={**IMAGES, "normalise": "window"})


@pytest.fixture(scope="module")
def stores() -> dict[str, Fragments]:
    """Two cell types of different depth; nothing lies beyond 15 kb."""
    rng = np.random.default_rng(4)
    found = {}
    for name, number in (("a", 4000), ("b", 900)):
        starts = rng.integers(0, 14_800, number)
        ends = starts + rng.integers(20, 260, number)
        found[name] = Fragments.from_intervals(SIZES, np.zeros(number, int), starts, ends)
    return found


@pytest.fixture(scope="module")
def windows() -> pd.DataFrame:
    centre = np.tile(np.arange(700, 19_000, 600), 2)
    table = pd.DataFrame({"cell_type": np.repeat([*"ab"], centre.size // 2), "chrom": "chr1"})
    table["centre"] = centre
    table["start"], table["end"] = centre - WIDTH // 2, centre - WIDTH // 2 + WIDTH
    table["split"] = np.where(np.arange(len(table)) % 3, "train", "test")
    table["state.1"] = np.where(np.arange(len(table)) % 2, "open", "closed")
    return table


def counts_of(store: Fragments, start: int, edges: list[int], columns: list[int]) -> np.ndarray:
    """Count fragments of a window by length class and column of the midpoint base, in a loop."""
    counts = np.zeros((len(edges) - 1, len(columns) - 1))
    for left, right in zip(*(each.tolist() for each in store.intervals("chr1")), strict=True):
        column = (left + right - 1) // 2 - start
        if not 0 <= column < WIDTH:
            continue
        for row, (low, high) in enumerate(pairwise(edges)):
            for place, (first, last) in enumerate(pairwise(columns)):
                counts[row, place] += low <= right - left < high and first <= column < last
    return counts


def equal_sums(
    stores: dict[str, Fragments],
    windows: pd.DataFrame,
    train: np.ndarray,
    edges: list[int],
    columns: list[int],
) -> tuple[np.ndarray, float]:
    """Return the images scaled to the same sum, and that sum, from plain loops."""
    depth = np.mean([len(store) for store in stores.values()])
    counts = np.array(
        [
            counts_of(stores[row.cell_type], row.start, edges, columns)
            for row in windows.itertuples()
        ]
    )
    number = counts.sum(axis=(1, 2))
    factor = np.array([depth / len(stores[name]) for name in windows["cell_type"]])
    typical = float((number * factor)[train].mean())
    return counts * (typical / np.maximum(number, 1))[:, None, None], typical


def test_images_of_networks_have_equal_sums(
    stores: dict[str, Fragments], windows: pd.DataFrame
) -> None:
    recipe = normalised(replace(recipe_of("vplot"), train_on=("a", "b")))
    own = {"vplot": stores}
    data = window_data(recipe, windows, own, recipe.reference_depth(own), None, CPU)
    train = np.flatnonzero(windows["split"] == "train")
    sums = typical_sums(recipe, data, torch.from_numpy(train))
    edges, columns = [*range(0, 201, 20)], [*range(0, WIDTH, 8), WIDTH]
    expected, typical = equal_sums(stores, windows, train, edges, columns)
    assert sums == {"vplot": pytest.approx(typical)}
    data.scale_to(sums)
    found = data.draw(torch.arange(len(windows)))["vplot"].numpy()
    assert found == pytest.approx(expected, rel=1e-5)
    full = found.sum(axis=(1, 2))
    assert set(np.round(full / typical, 5)) == {0.0, 1.0}
    assert typical_sums(recipe_of("vplot"), data, torch.from_numpy(train)) == {}


def test_images_that_jitter_are_scaled_by_what_they_show(
    stores: dict[str, Fragments], windows: pd.DataFrame
) -> None:
    recipe = normalised(recipe_of("vplot"))
    data = window_data(recipe, windows, {"vplot": stores}, {"vplot": 1000.0}, None, CPU)
    data.scale_to({"vplot": 7.0})
    ids = torch.arange(10)
    moved = data.draw(ids, torch.full((10,), 5), torch.arange(10) % 2 == 0)["vplot"]
    still = data.draw(ids)["vplot"]
    assert moved.sum(dim=(1, 2)).numpy() == pytest.approx(7)
    assert not torch.equal(moved, still)


def test_features_of_forests_have_equal_sums(
    stores: dict[str, Fragments], windows: pd.DataFrame
) -> None:
    edges = [0, 100, 200]
    # The middle bin of 50 bp is centred on the window: its columns begin 25 bp before the centre.
    columns = [0, *range(WIDTH // 2 - 175, WIDTH, 50), WIDTH]
    train = (windows["split"] == "train").to_numpy()
    expected, _ = equal_sums(stores, windows, train, edges, columns)
    depth = float(np.mean([len(store) for store in stores.values()]))
    found = binned_features(stores, windows, edges, 50, depth, train)
    assert found == pytest.approx(np.log1p(expected).reshape(len(windows), -1), rel=1e-4)
    assert (found == 0).all(axis=1).any()


def test_a_difference_of_counts_alone_is_learnt_from_depth_and_not_from_equal_sums() -> None:
    """Windows of one kind hold one fragment, copied more often in the open ones."""
    rng = np.random.default_rng(6)
    centre = np.arange(300, 19_700, 100)
    is_open = rng.random(centre.size) < 0.5
    copies = np.where(is_open, 12, 4)
    starts = np.repeat(centre - 50, copies)
    store = Fragments.from_intervals(SIZES, np.zeros(starts.size, int), starts, starts + 100)
    windows = pd.DataFrame({"cell_type": "cells", "chrom": "chr1", "centre": centre})
    windows["start"], windows["end"] = centre - 20, centre + 21
    windows["split"] = np.where(np.arange(centre.size) % 2, "train", "test")
    windows["state.1"] = np.where(is_open, "open", "closed")
    recipe = replace(recipe_of("vplot"), kind="forest", features=FEATURES, baseline=FOREST)
    right = {}
    for name, own in (("depth", recipe), ("window", normalised(recipe))):
        table, card = run_baseline(own, windows, {"vplot": {"cells": store}}, 1, 1)
        called = task_probabilities(table, "state", ("closed", "open"))[:, 1] > 0.5
        right[name] = (called == (table["label:state:1"] == "open")).mean()
        assert card["images"]["normalise"] == name
    assert right["depth"] == 1
    assert right["window"] < 0.65


def test_a_card_tells_what_is_needed_to_predict_again(tmp_path: Path) -> None:
    windows, stores, _ = make_toy()
    recipe = normalised(recipe_of("vplot", epochs=2))
    model = run_recipe(recipe, windows, stores, None, 1, tmp_path, "code")
    model.discard_checkpoints()
    card = model.card
    data = window_data(recipe, windows, stores, card["reference_depth"], None, CPU)
    data.scale_to(card["typical_sum"])
    ids = torch.from_numpy(np.flatnonzero(windows["split"] != "train"))
    logits = predict_logits(model.network, data, ids, 16)["state"]
    found = logits.exp().numpy()
    calibrated = (logits / card["temperature"]["state"]).softmax(1).numpy()
    expected = task_probabilities(model.predictions, "state", ("closed", "open"))
    assert calibrated == pytest.approx(expected, abs=1e-5)
    data.scale_to({"vplot": 2 * card["typical_sum"]["vplot"]})
    other = predict_logits(model.network, data, ids, 16)["state"].exp().numpy()
    assert np.abs(other - found).max() > 2e-5
