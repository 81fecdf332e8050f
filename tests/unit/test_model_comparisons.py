"""Models in pairs, the transfer matrix, and tables as JSON, against independent arithmetic."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from chrompute.bootstrap import Bootstrap
from chrompute.comparisons import COMPARISON_COLUMNS, comparison_table, holm, two_sided_p
from chrompute.differences import Differences
from chrompute.model_pairs import Candidate, all_pairs
from chrompute.predictions import prediction_table, write_scores
from chrompute.reach_report import transfer_sentence
from chrompute.score_tables import table_records, write_records
from chrompute.transfer import (
    TRANSFER_COLUMNS,
    families_to_show,
    transfer_families,
    transfer_table,
)
from chrompute.transfer_figures import draw_transfer, family_title

CLASSES = ["x", "y", "z"]


def candidate(model: str, *inputs: str, kind: str = "network", **changed: Any) -> Candidate:
    facts = {"windows": "w", "fold": None, "tasks": ("state",), "setup": {"train_on": ["a"]}}
    return Candidate(model=model, kind=kind, inputs=inputs, **facts | changed)


def predictions(folder: Path, name: str, skill: float, seed: int) -> str:
    """Write predictions of 400 windows, each 20 kb from the next."""
    truth = np.random.default_rng(0).integers(0, 3, 400)
    windows = pd.DataFrame({"cell_type": "a", "chrom": "c", "centre": np.arange(400) * 20_000})
    windows = windows.assign(split="test", **{"state.1": np.array(CLASSES, object)[truth]})
    logits = skill * np.eye(3)[truth] + np.random.default_rng(seed).normal(size=(400, 3))
    values = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    path = folder / f"{name}.parquet"
    prediction_table(windows, {"state": CLASSES}, {"state": values}).to_parquet(path)
    return str(path)


def right(path: str) -> np.ndarray:
    table = pd.read_parquet(path)
    called = np.array(CLASSES)[table.filter(like="p:").to_numpy().argmax(axis=1)]
    return (called == table["label:state:1"]).to_numpy(float)


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], pd.DataFrame]:
    folder = tmp_path_factory.mktemp("compared")
    skills = {"poor": 0.5, "same": 0.5, "good": 1.5}
    paths = {
        name: predictions(folder, name, skill, len(name) + place)
        for place, (name, skill) in enumerate(skills.items())
    }
    paths["again"] = paths["good"]
    scores = Differences(
        {k: [v] for k, v in paths.items()}, {"state": CLASSES}, "test", 20_000, 400
    )
    pairs = all_pairs([candidate(name, "vplot") for name in paths])
    return paths, comparison_table(scores, pairs, {"state": "kappa"})


def test_p_values_are_those_of_the_paired_t_test(
    compared: tuple[dict[str, str], pd.DataFrame],
) -> None:
    """Each window is a block of its own, so that the paired t test knows the answer."""
    paths, table = compared
    assert [*table] == [*COMPARISON_COLUMNS]
    assert len(table) == 6 * 3  # pairs; kappa, accuracy, auroc
    own = table[table["metric"] == "accuracy"].set_index(["first", "second"])
    for pair in (("same", "poor"), ("good", "poor"), ("good", "same")):
        one, two = (right(paths[name]) for name in pair)
        expected = stats.ttest_rel(one, two)
        row = own.loc[pair]
        assert row["value"] == pytest.approx((one - two).mean(), abs=1e-6)
        found = abs(stats.t.ppf(row["p"] / 2, 399))
        assert found == pytest.approx(abs(expected.statistic), rel=0.12)
        assert row["blocks"] == 400
    assert own.loc[("good", "poor"), "p"] < 1e-6
    assert own.loc[("same", "poor"), "p"] > 0.01
    assert own.loc[("again", "good"), "p"] == 1


def test_pairs_are_corrected_for_their_number(
    compared: tuple[dict[str, str], pd.DataFrame],
) -> None:
    table = compared[1]
    for _, own in table.groupby("metric"):
        smallest = own.loc[own["p"].idxmin()]
        assert smallest["p_holm"] == pytest.approx(min(1, 6 * smallest["p"]))
        assert (own["p_holm"] >= own["p"]).all()
    # By hand: 3 * 0.01, 2 * 0.02, and 0.03, which must not be below 0.04; NaN counts for nothing.
    found = holm(np.array([0.03, np.nan, 0.01, 0.02]))
    assert found == pytest.approx([0.04, np.nan, 0.03, 0.04], nan_ok=True)


def test_under_the_null_p_values_are_uniform() -> None:
    rng = np.random.default_rng(4)
    found = []
    for _ in range(300):
        values = rng.normal(size=12)
        draws = values[rng.integers(0, 12, (300, 12))].mean(axis=1)
        found.append(two_sided_p(Bootstrap({"m": values.mean()}, {"m": draws}), "m", 12))
    assert stats.kstest(found, "uniform").pvalue > 0.01
    assert np.isnan(two_sided_p(Bootstrap({"m": 0.1}, {"m": np.full(9, 0.1)}), "m", 1))


def test_only_models_of_the_same_windows_are_paired() -> None:
    given = [
        candidate("one", "vplot"),
        candidate("tiles", "vplot", windows="tiles"),
        candidate("fold", "vplot", fold="fold1"),
        candidate("mark", "vplot", tasks=("mark",)),
        candidate("both", "vplot", tasks=("mark", "state"), kind="forest"),
    ]
    pairs = {(pair.first, pair.second): pair.tasks for pair in all_pairs(given)}
    assert pairs == {("both", "one"): ("state",), ("both", "mark"): ("mark",)}


def family_candidates() -> list[Candidate]:
    def trained(model: str, *cells: str, kind: str, **setup: Any) -> Candidate:
        return candidate(model, "vplot", kind=kind, setup={"train_on": [*cells], **setup})

    return [
        trained("net", "a", "b", kind="network"),
        trained("net_a", "a", kind="network"),
        trained("wide", "a", kind="network", channels=9),
        trained("forest_b", "b", kind="forest"),
        trained("forest_a", "a", kind="forest"),
        trained("oracle", kind="oracle"),
        candidate("shuffled", "vplot", control=True),
    ]


def transfer_rows() -> pd.DataFrame:
    values = {
        "net": (0.8, 0.9), "net_a": (0.7, 0.5), "wide": (0.6, 0.6), "forest_b": (0.2, 0.4),
        "forest_a": (0.5, 0.3), "oracle": (0.9, 0.9), "shuffled": (0.1, 0.1),
    }  # fmt: skip
    rows = [
        {"model": model, "cell_type": cell_type, "seed": seed, "value": value + seed / 100}
        for model, own in values.items()
        for cell_type, value in zip("ab", own, strict=True)
        for seed in (0, 2)
    ]
    scores = pd.DataFrame(rows).assign(task="state", split="test", metric="kappa", low=0, high=1.0)
    return transfer_table(scores, family_candidates(), {"w": True})


def test_the_transfer_matrix_holds_each_family() -> None:
    families = transfer_families(family_candidates())
    assert families == {
        "net": "net", "net_a": "net", "wide": "wide", "forest_b": "forest_b",
        "forest_a": "forest_b",
    }  # fmt: skip
    rows = transfer_rows()
    assert [*rows] == [*TRANSFER_COLUMNS]
    matrix = rows[rows["family"] == "net"].pivot(
        index="trained_on", columns="cell_type", values="value"
    )
    assert matrix.loc["a+b"].tolist() == pytest.approx([0.81, 0.91])
    assert matrix.loc["a"].tolist() == pytest.approx([0.71, 0.51])
    seen = rows[rows["family"] == "forest_b"].set_index(["trained_on", "cell_type"])["seen"]
    assert seen.to_dict() == {
        ("b", "a"): "no", ("b", "b"): "yes", ("a", "a"): "yes", ("a", "b"): "no",
    }  # fmt: skip
    assert {*rows["chromosomes"]} == {"unseen"}
    assert families_to_show(rows) == ["forest_b", "net"]
    told = transfer_sentence(rows, "forest_b", "kappa", "kappa")
    # Means of 0.41 and 0.51, and of 0.21 and 0.31.
    assert (
        "trained on the cell type: 0.460; of those that were not, on the same windows: 0.260"
        in (told)
    )
    told = transfer_sentence(rows[rows["cell_type"] == "b"], "net", "kappa", "kappa")
    assert "0.910; of those that were not, on the same windows: 0.510" in told
    assert "No two models" in transfer_sentence(rows, "wide", "kappa", "kappa")


def test_the_transfer_figure_shows_each_family_on_one_scale() -> None:
    titles = {
        "net": "network", "net_a": "network, trained on: a", "wide": "wide",
        "forest_b": "forest, trained on b", "forest_a": "forest, trained on a",
    }  # fmt: skip
    rows = transfer_rows()
    assert family_title(rows, "net", titles) == "network"
    assert family_title(rows, "forest_b", titles) == "forest"
    figure = draw_transfer(rows, titles, "t", "kappa")
    forest, net = figure.axes[:2]
    assert [axes.get_title() for axes in (forest, net)] == ["forest", "network"]
    assert forest.images[0].get_clim() == net.images[0].get_clim()
    texts = [text.get_text().split("\n")[0] for text in net.texts]
    assert texts == ["0.710", "0.510", "0.810", "0.910"]
    rows_of_figure = [label.get_text() for label in forest.get_yticklabels()]
    assert rows_of_figure == ["a", "b", "a+b"]
    assert len(net.patches) == 3  # both cells of the row a+b, and a of the row a
    empty = draw_transfer(rows[rows["family"] == "wide"], titles, "t", "kappa")
    assert "no two models differ" in empty.texts[0].get_text()


def test_json_holds_the_numbers_of_the_table(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "windows": ["1", "2"], "cell_type": ["293", "NA"], "metric": "kappa",
            "value": [0.123456, np.nan], "blocks": [7, 8],
        }
    )  # fmt: skip
    write_scores(table, tmp_path / "t.tsv")
    write_records(tmp_path / "t.tsv", tmp_path / "t.json")
    assert json.loads((tmp_path / "t.json").read_text()) == [
        {"windows": "1", "cell_type": "293", "metric": "kappa", "value": 0.123456, "blocks": 7},
        {"windows": "2", "cell_type": "NA", "metric": "kappa", "value": None, "blocks": 8},
    ]
    write_scores(table.iloc[:0], tmp_path / "t.tsv")
    write_records(tmp_path / "t.tsv", tmp_path / "t.json")
    assert json.loads((tmp_path / "t.json").read_text()) == []
    (tmp_path / "n.tsv").write_text("model\twindows\nm\t12\n")
    assert table_records(tmp_path / "n.tsv") == [{"model": "m", "windows": 12}]
