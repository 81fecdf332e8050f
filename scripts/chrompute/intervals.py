"""BED files and sets of intervals. Everything is 0-based half-open."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from chrompute.bounded import open_text
from chrompute.errors import InputError

_HEADER = re.compile(r"#|track\b(?!\t)|browser\b(?!\t)|\s*$")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
#: Numbers in base 16 and blanks beside a number, which Arrow takes and `_WHOLE` does not.
_LAX = ("\t0x", "\t0X", "\t ", " \t", " \n")
#: Columns of a BED file that are always read, by their place from 1.
_COLUMNS = {1: "chrom", 2: "start", 3: "end", 4: "name", 5: "score", 6: "strand"}
_PLACE = ["chrom", "start", "end"]


def column_name(place: int) -> str:
    """Return how `scan_bed` calls a column of text, by its place from 1."""
    return "name" if place == 4 else str(place)


def scan_bed(
    path: str | Path,
    sizes: Mapping[str, int],
    aliases: Mapping[str, str] | None = None,
    extra: Sequence[int] = (),
) -> tuple[pd.DataFrame, list[str]]:
    """Read a BED file and say what is wrong with its lines.

    Parameters
    ----------
    path
        Plain or gzipped BED; comment, track, browser and empty lines are passed over.
    sizes
        Chromosome lengths in bp; an interval outside them is a fault.
    aliases
        Other names of chromosomes, {name in file: name in the genome}.
    extra
        Further columns to read, by their place from 1.

    Returns
    -------
    intervals
        The lines without a fault, in the file's order: `line` (from 1), `chrom` (category, in the
        order of `sizes`), `start`, `end` (int64), `name` (category), `score` (float64, NaN where
        it is no number), `strand` ("+", "-" or "."), and each of `extra` as text, called by
        `column_name`. What a line lacks is "".
    faults
        One sentence for each faulty line.
    """
    wanted = _COLUMNS | {place: column_name(place) for place in extra if place not in _COLUMNS}
    table = _parse_whole(path, wanted)
    faults: dict[int, str] = {}
    if table is None:
        table, faults = _parse_lines(path, wanted)
    table = _typed(table, wanted, extra)
    names = table["chrom"].cat.categories
    known = {name: (aliases or {}).get(name, name) for name in names}
    length = table["chrom"].map({name: sizes.get(own, 0) for name, own in known.items()})
    start, end = table["start"], table["end"]
    wrong = ((start < 0) | (start >= end) | (end > length.astype("int64"))).to_numpy()
    for row in table.loc[wrong, ["line", *_PLACE]].itertuples(index=False):
        faults[row.line] = _fault_of(known[row.chrom], row.start, row.end, sizes)
    right = table[~wrong].reset_index(drop=True)
    own = pd.Categorical(right["chrom"].astype(str).map(known), categories=list(sizes))
    remedy = "correct or remove the line"
    sentences = [f"{path}, line {n}: {text}; {remedy}" for n, text in sorted(faults.items())]
    return right.assign(chrom=own), sentences


def read_bed(
    path: str | Path,
    sizes: Mapping[str, int],
    aliases: Mapping[str, str] | None = None,
    extra: Sequence[int] = (),
) -> pd.DataFrame:
    """Read a BED file whole; arguments and columns are those of `scan_bed`.

    Raises
    ------
    InputError
        With every faulty line of the file (the first 5 of them are shown).
    """
    table, faults = scan_bed(path, sizes, aliases, extra)
    if faults:
        raise InputError(shorten(faults, str(path)))
    return table


def anchor_base(intervals: pd.DataFrame, anchor: str) -> npt.NDArray[np.int64]:
    """Return one base of each interval, 0-based.

    Parameters
    ----------
    intervals
        Columns `start` and `end`; `strand` for "tss".
    anchor
        "centre" is (start + end - 1) // 2, as for fragments; "start" and "end" are the first and
        the last base; "tss" is the first base in the direction of the strand.
    """
    start, last = intervals["start"].to_numpy(np.int64), intervals["end"].to_numpy(np.int64) - 1
    if anchor == "centre":
        return (start + last) // 2
    if anchor == "tss":
        return np.where((intervals["strand"] == "-").to_numpy(), last, start)
    return {"start": start, "end": last}[anchor]


def overlap_pairs(
    one: pd.DataFrame, two: pd.DataFrame
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the row numbers of all pairs of intervals that share at least one base.

    Parameters
    ----------
    one, two
        Columns `chrom`, `start`, `end`.
    """
    if one.empty or two.empty:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    import bioframe  # brings matplotlib: half a second that most jobs need not wait

    first, second = (
        table[_PLACE].astype({"chrom": "category"}).reset_index(drop=True) for table in (one, two)
    )
    pairs = bioframe.overlap(first, second, how="inner", return_input=False, return_index=True)
    return pairs["index"].to_numpy(np.int64), pairs["index_"].to_numpy(np.int64)


