"""Seeds taken together, paired differences of models, and the figures of many models."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, cohen_kappa_score

from chrompute.bootstrap import drawn_weights, genome_blocks
from chrompute.calibration_report import calibration_content
from chrompute.comparison_report import (
    centring_rows,
    modality_table,
    oracle_table,
    paired_sentence,
)
from chrompute.difference_figures import draw_modalities
from chrompute.differences import MODALITY_COLUMNS, ORACLE_COLUMNS, Differences
from chrompute.errors import InputError
from chrompute.model_figures import draw_learning_curve, draw_model_comparison, draw_reliability
from chrompute.model_groups import GROUPS, group_of, in_groups
from chrompute.model_pairs import Candidate, Pair, modality_pairs, oracle_pairs
from chrompute.model_report import headline, model_rows
from chrompute.predictions import prediction_table
from chrompute.scores import SCORES
from chrompute.seeds import over_seeds

CLASSES = [*"xyz"]
NAN = float("nan")


def scores_of(values: dict[tuple[str, int], float]) -> pd.DataFrame:
    """Return rows of `metrics.tsv` in which every metric of a run has the same value."""
    rows = [
        (model, seed, metric, value, value - 0.1, value + 0.2)
        for (model, seed), value in values.items()
        for metric in SCORES
    ]
    return pd.DataFrame(rows, columns=["model", "seed", "metric", "value", "low", "high"])


def test_seeds_are_averaged_and_their_spread_stands_apart() -> None:
    table = scores_of({("net", 1): 0.5, ("net", 2): 0.6, ("net", 5): 0.7, ("one", 1): 0.4})
    found = over_seeds(table, ["model", "metric"]).set_index(["model", "metric"])
    net = found.loc[("net", "kappa")]
    assert net["value"] == pytest.approx(0.6)
    assert (net["low"], net["high"]) == (pytest.approx(0.5), pytest.approx(0.8))
    # Deviations of 0.1, 0 and 0.1: their squares add up to 0.02, over 2.
    assert net["spread"] == pytest.approx(np.sqrt(0.02 / 2))
    assert (net["seeds"], found.loc[("one", "kappa"), "seeds"]) == (3, 1)
    assert np.isnan(found.loc[("one", "kappa"), "spread"])
    table.loc[(table["seed"] == 2) & (table["metric"] == "kappa"), "value"] = NAN
    assert np.isnan(over_seeds(table, ["model", "metric"])["value"][SCORES.index("kappa")])


def test_a_model_is_one_row_and_the_best_by_the_mean_of_its_seeds() -> None:
    table = scores_of({("a", 1): 0.9, ("a", 2): 0.3, ("b", 1): 0.7, ("b", 2): 0.6})
    rows = model_rows(table, {"a": "A", "b": "B"}, "kappa", ["a", "b"])
    assert [row["best"] for row in rows] == [False, True]
    assert rows[1]["cells"][0] == {
        "value": "0.650",
        "interval": "0.550 to 0.850",
        "spread": "± 0.071",
    }
    assert [row["seeds"] for row in rows] == [2, 2]
    told = headline(rows, "kappa", 9)
    assert "B, kappa 0.650 (0.550 to 0.850; ± 0.071 between seeds); next is A with 0.600" in told


def test_groups_order_models() -> None:
    kinds = {
        "oracle": ("oracle", ["vplot"], False),
        "net": ("network", ["vplot", "sequence"], False),
        "forest": ("forest", ["vplot"], False),
        "shuffled": ("network", ["vplot"], True),
        "alone": ("network", ["vplot"], False),
        "boosting": ("boosting", ["vplot"], False),
        "place": ("place", [], False),
        "five": ("ensemble", ["vplot", "sequence"], False),
        "tiles": ("applied", ["vplot", "sequence"], False),
    }
    groups = {name: group_of(*facts) for name, facts in kinds.items()}
    assert in_groups([*kinds], groups) == [
        *("place", "forest", "boosting", "alone", "net", "five", "tiles", "shuffled", "oracle")
    ]
    assert {*groups.values()} == {*GROUPS}


def candidate(model: str, *inputs: str, kind: str = "network", **changed: Any) -> Candidate:
    facts = {"windows": "w", "fold": None, "tasks": ("state",), "setup": {"epochs": 3}}
    return Candidate(model=model, kind=kind, inputs=inputs, **facts | changed)


def test_networks_that_differ_in_one_input_alone_are_paired() -> None:
    given = [
        candidate("all", "vplot", "mnase", "sequence"),
        candidate("two", "sequence", "vplot"),
        candidate("one", "vplot"),
        candidate("longer", "vplot", "mnase", setup={"epochs": 9}),
        candidate("elsewhere", "vplot", "mnase", windows="tiles"),
        candidate("control", "vplot", "mnase", control=True),
        candidate("forest", "vplot", "mnase", kind="forest"),
    ]
    found = {(pair.first, pair.second): pair.facts for pair in modality_pairs(given)}
    assert {*found} == {("all", "two"), ("two", "one")}
    assert found["all", "two"] == {
        "added": "mnase", "beside": "vplot+sequence", "model": "all", "without": "two",
    }  # fmt: skip


def test_a_model_is_compared_with_the_oracle_that_reads_the_same() -> None:
    given = [
        candidate("all", "vplot", "mnase_profile", "sequence"),
        candidate("one", "vplot", tasks=("state", "mark")),
        candidate("dna", "sequence"),
        candidate("five", "vplot", kind="ensemble"),
        candidate("forest", "vplot", kind="forest"),
        candidate("everything", "vplot", "mnase", "sequence", kind="oracle"),
        candidate("fragments", "vplot", kind="oracle"),
        candidate("tiles", "vplot", kind="oracle", windows="tiles"),
    ]
    pairs = oracle_pairs(given)
    assert [(pair.first, pair.second) for pair in pairs] == [
        *(("everything", "all"), ("fragments", "one")),
        *(("everything", "dna"), ("fragments", "five")),
    ]
    assert [pair.tasks for pair in pairs] == [("state",)] * 4


def predictions(folder: Path, name: str, seed: int, skill: float) -> str:
    """Write predictions of 500 windows of two cell types; labels are the same for all seeds."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 500)
    windows = pd.DataFrame(
        {
            "cell_type": np.where(np.arange(500) < 300, "a", "b"),
            "chrom": "chr1",
            "centre": np.arange(500) * 7_000,
            "split": np.where(np.arange(500) % 5 == 0, "valid", "test"),
        }
    )
    for replicate in "12":
        noisy = np.where(rng.random(500) < 0.8, truth, rng.integers(0, 3, 500))
        windows[f"state.{replicate}"] = pd.Series(np.array(CLASSES)[noisy], dtype=object)
    # The truth is easier to predict than either replicate, and must not enter their mean.
    windows["state.truth"] = pd.Series(np.array(CLASSES)[truth], dtype=object)
    logits = skill * np.eye(3)[truth] + np.random.default_rng(seed).normal(size=(500, 3))
    values = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    path = folder / f"{name}.{seed}.parquet"
    prediction_table(windows, {"state": CLASSES}, {"state": values}).to_parquet(path)
    return str(path)


