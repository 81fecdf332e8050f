"""The page of a long comparison, from results made here, whole and half finished."""

import json
import os
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from chrompute.scores import SCORES
from helpers import ROOT

MADE = runpy.run_path(str(ROOT / "docs/make_experiments.py"))
PLACE = {"task": "state", "cell_type": "yeast", "split": "valid"}


def write_run(
    results: Path, model: str, seed: int, value: float, kind: str, *inputs: str, **changed: Any
) -> None:
    """Write what the line leaves behind of one scored seed; `changed` are keys of its card."""
    folder = results / f"models/{model}/seed-{seed}"
    folder.mkdir(parents=True)
    card = {"kind": kind, "inputs": inputs, "permute": [], "tasks": {"state": ["x", "y"]}}
    card |= {"windows": {"set": "states"}} | changed
    (folder / "card.json").write_text(json.dumps(card))
    if kind == "network":
        columns = {name: [0.9, 0.8] for name in ("train_loss", "valid_loss", "valid_accuracy")}
        history = pd.DataFrame({"epoch": [1, 2], **columns})
        history.to_csv(folder / "history.tsv", sep="\t", index=False)
    evaluation = results / "evaluation"
    evaluation.mkdir(exist_ok=True)
    write_scores(evaluation, model, seed, value)


def write_scores(evaluation: Path, model: str, seed: int, *values: float) -> None:
    """Write the tables of one seed; a second value is that of test windows."""
    parts = [tables_of(model, seed, *each) for each in zip(("valid", "test"), values, strict=False)]
    for name, tables in zip(("scores", "calibration"), zip(*parts, strict=True), strict=True):
        path = evaluation / f"{model}.seed-{seed}.{name}.tsv"
        pd.concat(tables).to_csv(path, sep="\t", index=False)


def tables_of(model: str, seed: int, split: str, value: float) -> tuple[pd.DataFrame, ...]:
    """Return scores and calibration of one seed and split."""
    run: dict[str, Any] = {"model": model, "seed": seed, **PLACE, "split": split}
    scores = pd.DataFrame({"metric": SCORES}).assign(**run, value=value, low=0.25, high=0.75)
    rows = {"labels": ["replicate 1", "truth"], "ece": [value / 10, 0.9], "within": ["yes", "no"]}
    calibration = pd.DataFrame(rows).assign(
        **run, windows=9, low=0.0, high=0.1, perfect=0.01, limit=0.03, shift="none"
    )
    return scores, calibration


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "long"
    for seed, value in ((1, 0.5), (2, 0.6), (3, 0.7)):
        write_run(folder, "net", seed, value, "network", "vplot", "sequence")
    write_run(folder, "most", 1, 0.3, "majority")
    return folder


def test_a_half_finished_run_has_its_page(results: Path, tmp_path: Path) -> None:
    page = MADE["write_page"](results, tmp_path / "docs", "a command")
    text = page.read_text()
    assert page == tmp_path / "docs/experiments/long.md"
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    named = {row.split(" | ")[0].removeprefix("| "): row for row in rows}
    assert "| majority | – | 1 | 0.300 (0.250 to 0.750) |" in named["most"]
    assert list(named).index("most") < list(named).index("net")
    # 0.5, 0.6 and 0.7 have the mean 0.6 and the standard deviation 0.1.
    cells = "| network | ATAC V-plot + DNA | 3 | 0.600 ± 0.100 (0.250 to 0.750) |"
    assert cells in named["net"]
    assert "| states | state | yeast | valid | net | 0.060 (0.000 to 0.100) | 0.010 |" in text
    assert "| 0.010 | 0.030 | yes |" in text
    for name in ("gap", "modalities", "oracles"):
        assert f"`{name}.tsv` needs all models" in text
    assert "](../images/learning_long_net.png)" in text
    assert (tmp_path / "docs/images/learning_long_net.png").stat().st_size > 2000
    assert not (tmp_path / "docs/images/learning_long_most.png").exists()
    tidy = pd.read_csv(page.with_suffix(".tsv"), sep="\t").set_index(["model", "metric"])
    assert tidy.loc[("net", "kappa"), "spread"] == pytest.approx(np.std([0.5, 0.6, 0.7], ddof=1))
    assert tidy.loc[("net", "kappa"), "seeds"] == 3


