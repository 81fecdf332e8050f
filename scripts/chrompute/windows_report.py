"""What reports say of window sets: composition, splits, leaks, and what was dropped."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from chrompute.agreement_report import agreement_sentence, class_agreement
from chrompute.balance_report import balance_rows, negatives_sentences
from chrompute.label_columns import TRUTH
from chrompute.predictions import read_scores
from chrompute.splits import SPLITS

#: Maps a path below the results folder, what it shows and its caption to a picture.
FindPicture = Callable[[str, str, str], Any]

_SOURCES = {
    "segments": "segments of the labels",
    "peaks": "peaks of the cell types",
    "summits": "summits of the cell types' peaks",
    "sites": "sites of a set",
    "bed": "intervals of a BED",
    "tiles": "tiles along the genome",
}
#: What the figure of a task's windows shows.
_SHARES = {
    "class": "Share of each class; in grey that of windows on which the replicates disagree, or "
    "that none knows",
    "signal": "Share of the windows on which a label file has a number; in grey that of the others",
}


def candidates_text(entry: Mapping[str, Any]) -> str:
    """Say in words where windows are centred, from the block `candidates` of a window set."""
    text = _SOURCES[entry["from"]]
    if entry["from"] == "tiles":
        text += f" ({entry['width']:,} bp every {entry['stride'] or entry['width']:,} bp)"
    named = entry["sites"] or entry["task"] or entry["path"]
    return f"{text} ({named})" if named else text


def split_text(split: Mapping[str, Any]) -> str:
    """Say in words how windows are split, from the facts of a window set."""
    if split["by"] == "blocks":
        text = (
            f"Blocks of {split['size']:,} bp, {split['valid_share']:.0%} of them for validation "
            f"and {split['test_share']:.0%} for test, drawn with seed {split['seed']}; windows "
            f"nearer than {split['buffer']:,} bp to a block of another split are left out"
        )
    else:
        what = {
            "chromosomes": "Whole chromosomes",
            "folds": f"{split.get('number')} folds of whole chromosomes",
            "cell_types": "Whole cell types, at the same places",
        }[split["by"]]
        parts = [f"{name}: {', '.join(split[name])}" for name in SPLITS if split[name]]
        text = f"{what}; {'; '.join(parts)}"
        if not split["train"]:
            text += "; train: all others"
    if split["unseen"]:
        text += f"; unseen cell types, which only test: {', '.join(split['unseen'])}"
    return f"{text}."


def leak_sentences(leaks: Mapping[str, Any]) -> list[str]:
    """Say what the guard over the splits looked at and found, one sentence each.

    Parameters
    ----------
    leaks
        `places`, `identical` and `fragments` of the facts of a window set (docs/output.md).
    """
    sentences = [
        f"{leak['overlapping']:,} windows of split {leak['splits'][0]} overlap windows of split "
        f"{leak['splits'][1]}, and {leak['near']:,} more lie within a window's width of one: the "
        "split shares places by declaration."
        for leak in leaks["places"]
    ] or [
        "No window overlaps a window of another split or lies within a window's width of one, in "
        "any cell type."
    ]
    same = leaks["identical"]
    if same is None:
        sentences.append("Identical sequences across the split: not looked for.")
    else:
        done = "were dropped" if same["excluded"] else "were kept"
        sentences.append(
            f"{same['valid']:,} validation and {same['test']:,} test windows have a core of "
            f"{same['length']:,} bp that stands in a training window too (paralogues, repeats); "
            f"the {same['training']:,} training windows that hold one {done}."
        )
    if not leaks["fragments"]:
        sentences.append("No cell type is held out, so no fragments were compared across it.")
    return sentences


def overlap_sentence(overlaps: Mapping[str, Mapping[str, int]]) -> str:
    """Say how many windows share bases within a split, from the facts of a window set."""
    parts = [
        f"{own['overlapping']:,} of {own['windows']:,} in {split} "
        f"({own['overlapping'] / own['windows']:.0%})"
        for split, own in overlaps.items()
    ]
    if not any(own["overlapping"] for own in overlaps.values()):
        return "No window shares bases with another of its own split and cell type."
    return (
        "Windows that share bases with another of their own split and cell type: "
        f"{', '.join(parts)}. They are not independent, so that intervals of scores come from "
        "blocks of the genome."
    )


def composition(facts: Mapping[str, Any], cell_types: Sequence[str]) -> dict[str, Any]:
    """Return how many windows have which class, one row a cell type and split.

    Parameters
    ----------
    facts
        Of one task of a window set.
    cell_types
        Those to tell of; the ones without labels of the task have no row, and none has a row of a
        split in which it has no window.

    Returns
    -------
    dict
        `columns`, the titles of the classes ("known" of a signal), and of what else windows are
        where there are such: "replicates disagree" and "unknown"; and `rows` with `cell_type`,
        `split` and `cells`, one number a column.
    """
    there = [name for name in cell_types if name in facts["counts"]]
    beside = {
        name: title
        for name, title in (("disagree", "replicates disagree"), ("unknown", "unknown"))
        if any(any(facts.get(name, {}).get(cell_type, {}).values()) for cell_type in there)
    }
    rows = [
        {
            "cell_type": cell_type,
            "split": split,
            "cells": [*counts.values(), *(facts[name][cell_type][split] for name in beside)],
        }
        for cell_type in there
        for split, counts in facts["counts"][cell_type].items()
    ]
    return {
        "columns": [*([*facts["classes"].values()] or ["known"]), *beside.values()],
        "rows": [row for row in rows if any(row["cells"])],
    }


def read_facts(results: Path, windows: str) -> Any:
    """Read the facts of a window set."""
    return json.loads((results / f"windows/{windows}.json").read_text())


def set_content(facts: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what both kinds of pages say of a window set as a whole.

    Parameters
    ----------
    facts
        Of the window set.
    entry
        Its block `candidates` of the configuration.
    """
    dropped = {name.replace("_", " "): f"{n:,}" for name, n in facts["dropped"].items()}
    return {
        "width": facts["width"],
        "source": candidates_text(entry),
        "candidates": f"{facts['candidates']['number']:,}",
        "number": f"{facts['windows']:,}",
        "dropped": dropped,
        "split": split_text(facts["split"]),
    }


