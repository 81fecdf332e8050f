"""Fragments that come as text: 10x-style `fragments.tsv.gz` and BEDPE."""

import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from isal import igzip, isal_zlib

from chrompute.bounded import open_text
from chrompute.errors import InputError
from chrompute.pairing import COUNTED, RAW
from chrompute.records import BGZF_END, has_bgzf_end

FRAGMENTS, BEDPE, ALIGNMENTS = "fragments", "bedpe", "alignments"
_ENDINGS = {".tsv": FRAGMENTS, ".bedpe": BEDPE}
_COMMENT = "#"
_BLOCK = 16 << 20  # bytes of text at a time
_DAMAGE: Any = (OSError, EOFError, ValueError, zlib.error, isal_zlib.error)
_BEDPE = ("chrom", "start", "end", "chrom2", "start2", "end2", "name", "score", "strand", "strand2")


def format_of(path: str | Path) -> str:
    """Tell by a file's name what it holds: alignments, fragments or BEDPE."""
    name = str(path).lower().partition("?")[0]
    for packed in (".gz", ".bgz"):
        name = name.removesuffix(packed)
    return next((kind for end, kind in _ENDINGS.items() if name.endswith(end)), ALIGNMENTS)


@dataclass(frozen=True)
class TextRules:
    """What is taken from a text file.

    Attributes
    ----------
    code_of
        Function from a chromosome's name in the file to its index in the genome, -1 where it is
        left out; raises ValueError for one that the genome lacks.
    barcodes
        Barcodes to take; None takes all.
    """

    code_of: Callable[[str], int]
    barcodes: Collection[str] | None = None


def read_fragment_text(
    path: str | Path, rules: TextRules, counts: npt.NDArray[np.int64]
) -> Iterator[npt.NDArray[Any]]:
    """Yield the raw fragments of a fragment file or BEDPE, arrays of `RAW`.

    Parameters
    ----------
    path
        Tab-separated text, plain or gzipped; lines that begin with `#` above the first record
        are passed over. A fragment file has the columns chromosome, start, end and, if it has
        them, barcode and number of reads. BEDPE has six to ten columns, of which the fragment
        is the span of both mates, or MACS' three. All is 0-based and half-open.
    rules
        What is taken.
    counts
        int64 (len(COUNTED),): lines by heading, added to.

    Raises
    ------
    InputError
        When the file is damaged, or a line is no fragment.
    """
    skipped, width = _shape(path)
    bedpe = format_of(path) == BEDPE and width > 3
    if bedpe and width < 6:
        raise InputError(
            f"{path}: has {width} columns; BEDPE has at least 6, or MACS' 3; convert it"
        )
    if rules.barcodes is not None and (bedpe or width < 4):
        raise InputError(f"{path}: has no column of barcodes; leave 'barcodes' empty")
    names = _columns(bedpe, width)
    wanted = [name for name in names if name not in ("name", "score", "count")]
    wanted = [name for name in wanted if not name.startswith("column")]
    if rules.barcodes is None:
        wanted = [name for name in wanted if name != "barcode"]
    line = skipped
    for table in _tables(path, skipped, names, wanted):
        raw, alive = _raw_of(path, table, bedpe, rules, counts, line)
        line += table.num_rows
        yield raw[alive]


def _columns(bedpe: bool, width: int) -> list[str]:
    known = _BEDPE if bedpe else ("chrom", "start", "end", "barcode", "count")
    return [*known[:width], *(f"column{n}" for n in range(len(known), width))]


def _shape(path: str | Path) -> tuple[int, int]:
    """Return the number of lines before the first record, and that of its columns."""
    try:
        _require_end(path)
        with open_text(path) as handle:
            for number, line in enumerate(handle):
                if line.strip() and not line.startswith(_COMMENT):
                    width = line.rstrip("\r\n").count("\t") + 1
                    if width < 3:
                        raise InputError(
                            f"{path}, line {number + 1}: has {width} tab-separated column(s), "
                            "a fragment needs chromosome, start and end; correct the file"
                        )
                    return number, width
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    raise InputError(f"{path}: holds no fragment; remove the sample or give another file")


def _require_end(path: str | Path) -> None:
    """Raise when a file that bgzip wrote is cut off, even between two of its blocks."""
    with open(path, "rb") as handle:
        begin = handle.read(len(BGZF_END))
    # Bytes 4 to 9 hold a time stamp and the like.
    if begin[:4] + begin[10:16] == BGZF_END[:4] + BGZF_END[10:16] and not has_bgzf_end(path):
        raise ValueError("the BGZF end marker is missing, the file is cut off")


def _damaged(path: str | Path, error: BaseException) -> InputError:
    detail = " ".join(str(error).split()) or type(error).__name__
    return InputError(f"{path}: reading failed ({detail}); mend the file or copy it again")


def _tables(
    path: str | Path, skipped: int, names: list[str], wanted: list[str]
) -> Iterator[pa.RecordBatch]:
    text = pa.dictionary(pa.int32(), pa.string())
    types = {name: pa.int64() if name[:3] in ("sta", "end") else text for name in wanted}
    packed = str(path).lower().endswith((".gz", ".bgz"))
    try:
        with igzip.open(path, "rb") if packed else open(path, "rb") as handle:
            yield from pa.csv.open_csv(
                pa.PythonFile(handle, mode="r"),
                pa.csv.ReadOptions(column_names=names, skip_rows=skipped, block_size=_BLOCK),
                pa.csv.ParseOptions(delimiter="\t", quote_char=False),
                pa.csv.ConvertOptions(column_types=types, include_columns=wanted),
            )
    except _DAMAGE as error:
        raise _damaged(path, error) from error


