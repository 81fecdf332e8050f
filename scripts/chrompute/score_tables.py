"""Reading any table of the evaluation, and the same as JSON."""

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


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table of the evaluation: names stay text, and all other columns are numbers.

    A first column `windows` names window sets; elsewhere it counts windows.

    Parameters
    ----------
    path
        A table with a header, columns separated by tabs.

    Returns
    -------
    DataFrame
        NaN where there is no number.
    """
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    names = _NAMES | ({"windows"} if [*table.columns][:1] == ["windows"] else set())
    numbers = [name for name in table if name not in names]
    return table.assign(**{name: pd.to_numeric(table[name]) for name in numbers})


def table_records(path: str | Path) -> list[dict[str, Any]]:
    """Return the rows of a table, {column: text, number, or None where there is none}."""
    return [
        {name: None if pd.isna(value) else value for name, value in row.items()}
        for row in read_table(path).to_dict("records")
    ]


def write_records(table: str | Path, path: str | Path) -> None:
    """Write a table as a JSON list of objects, one row a line."""
    lines = ",\n".join(json.dumps(row, allow_nan=False) for row in table_records(table))
    with written_whole(path) as part:
        part.write_text(f"[\n{lines}\n]\n" if lines else "[]\n")
