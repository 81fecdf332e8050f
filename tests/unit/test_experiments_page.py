"""The page of a long comparison, from results made here, whole and half finished."""

import json
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


def write_run(results: Path, model: str, seed: int, value: float, kind: str, *inputs: str) -> None:
    """Write what the line leaves behind of one scored seed."""
    folder = results / f"models/{model}/seed-{seed}"
    folder.mkdir(parents=True)
    card = {"kind": kind, "inputs": inputs, "permute": [], "tasks": {"state": ["x", "y"]}}
    (folder / "card.json").write_text(json.dumps(card))
    if kind == "network":
        columns = {name: [0.9, 0.8] for name in ("train_loss", "valid_loss", "valid_accuracy")}
        history = pd.DataFrame({"epoch": [1, 2], **columns})
        history.to_csv(folder / "history.tsv", sep="\t", index=False)
    evaluation = results / "evaluation"
    evaluation.mkdir(exist_ok=True)
    run: dict[str, Any] = {"model": model, "seed": seed, **PLACE}
    scores = pd.DataFrame({"metric": SCORES}).assign(**run, value=value, low=0.25, high=0.75)
    scores.to_csv(evaluation / f"{model}.seed-{seed}.scores.tsv", sep="\t", index=False)
    rows = {"labels": ["replicate 1", "truth"], "ece": [value / 10, 0.9], "within": ["yes", "no"]}
    calibration = pd.DataFrame(rows).assign(
        **run, windows=9, low=0.0, high=0.1, perfect=0.01, limit=0.03, shift="none"
    )
    place = evaluation / f"{model}.seed-{seed}.calibration.tsv"
    calibration.to_csv(place, sep="\t", index=False)


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
    assert "net | 0.060 (0.000 to 0.100) | 0.010 | 0.030 | 3 of 3 | none |" in text
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
    assert "| state | yeast | sequence | vplot | net | 0.100 (0.050 to 0.300) | 0.200 (" in text
    assert "| state | yeast | net | 0.375 ± 0.177 (0.400 to 0.600) |" in text
    assert "Oracle minus model" not in text


def test_nothing_scored_is_told(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no model is scored yet"):
        MADE["write_page"](tmp_path, tmp_path / "docs", "a command")
