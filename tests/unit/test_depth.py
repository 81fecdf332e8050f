"""Scores against depth and on training windows, of toy networks, against what training wrote."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score

from chrompute.bootstrap import drawn_weights, genome_blocks
from chrompute.depth import DEPTH_COLUMNS, assay_fragments, depth_table
from chrompute.depth_figures import draw_depth
from chrompute.figures import save_figure
from chrompute.model_files import load_model
from chrompute.predictions import write_scores
from chrompute.reach_report import depth_sentence
from chrompute.recipe import Recipe, Stores
from chrompute.rescoring import predict_again, some_training_windows
from chrompute.score_tables import read_table
from toy_models import make_toy, recipe_of
from toy_predictions import COLUMNS, Case, bits, of

TASKS = {"state": ["closed", "open"]}
SHARES = (0.5, 0.1)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    made = Case(tmp_path_factory.mktemp("depth"), make_toy())
    made.train("net", "vplot")
    return made


def again(case: Case, windows: pd.DataFrame, share: float = 1.0) -> pd.DataFrame:
    network, card = load_model(of(case, "net"))
    stores: Stores = {"vplot": {"cells": case.store}}
    return predict_again(toy_recipe(), network, card, windows, stores, None, share)


def toy_recipe() -> Recipe:
    return replace(recipe_of("vplot", epochs=2), model="net")


@pytest.fixture(scope="module")
def depths(case: Case) -> dict[float, pd.DataFrame]:
    test = case.windows[case.windows["split"] == "test"].reset_index(drop=True)
    fewer = {share: again(case, test, share) for share in SHARES}
    return {1.0: case.expected["net1"], **fewer}


@pytest.fixture(scope="module")
def table(case: Case, depths: dict[float, pd.DataFrame]) -> pd.DataFrame:
    fragments = assay_fragments({"vplot": {"cells": case.store}})
    facts = {"model": "net", "seed": 1}
    return depth_table(depths, TASKS, facts, fragments, "test", 2_000, 60)


def test_all_fragments_give_the_predictions_of_training(case: Case) -> None:
    held_out = case.held_out.reset_index(drop=True)
    found = again(case, held_out)
    assert bits(found) == bits(case.expected["net1"])
    assert found["label:state:1"].tolist() == held_out["state.1"].tolist()
    assert bits(again(case, held_out, 0.5)) != bits(found)


def test_gains_are_paired_differences_of_accuracy(
    table: pd.DataFrame, depths: dict[float, pd.DataFrame], case: Case, tmp_path: Path
) -> None:
    assert [*table] == [*DEPTH_COLUMNS]
    own = table[table["metric"] == "accuracy"].set_index("fraction")
    assert own.index.tolist() == [1.0, 0.5, 0.1]
    assert own["atac"].tolist() == [round(share * len(case.store)) for share in own.index]
    assert own["mnase"].isna().all()
    hits = {}
    for share, predictions in depths.items():
        test = predictions[predictions["split"] == "test"]
        called = np.where(test[COLUMNS[1]] > test[COLUMNS[0]], "open", "closed")
        labels = test["label:state:1"].to_numpy(dtype=object)
        hits[share] = (labels == called).astype(float)
        expected = accuracy_score(labels.tolist(), called.tolist())
        assert own.loc[share, "value"] == pytest.approx(expected, abs=1e-6)
    assert own.loc[1.0, "value"] > own.loc[0.1, "value"]
    blocks = genome_blocks(test["chrom"].tolist(), test["centre"], 2_000)
    for share, less in ((1.0, 0.5), (0.5, 0.1)):
        apart = hits[share] - hits[less]
        drawn = np.concatenate(
            [apart @ weights / weights.sum(axis=0) for weights in drawn_weights(blocks, 60, 0)]
        )
        row = own.loc[share]
        assert row["gain"] == pytest.approx(apart.mean(), abs=1e-6)
        assert [row["gain_low"], row["gain_high"]] == pytest.approx(
            np.quantile(drawn, [0.025, 0.975]).tolist(), abs=1e-6
        )
    assert np.isnan(own.loc[0.1, "gain"])
    write_scores(table, tmp_path / "d.tsv")
    told = depth_sentence(read_table(tmp_path / "d.tsv"), "accuracy", "accuracy")
    assert f"accuracy is {own.loc[1.0, 'gain']:.3f} lower" in told


def depth_rows(gain: float, low: float, high: float, least: float = 0.1) -> pd.DataFrame:
    rows = pd.DataFrame({"fraction": [1.0, 0.5, 0.25], "gain": [gain, 0.2, np.nan]})
    gains = {"gain_low": [low, 0, np.nan], "gain_high": [high, 1, np.nan]}
    return rows.assign(metric="kappa", low=least, **gains)


def test_the_sentence_tells_whether_more_fragments_help() -> None:
    told = depth_sentence(depth_rows(0.04, 0.01, 0.07), "kappa", "kappa")
    assert told == (
        "With 50 % of the fragments kappa is 0.040 lower (0.010 to 0.070): the curve still rises, "
        "which suggests that deeper sequencing would help."
    )
    assert "hardly help" in depth_sentence(depth_rows(0.01, -0.01, 0.03), "kappa", "kappa")
    told = depth_sentence(depth_rows(-0.04, -0.05, -0.03), "kappa", "kappa")
    assert "kappa is 0.040 higher (0.030 to 0.050): more fragments do not help" in told
    floor = depth_sentence(depth_rows(0, -0.01, 0.01, least=-0.02), "kappa", "kappa")
    assert floor == "kappa is hardly above chance with all fragments, so it cannot tell of depth."
    assert depth_sentence(depth_rows(0, 0, 0), "accuracy", "accuracy") == ""


def test_the_figure_has_a_line_a_model_and_equal_bytes(table: pd.DataFrame, tmp_path: Path) -> None:
    agreement = pd.DataFrame({"metric": ["accuracy", "kappa"], "value": [0.9, 0.8]})
    for name in ("a", "b"):
        figure = draw_depth(table, agreement, {"net": "network"}, "t", "accuracy")
        save_figure(figure, tmp_path / f"{name}.png", tmp_path / f"{name}.pdf")
    for kind in ("png", "pdf"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()
    first, second = figure.axes
    values = table[table["metric"] == "accuracy"].sort_values("fraction")["value"]
    assert [*first.lines[0].get_ydata()] == values.tolist()
    assert [*first.lines[1].get_ydata()] == [0.9, 0.9]
    assert len(second.lines) == 1  # replicates have no area under a curve
    empty = draw_depth(table, agreement, {"other": "other"}, "t", "accuracy")
    assert "no network" in empty.texts[0].get_text()


def test_training_windows_are_those_of_training_and_not_too_many(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows = case.windows.copy()
    train = windows[windows["split"] == "train"]
    windows.loc[train.index[:3], "state.1"] = None  # nothing was learnt of these
    found = some_training_windows(toy_recipe(), windows)
    assert found["centre"].tolist() == train["centre"].tolist()[3:]
    monkeypatch.setattr("chrompute.rescoring.MOST_TRAINING_WINDOWS", 20)
    some = some_training_windows(toy_recipe(), windows)
    assert len(some) == 20
    assert some["centre"].is_unique
    assert {some["centre"].iloc[0], some["centre"].iloc[-1]} == {
        found["centre"].iloc[0], found["centre"].iloc[-1],
    }  # fmt: skip
    assert {*again(case, some)["split"]} == {"train"}
