"""Networks and training: shapes, determinism, resuming, saving and predicting."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from chrompute.baselines import run_baseline
from chrompute.encoders import Smoothing
from chrompute.errors import InputError
from chrompute.fragments import Fragments
from chrompute.inference import predict_logits
from chrompute.model_data import window_data
from chrompute.model_files import load_network, save_network
from chrompute.network_spec import NetworkSpec
from chrompute.networks import ChromatinNetwork
from chrompute.permutations import PERMUTABLE, permuted_rows
from chrompute.recipe import Recipe
from chrompute.runs import TrainedModel, run_recipe
from toy_models import FEATURES, FOREST, SIZES, SMALL, WIDTH, make_toy, recipe_of


@pytest.fixture(scope="module")
def case():
    return make_toy()


def trained(case, recipe: Recipe, folder: Path, seed: int = 1, keep: bool = False) -> TrainedModel:
    windows, stores, genome = case
    stores = {name: stores["vplot"] for name in recipe.inputs if name != "sequence"}
    genome = genome if "sequence" in recipe.inputs else None
    model = run_recipe(recipe, windows, stores, genome, seed, folder, "code")
    if not keep:
        model.discard_checkpoints()
    return model


def same_weights(one: TrainedModel, two: TrainedModel) -> bool:
    first, second = one.network.state_dict(), two.network.state_dict()
    return all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.slow
@pytest.mark.parametrize("inputs", [("vplot",), ("sequence",), ("vplot", "mnase", "sequence")])
def test_a_network_learns_what_is_planted(case, tmp_path: Path, inputs: tuple[str, ...]) -> None:
    model = trained(case, recipe_of(*inputs, epochs=12), tmp_path)
    test = model.predictions[model.predictions["split"] == "test"]
    hits = (test["p:state:open"] > 0.5) == (test["label:state:1"] == "open")
    assert hits.mean() > 0.9
    assert set(model.predictions["split"]) == {"valid", "test"}
    assert [*model.history.columns] == [
        "epoch",
        "learning_rate",
        "train_loss",
        "valid_loss",
        "valid_accuracy",
    ]
    assert not any(tmp_path.iterdir())  # checkpoints are gone


def test_equal_seeds_give_equal_bits_and_others_do_not(case, tmp_path: Path) -> None:
    recipe = recipe_of("vplot", "sequence")
    one = trained(case, recipe, tmp_path)
    assert same_weights(one, trained(case, recipe, tmp_path))
    assert not same_weights(one, trained(case, recipe, tmp_path, seed=2))


def test_another_recipe_does_not_resume_and_a_damaged_checkpoint_is_left(
    case, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recipe = recipe_of("vplot", epochs=1)
    trained(case, recipe, tmp_path, keep=True)
    (checkpoint,) = tmp_path.rglob("last.ckpt")
    with caplog.at_level(logging.INFO):
        trained(case, recipe_of("vplot", epochs=1, jitter=6), tmp_path, keep=True)
    assert "resuming" not in caplog.text
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    with caplog.at_level(logging.INFO):
        trained(case, recipe, tmp_path)
    assert "is damaged" in caplog.text


def test_checkpoints_that_cut_off_runs_left_are_removed_in_the_end(case, tmp_path: Path) -> None:
    stale, digest = tmp_path / f"net-seed-1-{'0f' * 8}", "0123456789abcdef"
    names = (f"net-seed-2-{digest}", f"net-seed-11-{digest}", f"other-net-seed-1-{digest}")
    others = [tmp_path / name for name in (*names, "net-seed-1-notes", f"net-seed-1-b-{digest}")]
    for folder in (stale, *others):
        folder.mkdir()
        (folder / "last.ckpt").touch()
    model = trained(case, recipe_of("vplot", epochs=1), tmp_path, keep=True)
    assert stale.is_dir()
    model.discard_checkpoints()
    assert {*tmp_path.iterdir()} == {*others}


def test_a_temperature_at_its_bound_is_told(
    case, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The planted state is called right in every window once it is learned."""
    model = trained(case, recipe_of("vplot", epochs=12), tmp_path / "sure")
    assert model.card["temperature"]["state"] == 0.05
    (told,) = [each for each in caplog.records if each.levelno == logging.WARNING]
    valid = (case[0]["split"] == "valid").sum()
    assert f"task state: the temperature ran to its bound, 0.05, on {valid} " in told.getMessage()


