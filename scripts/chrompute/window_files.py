"""Window sets on disk: a Parquet table and its facts as JSON."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from chrompute.manifest import write_json
from chrompute.whole_files import written_whole

#: Key of a window set's recipe in the metadata of its file.
RECIPE_KEY = b"chrompute"


def write_windows(
    table: pd.DataFrame,
    facts: Mapping[str, Any],
    recipe: Mapping[str, Any],
    parquet: str | Path,
    summary: str | Path,
) -> None:
    """Write a window set, its facts, and in both the options it was made with.

    The recipe is JSON under the key "chrompute" in the metadata of the Parquet file.
    """
    columns = pa.Table.from_pandas(table, preserve_index=False)
    metadata = {**(columns.schema.metadata or {}), RECIPE_KEY: json.dumps(recipe).encode()}
    columns = columns.replace_schema_metadata(metadata)
    with written_whole(parquet) as part:
        pa.parquet.write_table(columns, str(part), compression="zstd")
    write_json({**facts, "recipe": recipe}, summary)


def read_windows(parquet: str | Path) -> pd.DataFrame:
    """Read a window set that `write_windows` wrote."""
    return pd.read_parquet(parquet)