def test_a_finished_run_tells_gaps_and_differences(results: Path, tmp_path: Path) -> None:
    metrics = ["accuracy", "kappa"]
    added = pd.DataFrame({"metric": metrics, "value": [0.1, 0.2]}).assign(
        **PLACE, windows="w", added="sequence", beside="vplot", model="net", without="v",
        low=0.05, high=0.3,
    )  # fmt: skip
    added.to_csv(results / "evaluation/modalities.tsv", sep="\t", index=False)
    runs = [(seed, metric) for seed in (1, 2) for metric in metrics]
    gap = pd.DataFrame(runs, columns=["seed", "metric"]).assign(
        **PLACE, model="net", low=0.4, high=0.6, forest="f", note=""
    )
    gap["value"] = gap["seed"] / 4
    gap.to_csv(results / "evaluation/gap.tsv", sep="\t", index=False)
    added.iloc[:0].to_csv(results / "evaluation/oracles.tsv", sep="\t", index=False)
    text = MADE["write_page"](results, tmp_path, "a command").read_text()
    place = "| states | state | yeast | valid |"
    assert f"{place} sequence | vplot | net | 0.100 (0.050 to 0.300) | 0.200 (" in text
    assert f"{place} net | 0.375 ± 0.177 (0.400 to 0.600) |" in text
    assert "Oracle minus model" not in text


def tables_under(text: str) -> dict[str, list[list[str]]]:
    """Return {heading: cells of the rows below it, those of the header left out}."""
    found: dict[str, list[list[str]]] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        elif line.startswith("| "):
            found.setdefault(heading, []).append(line.strip("| ").split(" | "))
    return {heading: rows[2:] for heading, rows in found.items()}


def test_splits_and_window_sets_are_tables_of_their_own(results: Path, tmp_path: Path) -> None:
    """Rows of one model on two splits are not two seeds, nor are tiles windows of states."""
    write_scores(results / "evaluation", "most", 1, 0.3, 0.5)
    applied = {"set": "state_tiles"}
    write_run(results, "net_tiles", 1, 0.4, "applied", "vplot", applied_to=applied)
    write_run(results, "net_tiles", 2, 0.2, "applied", "vplot", applied_to=applied)
    page = MADE["write_page"](results, tmp_path / "docs", "a command")
    found = tables_under(page.read_text())
    heading = "Scores: state, yeast ({} windows of {})"
    valid, test, tiles = (
        {row[0]: row[3:5] for row in found[heading.format(*place)]}
        for place in (("valid", "states"), ("test", "states"), ("valid", "state_tiles"))
    )
    ends = "(0.250 to 0.750)"
    assert valid == {"most": ["1", f"0.300 {ends}"], "net": ["3", f"0.600 ± 0.100 {ends}"]}
    assert test == {"most": ["1", f"0.500 {ends}"]}
    assert tiles == {"net_tiles": ["2", f"0.300 ± 0.141 {ends}"]}
    places = [row[:6] for row in found["Calibration"]]
    assert ["states", "state", "yeast", "valid", "most", "0.030 (0.000 to 0.100)"] in places
    assert ["states", "state", "yeast", "test", "most", "0.050 (0.000 to 0.100)"] in places
    assert ["state_tiles", "state", "yeast", "valid", "net_tiles", "0.030 (0.000 to 0.100)"] in (
        places
    )
    tidy = pd.read_csv(page.with_suffix(".tsv"), sep="\t").query("metric == 'kappa'")
    assert [*tidy[["windows", "model", "split", "seeds"]].itertuples(index=False, name=None)] == [
        *(("states", "most", "valid", 1), ("states", "most", "test", 1)),
        *(("states", "net", "valid", 3), ("state_tiles", "net_tiles", "valid", 2)),
    ]


