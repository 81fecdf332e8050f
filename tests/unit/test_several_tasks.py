"""Models of several tasks: heads and forests of their own, masks, weights, folds and splits."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from chrompute.baselines import majority_probabilities, run_baseline
from chrompute.classifiers import forest_probabilities
from chrompute.errors import InputError
from chrompute.predictions import task_labels, task_probabilities
from chrompute.recipe import Recipe
from chrompute.runs import TrainedModel, run_recipe
from toy_models import FEATURES, FOREST, Toy, make_toy, recipe_of

BOTH = {"state": ("closed", "open"), "mark": ("not_bound", "bound")}


@pytest.fixture(scope="module")
def case() -> Toy:
    return make_toy()


def categorical(windows: pd.DataFrame) -> pd.DataFrame:
    """Return windows as they are read from a file: names are categories."""
    names = [c for c in windows if windows[c].dtype.kind == "O" or windows[c].dtype == "str"]
    return windows.astype(dict.fromkeys(names, "category"))


def train(case: Toy, windows: pd.DataFrame, recipe: Recipe, folder: Path) -> TrainedModel:
    _, stores, genome = case
    own = genome if "sequence" in recipe.inputs else None
    model = run_recipe(recipe, windows, stores, own, 1, folder, "code")
    model.discard_checkpoints()
    return model


def same_weights(one: TrainedModel, two: TrainedModel) -> bool:
    first, second = one.network.state_dict(), two.network.state_dict()
    return all(torch.equal(first[name], second[name]) for name in first)


def hit_rate(predictions: pd.DataFrame, task: str, truth: pd.Series) -> float:
    probabilities = task_probabilities(predictions, task, BOTH[task])
    return float((np.array(BOTH[task])[probabilities.argmax(axis=1)] == truth.to_numpy()).mean())


@pytest.mark.slow
def test_a_network_learns_two_tasks_that_know_different_windows(case: Toy, tmp_path: Path) -> None:
    windows = case[0].copy()
    third = np.arange(len(windows)) % 3
    windows["state.1"] = windows["state"].where(third != 0)
    windows["mark.1"] = windows["mark"].where(third != 1)
    recipe = replace(recipe_of("vplot", "sequence", epochs=25), tasks=BOTH)
    model = train(case, categorical(windows), recipe, tmp_path)
    held_out = windows[windows["split"] != "train"]
    for task in BOTH:
        assert hit_rate(model.predictions, task, held_out[task]) > 0.9
        (labels,) = task_labels(model.predictions, task).values()
        assert labels.isna().sum() == held_out[f"{task}.1"].isna().sum() > 0
        known = labels.notna().to_numpy()
        assert (labels[known].to_numpy() == held_out[task][known].to_numpy()).all()
    last = model.history.iloc[-1]
    losses = [last["valid_state_loss"], last["valid_mark_loss"]]
    assert last["valid_loss"] == pytest.approx(np.mean(losses))
    assert model.card["tasks"] == {task: list(classes) for task, classes in BOTH.items()}


def test_weights_count_windows_as_often_in_a_forest() -> None:
    """Windows look alike, so a forest can only tell how much each class weighs among them."""
    features = np.repeat([0, 1], 60)[:, None].astype(np.float32)
    labels = np.tile(np.eye(2, dtype=np.float32), (60, 1))
    weights = np.where(labels[:, 0] > 0, 3, 1).astype(np.float32)
    weights[60:] = np.where(labels[60:, 0] > 0, 0, 0.5)
    found = forest_probabilities(features, labels, weights, 400, 1, 1, 1)
    assert found[:60, 0] == pytest.approx(3 / 4, abs=0.02)
    assert found[60:, 0] == pytest.approx(0, abs=0.02)
    again = np.flatnonzero(np.ones(120)).repeat(np.round(2 * weights).astype(int))
    repeated = forest_probabilities(
        features[again], labels[again], np.ones(again.size, np.float32), 400, 1, 1, 1
    )
    assert repeated[0, 0] == pytest.approx(found[0, 0], abs=0.03)


def test_the_majority_is_that_of_all_training_windows_whatever_they_weigh(case: Toy) -> None:
    windows, *_ = case
    weights = np.where(windows["mark"] == "bound", 5.0, 0.0)
    recipe = replace(recipe_of(), kind="majority", tasks={"mark": BOTH["mark"]})
    table, _ = run_baseline(recipe, windows.assign(**{"weight:mark": weights}), {}, 1, 1)
    share = (windows["mark"][windows["split"] == "train"] == "bound").mean()
    assert table["p:mark:bound"].to_numpy() == pytest.approx(share)
    assert len(table) == (windows["split"] != "train").sum()
    nothing = majority_probabilities(np.zeros((3, 2), np.float32), np.ones(3, bool))
    assert (nothing == 0).all()


def test_windows_without_weight_train_as_little_as_unknown_ones(case: Toy, tmp_path: Path) -> None:
    windows, *_ = case
    recipe = recipe_of("vplot", epochs=1)
    plain = train(case, windows, recipe, tmp_path)
    one = windows.assign(**{"weight:state": np.float32(1)})
    assert same_weights(plain, train(case, one, recipe, tmp_path))
    left_out = np.arange(len(windows)) % 2 == 0
    weight = np.where(left_out, 0, 1).astype(np.float32)
    weighted = train(case, windows.assign(**{"weight:state": weight}), recipe, tmp_path)
    unknown = left_out & (windows["split"] == "train")
    hidden = windows.assign(**{"state.1": windows["state"].where(~unknown)})
    assert same_weights(weighted, train(case, hidden, recipe, tmp_path))
    assert not same_weights(weighted, plain)
    # All held-out windows are predicted, whatever they weigh.
    assert len(weighted.predictions) == (windows["split"] != "train").sum()


def test_soft_columns_come_before_the_replicates() -> None:
    columns = {"state.1": ["open", "closed"], "soft:state:open": [0.25, None]}
    windows = pd.DataFrame({**columns, "soft:state:closed": [0.75, None]})
    found = recipe_of().soft_labels(windows, "state")
    assert found.tolist() == [[0.75, 0.25], [0, 0]]
    only = windows.drop(columns=["soft:state:open", "soft:state:closed"])
    assert recipe_of().soft_labels(categorical(only), "state").tolist() == [[0, 1], [1, 0]]


def fold_windows(case: Toy) -> pd.DataFrame:
    """Return the windows in folds, of the tasks' windows every fifth in none."""
    windows = case[0]
    fold = windows["chrom"].map({"chr1": "fold1", "chr2": "fold2", "chr3": "fold3"})
    return categorical(windows.assign(fold=fold.where(np.arange(len(windows)) % 5 > 0)))


