"""Baselines learn what is planted, repeat themselves, and give nothing to classes not seen."""

from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from chrompute.baselines import FITTED, UNFITTED, run_baseline
from chrompute.classifiers import (
    boosting_probabilities,
    forest_probabilities,
    logistic_probabilities,
)
from chrompute.features import number_of_features
from chrompute.places import PLACE_DISTANCE, place_probabilities
from chrompute.predictions import task_probabilities
from chrompute.recipe import Recipe
from chrompute.settings import BASELINE_KINDS, FEATURE_KINDS
from toy_models import FEATURES, FOREST, IMAGES, WIDTH, make_toy, recipe_of

BOOSTING = {"rounds": 30, "learning_rate": 0.2, "leaves": 7, "min_leaf": 5, "l2": 1.0}
SETTINGS = {"forest": FOREST, "boosting": BOOSTING, "logistic": {"c": 1.0}}
CLASSES = ("closed", "open")
FITS = {
    "forest": partial(forest_probabilities, trees=30, min_leaf=1, seed=1, threads=1),
    "boosting": partial(boosting_probabilities, **BOOSTING, seed=1, threads=1),
    "logistic": partial(logistic_probabilities, c=1.0),
}


def baseline(kind: str, *inputs: str) -> Recipe:
    settings = SETTINGS.get(kind, {})
    return replace(recipe_of(*inputs), kind=kind, features=FEATURES, baseline=settings)


def right(predictions: pd.DataFrame) -> float:
    called = task_probabilities(predictions, "state", CLASSES)[:, 1] > 0.5
    return float((called == (predictions["label:state:1"] == "open")).mean())


def test_every_kind_of_the_configuration_is_there() -> None:
    assert {*UNFITTED, *FITTED} == {*BASELINE_KINDS}
    assert {*FITTED} == {*FEATURE_KINDS}


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        *product(("logistic", "forest", "boosting"), [("vplot",), ("mnase_profile",)]),
        *product(("forest", "boosting"), [("sequence",), ("vplot", "sequence")]),
    ],
)
def test_what_is_planted_is_learnt(kind: str, inputs: tuple[str, ...]) -> None:
    """Open windows hold short fragments, closed ones those of a nucleosome; open ones a motif."""
    windows, stores, genome = make_toy()
    recipe = replace(baseline(kind, *inputs), candidates={"from": "tiles", "width": 200})
    own = {name: stores["vplot"] for name in inputs if name != "sequence"}
    table, card = run_baseline(recipe, windows, own, 1, 1, genome)
    held_out = windows["split"] != "train"
    assert len(table) == held_out.sum()
    common = windows.loc[held_out, "state"].value_counts(normalize=True).max()
    assert right(table) > (0.9 if "sequence" not in inputs else common + 0.1)
    assert task_probabilities(table, "state", CLASSES).sum(axis=1) == pytest.approx(1, abs=1e-6)
    assert card[kind] == SETTINGS[kind]
    assert card["features"] == FEATURES
    assert (card["kind"], card["inputs"]) == (kind, inputs)
    assert card["n_features"] == number_of_features(kind, inputs, IMAGES, FEATURES, WIDTH)
    assert card["windows"] == {
        "set": "w", "width": WIDTH, "centred_on": "tiles",
        "candidates": {"from": "tiles", "width": 200},
    }  # fmt: skip


@pytest.mark.parametrize("kind", [*FITS])
def test_classes_that_nothing_trains_have_probability_0(kind: str) -> None:
    rng = np.random.default_rng(3)
    features = rng.random((300, 5), dtype=np.float32)
    labels = np.eye(4, dtype=np.float32)[np.where(features[:, 2] > 0.5, 3, 1)]
    labels[200:] = np.eye(4, dtype=np.float32)[rng.integers(0, 4, 100)]  # of no training window
    weights = (np.arange(300) < 200).astype(np.float32)
    found = FITS[kind](features, labels, weights)
    assert (found[:, [0, 2]] == 0).all()
    assert found.sum(axis=1) == pytest.approx(1)
    called = found[200:].argmax(axis=1)
    assert (called == np.where(features[200:, 2] > 0.5, 3, 1)).mean() > 0.9
    only = FITS[kind](features, labels, weights * (labels[:, 3] > 0))
    assert (only == np.eye(4)[3]).all()