def windows_content(
    sets: Mapping[str, Mapping[str, Any]], results: Path, picture: FindPicture
) -> list[dict[str, Any]]:
    """Gather what the page of window sets says of each.

    Parameters
    ----------
    sets
        {window set: `candidates`, a block of the configuration}.
    results
        The results folder.
    picture
        Finds a picture.
    """
    tables = [
        read_scores(results / f"evaluation/{name}.tsv", ["windows"])
        for name in ("agreement", "agreement_classes")
    ]
    content = []
    for name, entry in sets.items():
        facts = read_facts(results, name)
        own = [table[table["windows"] == name] for table in tables]
        content.append(
            set_content(facts, entry["candidates"])
            | {
                "name": name,
                "leaks": [
                    *leak_sentences(facts["leaks"]),
                    overlap_sentence(facts["overlaps"]),
                ],
                "fragments": facts["leaks"]["fragments"],
                "notes": facts["notes"],
                "tasks": [
                    _task_content(name, task, told, own, picture)
                    for task, told in facts["tasks"].items()
                ],
            }
        )
    return content


def _task_content(
    windows: str,
    task: str,
    facts: Mapping[str, Any],
    tables: Sequence[pd.DataFrame],
    picture: FindPicture,
) -> dict[str, Any]:
    """Gather what the page of window sets says of one task."""
    overall, classes = (table[table["task"] == task] for table in tables)
    cell_types = list(facts["counts"])
    agreement = [
        {
            "cell_type": cell_type,
            "replicates": ", ".join(n for n in facts["replicates"][cell_type] if n != TRUTH),
            "sentence": agreement_sentence(
                overall[overall["cell_type"] == cell_type],
                facts["metric"],
                facts["replicates"][cell_type],
            ),
            "classes": class_agreement(
                classes[classes["cell_type"] == cell_type], facts["classes"]
            ),
        }
        for cell_type in cell_types
    ]
    figure = picture(
        f"figures/composition.{windows}.{task}.png",
        f"Windows of task {facts['title']} by cell type and split",
        f"{_SHARES['signal' if facts['kind'] == 'signal' else 'class']}, and at the right the "
        "number of windows. Splits of one cell type should look alike.",
    )
    return {
        "title": facts["title"],
        "name": task,
        "kind": facts["kind"],
        "figure": figure,
        **composition(facts, cell_types),
        "agreement": agreement,
        "balance": balance_rows(facts),
        "negatives": negatives_sentences(facts),
    }