def shorten(faults: list[str], path: str, most: int = 5) -> list[str]:
    """Keep the first `most` faults of one file and say how many more there are."""
    if len(faults) <= most:
        return faults
    return [*faults[:most], f"{path}: and {len(faults) - most:,} more faulty lines like these"]


def _parse_whole(path: str | Path, wanted: Mapping[int, str]) -> pd.DataFrame | None:
    """Read a regular file at once; None for one that must be read line by line.

    Regular is a file with header lines at its top alone, and as many columns in each line.
    """
    with open_text(path) as handle:
        text = handle.read()
    skipped = at = 0
    while at < len(text) and _HEADER.match(text, at, _line_end(text, at)):
        skipped, at = skipped + 1, _line_end(text, at) + 1
    number = text.count("\t", at, _line_end(text, at)) + 1
    if number < 3 or text.endswith(" ") or any(mark in text for mark in _LAX):
        return None
    there = [wanted.get(place, f"unread {place}") for place in range(1, number + 1)]
    types = dict.fromkeys(there, pa.string()) | dict.fromkeys(("start", "end"), pa.int64())
    types |= dict.fromkeys(("chrom", "name", "strand"), pa.dictionary(pa.int32(), pa.string()))
    used = [name for name in wanted.values() if name in there]
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(text[at:].encode()),
            pa.csv.ReadOptions(column_names=there, use_threads=False),
            pa.csv.ParseOptions(delimiter="\t", quote_char=False, ignore_empty_lines=False),
            pa.csv.ConvertOptions(column_types=types, include_columns=used, null_values=[]),
        )
    except pa.ArrowInvalid:
        return None
    frame = table.to_pandas()
    if any(_HEADER.match(name) for name in frame["chrom"].cat.categories):
        return None
    return frame.assign(line=np.arange(len(frame)) + skipped + 1)


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _parse_lines(
    path: str | Path, wanted: Mapping[int, str]
) -> tuple[pd.DataFrame, dict[int, str]]:
    """Read a file line by line, with {line number: what is wrong with it}."""
    rows: list[dict[str, object]] = []
    faults: dict[int, str] = {}
    with open_text(path) as handle:
        for number, line in enumerate(handle, 1):
            if _HEADER.match(line):
                continue
            fields = line.rstrip("\n").split("\t")
            if len(fields) < 3:
                faults[number] = f"has {len(fields)} tab-separated column(s), BED needs at least 3"
            elif not (_WHOLE.fullmatch(fields[1]) and _WHOLE.fullmatch(fields[2])):
                faults[number] = f"start {fields[1]!r} and end {fields[2]!r} must be whole numbers"
            else:
                row = {wanted[i]: text for i, text in enumerate(fields, 1) if i in wanted}
                rows.append({**row, "line": number, "start": int(fields[1]), "end": int(fields[2])})
    return pd.DataFrame(rows, columns=["line", *wanted.values()]), faults