@pytest.mark.parametrize("kind", [*FITS])
def test_shares_and_weights_are_what_probabilities_are_made_of(kind: str) -> None:
    """Windows look alike, so a model can only tell how much each class weighs among them."""
    features = np.zeros((400, 2), np.float32)
    features[:200, 0] = 1
    labels = np.tile(np.float32([[0.75, 0.25]]), (400, 1))
    labels[200:] = np.eye(2, dtype=np.float32)[np.arange(200) % 2]
    weights = np.ones(400, np.float32)
    weights[200:] = np.where(np.arange(200) % 2, 4, 1)
    found = FITS[kind](features, labels, weights)
    assert found[:200, 0] == pytest.approx(0.75, abs=0.03)
    assert found[200:, 0] == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize("kind", [*FITS])
def test_nothing_depends_on_threads(kind: str) -> None:
    rng = np.random.default_rng(5)
    features = rng.normal(size=(3000, 40)).astype(np.float32)
    features[:, 0] = 1  # the same in all
    code = np.clip(np.round(features[:, 2] + rng.normal(0, 1, 3000)), -1, 1).astype(int) + 1
    labels = np.eye(3, dtype=np.float32)[code]
    labels[::3] = (labels[::3] + np.eye(3, dtype=np.float32)[rng.integers(0, 3, 1000)]) / 2
    weights = rng.random(3000).astype(np.float32) * (np.arange(3000) < 2500)
    fits = []
    for threads in (1, 2):
        given = {} if kind == "logistic" else {"threads": threads}
        with threadpool_limits(threads):
            fits.append(FITS[kind](features, labels, weights, **given))
    assert np.array_equal(*fits)
    assert np.ptp(fits[0], axis=0).min() > 0.1


def test_logistic_regression_is_that_of_standardised_features() -> None:
    """The gradient of its loss is 0: a check by arithmetic that knows nothing of the solver.

    Rows that do not train are of another distribution, which mean and deviation must not show.
    """
    rng = np.random.default_rng(7)
    plain = rng.normal(size=(500, 3))
    codes = np.where(rng.random(500) < 0.3, 0, 1 + (plain[:, 0] + rng.normal(size=500) > 0))
    labels = np.float32([[0.5, 0.5], [1, 0], [0, 1]])[codes]
    plain[400:] = 4 * plain[400:] + 2
    features = (plain * [1, 50, 0.01] + [0, 300, 4]).astype(np.float32)
    weights = np.where(np.arange(500) < 400, rng.random(500) + 0.5, 0).astype(np.float32)
    found = logistic_probabilities(features, labels, weights, 0.3)
    own = features[:400].astype(float)
    scaled = (features - own.mean(axis=0)) / own.std(axis=0)
    margin = np.log(found[:, 1] / found[:, 0])
    slope = np.linalg.lstsq(np.c_[scaled, np.ones(500)], margin, rcond=None)[0]
    assert np.c_[scaled, np.ones(500)] @ slope == pytest.approx(margin, abs=1e-4)
    gradient = ((found - labels)[:, 1] * weights) @ np.c_[scaled, np.ones(500)]
    assert gradient[:3] + slope[:3] / 0.3 == pytest.approx(0, abs=0.05)
    assert gradient[3] == pytest.approx(0, abs=0.05)


# Place