def test_differences_equal_scikit_learn_on_the_same_draws(tmp_path: Path) -> None:
    paths = {
        "good": [predictions(tmp_path, "good", seed, 2.0) for seed in (1, 2)],
        "bad": [predictions(tmp_path, "bad", seed, 0.5) for seed in (3, 4, 5)],
    }
    differences = Differences(paths, {"state": CLASSES}, "test", 20_000, 60)
    facts = {"model": "bad", "oracle": "good"}
    pair = Pair("good", "bad", facts, "w", ("state",))
    table = differences.table([pair], ORACLE_COLUMNS)
    assert [*table] == [*ORACLE_COLUMNS]
    assert "label:state:truth" in pd.read_parquet(paths["good"][0])
    assert table["cell_type"].unique().tolist() == ["a", "b"]
    for cell_type, name, score in (
        ("a", "accuracy", accuracy_score), ("b", "kappa", cohen_kappa_score),
    ):  # fmt: skip

        def mean(model: str, rows: Any, cell_type: str = cell_type, score: Any = score) -> float:
            values = []
            for path in paths[model]:
                own = pd.read_parquet(path).query(f"split == 'test' and cell_type == {cell_type!r}")
                own = own.iloc[rows]
                called = np.array(CLASSES)[own.filter(like="p:").to_numpy().argmax(axis=1)]
                values += [score(own[f"label:state:{r}"].to_numpy(), called) for r in "12"]
            return float(np.mean(values))

        own = pd.read_parquet(paths["good"][0])
        own = own.query(f"split == 'test' and cell_type == {cell_type!r}")
        blocks = genome_blocks(own["chrom"].tolist(), own["centre"], 20_000)
        everything = np.arange(len(own))
        drawn = [
            np.repeat(everything, weights[:, draw])
            for weights in drawn_weights(blocks, 60, 0)
            for draw in range(weights.shape[1])
        ]
        row = table[(table["cell_type"] == cell_type) & (table["metric"] == name)].iloc[0]
        expected = mean("good", everything) - mean("bad", everything)
        assert row["value"] == pytest.approx(expected, abs=1e-6)
        assert expected > 0.1
        apart = [mean("good", rows) - mean("bad", rows) for rows in drawn]
        assert row[["low", "high"]].tolist() == pytest.approx(
            np.quantile(apart, [0.025, 0.975]).tolist(), abs=1e-6
        )