@pytest.mark.parametrize(
    ("fold", "roles"),
    [
        ("fold1", {"chr1": "test", "chr2": "valid", "chr3": "train"}),
        ("fold3", {"chr3": "test", "chr1": "valid", "chr2": "train"}),
    ],
)
def test_a_models_fold_comes_before_the_split_of_the_windows(
    case: Toy, tmp_path: Path, fold: str, roles: dict[str, str]
) -> None:
    windows = fold_windows(case)
    recipe = replace(recipe_of("vplot", epochs=1), fold=fold, folds=3)
    network = train(case, windows, recipe, tmp_path).predictions
    forest = replace(recipe, kind="forest", features=FEATURES, baseline=FOREST)
    tables = [network, run_baseline(forest, windows, case[1], 1, 1)[0]]
    expected = windows["chrom"].astype(object).map(roles)[windows["fold"].notna()]
    for table in tables:
        assert (table["split"] == table["chrom"].astype(object).map(roles)).all()
        assert len(table) == (expected != "train").sum()
    own = recipe.own_split(windows)
    role = recipe.fit_role(own, recipe.targets(own, {}))
    assert pd.Series(role).value_counts().drop("").to_dict() == {
        name: (expected == name).sum() for name in ("train", "valid")
    }


def test_a_models_fold_weighs_its_own_training_windows(case: Toy) -> None:
    windows = fold_windows(case).assign(**{"weight:state": np.float32(9)})
    recipe = replace(recipe_of(), tasks=BOTH, fold="fold2", folds=3)
    assert "weight:state" not in recipe.own_split(windows)  # that of other training windows
    block = {"weights": "balanced", "negatives": 0.5, "match_gc": False, "seed": 4}
    recipe = replace(recipe, balance={"mark": block})
    own = recipe.own_split(windows)
    weights, train = own["weight:mark"], own["split"] == "train"
    bound = own["mark"] == "bound"
    assert (weights[~train] == 1).all()
    assert (weights[train & bound] > 0).all()
    used = train & (weights > 0)
    assert (used & ~bound).sum() == (train & bound).sum() // 2
    sums = weights[used].groupby(bound[used]).sum()
    assert sums[True] == pytest.approx(sums[False], rel=1e-4)
    assert set(own.loc[train, "fold"].astype(str)) == {"fold1"}


def test_windows_are_weighed_among_those_that_a_model_is_trained_on() -> None:
    """Each class weighs the same in the one cell type that trains, whatever the other one holds."""
    windows = pd.DataFrame(
        {
            "cell_type": ["a"] * 6 + ["b"] * 6,
            "chrom": "chr1",
            "centre": range(12),
            "split": ["train"] * 5 + ["test"] + ["train"] * 5 + ["test"],
            "state": pd.Categorical(["x"] + ["y"] * 5 + ["x"] * 4 + ["y"] * 2),
            "weight:state": np.float32(7),
        }
    )
    block = {"weights": "balanced", "negatives": None, "match_gc": False, "seed": 1}
    recipe = replace(
        recipe_of(), tasks={"state": ("x", "y")}, train_on=("a",), balance={"state": block}
    )
    weights = recipe.own_split(windows)["weight:state"]
    assert weights[:6].tolist() == [2.5, 0.625, 0.625, 0.625, 0.625, 1]