def test_test_labels_do_not_reach_the_weights(case, tmp_path: Path) -> None:
    windows, stores, genome = case
    recipe = recipe_of("vplot", epochs=1)
    one = trained(case, recipe, tmp_path)
    swapped = windows["state.1"].map({"open": "closed", "closed": "open"})
    spoilt = windows["state.1"].where(windows["split"] != "test", swapped)
    two = trained((windows.assign(**{"state.1": spoilt}), stores, genome), recipe, tmp_path)
    assert same_weights(one, two)
    # Nor the temperature, and so no probability.
    assert one.card["temperature"] == two.card["temperature"]
    columns = ["p:state:closed", "p:state:open"]
    assert one.predictions[columns].equals(two.predictions[columns])
    test = one.predictions["split"] == "test"
    changed = one.predictions["label:state:1"] != two.predictions["label:state:1"]
    assert changed.equals(test)
    # Nor does the truth, of any split.
    three = trained((windows.assign(**{"state.truth": swapped}), stores, genome), recipe, tmp_path)
    assert same_weights(one, three)
    assert (three.predictions["label:state:truth"] != three.predictions["label:state:1"]).all()


def test_labels_are_the_mean_over_the_replicates_that_know_a_window() -> None:
    windows = pd.DataFrame(
        {
            "cell_type": "cells",
            "split": "train",
            "state.1": ["open", "open", None, None],
            "state.b": ["open", "closed", "closed", None],
            "state.c": ["open", "closed", None, None],
            "state.truth": ["closed"] * 4,
        }
    )
    recipe = recipe_of("vplot")
    expected = [[0, 1], [2 / 3, 1 / 3], [1, 0], [0, 0]]
    assert recipe.soft_labels(windows, "state") == pytest.approx(np.array(expected))
    role = recipe.fit_role(windows, recipe.targets(windows, {}))
    assert role.tolist() == ["train", "train", "train", ""]


def test_the_validation_accuracy_is_the_mean_over_replicates(case, tmp_path: Path) -> None:
    windows, stores, genome = case
    other = windows["state.1"].where(np.arange(len(windows)) % 3 > 0, "closed")
    model = trained(
        (windows.assign(**{"state.2": other}), stores, genome), recipe_of("vplot"), tmp_path
    )
    valid = model.predictions[model.predictions["split"] == "valid"]
    called = np.where(valid["p:state:open"] > 0.5, "open", "closed")
    hits = [(called == valid[f"label:state:{name}"]).mean() for name in (1, 2)]
    assert hits[0] != hits[1]
    assert model.history["valid_accuracy"].iloc[-1] == pytest.approx(np.mean(hits))


def test_permuted_rows_stay_in_their_cell_type_and_split() -> None:
    rng = np.random.default_rng(1)
    windows = pd.DataFrame(
        {
            "cell_type": rng.choice([*"ab"], 600),
            "split": rng.choice(["train", "valid", "test"], 600),
        }
    )
    found = {name: permuted_rows(windows, name, 3) for name in PERMUTABLE}
    for name, rows in found.items():
        assert sorted(rows) == [*range(600)]
        assert windows.iloc[rows].reset_index(drop=True).equals(windows)
        moved = rows != np.arange(600)
        test = (windows["split"] == "test").to_numpy()
        assert moved[~test].mean() > 0.9
        assert moved[test].mean() > 0.9 if name != "labels" else not moved[test].any()
    assert len({rows.tobytes() for rows in found.values()}) == len(PERMUTABLE)
    assert np.array_equal(permuted_rows(windows, "vplot", 3), found["vplot"])
    assert not np.array_equal(permuted_rows(windows, "vplot", 4), found["vplot"])


def right(predictions: pd.DataFrame) -> float:
    return float(
        ((predictions["p:state:open"] > 0.5) == (predictions["label:state:1"] == "open")).mean()
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("inputs", "permute", "learns"),
    [
        (("vplot",), ("labels",), False),
        (("vplot",), ("vplot",), False),
        (("vplot", "sequence"), ("vplot",), True),
        (("vplot", "sequence"), ("vplot", "sequence"), False),
        (("vplot", "mnase"), ("mnase",), True),
    ],
)
def test_a_network_loses_what_is_permuted_and_keeps_the_rest(
    case, tmp_path: Path, inputs: tuple[str, ...], permute: tuple[str, ...], learns: bool
) -> None:
    """V-plot, MNase and sequence each suffice alone (see above); 168 windows are held out."""
    recipe = replace(recipe_of(*inputs, epochs=12), permute=permute)
    model = trained(case, recipe, tmp_path)
    windows = case[0][case[0]["split"] != "train"]
    assert [*model.predictions["label:state:1"]] == [
        *windows["state"]
    ]  # scored against the real ones
    majority = windows["state"].value_counts(normalize=True).max()
    assert right(model.predictions) > 0.9 if learns else right(model.predictions) < majority + 0.1
    assert model.card["permute"] == permute