def _typed(frame: pd.DataFrame, wanted: Mapping[int, str], extra: Iterable[int]) -> pd.DataFrame:
    """Add the columns that a file lacks, and bring all to their types; `extra` stay texts."""
    absent = [name for name in wanted.values() if name not in frame]
    frame = frame.assign(**dict.fromkeys(absent, ""))
    free = [name for name in wanted.values() if name not in _PLACE]
    missing = [name for name in free if frame[name].isna().any()]
    frame = frame.assign(**{name: frame[name].astype(object).fillna("") for name in missing})
    texts = {column_name(place): frame[wanted[place]] for place in extra if place != 4}
    strand = frame["strand"].astype("category")
    other = {name: "." for name in strand.cat.categories if name not in ("+", "-")}
    return frame[["line", *wanted.values()]].assign(
        line=frame["line"].astype("int64"),
        chrom=frame["chrom"].astype("category"),
        start=frame["start"].astype("int64"),
        end=frame["end"].astype("int64"),
        name=frame["name"].astype("category"),
        score=pd.to_numeric(frame["score"], errors="coerce").astype("float64"),
        strand=strand.map(lambda name: other.get(name, name)).astype("category"),
        **texts,
    )


def _fault_of(chrom: str, start: int, end: int, sizes: Mapping[str, int]) -> str:
    if chrom not in sizes:
        known = ", ".join(list(sizes)[:5])
        return f"chromosome {chrom!r} is not in the genome ({known}, ...)"
    if start == end:
        return (
            f"start and end are both {start}, which is no base in a BED; positions seem to count "
            "from 1"
        )
    if not 0 <= start < end:
        return f"start {start} and end {end} make no interval (0 <= start < end)"
    return (
        f"end {end:,} lies beyond the end of {chrom} ({sizes[chrom]:,} bp), as in a file of "
        "another assembly"
    )


def _merged(places: pd.DataFrame) -> pd.DataFrame:
    import bioframe  # as in `overlap_pairs`

    merged: pd.DataFrame = bioframe.merge(places, min_dist=0)
    return merged


class IntervalSet:
    """Merged intervals by chromosome that answer "is this base inside?".

    Parameters
    ----------
    intervals
        Columns `chrom`, `start`, `end`; overlapping and touching ones are merged.
    """

    def __init__(self, intervals: pd.DataFrame) -> None:
        places = intervals[_PLACE].astype({"chrom": str, "start": "int64", "end": "int64"})
        merged = _merged(places) if len(places) else places
        self._edges = {
            str(chrom): own[["start", "end"]].to_numpy(np.int64).reshape(-1)
            for chrom, own in merged.groupby("chrom", observed=True)
        }

    @classmethod
    def of(cls, *intervals: tuple[str, int, int]) -> "IntervalSet":
        """Make a set of (chromosome, start, end)."""
        return cls(pd.DataFrame(intervals, columns=_PLACE))

    def __contains__(self, chrom: str) -> bool:
        """Tell whether the set holds anything of a chromosome."""
        return chrom in self._edges

    def contains(self, chrom: str, positions: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Tell for each base position of `chrom` whether it lies inside an interval."""
        positions = np.asarray(positions)
        return self.overlaps(chrom, positions, positions + 1)

    def overlaps(
        self, chrom: str, starts: npt.ArrayLike, ends: npt.ArrayLike
    ) -> npt.NDArray[np.bool_]:
        """Tell for each interval of `chrom` whether it shares at least one base with the set."""
        starts, ends = np.asarray(starts), np.asarray(ends)
        if chrom not in self._edges:
            return np.zeros(starts.shape, dtype=bool)
        # The flattened edges alternate start, end: an odd rank is inside.
        edges = self._edges[chrom]
        first = np.searchsorted(edges, starts, side="right")
        last = np.searchsorted(edges, ends, side="left")
        return (first % 2 == 1) | (last > first)


def read_blacklist(
    paths: Iterable[str | Path],
    sizes: Mapping[str, int],
    aliases: Mapping[str, str] | None = None,
) -> IntervalSet:
    """Read any number of BED files (none is fine) as one set."""
    tables = [read_bed(path, sizes, aliases)[_PLACE] for path in paths]
    return IntervalSet(pd.concat(tables) if tables else pd.DataFrame(columns=_PLACE))
