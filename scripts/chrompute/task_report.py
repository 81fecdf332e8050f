"""What the report of a cell type says of its windows and models, task by task."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from chrompute.agreement_report import (
    agreement_rows,
    agreement_sentence,
    gap_table,
    reference_text,
)
from chrompute.calibration_report import calibration_content
from chrompute.comparison_report import (
    centring_rows,
    modality_table,
    oracle_sentence,
    oracle_table,
    paired_sentence,
)
from chrompute.confusion_report import confusion_matrices
from chrompute.metric_titles import METRIC_TITLES, metrics_led_by
from chrompute.model_report import (
    class_score_table,
    class_table,
    few_blocks_sentence,
    headline,
    model_rows,
    reference_table,
)
from chrompute.predictions import read_scores
from chrompute.reach_report import reach_content
from chrompute.score_tables import read_table
from chrompute.task_pictures import task_pictures
from chrompute.windows_report import (
    FindPicture,
    composition,
    read_facts,
    set_content,
)

#: Tables of the evaluation that the section on models reads, and those that name window sets.
_KINDS = (
    *("metrics", "replicates", "classes", "class_scores", "confusion", "gap", "calibration"),
    *("modalities", "oracles"),
)
_OF_WINDOWS = ("agreement", "modalities", "oracles")


def cell_type_windows(
    sets: Mapping[str, Mapping[str, Any]], results: Path, cell_type: str
) -> list[dict[str, Any]]:
    """Gather what the section on windows says: each window set, and its tasks of this cell type.

    Parameters
    ----------
    sets
        {window set: `candidates`, and `tasks` {task: what `task_content` needs}}.
    results
        The results folder.
    cell_type
        The cell type.
    """
    content = []
    for name, entry in sets.items():
        facts = read_facts(results, name)
        tasks = [
            {"title": facts["tasks"][task]["title"]}
            | composition(facts["tasks"][task], [cell_type])
            for task in entry["tasks"]
        ]
        lit = _lit(results / f"windows/{name}.pixels.tsv", cell_type)
        content.append(
            set_content(facts, entry["candidates"]) | {"name": name, "lit": lit, "tasks": tasks}
        )
    return content


def _lit(path: Path, cell_type: str) -> dict[str, Any] | None:
    """Return how full the V-plots of a cell type are; None where it has none."""
    table = pd.read_csv(path, sep="\t", dtype={"cell_type": str}).set_index("cell_type")
    return dict(table.loc[cell_type]) if cell_type in table.index else None


def task_content(
    windows: str,
    name: str,
    plan: Mapping[str, Any],
    results: Path,
    cell_type: str,
    picture: FindPicture,
) -> dict[str, Any]:
    """Gather what the section on models says of one task of a window set.

    Parameters
    ----------
    windows, name
        The window set and the task.
    plan
        As in `chrompute.report.cell_type_content`.
    results
        The results folder.
    cell_type
        The cell type.
    picture
        Finds a picture.

    Returns
    -------
    dict
        `why` says in a sentence why there is no score, and is empty where there are some.
    """
    entry, split = plan["windows"][windows]["tasks"][name], plan["evaluation"]["split"]
    facts = read_facts(results, windows)["tasks"][name]
    agreement = _table(results, "agreement", cell_type, name)
    agreement = agreement[agreement["windows"] == windows]
    content = _outline(windows, name, facts, plan, agreement, cell_type)
    if content["why"]:
        return content
    tables = {kind: _table(results, kind, cell_type, name) for kind in _KINDS}
    leading = facts["metric"]
    titles = {model: plan["titles"][model] for model, _ in entry["runs"]}
    scores = tables["metrics"]
    rows = model_rows(scores[scores["model"].isin(titles)], titles, leading, plan["rivals"])
    if not rows:
        return content | {"why": "No label of the scored windows is known, so nothing is scored."}
    counts, disagree = (facts[key][cell_type][split] for key in ("counts", "disagree"))
    number = sum(counts.values()) + disagree
    best = next((row for row in rows if row["best"]), rows[0])
    own = tables["replicates"][tables["replicates"]["model"].isin(titles)]
    few = few_blocks_sentence(own["blocks"])
    found = _score_tables(tables, rows, best, titles, facts)
    found |= _differences(tables, windows, plan, leading)
    return content | {
        "few": few,
        "headline": f"{facts['title']}: {headline(rows, leading, number)}"
        + paired_sentence(_pairs(results, windows, name, cell_type), rows, leading)
        + (f" {few}" if few else "")
        + reference_text(agreement, tables["gap"], best["model"], leading)
        + oracle_sentence(found["oracles"], best["model"]),
        "absent": _absent_classes(facts["classes"], counts, split),
        "folds": _own_folds(titles, plan["folds"]),
        "limit": _label_limit(entry["runs"], plan["oracles"], results),
        "in_parts": disagree > 0,
        **found,
        **reach_content(windows, name, plan, results, cell_type, picture),
        **task_pictures(windows, name, plan, cell_type, bool(found["modalities"]["rows"]), picture),
    }


def _outline(
    windows: str,
    name: str,
    facts: Mapping[str, Any],
    plan: Mapping[str, Any],
    agreement: pd.DataFrame,
    cell_type: str,
) -> dict[str, Any]:
    """Return what is told of a task whether it has scores or not."""
    leading, evaluation = facts["metric"], plan["evaluation"]
    entry, replicates = plan["windows"][windows]["tasks"][name], facts["replicates"][cell_type]
    return {
        "name": name,
        "windows": windows,
        "title": facts["title"],
        "split": evaluation["split"],
        "block": f"{evaluation['block'] / 1000:g}",
        "draws": f"{evaluation['draws']:,}",
        "leading": METRIC_TITLES[leading],
        "metric_titles": list(metrics_led_by(leading).values()),
        "agreement": agreement_rows(agreement, leading),
        "agreement_sentence": agreement_sentence(agreement, leading, replicates),
        "headline": "",
        "why": _why_no_score(facts, entry, evaluation["split"], cell_type),
    }


def _score_tables(
    tables: Mapping[str, pd.DataFrame],
    rows: Sequence[Mapping[str, Any]],
    best: Mapping[str, Any],
    titles: Mapping[str, str],
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the tables of models, references, gaps, calibration, confusion and classes."""
    return {
        "rows": rows,
        "references": reference_table(tables["replicates"], titles, facts["metric"]),
        "gaps": gap_table(tables["gap"], titles, facts["metric"]),
        "best": best["title"],
        "by_class": class_table(tables["classes"], best["model"], facts["classes"]),
        "class_scores": class_score_table(tables["class_scores"], best["model"], facts["classes"]),
        "matrices": confusion_matrices(
            tables["confusion"], titles, facts["classes"], best["model"]
        ),
        "calibration": calibration_content(tables["calibration"], titles, best["model"]),
    }