def test_a_model_is_not_apart_from_itself_and_other_windows_are_refused(tmp_path: Path) -> None:
    path = predictions(tmp_path, "net", 1, 1.0)
    facts = {"added": "vplot", "beside": "sequence", "model": "a", "without": "b"}
    pair = Pair("a", "b", facts, "w", ("state",))
    same = Differences({"a": [path], "b": [path]}, {"state": CLASSES}, "test", 20_000, 20)
    table = same.table([pair], MODALITY_COLUMNS)
    assert (table[["value", "low", "high"]] == 0).all().all()
    assert same.table([], MODALITY_COLUMNS).columns.tolist() == [*MODALITY_COLUMNS]
    moved = pd.read_parquet(path)
    moved.assign(centre=moved["centre"] + 1).to_parquet(tmp_path / "moved.parquet")
    paths = {"a": [path], "b": [str(tmp_path / "moved.parquet")]}
    with pytest.raises(InputError, match="different windows of w"):
        Differences(paths, {"state": CLASSES}, "test", 20_000, 20).table([pair], MODALITY_COLUMNS)


def difference_rows(**names: str) -> pd.DataFrame:
    values = [0.1, -0.2, 0.05, NAN, 0.3, 0.4, 0.2]
    return pd.DataFrame({"metric": SCORES[:7], "value": values}).assign(low=-0.3, high=0.4, **names)


def test_tables_of_differences_bear_signs() -> None:
    rows = difference_rows(added="sequence", beside="vplot+mnase", model="net")
    table = modality_table(rows, {"net": "network"}, "kappa")
    assert table["metrics"][:2] == ["kappa", "accuracy"]
    (row,) = table["rows"]
    assert (row["added"], row["beside"]) == ("DNA", "ATAC V-plot + MNase V-plot")
    assert [cell["value"] for cell in row["cells"]] == [
        *("+0.050", "+0.100", "-0.200", "+0.200", "+0.400", "–", "+0.300")
    ]
    behind = oracle_table(difference_rows(model="net", oracle="o"), {"o": "oracle"}, "accuracy")
    cell = behind["rows"][0]["cells"][0]
    assert (cell["value"], cell["interval"]) == ("+0.100", "-0.300 to 0.400")
    assert oracle_table(rows.iloc[:0].assign(oracle=""), {}, "kappa")["rows"] == []


def test_windows_centred_elsewhere_stand_beside_the_own_ones() -> None:
    table = scores_of({("net", 1): 0.7, ("net", 2): 0.8, ("net_tiles", 1): 0.5, ("n2", 1): 0.1})
    pair = {"of": "net", "title": "network", "windows": "tiles", "of_windows": "states"}
    applied = {"net_tiles": pair, "without_score": pair}
    for windows in ("states", "tiles"):
        (row,) = centring_rows(table, applied, windows, "accuracy")
        assert (row["own"]["value"], row["other"]["value"], row["less"]) == (
            *("0.750", "0.500", "0.250"),
        )
        assert (row["own_windows"], row["other_windows"]) == ("states", "tiles")
    assert centring_rows(table, applied, "others", "accuracy") == []


def calibration_rows(within: list[str], shift: str = "none") -> pd.DataFrame:
    table = pd.DataFrame({"within": within, "ece": np.linspace(0.01, 0.03, len(within))})
    return table.assign(
        model="net", labels="replicate 1", low=0.0, high=0.1, perfect=0.02, limit=0.04, shift=shift
    )


