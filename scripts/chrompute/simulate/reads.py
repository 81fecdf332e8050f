"""BAMs as an aligner and a duplicate marker leave them, from fragments that are known."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chrompute.errors import InputError
from chrompute.simulate.bam import DUPLICATE, PROPER, Reads, write_bam
from chrompute.simulate.mates import Ends, aligned, choose, join, unmapped

Codes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

#: MAPQ of placed reads, both ends included: what aligners give to unique and to other places.
_GOOD_MAPQ = (42, 60)
_LOW_MAPQ = (0, 29)
#: For so many pairs without a place there is one of which one mate has a place.
_UNMAPPED_OF_HALF = 10
_LONGEST_READ = 1000


@dataclass(frozen=True)
class ReadRules:
    """What sequencing and aligning do to fragments (configuration `simulation/reads`).

    Attributes
    ----------
    read_length
        Cycles of a read; shorter fragments and chromosome ends give shorter reads.
    duplicates
        Fraction of the pairs (or single reads) that have a copy from the PCR.
    unflagged
        Fraction of the copies that are not flagged as such.
    unmapped
        Pairs without a place, as a fraction of the pairs that are given.
    improper
        Pairs whose mates lie far apart or on two chromosomes, as a fraction of those given.
    low_mapq
        Fraction of the pairs with a mapping quality below 30.
    mismatches
        Chance of an aligned base to be another one than in the genome.
    soft_clips
        Fraction of the reads whose last bases are not aligned.
    """

    read_length: int = 36
    duplicates: float = 0.06
    unflagged: float = 0.0
    unmapped: float = 0.015
    improper: float = 0.01
    low_mapq: float = 0.03
    mismatches: float = 0.002
    soft_clips: float = 0.01

    def __post_init__(self) -> None:
        faults = [
            f"simulation/reads/{field.name} is {getattr(self, field.name)}; give a fraction from "
            "0 to 1"
            for field in fields(self)
            if field.name != "read_length" and not 0 <= getattr(self, field.name) <= 1
        ]
        if not 1 <= self.read_length <= _LONGEST_READ:
            faults.append(
                f"simulation/reads/read_length is {self.read_length}; give 1 to {_LONGEST_READ} bp"
            )
        if faults:
            raise InputError(faults)


@dataclass(frozen=True)
class _Fates:
    """Which of the given pairs or reads (`rows`) are written, copies last, and their fates."""

    rows: Numbers
    flagged: Truths
    low_mapq: Truths
    copies: int

    def counts(self) -> dict[str, int]:
        """Count each one once, and copies without a flag once more."""
        return {
            "good": int((~self.flagged & ~self.low_mapq).sum()),
            "low_mapq": int((~self.flagged & self.low_mapq).sum()),
            "flagged": int(self.flagged.sum()),
            "unflagged": self.copies - int(self.flagged.sum()),
        }


def write_paired(
    path: str | Path,
    genome: Mapping[str, Codes],
    fragments: Mapping[str, tuple[Numbers, Numbers]],
    rules: ReadRules,
    rng: np.random.Generator,
) -> dict[str, int]:
    """Write the paired reads of fragments as a sorted BAM with its index.

    Parameters
    ----------
    path
        The BAM, named after its sample; the index is `<path>.bai`.
    genome
        {chromosome: codes of its bases}, as `chrompute.genome.encode` gives them.
    fragments
        {chromosome: (starts, ends)}, bp, half-open: the mates' 5' ends are `start` and `end - 1`.
    rules
        What happens to them.
    rng
        Decides all the rest; an equal state gives equal bytes.

    Returns
    -------
    dict
        Pairs of each sort: `good` (nothing is wrong with them), `low_mapq`, `flagged` (copies),
        `improper`, `half_mapped` (one mate has no place) and `unmapped`, which are all pairs of
        the file; `unflagged`, the copies among the first two; `reads`, the file's records.

    Raises
    ------
    ValueError
        When a fragment does not lie on its chromosome.
    """
    sizes = np.array([codes.size for codes in genome.values()], dtype=np.int64)
    chrom, start, end = _gather(genome, fragments)
    _require((start >= 0) & (end > start) & (end <= sizes[chrom]), "fragments")
    left = Ends(chrom, start, end - start, np.zeros(start.size, dtype=bool))
    right = Ends(chrom, end - 1, end - start, np.ones(start.size, dtype=bool))
    fates = _draw_fates(start.size, rules, rng)
    kinds = {
        "proper": _proper(left, right, fates, rules, rng),
        "improper": _improper(left.to_the_end(sizes), right.to_the_end(sizes), rules, rng),
        "half_mapped": _half_mapped(left, right, rules, rng),
        "unmapped": _unmapped(_extra(start.size, rules), rules),
    }
    pairs = np.cumsum([0, *(mates.shape[1] for mates in kinds.values())])
    for mates, number in zip(kinds.values(), pairs[:-1], strict=True):
        mates["pair"] = np.arange(number, number + mates.shape[1])
    # Mates side by side: those without a place stay so.
    reads = np.concatenate([mates.T.ravel() for mates in kinds.values()])
    write_bam(path, genome, reads, rules.mismatches, rng)
    numbers = {kind: mates.shape[1] for kind, mates in kinds.items() if kind != "proper"}
    return fates.counts() | numbers | {"reads": reads.size}


def write_single(
    path: str | Path,
    genome: Mapping[str, Codes],
    positions: Mapping[str, tuple[Numbers, Truths]],
    rules: ReadRules,
    rng: np.random.Generator,
) -> dict[str, int]:
    """Write single-end reads as a sorted BAM with its index.

    Parameters
    ----------
    path, genome, rules, rng
        As in `write_paired`; `improper` has no meaning here.
    positions
        {chromosome: (5' ends, whether each read lies on the reverse strand)}.

    Returns
    -------
    dict
        Reads of each sort, as in `write_paired`, without the sorts that only pairs have.

    Raises
    ------
    ValueError
        When a 5' end does not lie on its chromosome.
    """
    sizes = np.array([codes.size for codes in genome.values()], dtype=np.int64)
    chrom, five, reverse = _gather(genome, positions)
    _require((five >= 0) & (five < sizes[chrom]), "5' ends")
    ends = Ends(chrom, five, five, reverse.astype(bool)).to_the_end(sizes)
    fates = _draw_fates(five.size, rules, rng)
    placed = aligned(ends[fates.rows], rules.read_length, rules.soft_clips, rng)
    placed["flag"] |= np.where(fates.flagged, DUPLICATE, 0).astype(np.uint16)
    placed["mapq"] = _draw_mapq(fates.low_mapq, rng)
    lost = unmapped(_extra(five.size, rules), rules.read_length)
    reads = np.concatenate([placed, lost])
    reads["pair"] = np.arange(reads.size)
    reads["mate_chrom"] = reads["mate_start"] = -1
    write_bam(path, genome, reads, rules.mismatches, rng)
    return fates.counts() | {"unmapped": lost.size, "reads": reads.size}


def _gather(
    genome: Mapping[str, Codes], given: Mapping[str, tuple[npt.NDArray, npt.NDArray]]
) -> tuple[Numbers, npt.NDArray, npt.NDArray]:
    """Return the chromosome's number, first and second value of each entry."""
    unknown = sorted({*given} - {*genome})
    if unknown:
        raise ValueError(f"the genome has no chromosome {', '.join(unknown)}")
    codes = {name: code for code, name in enumerate(genome)}
    chrom = np.repeat([codes[name] for name in given], [len(pair[0]) for pair in given.values()])
    first, second = (
        np.concatenate([np.zeros(0, dtype=np.int64), *(pair[i] for pair in given.values())])
        for i in (0, 1)
    )
    return chrom.astype(np.int64), first, second


def _require(sound: Truths, what: str) -> None:
    if not sound.all():
        raise ValueError(f"{int((~sound).sum())} {what} do not lie on their chromosomes")


def _extra(number: int, rules: ReadRules) -> int:
    return round(number * rules.unmapped)


def _draw_fates(number: int, rules: ReadRules, rng: np.random.Generator) -> _Fates:
    copied = np.flatnonzero(rng.random(number) < rules.duplicates)
    rows = np.concatenate([np.arange(number), copied])
    flagged = np.zeros(rows.size, dtype=bool)
    flagged[number:] = rng.random(copied.size) >= rules.unflagged
    low = rng.random(number) < rules.low_mapq
    return _Fates(rows, flagged, low[rows], copied.size)


def _draw_mapq(low: Truths, rng: np.random.Generator) -> Numbers:
    """Draw mapping qualities of the shape of `low`."""
    good = rng.integers(*_GOOD_MAPQ, low.shape, endpoint=True)
    return np.where(low, rng.integers(*_LOW_MAPQ, low.shape, endpoint=True), good)


def _proper(
    left: Ends, right: Ends, fates: _Fates, rules: ReadRules, rng: np.random.Generator
) -> Reads:
    # A copy is read from the same end as what it is a copy of.
    left_is_first = (rng.random(left.five.size) < 0.5)[fates.rows]
    sides = [
        aligned(side[fates.rows], rules.read_length, rules.soft_clips, rng)
        for side in (left, right)
    ]
    both = join(sides[0], sides[1], left_is_first)
    both["flag"] |= np.where(fates.flagged, PROPER | DUPLICATE, PROPER).astype(np.uint16)
    both["mapq"] = _draw_mapq(np.broadcast_to(fates.low_mapq, both.shape), rng)
    return both


def _improper(left: Ends, right: Ends, rules: ReadRules, rng: np.random.Generator) -> Reads:
    """Join the left end of one fragment to the right end of another one, far along the genome."""
    total = left.five.size
    number = round(total * rules.improper)
    along = np.lexsort((left.five, left.chrom))
    one = rng.integers(0, max(total, 1), number)
    other = one + rng.integers(total // 4, max(3 * total // 4, 1), number, endpoint=True)
    ends = (left[along[one]], right[along[other % max(total, 1)]])
    sides = [aligned(side, rules.read_length, rules.soft_clips, rng) for side in ends]
    both = join(sides[0], sides[1], rng.random(number) < 0.5)
    both["mapq"] = _draw_mapq(np.zeros(both.shape, dtype=bool), rng)
    return both


def _half_mapped(left: Ends, right: Ends, rules: ReadRules, rng: np.random.Generator) -> Reads:
    """Give one mate a place; the other one is written there too, unmapped."""
    number = round(_extra(left.five.size, rules) / _UNMAPPED_OF_HALF)
    chosen = rng.integers(0, max(left.five.size, 1), number)
    ends = choose(left[chosen], right[chosen], rng.random(number) < 0.5)
    placed = aligned(ends, rules.read_length, rules.soft_clips, rng)
    lost = unmapped(number, rules.read_length)
    lost["chrom"], lost["start"] = placed["chrom"], placed["start"]
    both = join(placed, lost, rng.random(number) < 0.5)
    both["mapq"][0] = _draw_mapq(np.zeros(number, dtype=bool), rng)
    return both


def _unmapped(number: int, rules: ReadRules) -> Reads:
    one, other = (unmapped(number, rules.read_length) for _ in range(2))
    return join(one, other, np.ones(number, dtype=bool))
