"""The fragment store as Parquet."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from chrompute.errors import InputError
from chrompute.fragments import Fragments, pool
from chrompute.whole_files import written_whole

_METADATA_KEY = b"chrompute"
_ROW_GROUP = 1 << 20
_SCHEMA = pa.schema(
    [
        ("chrom", pa.dictionary(pa.int32(), pa.string())),
        ("midpoint", pa.int32()),
        ("length", pa.uint16()),
    ]
)


def write_fragments(
    fragments: Fragments, path: str | Path, facts: Mapping[str, object] | None = None
) -> None:
    """Write a store as Parquet; equal input gives equal bytes.

    The columns are chrom, midpoint ((start + end) // 2), length and, for single-end reads, strand.

    Parameters
    ----------
    fragments
        The store.
    path
        The file to write.
    facts
        What else to keep in the file's metadata (sample, shift, ...); must be JSON.
    """
    numbers = [*fragments.count_by_chromosome().values()]
    metadata = {"sizes": fragments.sizes, "numbers": numbers, **(facts or {})}
    schema = _SCHEMA
    if fragments.strands is not None:
        schema = schema.append(pa.field("strand", pa.int8()))
    schema = schema.with_metadata({_METADATA_KEY: json.dumps(metadata)})
    packing: dict[str, Any] = {
        "compression": "zstd",
        "use_dictionary": ["chrom", "length"],
        "column_encoding": {"midpoint": "DELTA_BINARY_PACKED"},
    }
    with written_whole(path) as part, pq.ParquetWriter(str(part), schema, **packing) as writer:
        for begin in range(0, max(len(fragments), 1), _ROW_GROUP):
            rows = slice(begin, min(begin + _ROW_GROUP, len(fragments)))
            writer.write_table(pa.Table.from_arrays(_columns(fragments, rows), schema=schema))


def _columns(fragments: Fragments, rows: slice) -> list[pa.Array]:
    """Return some rows of a store as the columns of its file."""
    place = np.arange(rows.start, rows.stop)
    codes = np.searchsorted(fragments.offsets, place, side="right") - 1
    names = pa.array(list(fragments.sizes))
    columns = [
        pa.DictionaryArray.from_arrays(codes.astype(np.int32), names),
        # Sum and difference of two numbers are even or odd alike, so the length has the lost bit.
        pa.array(fragments.midpoints[rows] >> 1),
        pa.array(fragments.lengths[rows]),
    ]
    if fragments.strands is not None:
        columns.append(pa.array(fragments.strands[rows]))
    return columns


def read_fragments(path: str | Path) -> Fragments:
    """Read a store that `write_fragments` wrote.

    Raises
    ------
    InputError
        When the file is no fragment store.
    """
    with _opened(path) as (file, metadata):
        sizes, numbers = metadata["sizes"], metadata["numbers"]
        # Where each chromosome begins is known, so its column need not be decoded.
        there = [name for name in file.schema_arrow.names if name != "chrom"]
        table = file.read(columns=there)
    offsets = np.concatenate([[0], np.cumsum(numbers)]).astype(np.int64)
    strands = table.column("strand").to_numpy() if "strand" in there else None
    halves, lengths = (table.column(name).to_numpy() for name in ("midpoint", "length"))
    midpoints = (halves << 1) + (lengths & 1).astype(np.int32)
    pa.default_memory_pool().release_unused()  # else what decoding took stays with the process
    return Fragments(sizes, offsets, midpoints, lengths, strands)


def read_facts(path: str | Path) -> dict[str, Any]:
    """Read what else `write_fragments` was told of a store.

    Raises
    ------
    InputError
        When the file is no fragment store.
    """
    with _opened(path) as (_, metadata):
        return {key: metadata[key] for key in metadata if key not in ("sizes", "numbers")}


@contextmanager
def _opened(path: str | Path) -> Iterator[tuple[pq.ParquetFile, dict[str, Any]]]:
    """Open a store with its metadata; what is wrong with the file is told as `InputError`."""
    try:
        with pq.ParquetFile(str(path)) as file:
            yield file, json.loads(file.schema_arrow.metadata[_METADATA_KEY])
    except FileNotFoundError as error:
        raise InputError(
            f"{path}: there is no such file; correct the path, or run the workflow to make it"
        ) from error
    except (pa.ArrowException, OSError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: is no fragment store ({error}); remove it and run the workflow again"
        ) from error


def read_pool(paths: Sequence[str | Path]) -> Fragments:
    """Read and pool several stores."""
    return pool([read_fragments(path) for path in paths])