def places(rows: list[tuple[str, str, int]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["cell_type", "chrom", "centre"])


def test_the_mean_label_of_other_cell_types_by_hand() -> None:
    far = PLACE_DISTANCE + 1
    windows = places(
        [
            ("a", "chr1", 1000), ("b", "chr1", 1000), ("c", "chr1", 1010),  # one place
            ("a", "chr1", 5000), ("b", "chr1", 5000 + PLACE_DISTANCE), ("c", "chr1", 5000 + far),
            ("a", "chr2", 1000), ("b", "chr1", 9000), ("u", "chr1", 1000), ("u", "chr2", 9000),
        ]
    )  # fmt: skip
    x, y, z, half = [1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0]
    nothing = [0, 0, 0]
    labels = np.float32([x, half, y, z, y, x, x, nothing, z, z])
    prior = np.array([0.2, 0.3, 0.5])
    found = place_probabilities(windows, labels, ("a", "b", "c"), prior)
    expected = [
        [0.25, 0.75, 0],  # of a: b is half x and half y, c is y
        [0.5, 0.5, 0],  # of b: a is x, c is y
        [0.75, 0.25, 0],  # of c: a is x, b is half of each
        y,  # a at 5,000: b at the largest distance, c one bp beyond it
        [0.5, 0, 0.5],  # b: a is z, c is x, which lies 1 bp to the right
        y,  # c: b is near and a is too far
        prior,  # no other cell type on chr2
        prior,  # nobody else near, and its own label is of no use
        [0.5, 0.5, 0],  # u is no teacher: x, half, y
        prior,
    ]
    assert found == pytest.approx(np.array(expected))
    only = place_probabilities(windows, labels, ("a",), prior)
    assert only[[0, 1, 2, 8]] == pytest.approx(np.array([prior, x, x, x]))


def test_the_nearest_window_counts_and_of_two_as_near_the_left_one() -> None:
    windows = places([("a", "chr1", 100), ("a", "chr1", 140), ("b", "chr1", 119),
                      ("b", "chr1", 121), ("b", "chr1", 120), ("b", "chr1", 60)])  # fmt: skip
    labels = np.float32([[1, 0], [0, 1], [0, 0], [0, 0], [0, 0], [0, 0]])
    found = place_probabilities(windows, labels, ("a",), np.array([0.5, 0.5]))
    assert found[2:, 0].tolist() == [1, 0, 1, 1]
    # The nearest window knows nothing, and the next one is another place.
    labels[0] = 0
    unknown = place_probabilities(windows, labels, ("a",), np.array([0.4, 0.6]))
    assert unknown[2:, 0] == pytest.approx([0.4, 0, 0.4, 0.4])


def test_places_are_those_of_a_slow_search() -> None:
    rng = np.random.default_rng(8)
    rows = [(c, f"chr{chrom}", int(centre)) for c, chrom, centre in zip(
        rng.choice([*"abc"], 400), rng.integers(1, 4, 400), rng.integers(0, 9000, 400),
        strict=True)]  # fmt: skip
    windows = places(rows).drop_duplicates().reset_index(drop=True)
    labels = np.eye(3, dtype=np.float32)[rng.integers(0, 3, len(windows))]
    labels[::7] = 0
    found = place_probabilities(windows, labels, ("a", "b", "c"), np.full(3, 1 / 3))
    for row, (cell_type, chrom, centre) in enumerate(windows.itertuples(index=False)):
        votes = []
        for other in {*"abc"} - {cell_type}:
            there = [
                (abs(w.centre - centre), w.centre, w.Index)
                for w in windows.itertuples()
                if (w.cell_type, w.chrom) == (other, chrom)
                and abs(w.centre - centre) <= PLACE_DISTANCE
            ]
            if there and labels[min(there)[2]].sum():
                votes.append(labels[min(there)[2]])
        expected = np.mean(votes, axis=0) if votes else np.full(3, 1 / 3)
        assert found[row] == pytest.approx(expected)


def test_a_place_model_reads_labels_of_held_out_windows_of_other_cell_types_alone() -> None:
    toy = make_toy()[0]
    rng = np.random.default_rng(9)
    other = toy.assign(cell_type="others", centre=toy["centre"] + 40)
    other["state.1"] = np.where(rng.random(len(other)) < 0.8, other["state"], "closed")
    unseen = toy.assign(cell_type="unseen", split=np.where(toy["split"] == "train", "", "test"))
    windows = pd.concat([toy, other, unseen], ignore_index=True)
    recipe = replace(baseline("place"), train_on=("cells", "others"))
    table, card = run_baseline(recipe, windows, {}, 1, 1)
    assert card["place_distance"] == PLACE_DISTANCE
    called = np.where(table["p:state:open"] > 0.5, "open", "closed")
    own = table["cell_type"] == "cells"
    held_out = (toy["split"] != "train").to_numpy()
    assert (called[own] == other.loc[held_out, "state.1"]).all()
    assert right(table[own]) == pytest.approx((other["state.1"] == toy["state"])[held_out].mean())
    # An unseen cell type gets the mean of both, and its own labels tell nothing.
    mean = (toy["state"] == "open") * 0.5 + (other["state.1"] == "open") * 0.5
    found = table.loc[table["cell_type"] == "unseen", "p:state:open"]
    assert found.to_numpy() == pytest.approx(mean[held_out].to_numpy())
    spoilt = windows.assign(**{"state.1": windows["state.1"].where(
        windows["cell_type"] != "unseen", "closed")})  # fmt: skip
    again = run_baseline(recipe, spoilt, {}, 1, 1)[0]
    assert again["p:state:open"].equals(table["p:state:open"])
