"""Predictions along a genome on disk: a Parquet file, written and read a piece at a time."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from chrompute.errors import InputError
from chrompute.predictions import probability_column
from chrompute.whole_files import written_whole

_KEY = b"chrompute"
_PLACE = ("chrom", "start", "end", "centre")
_ROWS = 1 << 17  # of a row group


def write_prediction_store(
    tables: Iterable[pd.DataFrame], facts: Mapping[str, Any], path: str | Path
) -> int:
    """Write tables that follow each other as one file; equal tables give equal bytes.

    Parameters
    ----------
    tables
        Places with their predictions (`chrompute.predicting.prediction_rows`), of one shape.
    facts
        What is kept in the file's metadata: `sizes`, {chromosome: bp}, `tasks`, {task: classes},
        and anything else that JSON can tell.
    path
        The file.

    Returns
    -------
    int
        Number of places.
    """
    schema = _schema(facts["tasks"]).with_metadata({_KEY: json.dumps(facts).encode()})
    number = 0
    with written_whole(path) as part:
        with pq.ParquetWriter(str(part), schema, compression="zstd") as writer:
            for table in tables:
                columns = pa.Table.from_pandas(table, schema=schema, preserve_index=False)
                writer.write_table(columns.replace_schema_metadata(schema.metadata), _ROWS)
                number += len(table)
        if not number:
            raise InputError(
                f"{path}: there is nothing to predict: no tile lies in the regions, or all lie in "
                "the blacklist, on excluded chromosomes or in unknown sequence; change one of them"
            )
    return number


def _schema(tasks: Mapping[str, Sequence[str]]) -> pa.Schema:
    fields = [("chrom", pa.dictionary(pa.int32(), pa.string()))]
    fields += [(name, pa.int64()) for name in _PLACE[1:]]
    for task, classes in tasks.items():
        fields.append((task, pa.dictionary(pa.int32(), pa.string())))
        fields += [(probability_column(task, name), pa.float32()) for name in classes]
    return pa.schema(fields)


def read_facts(path: str | Path) -> dict[str, Any]:
    """Read what `write_prediction_store` was told beside the predictions.

    Raises
    ------
    InputError
        When the file is no store of predictions.
    """
    try:
        facts: dict[str, Any] = json.loads(pq.read_schema(str(path)).metadata[_KEY])
    except (pa.ArrowException, OSError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: is no table of predictions ({error}); remove it and run the workflow again"
        ) from error
    return facts


def iter_predictions(
    path: str | Path, columns: Sequence[str] | None = None
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a store in their order, piece by piece: places and some columns.

    Parameters
    ----------
    path
        The file.
    columns
        Columns beside `chrom`, `start` and `end`; all by default.
    """
    wanted = None if columns is None else [*_PLACE[:3], *columns]
    with pq.ParquetFile(str(path)) as file:
        for batch in file.iter_batches(_ROWS, columns=wanted):
            yield batch.to_pandas()