@pytest.mark.parametrize(
    ("permute", "learns"),
    [((), True), (("labels",), False), (("vplot",), True), (("vplot", "mnase"), False)],
)
def test_a_forest_loses_what_is_permuted_and_keeps_the_rest(
    case, permute: tuple[str, ...], learns: bool
) -> None:
    windows, stores, _ = case
    recipe = replace(
        recipe_of("vplot", "mnase"),
        kind="forest",
        features=FEATURES,
        baseline=FOREST,
        permute=permute,
    )
    both = dict.fromkeys(recipe.inputs, stores["vplot"])
    predictions, card = run_baseline(recipe, windows, both, 1, 1)
    majority = windows["state"][windows["split"] != "train"].value_counts(normalize=True).max()
    assert right(predictions) > 0.9 if learns else right(predictions) < majority + 0.1
    assert card["permute"] == permute


def test_a_saved_network_predicts_the_same(case, tmp_path: Path) -> None:
    recipe = recipe_of("vplot", "sequence", epochs=1)
    model = trained(case, recipe, tmp_path)
    weights, card_path = tmp_path / "model.safetensors", tmp_path / "card.json"
    save_network(model.network, model.card, weights, card_path)
    network, card = load_network(weights, card_path)
    assert card["seed"] == 1
    assert card["reference_depth"] == {"vplot": len(case[1]["vplot"]["cells"])}
    windows, stores, genome = case
    data = window_data(
        recipe, windows, stores, card["reference_depth"], genome, torch.device("cpu")
    )
    ids = torch.from_numpy(np.flatnonzero(windows["split"] != "train"))
    logits = predict_logits(network, data, ids, 16)["state"]
    assert logits.exp().sum(1).numpy() == pytest.approx(1, abs=1e-5)
    found = (logits / card["temperature"]["state"]).softmax(1)
    expected = model.predictions[["p:state:closed", "p:state:open"]].to_numpy()
    assert found.numpy() == pytest.approx(expected, abs=1e-5)
    content = json.loads(card_path.read_text())
    content["network"]["channels"] = 24
    card_path.write_text(json.dumps(content))
    with pytest.raises(InputError, match="does not belong to"):
        load_network(weights, card_path)


def test_predictions_do_not_depend_on_the_strand(case, tmp_path: Path) -> None:
    windows, stores, genome = case
    recipe = recipe_of("vplot", "sequence")
    data = window_data(recipe, windows, stores, {"vplot": 1000.0}, genome, torch.device("cpu"))
    spec = NetworkSpec(
        {"vplot": data.images["vplot"].grid.shape}, True, WIDTH, {"state": 2}, **SMALL
    )
    torch.manual_seed(0)
    network = ChromatinNetwork(spec).eval()
    ids = torch.arange(20)
    with torch.no_grad():
        ahead, back = (
            network(data.draw(ids, reverse=torch.full((20,), turned)))["state"].softmax(1)
            for turned in (False, True)
        )
    assert not torch.allclose(ahead, back)
    mean = predict_logits(network, data, ids, 16)["state"].exp()
    assert torch.allclose(mean, (ahead + back) / 2, atol=1e-6)


def test_depth_is_scaled_away(case) -> None:
    windows, stores, _ = case
    store = stores["vplot"]["cells"]
    double = Fragments.from_intervals(
        SIZES,
        np.repeat(np.repeat(np.arange(3), np.diff(store.offsets)), 2),
        np.repeat(np.concatenate([store.intervals(c)[0] for c in SIZES]), 2),
        np.repeat(np.concatenate([store.intervals(c)[1] for c in SIZES]), 2),
    )
    recipe = recipe_of("vplot")
    ids = torch.arange(5)
    one, two = (
        window_data(
            recipe, windows, {"vplot": {"cells": each}}, {"vplot": 500.0}, None, torch.device("cpu")
        ).draw(ids)["vplot"]
        for each in (store, double)
    )
    assert one.sum() > 0
    assert torch.allclose(one, two)


def test_several_tasks_have_several_heads() -> None:
    spec = NetworkSpec({"vplot": (10, 51)}, False, WIDTH, {"x": 3, "y": 5}, **SMALL)
    assert NetworkSpec.from_json(json.loads(json.dumps(spec.as_json()))) == spec
    logits = ChromatinNetwork(spec)({"vplot": torch.rand(4, 10, 51)})
    assert {task: tuple(value.shape) for task, value in logits.items()} == {
        "x": (4, 3),
        "y": (4, 5),
    }


def test_smoothing_is_a_gaussian_of_the_named_width() -> None:
    image = torch.zeros(1, 1, 201)
    image[0, 0, 100] = 1
    smooth = Smoothing(201, (4.0,))(image)[0, 1]
    place = torch.arange(201) - 100
    assert float((smooth * place**2).sum() / smooth.sum()) == pytest.approx(16, rel=1e-3)
    assert float(smooth.sum()) == pytest.approx((2 * np.pi) ** 0.5, rel=1e-3)
