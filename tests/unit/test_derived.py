"""Ensembles, and networks applied to another window set."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from chrompute.derived import apply_network, refuse_trained_places
from chrompute.ensembles import run_ensemble
from chrompute.errors import InputError
from chrompute.leaks import refuse_training_places
from chrompute.model_files import load_network, save_network
from chrompute.runs import TrainedModel, run_recipe
from toy_models import WIDTH, Toy, make_toy, recipe_of

COLUMNS = ["p:state:closed", "p:state:open"]
RECIPE = recipe_of("vplot", epochs=1)
TILED = replace(RECIPE, model="tiled", kind="applied", windows="t", candidates={"from": "tiles"})


@pytest.fixture(scope="module")
def toy() -> Toy:
    return make_toy()


@pytest.fixture(scope="module")
def trained(toy: Toy, tmp_path_factory: pytest.TempPathFactory) -> dict[int, TrainedModel]:
    windows, stores, _ = toy
    folder = tmp_path_factory.mktemp("checkpoints")
    return {
        seed: run_recipe(RECIPE, windows, stores, None, seed, folder, "code") for seed in (1, 2, 3)
    }


def cards(trained: dict[int, TrainedModel]) -> list[dict[str, Any]]:
    return [model.card | {"weights": f"digest {seed}"} for seed, model in trained.items()]


def made_up(seed: int) -> list[pd.DataFrame]:
    """Return predictions of three members that are right by themselves, but not in the mean.

    Two replicates are drawn from a truth that the members see with noise of their own. The truth
    column, the test windows and another cell type would ask for other temperatures.
    """
    rng = np.random.default_rng(seed)
    n = 6000
    logit = rng.normal(0, 2, n)
    places = pd.DataFrame({
        "cell_type": np.where(np.arange(n) % 3 < 2, "cells", "others"), "chrom": "chr2",
        "centre": np.arange(n), "split": np.where(np.arange(n) % 2, "valid", "test"),
    })  # fmt: skip
    names = np.array(["closed", "open"], dtype=object)
    counts = (places["split"] == "valid") & (places["cell_type"] == "cells")
    for name in ("1", "2"):
        drawn = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int)
        labels = names[np.where(counts, drawn, rng.integers(0, 2, n))]
        labels[rng.random(n) < 0.2] = None
        places[f"label:state:{name}"] = labels
    places["label:state:truth"] = names[rng.integers(0, 2, n)]
    tables = []
    for _ in range(3):
        noisy = np.clip(0.4 * logit + rng.normal(0, 0.5, n), -30, 30)
        p = (1 / (1 + np.exp(-noisy))).astype(np.float32)
        tables.append(places.assign(**{COLUMNS[0]: 1 - p, COLUMNS[1]: p}))
    return tables


def softened(mean: np.ndarray, temperature: float) -> np.ndarray:
    """Return p ** (1 / T), scaled to add up to 1."""
    powers = mean ** (1 / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


def loss_of(probabilities: np.ndarray, labels: list[np.ndarray]) -> float:
    """Return the cross-entropy against the mean of replicates of class numbers, -1 for unknown."""
    known = np.any([own >= 0 for own in labels], axis=0)
    total = 0.0
    for row in np.flatnonzero(known):
        own = [label[row] for label in labels if label[row] >= 0]
        total -= sum(np.log(probabilities[row, code]) for code in own) / len(own)
    return total / known.sum()


def test_an_ensemble_is_the_calibrated_mean_of_the_probabilities(
    trained: dict[int, TrainedModel],
) -> None:
    tables = made_up(2)
    recipe = replace(RECIPE, model="mean", kind="ensemble")
    found, card = run_ensemble(recipe, 1, tables, cards(trained))
    mean = sum(table[COLUMNS].to_numpy(np.float64) for table in tables) / 3
    expected = softened(mean, card["temperature"]["state"])
    assert np.abs(found[COLUMNS].to_numpy() - expected).max() < 1e-6
    assert np.abs(found[COLUMNS].to_numpy() - tables[0][COLUMNS].to_numpy()).max() > 1e-4
    rest = [name for name in tables[0] if name not in COLUMNS]
    pd.testing.assert_frame_equal(found[rest], tables[0][rest])
    assert [*found] == [*tables[0]]
    assert (card["model"], card["kind"], card["seed"]) == ("mean", "ensemble", 1)
    assert card["members"] == [["net", 1], ["net", 2], ["net", 3]]
    assert card["weights"] == ["digest 1", "digest 2", "digest 3"]


def test_the_temperature_of_an_ensemble_is_that_of_the_windows_that_tune() -> None:
    tables = made_up(1)
    recipe = replace(RECIPE, model="mean", kind="ensemble")
    facts = {"model": "net", "device": "cpu", "windows": {}, "software": {}, "weights": "x"}
    _, card = run_ensemble(recipe, 1, tables, [facts | {"seed": s} for s in (1, 2, 3)])
    mean = np.mean([table[COLUMNS].to_numpy(np.float64) for table in tables], axis=0)
    tunes = (tables[0]["split"] == "valid") & (tables[0]["cell_type"] == "cells")
    code = {"closed": 0, "open": 1}
    labels = [
        tables[0].loc[tunes, f"label:state:{r}"].map(code).fillna(-1).to_numpy(int) for r in "12"
    ]
    grid = np.exp(np.linspace(np.log(0.2), np.log(3), 200))
    losses = [loss_of(softened(mean[tunes], t), labels) for t in grid]
    assert card["temperature"]["state"] == pytest.approx(grid[np.argmin(losses)], rel=0.02)
    assert card["temperature"]["state"] < 0.7


def test_cell_types_set_aside_tune_an_ensemble_whose_own_have_no_such_windows() -> None:
    """With a split by cell types, those that the model is trained on have none that tune."""
    recipe = replace(RECIPE, kind="ensemble")
    facts = {"model": "net", "device": "cpu", "windows": {}, "software": {}, "weights": "x"}
    tables = [table[table["cell_type"] == "cells"].reset_index(drop=True) for table in made_up(1)]
    given = [facts | {"seed": s} for s in (1, 2, 3)]
    _, own = run_ensemble(recipe, 1, tables, given)
    aside = [table.assign(cell_type="aside") for table in tables]
    _, card = run_ensemble(recipe, 1, aside, given)
    assert card["temperature"] == own["temperature"]
    none = [table.assign(split="test") for table in tables]
    _, card = run_ensemble(recipe, 1, none, given)
    assert card["temperature"] == {"state": 1.0}


def test_members_of_other_windows_are_refused(trained: dict[int, TrainedModel]) -> None:
    tables = [model.predictions for model in trained.values()]
    tables[1] = tables[1].assign(centre=tables[1]["centre"] + 1)
    with pytest.raises(InputError, match="net with seed 2 predicts other windows than with seed 1"):
        run_ensemble(RECIPE, 1, tables, cards(trained))


def tiles(windows: pd.DataFrame) -> pd.DataFrame:
    """Return tiles of 100 bp on all chromosomes, in the same splits; labels are made up."""
    rows = []
    for chrom, own in windows.groupby("chrom"):
        for centre in range(250, int(own["centre"].max()), 100):
            rows.append((chrom, centre, own["split"].iloc[0]))
    table = pd.DataFrame(rows, columns=["chrom", "centre", "split"])
    start = table["centre"] - WIDTH // 2
    return table.assign(
        cell_type="cells", start=start, end=start + WIDTH, **{"state.1": "open", "state": "open"}
    )


def network_of(model: TrainedModel, folder: Path) -> tuple[Any, dict[str, Any]]:
    save_network(model.network, model.card, folder / "w.safetensors", folder / "card.json")
    return load_network(folder / "w.safetensors", folder / "card.json")


def test_a_network_predicts_another_window_set(
    toy: Toy, trained: dict[int, TrainedModel], tmp_path: Path
) -> None:
    windows, stores, _ = toy
    network, card = network_of(trained[2], tmp_path)
    tiled = tiles(windows)
    refuse_trained_places(RECIPE, card, windows, TILED, tiled, shared=False)
    found, own = apply_network(TILED, network, card, tiled, stores, None)
    held = tiled[tiled["split"] != "train"]
    assert [*found["centre"]] == [*held["centre"]]
    assert set(found["split"]) == {"valid", "test"}
    # Where a tile has the centre of one of the network's own windows, it says the same.
    both = found.merge(trained[2].predictions, on=["chrom", "centre"], suffixes=("", ":own"))
    assert len(both) > 10
    theirs = both[[f"{name}:own" for name in COLUMNS]].to_numpy()
    assert both[COLUMNS].to_numpy() == pytest.approx(theirs, abs=1e-5)
    assert (own["model"], own["kind"], own["seed"]) == ("tiled", "applied", 2)
    assert own["members"] == [["net", 2]]
    assert own["windows"] == card["windows"]
    assert own["applied_to"]["centred_on"] == "tiles"
    assert own["applied_to"]["number"] == len(held)


def test_a_network_is_not_applied_where_it_was_trained(
    toy: Toy, trained: dict[int, TrainedModel], tmp_path: Path
) -> None:
    windows, _, _ = toy
    _, card = network_of(trained[1], tmp_path)
    tiled = tiles(windows)
    other = tiled.assign(split=tiled["split"].where(tiled.index > 5, "test"))
    with pytest.raises(InputError, match="overlap windows of split 'test'"):
        refuse_trained_places(RECIPE, card, windows, TILED, other, shared=False)
    # The training windows must be those of the card.
    fewer = windows.drop(index=3).reset_index(drop=True)
    with pytest.raises(InputError, match="'w' are not those that net was trained on"):
        refuse_trained_places(RECIPE, card, fewer, TILED, tiled, shared=False)


def test_memory_that_ends_while_a_network_is_applied_is_told(
    toy: Toy, trained: dict[int, TrainedModel], tmp_path: Path
) -> None:
    windows, stores, _ = toy
    network, card = network_of(trained[2], tmp_path)
    network.register_forward_pre_hook(lambda *_: torch.empty(1 << 60))
    with pytest.raises(InputError, match="this machine is used up; lower training/batch_size of"):
        apply_network(TILED, network, card, tiles(windows), stores, None)


def place(start: int, cell_type: str = "cells", split: str = "test") -> dict[str, Any]:
    return {
        "cell_type": cell_type, "chrom": "chr1", "start": start, "end": start + 101,
        "split": split,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("start", "cell_type", "shared", "refused"),
    [
        (1000, "cells", False, True),
        (1100, "cells", False, True),  # share a base
        (1201, "cells", False, True),  # 100 bases between them, and 101 are needed
        (1202, "cells", False, False),
        (1000, "others", False, True),
        (1000, "others", True, False),
        (1000, "cells", True, True),
    ],
)
def test_places_within_a_width_are_too_near(
    start: int, cell_type: str, shared: bool, refused: bool
) -> None:
    training = pd.DataFrame([place(1000, split="train")])
    # Windows that tune and test may lie beside each other here: their own guard tells of that.
    held_out = pd.DataFrame([place(start, cell_type), place(start + 1, cell_type, "valid")])
    if not refused:
        refuse_training_places(training, held_out, 101, "tiled", shared)
        return
    with pytest.raises(InputError, match="models/tiled: "):
        refuse_training_places(training, held_out, 101, "tiled", shared)