def test_cell_types_that_only_tune_do_so_and_those_not_trained_on_do_not() -> None:
    windows = pd.DataFrame(
        {
            "cell_type": ["a", "a", "b", "b", "c", "c"],
            "split": ["train", "valid", "train", "valid", "valid", "test"],
            "state.1": "open",
        }
    )
    recipe = replace(recipe_of(), train_on=("a",))
    role = recipe.fit_role(windows, recipe.targets(windows, {}))
    assert role.tolist() == ["train", "valid", "", "", "valid", ""]


def test_a_window_trains_if_one_task_knows_it_and_weighs_it() -> None:
    windows = pd.DataFrame(
        {
            "cell_type": "cells",
            "split": ["train"] * 5 + ["valid"] * 2,
            "state.1": ["open", None, None, "open", "open", None, None],
            "mark.1": [None, "bound", None, "bound", "bound", "bound", None],
            "weight:state": np.float32([1, 1, 1, 0, 0, 1, 1]),
            "weight:mark": np.float32([1, 1, 1, 0, 2, 1, 1]),
        }
    )
    recipe = replace(recipe_of(), tasks=BOTH)
    role = recipe.fit_role(windows, recipe.targets(windows, {}))
    assert role.tolist() == ["train", "train", "", "", "train", "valid", ""]


def test_labels_of_all_tasks_and_their_weights_are_permuted_together() -> None:
    rng = np.random.default_rng(3)
    code = np.arange(90)
    windows = pd.DataFrame(
        {
            "cell_type": "cells",
            "split": rng.choice(["train", "valid", "test"], 90),
            "state.1": np.where(code % 2, "open", "closed"),
            "mark.1": np.where(code % 2, "bound", "not_bound"),
            "weight:mark": (code % 2 + 1).astype(np.float32),
        }
    )
    recipe = replace(recipe_of(), tasks=BOTH, permute=("labels",))
    targets = recipe.targets(windows, recipe.orders(windows, 1))
    assert np.array_equal(targets.labels["state"], targets.labels["mark"])
    assert np.array_equal(targets.weights["mark"], targets.labels["mark"][:, 1] + 1)
    plain = recipe.targets(windows, {})
    moved = (targets.labels["state"] != plain.labels["state"]).any(axis=1)
    test = (windows["split"] == "test").to_numpy()
    assert moved[~test].mean() > 0.3
    assert not moved[test].any()


def test_categories_and_texts_give_the_same_models(case: Toy, tmp_path: Path) -> None:
    windows = case[0]
    recipe = replace(recipe_of("vplot", "sequence", epochs=1), permute=("labels",))
    one, two = (train(case, table, recipe, tmp_path) for table in (windows, categorical(windows)))
    assert same_weights(one, two)
    forest = replace(
        recipe_of("vplot"), kind="forest", features=FEATURES, baseline=FOREST, tasks=BOTH
    )
    tables = [
        run_baseline(forest, table, case[1], 1, 1)[0] for table in (windows, categorical(windows))
    ]
    pd.testing.assert_frame_equal(*tables, check_dtype=False, check_categorical=False)


def test_a_task_without_training_windows_is_refused(case: Toy, tmp_path: Path) -> None:
    windows = case[0]
    hidden = windows.assign(**{"mark.1": windows["mark"].where(windows["split"] != "train")})
    network = replace(recipe_of("vplot"), tasks=BOTH)
    message = "model net: none of its training windows has a label of task 'mark'"
    with pytest.raises(InputError, match=message):
        train(case, hidden, network, tmp_path)
    forest = replace(network, kind="forest", features=FEATURES, baseline=FOREST)
    with pytest.raises(InputError, match=message):
        run_baseline(forest, hidden, case[1], 1, 1)


def test_a_task_without_validation_windows_has_no_score(case: Toy, tmp_path: Path) -> None:
    windows = case[0]
    hidden = windows.assign(**{"mark.1": windows["mark"].where(windows["split"] != "valid")})
    recipe = replace(recipe_of("vplot", epochs=1), tasks=BOTH)
    card = train(case, hidden, recipe, tmp_path).card["validation"]
    assert [card["valid_mark_loss"], card["valid_mark_accuracy"]] == [None, None]
    assert card["valid_loss"] == card["valid_state_loss"] > 0


def test_a_recipe_passes_through_plain_values() -> None:
    recipe = replace(recipe_of("vplot"), tasks=BOTH, fold="fold2", folds=5)
    assert Recipe(**asdict(recipe)) == recipe
