"""Candidates: the bases that windows are centred on, before labels and splits are looked at."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.errors import InputError
from chrompute.intervals import anchor_base

#: Columns of candidates: the centre base, the bp of the interval behind it, and what ranks it.
COLUMNS = ("chrom", "centre", "length", "strand", "score")


@dataclass(frozen=True)
class CandidateRules:
    """Where windows are centred: the options of `windows/*/candidates` (config/README.md).

    Attributes
    ----------
    source
        "segments", "peaks", "summits", "sites", "bed" or "tiles".
    task, sites, path
        The task, site set or file that the source is.
    width, stride
        Of tiles, bp.
    min_length
        Shortest interval that gives a candidate, bp.
    anchor
        Base of an interval that is the candidate (`chrompute.intervals.anchor_base`).
    join
        Whether touching segments of one class are joined first.
    min_distance
        Least distance between two candidates, bp.
    """

    source: str
    task: str | None = None
    sites: str | None = None
    path: str | None = None
    width: int = 200
    stride: int | None = None
    min_length: int = 1
    anchor: str = "centre"
    join: bool = False
    min_distance: int = 0

    @classmethod
    def from_config(cls, entry: Mapping[str, Any]) -> "CandidateRules":
        """Read the block `candidates` of a window set."""
        return cls(entry["from"], **{key: value for key, value in entry.items() if key != "from"})


_SEGMENTS, _INTERVALS = ("segments",), ("segments", "peaks", "bed")
#: Options that belong to some sources only, and their defaults.
_OWN_OPTIONS: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "task": (None, _SEGMENTS),
    "sites": (None, ("sites",)),
    "path": (None, ("bed",)),
    "width": (200, ("tiles",)),
    "stride": (None, ("tiles",)),
    "min_length": (1, _INTERVALS),
    "anchor": ("centre", _INTERVALS),
    "join": (False, _SEGMENTS),
}


def options_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a block `candidates` says that means something to its source."""
    return {
        option: value
        for option, value in entry.items()
        if option not in _OWN_OPTIONS or entry["from"] in _OWN_OPTIONS[option][1]
    }


def candidate_faults(entry: Mapping[str, Any]) -> list[str]:
    """List what is wrong with one block `candidates`, one sentence each."""
    source = entry["from"]
    faults = [
        f"candidates: {option!r} is for {' and '.join(sources)}, and these are from {source}; "
        "remove it"
        for option, (default, sources) in _OWN_OPTIONS.items()
        if entry.get(option, default) != default and source not in sources
    ]
    needed = {"sites": "sites", "bed": "path"}.get(source)
    if needed and entry.get(needed) is None:
        faults.append(f"candidates: from {source} needs {needed!r}; add it")
    return faults


def from_intervals(
    intervals: pd.DataFrame, rules: CandidateRules
) -> tuple[pd.DataFrame, Counter[str]]:
    """Take one base of each interval that is long enough.

    Parameters
    ----------
    intervals
        Columns `chrom`, `start`, `end`, `score`, `strand`; of segments that are joined also
        `code`, their class.

    Returns
    -------
    candidates
        Columns `COLUMNS`.
    dropped
        {reason: intervals that give none}.
    """
    number = len(intervals)
    if rules.join:
        intervals = _joined(intervals)
    length = (intervals["end"] - intervals["start"]).to_numpy(np.int64)
    table = pd.DataFrame(
        {
            "chrom": intervals["chrom"].array,
            "centre": anchor_base(intervals, rules.anchor),
            "length": length,
            "strand": intervals["strand"].astype(str).array,
            "score": intervals["score"].to_numpy(np.float64),
        }
    )
    long = length >= rules.min_length
    dropped = Counter(joined=number - len(intervals), short=int((~long).sum()))
    return table[long].reset_index(drop=True), dropped


def _joined(segments: pd.DataFrame) -> pd.DataFrame:
    """Join touching segments of one class; excluded states stay as they are."""
    known = segments[segments["code"] >= 0][["chrom", "start", "end", "code"]]
    if known.empty:
        return segments
    import bioframe  # brings matplotlib: half a second that a start need not wait

    merged = bioframe.merge(known.astype({"chrom": str}), min_dist=0, on=["code"])
    merged = merged.assign(
        chrom=pd.Categorical(merged["chrom"], segments["chrom"].cat.categories),
        score=np.nan,
        strand=".",
    )
    return pd.concat([merged, segments[segments["code"] < 0]], ignore_index=True)