def test_calibration_in_words() -> None:
    titles = {"majority": "majority", "net": "network"}
    told = calibration_content(calibration_rows(["yes", "yes", "yes"]), titles, "net")
    assert [row["title"] for row in told["rows"]] == ["network"]
    assert told["rows"][0]["error"] == "0.020"
    assert told["sentence"].startswith("The probabilities of network lie 0.020 (0.000 to 0.100)")
    assert told["sentence"].endswith("so they can be taken at their word.")
    told = calibration_content(calibration_rows(["no"]), titles, "net")
    assert "cannot be taken at their word" in told["sentence"]
    told = calibration_content(calibration_rows(["no", "yes"]), titles, "net")
    assert told["rows"][0]["within"] == "1 of 2"
    told = calibration_content(calibration_rows(["no", "yes"], "cell type"), titles, "net")
    assert told["rows"][0]["within"] == "reported (cell type)"
    assert "Nothing is promised" in told["sentence"]
    assert "it was not trained on this cell type: the number is reported" in told["sentence"]
    told = calibration_content(calibration_rows(["yes"], "windows, weights"), titles, "net")
    assert told["rows"][0]["within"] == "reported (windows, weights)"
    assert "centred elsewhere and it was trained as if" in told["sentence"]
    assert "at their word" not in told["sentence"]
    told = calibration_content(calibration_rows(["fitted", "fitted"]), titles, "net")
    assert told["rows"][0]["within"] == "fitted"
    assert "fitted on these very windows" in told["sentence"]
    none = calibration_content(calibration_rows(["no"]).iloc[:0], titles, "net")
    assert none == {"rows": [], "sentence": ""}


def history(epochs: int, *tasks: str, rate: bool = False) -> pd.DataFrame:
    names = ["train_loss", "valid_loss", "valid_accuracy"]
    names += [f"valid_{task}_{kind}" for task in tasks for kind in ("loss", "accuracy")]
    table = pd.DataFrame(dict.fromkeys(names, np.linspace(1, 0.5, epochs)))
    table.insert(0, "epoch", np.arange(1, epochs + 1))
    return table.assign(learning_rate=0.1) if rate else table


def test_learning_curves_of_seeds_and_tasks() -> None:
    titles = {"state": "the state", "mark": "the mark"}
    plain = draw_learning_curve({1: history(3)}, {"state": "the state"}, "t")
    assert [axes.get_title() for axes in plain.axes] == ["loss", "validation accuracy"]
    runs = {1: history(3, *titles, rate=True), 2: history(5, *titles, rate=True)}
    drawn = draw_learning_curve(runs, titles, "t")
    panels = {axes.get_title(): axes for axes in drawn.axes}
    assert [*panels] == ["loss", "loss by task", "validation accuracy", "learning rate"]
    lines = panels["validation accuracy"].lines
    assert sorted(len(line.get_xdata()) for line in lines) == [3, 3, 5, 5]
    assert len({line.get_color() for line in lines}) == 2  # one colour a task
    (legend,) = drawn.legends
    assert [text.get_text() for text in legend.get_texts()] == ["the state", "the mark"]
    # The lowest validation loss of each seed is the last one here.
    marks = [line for line in panels["loss"].lines if line.get_marker() == "o"]
    assert [line.get_xdata()[0] for line in marks] == [3, 5]
    unknown = history(3).assign(valid_loss=NAN)
    assert len(draw_learning_curve({1: unknown}, {}, "t").axes) == 2


def test_losses_below_0_are_on_the_panel() -> None:
    """Learned weights of tasks make them so."""
    own = history(3, "state", "mark")
    for losses, lowest, label in (
        ([0.5, 0.2, 0.1], 0.0, "cross-entropy"),
        ([0.5, -0.2, -0.4], None, "cross-entropy, weighed as learned"),
    ):
        panel = draw_learning_curve({1: own.assign(train_loss=losses)}, {}, "t").axes[0]
        assert panel.get_ylabel() == label
        assert panel.get_ylim()[0] == lowest if lowest is not None else panel.get_ylim()[0] < -0.4


