"""What the page of window sets says of balance: how the training windows of a task were weighed."""

from collections.abc import Mapping
from typing import Any

#: What stands for the weight of windows on which replicates disagree.
_SPREAD = "in its classes"


def balance_rows(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return how training windows were weighed, one row a cell type and class.

    Parameters
    ----------
    facts
        Of a task: `classes` {class: title}, and `balance` as `chrompute.balance.training_weights`
        returns it, or None where every window weighs the same.

    Returns
    -------
    list
        Rows with `cell_type`, `title`, and as texts `windows` that train, those `used`, and the
        share of the training `weight` that the class has in its cell type. After the classes of a
        cell type comes a row of the windows on which replicates disagree, where there are such.
    """
    balance = facts["balance"] or {"classes": {}}
    rows = []
    for cell_type, own in balance["classes"].items():
        total = sum(own[name]["weight"] for name in facts["classes"])
        for name, title in facts["classes"].items():
            share = own[name]["weight"] / total if total else 0
            rows.append(_row(cell_type, title, own[name], f"{share:.1%}"))
        if balance["disagree"][cell_type]["windows"]:
            apart = balance["disagree"][cell_type]
            rows.append(_row(cell_type, "replicates disagree", apart, _SPREAD))
    return rows


def _row(cell_type: str, title: str, numbers: Mapping[str, int], weight: str) -> dict[str, Any]:
    texts = {key: f"{numbers[key]:,}" for key in ("windows", "used")}
    return {"cell_type": cell_type, "title": title, **texts, "weight": weight}


def negatives_sentences(facts: Mapping[str, Any]) -> list[str]:
    """Say how the windows that are not bound were drawn, where they were, for each cell type."""
    drawn = (facts["balance"] or {}).get("negatives", {})
    return [
        f"{cell_type}: {own['kept']:,} of {own['kept'] + own['left_out']:,} windows that are not "
        f"bound train{_lacking(own)}{_matched(own)}."
        for cell_type, own in drawn.items()
    ]


def _lacking(own: Mapping[str, Any]) -> str:
    return f"; {own['not_found']:,} more were wanted and not found" if own["not_found"] else ""


def _matched(own: Mapping[str, Any]) -> str:
    """Return how well the G+C contents fit, "" where they were not matched."""
    if "gc" not in own or None in own["gc"].values():
        return ""
    gc = own["gc"]
    return (
        f"; mean G+C of bound ones {gc['bound']:.1%}, of the others {gc['not_bound']:.1%} before "
        f"and {gc['kept']:.1%} after, {own['from_other_bins']:,} of them from a neighbouring bin"
    )