def _differences(
    tables: Mapping[str, pd.DataFrame], windows: str, plan: Mapping[str, Any], leading: str
) -> dict[str, Any]:
    """Return the tables of modalities and oracles, and of windows that are centred elsewhere."""
    modalities, oracles = (
        tables[name][tables[name]["windows"] == windows] for name in ("modalities", "oracles")
    )
    return {
        "modalities": modality_table(modalities, plan["titles"], leading),
        "oracles": oracle_table(oracles, plan["titles"], leading),
        "centring": centring_rows(tables["metrics"], plan["applied"], windows, leading),
    }


def _table(results: Path, kind: str, cell_type: str, task: str) -> pd.DataFrame:
    """Read the rows of one cell type and task from a table of the evaluation."""
    names = ["windows"] if kind in _OF_WINDOWS else []
    scores = read_scores(results / f"evaluation/{kind}.tsv", names)
    return scores[(scores["cell_type"] == cell_type) & (scores["task"] == task)]


def _pairs(results: Path, windows: str, task: str, cell_type: str) -> pd.DataFrame:
    """Read the comparisons of two models each in one window set, task and cell type."""
    table = read_table(results / "evaluation/comparisons.tsv")
    own = (table["windows"] == windows) & (table["task"] == task)
    return table[own & (table["cell_type"] == cell_type)]


def _why_no_score(
    facts: Mapping[str, Any], entry: Mapping[str, Any], split: str, cell_type: str
) -> str:
    """Say why a task has no scores in a cell type; empty where it has."""
    if facts["kind"] == "signal":
        return "A signal is no class: models do not predict it, and its replicates are compared."
    if not entry["runs"]:
        return "No model predicts this task."
    if not entry["scored"]:
        return f"{cell_type} has no {split} windows in this split: models are not scored here."
    return ""


def _absent_classes(titles: Mapping[str, str], counts: Mapping[str, int], split: str) -> str:
    """Name the classes that no scored window has for certain; empty where there is none."""
    absent = [title for name, title in titles.items() if not counts[name]]
    if not absent:
        return ""
    return (
        f"On no {split} window do the replicates agree on: {', '.join(absent)}. Scores that "
        "average over classes tell nothing of what no replicate names."
    )


def _own_folds(titles: Mapping[str, str], folds: Mapping[str, str]) -> str:
    """Name the models that test on a fold of their own; empty where there is none."""
    own = [f"{title} ({folds[name]})" for name, title in titles.items() if name in folds]
    if not own:
        return ""
    return (
        f"Scored on the windows of a fold of their own: {', '.join(own)}. The numbers of windows "
        "and the agreement are those of the window set's split, and gaps of each model's windows."
    )


def _label_limit(
    runs: Collection[tuple[str, int]], oracles: Collection[str], results: Path
) -> float | None:
    """Return what knowing the truth would score, from an oracle's card; None without oracles."""
    for model, seed in runs:
        if model in oracles:
            card = json.loads((results / f"models/{model}/seed-{seed}/card.json").read_text())
            return float(card["label_limit"])
    return None