def _raw_of(
    path: str | Path,
    table: pa.RecordBatch,
    bedpe: bool,
    rules: TextRules,
    counts: npt.NDArray[np.int64],
    line: int,
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Return the lines of a block as raw fragments, and which of them are taken."""
    column = {name: table.column(name) for name in table.schema.names}
    empty = [name for name in column if column[name].null_count]
    if empty:
        raise InputError(
            f"{path}: a value of column {empty[0]!r} is missing; correct or remove its line"
        )
    start, end = column["start"].to_numpy(), column["end"].to_numpy()
    broken = np.zeros(start.size, dtype=bool)
    if bedpe:
        broken, start, end = _span(column)
    wrong = np.flatnonzero(~broken & ((start < 0) | (end <= start) | (end >= 1 << 31)))
    if wrong.size:
        raise InputError(
            f"{path}, line {line + int(wrong[0]) + 1}: start {start[wrong[0]]} and end "
            f"{end[wrong[0]]} make no fragment (0 <= start < end); correct or remove the line"
        )
    try:
        chrom = _coded(column["chrom"], ~broken, rules.code_of)
    except ValueError as error:
        raise InputError(
            f"{path}: has fragments on a chromosome that the genome lacks ({error}); give the "
            "genome it was aligned to, or name it in genome/exclude or genome/aliases"
        ) from error
    failures = {}
    if rules.barcodes is not None:
        known = pc.is_in(column["barcode"].cast(pa.string()), pa.array(sorted(rules.barcodes)))
        failures["other_barcode"] = ~known.to_numpy(zero_copy_only=False)
    failures |= {"improper_pair": broken, "excluded_chromosome": chrom < 0}
    alive = np.ones(start.size, dtype=bool)
    for heading, failed in failures.items():
        counts[COUNTED.index(heading)] += int((alive & failed).sum())
        alive &= ~failed
    counts[COUNTED.index("reads")] += start.size
    raw = np.zeros(start.size, dtype=RAW)
    raw["chrom"], raw["start"], raw["end"] = chrom, start, end
    return raw, alive


def _span(
    column: dict[str, pa.Array],
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return which BEDPE lines are no pair on one chromosome, and the spans of the others."""
    start, end, start2, end2 = (
        column[name].to_numpy() for name in ("start", "end", "start2", "end2")
    )
    same = pc.equal(column["chrom"].cast(pa.string()), column["chrom2"].cast(pa.string()))
    # bedtools writes chromosome "." and -1, -1 for a mate that is not mapped.
    unmapped = ((start == -1) & (end == -1)) | ((start2 == -1) & (end2 == -1))
    broken = ~same.to_numpy(zero_copy_only=False) | unmapped
    if "strand2" in column:
        strands = [column[name].cast(pa.string()) for name in ("strand", "strand2")]
        alike = pc.and_(pc.equal(*strands), pc.not_equal(strands[0], "."))
        broken |= alike.to_numpy(zero_copy_only=False)
    return broken, np.minimum(start, start2), np.maximum(end, end2)


def _coded(
    column: pa.DictionaryArray, taken: npt.NDArray[np.bool_], code_of: Callable[[str], int]
) -> npt.NDArray[np.int64]:
    """Return the genome's indices of the lines taken, 0 for the others, whose name may be "."."""
    names, indices = column.dictionary.to_pylist(), column.indices.to_numpy()
    codes = np.zeros(len(names), dtype=np.int64)
    for index in np.unique(indices[taken]):
        codes[index] = code_of(names[index])
    return np.where(taken, codes[indices], 0)


def read_barcodes(path: str | Path, cell_type: str) -> set[str]:
    """Read the barcodes of one cell type from a table of barcode and cell type.

    Parameters
    ----------
    path
        Two tab-separated columns, plain or gzipped, with or without the header line
        `barcode<TAB>cell_type`; lines that begin with `#` are passed over.
    cell_type
        The cell type to take.

    Raises
    ------
    InputError
        When a line has not two columns, a barcode has two cell types, or the cell type has none.
    """
    types: dict[str, str] = {}
    faults: list[str] = []
    try:
        with open_text(path) as handle:
            lines = [line.rstrip("\r\n") for line in handle]
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    for number, line in enumerate(lines, 1):
        fields = line.split("\t")
        if not line.strip() or line.startswith(_COMMENT) or fields[0].lower() == "barcode":
            continue
        if len(fields) != 2 or not all(fields):
            faults.append(f"{path}, line {number}: must be 'barcode<TAB>cell type'; mend the line")
        elif types.setdefault(fields[0], fields[1]) != fields[1]:
            faults.append(
                f"{path}, line {number}: barcode {fields[0]!r} has two cell types; keep one"
            )
    if faults:
        raise InputError(faults[:5])
    chosen = {barcode for barcode, name in types.items() if name == cell_type}
    if not chosen:
        known = ", ".join(sorted(set(types.values()))[:8]) or "none"
        raise InputError(
            f"{path}: holds no barcode of cell type {cell_type!r} (it holds {known}); "
            "correct the sample's cell_type or the table"
        )
    return chosen