def test_many_models_stand_under_the_names_of_their_groups() -> None:
    models = {f"m{i}": f"model {i}" for i in range(15)}
    groups = {name: GROUPS[i // 5] for i, name in enumerate(models)}
    table = scores_of({(name, seed): seed / 10 for name in models for seed in (1, 2, 3)})
    columns = ["metric", "value", "low", "high", "limit"]
    agreement = pd.DataFrame([("kappa", 0.6, 0.5, 0.7, 0.8)], columns=columns)
    drawn = draw_model_comparison(table, models, "t", "kappa", agreement, groups)
    first = drawn.axes[0]
    pairs = zip(first.get_yticklabels(), first.get_yticks(), strict=True)
    labels = {text.get_text(): y for text, y in pairs}
    assert len(labels) == 15 + 3
    order = sorted(labels, key=lambda name: labels[name])
    assert order[0] == GROUPS[0]
    assert order[1:6] == [f"model {i}" for i in range(5)]
    assert order[6] == GROUPS[1]
    assert len({*labels.values()}) == 18
    points = [line for line in first.lines if line.get_marker() == "o"]
    means = [line for line in points if len(np.atleast_1d(line.get_xdata())) == 1]
    assert len(means) == 15
    assert means[0].get_xdata() == pytest.approx([0.2])
    seeds = [line for line in points if len(np.atleast_1d(line.get_xdata())) == 3]
    assert seeds[0].get_xdata() == pytest.approx([0.1, 0.2, 0.3])
    assert drawn.axes[-1].get_title() == "calibration\nerror (low\nis better)"


def test_reliability_has_a_panel_for_each_model_and_leaves_small_bins_out() -> None:
    bins = pd.DataFrame(
        {
            "model": "net", "seed": [1, 1, 1, 2, 1], "bin": [3, 9, 15, 9, 9],
            "labels": ["replicate 1"] * 4 + ["truth"], "confidence": [0.2, 0.6, 0.99, 0.6, 0.6],
            "accuracy": [0.0, 0.5, 0.9, 0.7, 0.1], "windows": [9, 100, 200, 300, 300],
        }
    )  # fmt: skip
    rows = calibration_rows(["yes"])
    drawn = draw_reliability(bins, rows, {"other": "other", "net": "network"}, "t")
    (axes,) = drawn.axes
    lines = [line for line in axes.lines if line.get_linestyle() == "-"]
    assert [line.get_xdata().tolist() for line in lines] == [[0.6, 0.99], [0.6]]
    assert axes.texts[0].get_text() == "error 0.010\nlimit 0.040"
    empty = draw_reliability(bins.iloc[:0], rows.iloc[:0], {"net": "network"}, "t")
    assert "no score" in empty.texts[0].get_text()


def test_what_inputs_add_is_drawn_input_by_input() -> None:
    parts = [
        difference_rows(added="sequence", beside="vplot", model="net"),
        difference_rows(added="vplot", beside="mnase+sequence", model="all"),
    ]
    drawn = draw_modalities(pd.concat(parts), "t", "accuracy")
    names = [text.get_text() for text in drawn.axes[0].get_yticklabels()]
    assert names == ["ATAC V-plot, beside MNase V-plot + DNA", "DNA, beside ATAC V-plot"]
    bars = [line.get_xdata() for line in drawn.axes[0].lines if len(line.get_xdata()) == 2]
    assert [-0.3, 0.4] in [list(bar) for bar in bars]
    assert [axes.get_xlabel() for axes in drawn.axes] == [
        *("difference in accuracy", "difference in macro auROC"),
    ]
    empty = draw_modalities(parts[0].iloc[:0], "t", "kappa")
    assert "nothing else" in empty.texts[0].get_text()


def test_the_best_model_is_compared_with_the_next() -> None:
    rows = [
        {"model": "a", "value": 0.6, "rival": True},
        {"model": "b", "value": 0.7, "rival": True},
        {"model": "c", "value": 0.65, "rival": True},
        {"model": "majority", "value": 0.9, "rival": False},
        {"model": "d", "value": float("nan"), "rival": True},
    ]
    pairs = pd.DataFrame(
        [("a", "b", "kappa", -0.1, -0.2, 0.0, 0.5), ("c", "b", "kappa", -0.05, -0.06, 0.01, 0.04),
         ("c", "b", "auroc", -0.5, -0.6, -0.4, 0.0)],
        columns=["first", "second", "metric", "value", "low", "high", "p_holm"],
    )  # fmt: skip
    assert paired_sentence(pairs, rows, "kappa") == (
        " On the same windows the best is 0.050 ahead of the next (-0.010 to 0.060; p = 0.04, "
        "corrected for all pairs of models)."
    )
    assert "0.500 ahead of the next (0.400 to 0.600; p < 0.001" in paired_sentence(
        pairs, rows, "auroc"
    )
    assert paired_sentence(pairs, rows[:1], "kappa") == ""
    assert paired_sentence(pairs.assign(p_holm=np.nan), rows, "kappa") == ""
