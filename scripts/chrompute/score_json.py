"""Tables of scores as JSON, with the very numbers of the tables."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from chrompute.whole_files import written_whole

#: Columns that hold names, also where these look like numbers.
_NAMES = {
    *("model", "task", "cell_type", "split", "metric", "labels", "label", "predicted", "class"),
    *("forest", "note", "within", "shift", "added", "beside", "without", "oracle"),
    *("first", "second", "family", "kind", "trained_on", "seen", "chromosomes"),
}


def table_records(path: str | Path) -> list[dict[str, Any]]:
    """Read a table of the evaluation row by row.

    Parameters
    ----------
    path
        A table with a header, columns separated by tabs.

    Returns
    -------
    list
        {column: text of a name, number, or None where there is none}. A first column `windows`
        names window sets; elsewhere it counts windows.
    """
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    names = _NAMES | ({"windows"} if [*table.columns][:1] == ["windows"] else set())
    return [
        {name: text if name in names else _number(text) for name, text in row.items()}
        for row in table.to_dict("records")
    ]


def _number(text: str) -> float | int | None:
    if text == "":
        return None
    try:
        return int(text)
    except ValueError:
        return float(text)


def write_records(table: str | Path, path: str | Path) -> None:
    """Write a table as a JSON list of objects, one row a line."""
    lines = ",\n".join(json.dumps(row, allow_nan=False) for row in table_records(table))
    with written_whole(path) as part:
        part.write_text(f"[\n{lines}\n]\n" if lines else "[]\n")