def test_a_card_without_window_set_is_told_by_its_windows(results: Path, tmp_path: Path) -> None:
    write_run(results, "old", 1, 0.4, "forest", "vplot", windows={})
    places = pd.DataFrame({"cell_type": "yeast", "chrom": "chr1", "centre": [100, 300, 500]})
    (results / "windows").mkdir()
    places.iloc[:2].to_parquet(results / "windows/fewer.parquet")
    places.to_parquet(results / "windows/state_tiles.parquet")
    predictions = results / "models/old/seed-1/predictions.parquet"
    places.iloc[1:].to_parquet(predictions)
    text = MADE["write_page"](results, tmp_path, "a command").read_text()
    rows = tables_under(text)["Scores: state, yeast (valid windows of state_tiles)"]
    assert [row[0] for row in rows] == ["old"]
    places.to_parquet(results / "windows/wider.parquet")
    with pytest.raises(SystemExit, match=r"state_tiles and wider of .* holds these"):
        MADE["write_page"](results, tmp_path, "a command")
    places.assign(centre=1).to_parquet(predictions)
    with pytest.raises(SystemExit, match=r"no window set of .* holds these"):
        MADE["write_page"](results, tmp_path, "a command")


def test_the_agreement_of_replicates_and_its_limit_stand_below(
    results: Path, tmp_path: Path
) -> None:
    agreement = pd.DataFrame({"metric": ["accuracy", "kappa"], "value": [0.8, 0.7]}).assign(
        **PLACE, windows="states", low=0.6, high=0.9, limit=[0.85, np.nan], limit_low=0.75,
        limit_high=0.95, blocks=9,
    )  # fmt: skip
    other = agreement.assign(windows="others", value=0.1)
    table = pd.concat([other, agreement])
    table.to_csv(results / "evaluation/agreement.tsv", sep="\t", index=False)
    text = MADE["write_page"](results, tmp_path, "a command").read_text()
    header = next(line for line in text.splitlines() if line.startswith("| model |"))
    (rows,) = (rows for name, rows in tables_under(text).items() if name.startswith("Scores"))
    names = header.strip("| ").split(" | ")
    one, two = (dict(zip(names, row, strict=True)) for row in rows[-2:])
    assert (one["model"], one["accuracy"]) == ("replicate agreement", "0.800 (0.600 to 0.900)")
    assert one["kappa"] == "0.700 (0.600 to 0.900)"
    assert two["model"] == "limit that independent noise implies (estimate)"
    assert (two["accuracy"], two["kappa"]) == ("0.850 (0.750 to 0.950)", "–")
    assert one["log loss"] == "–"


@pytest.mark.parametrize("newer", ["metrics", "provenance"])
def test_models_that_are_configured_no_more_are_left_out(
    results: Path, tmp_path: Path, newer: str
) -> None:
    write_run(results, "gone", 1, 0.9, "forest", "vplot")
    runs = [("net", 1), ("net", 2), ("most", 1)]
    metrics, provenance = results / "evaluation/metrics.tsv", results / "provenance.json"
    listed = {"metrics": runs, "provenance": runs}
    listed["metrics" if newer == "provenance" else "provenance"] = [*runs, ("gone", 1)]
    table = pd.DataFrame(listed["metrics"], columns=["model", "seed"]).assign(**PLACE, value=0.5)
    table.to_csv(metrics, sep="\t", index=False)
    names = {f"{model}/seed-{seed}": {} for model, seed in listed["provenance"]}
    provenance.write_text(json.dumps({"models": names}))
    os.utime(metrics, (1000 + (newer == "metrics"),) * 2)
    os.utime(provenance, (1000 + (newer == "provenance"),) * 2)
    page = MADE["write_page"](results, tmp_path, "a command")
    text = page.read_text()
    (rows,) = (rows for name, rows in tables_under(text).items() if name.startswith("Scores"))
    # Of "net" a third seed is configured no more either: 0.5 and 0.6 are left.
    assert [(row[0], row[3]) for row in rows] == [("most", "1"), ("net", "2")]
    assert "0.550 ± 0.071" in rows[1][4]
    assert "does not name them: gone, net (seed 3)." in text
    assert "gone" not in page.with_suffix(".tsv").read_text()


def test_a_page_of_another_name_shares_the_curves(results: Path, tmp_path: Path) -> None:
    first = MADE["write_page"](results, tmp_path / "docs", "a command")
    other = MADE["write_page"](results, tmp_path / "docs", "a command", "test")
    assert other == first.with_name("test.md")
    assert other.with_suffix(".tsv").read_bytes() == first.with_suffix(".tsv").read_bytes()
    assert other.read_text() == first.read_text().replace(f": {results.name}\n", ": test\n", 1)


def test_nothing_scored_is_told(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no model is scored yet"):
        MADE["write_page"](tmp_path, tmp_path / "docs", "a command")
