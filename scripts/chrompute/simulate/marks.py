"""Six marks on loci of known state: domains, the peaks of a replicate, and ChIP reads."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.errors import InputError
from chrompute.simulate.design import STATES
from chrompute.whole_files import write_frame


@dataclass(frozen=True)
class Mark:
    """How a mark looks.

    Attributes
    ----------
    width
        Typical bp of a domain; None is the whole locus.
    downstream
        bp from the locus's centre to the domain's, in the direction of the locus's strand.
    emission
        Chance that a locus has the mark, one number a state of `STATES`.
    """

    width: int | None
    downstream: int
    emission: tuple[float, ...]


#: After the states of Ernst et al. 2011 (Nature 473:43, figure 1), who give the frequencies of
#: marks in bins of 200 bp, and Ernst & Kellis 2012 (Nature Methods 9:215). Two of their strong and
#: of their weak enhancers are one here; both broad marks and the two marks of poised promoters are
#: more frequent than there, because a locus is asked as a whole.
MARKS: Mapping[str, Mark] = {
    "H3K4me3": Mark(1000, 150, (0.01, 0.98, 0.80, 0.25, 0.04, 0.01, 0.01, 0.005)),
    "H3K27ac": Mark(900, 100, (0.01, 0.95, 0.03, 0.90, 0.06, 0.02, 0.01, 0.005)),
    "H3K4me1": Mark(1600, 0, (0.06, 0.17, 0.48, 0.92, 0.70, 0.05, 0.01, 0.01)),
    "H3K36me3": Mark(None, 0, (0.02, 0.03, 0.01, 0.10, 0.03, 0.85, 0.01, 0.01)),
    "H3K27me3": Mark(None, 0, (0.02, 0.02, 0.85, 0.01, 0.02, 0.01, 0.80, 0.02)),
    "CTCF": Mark(200, 0, (0.92, 0.15, 0.12, 0.08, 0.05, 0.02, 0.01, 0.005)),
}

#: Spread (standard deviation of the logarithm) of domains' widths, and of their strengths.
_WIDTH_SPREAD = 0.2
_STRENGTH_SPREAD = 0.4
#: Fold enrichment of peaks, median and spread of its logarithm, of true and of false ones.
_TRUE_SIGNAL = (9.0, 0.25)
_FALSE_SIGNAL = (3.0, 0.25)
_NARROWEST_PEAK = 50
#: Fragments of a ChIP: mean and standard deviation, shortest and longest, bp.
_FRAGMENT = (200.0, 30.0)
_FRAGMENT_LIMITS = (100, 400)


@dataclass(frozen=True)
class PeakRules:
    """How well peaks are called (configuration `simulation/peaks`).

    Attributes
    ----------
    sensitivity
        Chance that a domain has a peak in a replicate.
    false_rate
        Chance that a locus without the mark has one.
    jitter
        Standard deviation of a peak's ends around the domain's, as a fraction of its width.
    """

    sensitivity: float = 0.95
    false_rate: float = 0.01
    jitter: float = 0.05

    def __post_init__(self) -> None:
        faults = [
            f"simulation/peaks/{field.name} is {getattr(self, field.name)}; give a fraction from "
            "0 to 1"
            for field in fields(self)
            if not 0 <= getattr(self, field.name) <= 1
        ]
        if faults:
            raise InputError(faults)


def draw_marks(loci: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Draw which loci of a cell type have which marks.

    Parameters
    ----------
    loci
        Columns chrom, start, end, centre (bp), strand (`+`, `-` or `.`), state; none overlap.
    rng
        Decides.

    Returns
    -------
    DataFrame
        The domains, mark by mark: mark, chrom, start, end, locus (row of `loci`, from 0) and
        strength (1 on average). A domain lies within its locus.

    Raises
    ------
    InputError
        When a state is none of `STATES`.
    """
    unknown = sorted(set(loci["state"]) - set(STATES))
    if unknown:
        raise InputError(
            f"the simulation has no emission probabilities for state {', '.join(unknown)}; "
            f"take {', '.join(STATES)}"
        )
    states = pd.Categorical(loci["state"], categories=STATES).codes
    tables = []
    for name, mark in MARKS.items():
        has = np.flatnonzero(rng.random(len(loci)) < np.array(mark.emission)[states])
        start, end = _extent(loci.iloc[has], mark, rng)
        spread = rng.normal(-(_STRENGTH_SPREAD**2) / 2, _STRENGTH_SPREAD, has.size)
        columns = {"mark": name, "chrom": loci["chrom"].to_numpy()[has], "start": start}
        columns |= {"end": end, "locus": has, "strength": np.exp(spread)}
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def draw_peaks(
    domains: pd.DataFrame,
    loci: pd.DataFrame,
    mark: str,
    sizes: Mapping[str, int],
    rules: PeakRules,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Draw the peaks that one replicate has for one mark.

    Parameters
    ----------
    domains, loci
        As from and for `draw_marks`.
    mark
        Name of the mark.
    sizes
        {chromosome: bp}; peaks are sorted in this order.
    rules
        Errors of the caller.
    rng
        Decides.

    Returns
    -------
    DataFrame
        Columns of narrowPeak (BED6+4), sorted: chrom, start, end, name, score, strand, signal
        (fold enrichment), p, q (-log10), summit (bp from start). False peaks are weaker.
    """
    real = domains[domains["mark"] == mark]
    without = np.setdiff1d(np.arange(len(loci)), real["locus"])
    wrong = without[rng.random(without.size) < rules.false_rate]
    real = real[rng.random(len(real)) < rules.sensitivity]
    lone = loci.iloc[wrong]
    start, end = _extent(lone, MARKS[mark], rng)
    false = pd.DataFrame({"chrom": lone["chrom"].to_numpy(), "start": start, "end": end})
    middle = np.repeat([_TRUE_SIGNAL[0], _FALSE_SIGNAL[0]], [len(real), len(false)])
    spread = np.repeat([_TRUE_SIGNAL[1], _FALSE_SIGNAL[1]], [len(real), len(false)])
    strength = np.concatenate([real["strength"], np.ones(len(false))])
    signal = middle * strength * np.exp(rng.normal(0, spread))
    peaks = pd.concat([real[["chrom", "start", "end"]], false], ignore_index=True)
    peaks = _jittered(peaks, sizes, rules.jitter, rng)
    return _as_narrow_peaks(peaks.assign(signal=signal), mark, sizes, rng)


def write_peaks(peaks: pd.DataFrame, path: str | Path) -> None:
    """Write the table of `draw_peaks` as narrowPeak."""
    write_frame(peaks, path, header=False, float_format="%.4f")


def draw_chip_reads(
    domains: pd.DataFrame,
    sizes: Mapping[str, int],
    reads: int,
    enrichment: float | None,
    rng: np.random.Generator,
) -> dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]]:
    """Draw the single-end reads of a ChIP, or of its input.

    A read is one end of a fragment of about 200 bp: its first base on the forward strand, its
    last one on the reverse strand.

    Parameters
    ----------
    domains
        The domains of one mark.
    sizes
        {chromosome: bp}.
    reads
        Number of reads.
    enrichment
        How many times more fragment centres lie in a base of a domain of strength 1 than outside;
        None draws an input, which is as dense everywhere.
    rng
        Decides.

    Returns
    -------
    dict
        {chromosome: (5' ends, sorted, whether each read lies on the reverse strand)}, as for
        `chrompute.simulate.reads.write_single`.

    Raises
    ------
    InputError
        When the enrichment is below 1 or a chromosome is shorter than a fragment.
    """
    fold = 1.0 if enrichment is None else enrichment
    if fold < 1:
        raise InputError(f"a ChIP's enrichment is {fold}; give a number from 1 up")
    short = [name for name, size in sizes.items() if size < _FRAGMENT_LIMITS[1]]
    if short:
        raise InputError(
            f"chromosome {', '.join(short)} is shorter than {_FRAGMENT_LIMITS[1]} bp, which a "
            "fragment can have; make it longer"
        )
    offsets = dict(zip(sizes, np.cumsum([0, *sizes.values()]).tolist(), strict=False))
    # The genome is one piece of weight 1 a base, on which the domains add theirs.
    start = domains["chrom"].map(offsets).to_numpy(dtype=np.int64) + domains["start"].to_numpy()
    begins = np.concatenate([[0], start])
    lengths = np.concatenate([[sum(sizes.values())], domains["end"] - domains["start"]])
    extra = lengths * np.concatenate([[1.0], domains["strength"] * fold - 1])
    weights = np.maximum(extra, 0) if enrichment is not None else np.eye(1, lengths.size)[0]
    chosen = rng.choice(lengths.size, reads, p=weights / weights.sum())
    centre = begins[chosen] + (rng.random(reads) * lengths[chosen]).astype(np.int64)
    return _ends_of_fragments(centre, sizes, rng)


def _ends_of_fragments(
    centre: npt.NDArray[np.int64], sizes: Mapping[str, int], rng: np.random.Generator
) -> dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]]:
    """Draw fragments around places of the joined genome and one end of each."""
    edges = np.cumsum([0, *sizes.values()])
    chrom = np.searchsorted(edges, centre, side="right") - 1
    drawn = np.rint(rng.normal(*_FRAGMENT, centre.size)).astype(np.int64)
    length = np.clip(drawn, *_FRAGMENT_LIMITS)
    room = np.diff(edges)[chrom] - length
    start = np.clip(centre - edges[chrom] - length // 2, 0, room)
    reverse = rng.random(centre.size) < 0.5
    five = np.where(reverse, start + length - 1, start)
    found = {}
    for code, name in enumerate(sizes):
        mine = np.flatnonzero(chrom == code)
        mine = mine[np.argsort(five[mine], kind="stable")]
        found[name] = (five[mine], reverse[mine])
    return found


def _extent(
    loci: pd.DataFrame, mark: Mark, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return where a mark's domains begin and end, one a locus."""
    low, high = (loci[name].to_numpy(dtype=np.int64) for name in ("start", "end"))
    if mark.width is None:
        return low, high
    width = mark.width * np.exp(rng.normal(0, _WIDTH_SPREAD, low.size))
    side = loci["strand"].map({"+": 1, "-": -1, ".": 0}).to_numpy(dtype=np.int64)
    middle = loci["centre"].to_numpy(dtype=np.int64) + side * mark.downstream
    half = np.rint(width / 2).astype(np.int64)
    return np.clip(middle - half, low, high - 1), np.clip(middle + half, low + 1, high)


def _jittered(
    peaks: pd.DataFrame, sizes: Mapping[str, int], jitter: float, rng: np.random.Generator
) -> pd.DataFrame:
    start, end = (peaks[name].to_numpy(dtype=np.int64) for name in ("start", "end"))
    size = peaks["chrom"].map(dict(sizes)).to_numpy(dtype=np.int64)
    moved = np.rint(rng.normal(0, 1, (2, start.size)) * jitter * (end - start)).astype(np.int64)
    start = np.clip(start + moved[0], 0, size - _NARROWEST_PEAK)
    end = np.clip(end + moved[1], start + _NARROWEST_PEAK, size)
    return peaks.assign(start=start, end=end)


def _as_narrow_peaks(
    peaks: pd.DataFrame, mark: str, sizes: Mapping[str, int], rng: np.random.Generator
) -> pd.DataFrame:
    """Add what narrowPeak holds beside places and signal, as MACS writes it, and sort."""
    codes = peaks["chrom"].map({name: code for code, name in enumerate(sizes)}).to_numpy()
    peaks = peaks.iloc[np.lexsort((peaks["end"], peaks["start"], codes))].reset_index(drop=True)
    width = (peaks["end"] - peaks["start"]).to_numpy()
    signal = peaks["signal"].to_numpy()
    p = signal * rng.uniform(1.8, 2.6, len(peaks))
    q = np.maximum(p - rng.uniform(1.5, 2.5, len(peaks)), 0)
    summit = np.rint(width * np.clip(rng.normal(0.5, 0.12, len(peaks)), 0.05, 0.95))
    return pd.DataFrame(
        {
            "chrom": peaks["chrom"],
            "start": peaks["start"],
            "end": peaks["end"],
            "name": [f"{mark}_{number}" for number in range(1, len(peaks) + 1)],
            "score": np.minimum(10 * q, 1000).astype(np.int64),
            "strand": ".",
            "signal": signal,
            "p": p,
            "q": q,
            "summit": summit.astype(np.int64),
        }
    )