def from_summits(peaks: pd.DataFrame, path: str) -> pd.DataFrame:
    """Take the summit of each peak of a narrowPeak file.

    Parameters
    ----------
    peaks
        As in `from_intervals`, with the text column "10": bp from the start to the summit.
    path
        The file, for messages.

    Raises
    ------
    InputError
        When a line has no summit.
    """
    offset = pd.to_numeric(peaks["10"], errors="coerce")
    wrong = ~(offset % 1 == 0) | (offset < 0) | (offset >= peaks["end"] - peaks["start"])
    if wrong.any():
        raise InputError(
            f"{path}, line {int(peaks.loc[wrong, 'line'].iloc[0])}: has no summit inside the peak "
            "(column 10 of a narrowPeak file); take candidates from peaks, or give such a file"
        )
    return pd.DataFrame(
        {
            "chrom": peaks["chrom"].array,
            "centre": peaks["start"].to_numpy(np.int64) + offset.to_numpy(np.int64),
            "length": (peaks["end"] - peaks["start"]).to_numpy(np.int64),
            "strand": peaks["strand"].astype(str).array,
            "score": peaks["score"].to_numpy(np.float64),
        }
    )


def from_sites(sites: pd.DataFrame, chromosomes: Iterable[str]) -> pd.DataFrame:
    """Take single bases: columns `chrom`, `position` and `strand`."""
    return pd.DataFrame(
        {
            "chrom": pd.Categorical(sites["chrom"], list(chromosomes)),
            "centre": sites["position"].to_numpy(np.int64),
            "length": 1,
            "strand": sites["strand"].astype(str).array,
            "score": np.nan,
        }
    )


def tiles(sizes: Mapping[str, int], rules: CandidateRules) -> pd.DataFrame:
    """Cut whole tiles from the start of each chromosome; their centres are the candidates.

    Parameters
    ----------
    sizes
        {chromosome: bp}.
    """
    stride = rules.stride or rules.width
    starts = {c: np.arange(0, size - rules.width + 1, stride) for c, size in sizes.items()}
    names = np.repeat(np.arange(len(sizes)), [len(own) for own in starts.values()])
    start = np.concatenate([*starts.values(), np.zeros(0)]).astype(np.int64)
    return pd.DataFrame(
        {
            "chrom": pd.Categorical.from_codes(names, list(sizes)),
            "centre": start + (rules.width - 1) // 2,
            "length": rules.width,
            "strand": ".",
            "score": np.nan,
        }
    )


def without_neighbours(
    candidates: pd.DataFrame, min_distance: int
) -> tuple[pd.DataFrame, Counter[str]]:
    """Keep the best of candidates that share a centre, or lie too near each other.

    Of equal centres the higher score, then the longer interval, then the strand "+" is better; of
    near ones the higher score, then the left one. The order of the rows does not matter.

    Parameters
    ----------
    candidates
        Columns `COLUMNS`.
    min_distance
        Least distance between the centres of two that are kept, bp.

    Returns
    -------
    candidates
        The kept ones, by chromosome and centre.
    dropped
        {"duplicate" and "too_near": how many were not}.
    """
    rank = candidates["strand"].map({"+": 0, "-": 1, ".": 2}).to_numpy()
    score = candidates["score"].fillna(-np.inf).to_numpy()
    chrom, centre = candidates["chrom"].cat.codes.to_numpy(), candidates["centre"].to_numpy()
    order = np.lexsort((rank, -candidates["length"].to_numpy(), -score, centre, chrom))
    table = candidates.iloc[order]
    first = ~table.duplicated(["chrom", "centre"]).to_numpy()
    table = table[first].reset_index(drop=True)
    kept = _far_apart(table, min_distance) if min_distance > 1 else np.ones(len(table), bool)
    dropped = Counter(duplicate=int((~first).sum()), too_near=int((~kept).sum()))
    return table[kept].reset_index(drop=True), dropped


def _far_apart(candidates: pd.DataFrame, min_distance: int) -> npt.NDArray[np.bool_]:
    """Choose greedily, the best first; each one taken forbids those around it.

    Two that are taken lie so far apart that a candidate is forbidden at most twice: the work grows
    with the number of candidates alone.
    """
    chrom = candidates["chrom"].cat.codes.to_numpy(np.int64)
    # One line for all chromosomes, too far apart to meet.
    span = int(candidates["centre"].max()) if len(candidates) else 0
    place = chrom * (span + min_distance + 1) + candidates["centre"].to_numpy(np.int64)
    low = np.searchsorted(place, place - min_distance, side="right")
    high = np.searchsorted(place, place + min_distance, side="left")
    taken, forbidden = np.zeros(len(place), bool), np.zeros(len(place), bool)
    score = candidates["score"].fillna(-np.inf).to_numpy()
    for row in np.lexsort((place, -score)):
        if not forbidden[row]:
            taken[row] = True
            forbidden[low[row] : high[row]] = True
    return taken
