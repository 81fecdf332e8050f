"""The sequence of fragments: their GC content and the bases around their cuts."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from chrompute.fragments import Fragments, Shift
from chrompute.genome import BASES, UNKNOWN_BASE

#: Bases on each side of a cut that the motif shows.
MOTIF_FLANK = 15
#: Genomic windows that stand for the genome's GC content.
_GENOME_WINDOWS = 200_000
#: Cuts of each end that the motif is counted from, at most; more would not change it.
_MOTIF_CUTS = 2_000_000
#: bp of a chromosome of which cumulative counts are held at one time.
_BLOCK = 1 << 24
#: Positions on each side of its centre that the motif's symmetry is measured over.
_ARM = 9
#: Correlation of the motif with its mirror image from which its centre is believed.
_SYMMETRIC = 0.6
#: Distance, in bp, from the first base of an unshifted fragment to the middle of the 9 bases
#: that Tn5 duplicates (Adey et al. 2010, Genome Biology 11:R119).
_TN5_CENTRE = 4

Codes = npt.NDArray[np.uint8]


@dataclass
class Composition:
    """Counts of bases in fragments and around their cuts.

    Attributes
    ----------
    gc_observed, gc_expected
        int64 (101,): fragments, and genomic windows of the same lengths, by GC in per cent,
        rounded.
    gc_sums
        float64 (2,): sums of the GC fractions of both.
    left, right
        int64 (2 * MOTIF_FLANK + 1, 4): A, C, G, T at each position around the cuts `start` and
        `end - 1`, the latter reverse-complemented, so that positive is inside the fragment.
    bases
        int64 (4,): A, C, G, T of the chromosomes that hold fragments.
    """

    gc_observed: npt.NDArray[np.int64]
    gc_expected: npt.NDArray[np.int64]
    gc_sums: npt.NDArray[np.float64]
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    bases: npt.NDArray[np.int64]

    @property
    def background(self) -> npt.NDArray[np.float64]:
        """Frequencies of A, C, G, T in the genome, both strands together, float64 (4,)."""
        both = (self.bases + self.bases[::-1]).astype(float)
        return both / max(both.sum(), 1.0)


def measure_composition(
    fragments: Fragments, genome: Iterable[tuple[str, Codes]], seed: int = 0
) -> Composition:
    """Count bases in and around the fragments of a store.

    Parameters
    ----------
    fragments
        The store.
    genome
        (chromosome, encoded sequence) pairs, taken one at a time.
    seed
        Of the lengths of the genomic windows.
    """
    shape = (2 * MOTIF_FLANK + 1, 4)
    found = Composition(
        np.zeros(101, np.int64), np.zeros(101, np.int64), np.zeros(2),
        np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(4, np.int64),
    )  # fmt: skip
    used = {c: fragments.sizes[c] for c, n in fragments.count_by_chromosome().items() if n}
    step = max(1, -(-len(fragments) // _MOTIF_CUTS))
    rng = np.random.default_rng(seed)
    histogram = np.bincount(fragments.lengths)
    for chrom, codes in genome:
        if chrom not in used:
            continue
        starts, ends = fragments.intervals(chrom)
        number = -(-_GENOME_WINDOWS * used[chrom] // sum(used.values()))
        windows = _windows_like(histogram, codes.size, number, rng)
        for index, intervals in enumerate(((starts, ends), windows)):
            fractions = gc_fractions(codes, *intervals)
            counts = (found.gc_observed, found.gc_expected)[index]
            counts += np.bincount(np.rint(100 * fractions).astype(int), minlength=101)
            found.gc_sums[index] += fractions.sum()
        left, right = fragments.cut_edges(chrom)
        found.left += count_bases_around(codes, left[::step])
        found.right += count_bases_around(codes, right[::step] - 1, reverse=True)
        found.bases += np.bincount(codes, minlength=5)[:4]
    return found


def _windows_like(
    histogram: npt.NDArray[np.int64], size: int, number: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Spread windows evenly over a chromosome, with lengths drawn from a histogram."""
    lengths = rng.choice(histogram.size, number, p=histogram / histogram.sum())
    lengths = np.minimum(lengths, size)
    starts = ((np.arange(number) + 0.5) / number * (size - lengths + 1)).astype(np.int64)
    order = np.argsort(2 * starts + lengths, kind="stable")
    return starts[order], (starts + lengths)[order]


def gc_fractions(
    codes: Codes, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Compute the fraction of G and C in each interval that holds no unknown base, float64 (n,).

    Intervals must ascend by midpoint, as those of a store do: the chromosome is gone through in
    blocks, since cumulative counts of all its bases would take eight times its length.
    """
    found = [np.zeros(0)]
    for rows in _blocks(starts + ends):
        first, last = int(starts[rows].min()), int(ends[rows].max())
        piece = codes[first:last]
        strong = _cumulative((piece == 1) | (piece == 2))
        unknown = _cumulative(piece == UNKNOWN_BASE)
        left, right = starts[rows] - first, ends[rows] - first
        fractions = (strong[right] - strong[left]) / (right - left)
        found.append(fractions[unknown[right] == unknown[left]])
    return np.concatenate(found)


def _blocks(midpoints: npt.NDArray[np.int64]) -> Iterable[slice]:
    if not midpoints.size:
        return
    edges = np.arange(int(midpoints.min()), int(midpoints.max()) + 1, 2 * _BLOCK)
    bounds = [*np.searchsorted(midpoints, edges), midpoints.size]
    for low, high in pairwise(bounds):
        if high > low:
            yield slice(int(low), int(high))


def _cumulative(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(mask)])


def count_bases_around(
    codes: Codes, cuts: npt.NDArray[np.int64], reverse: bool = False
) -> npt.NDArray[np.int64]:
    """Count A, C, G, T at -MOTIF_FLANK to MOTIF_FLANK around cuts, int64 (31, 4).

    Cuts too close to an end of the chromosome, and unknown bases, do not count. With `reverse`
    positions and bases are those of the other strand.
    """
    cuts = cuts[(cuts >= MOTIF_FLANK) & (cuts < codes.size - MOTIF_FLANK)]
    offsets = range(-MOTIF_FLANK, MOTIF_FLANK + 1)
    counts = np.stack([np.bincount(codes[cuts + o], minlength=5)[:4] for o in offsets])
    # A, C, G, T in reverse order are their complements.
    return counts[::-1, ::-1] if reverse else counts


def information(
    counts: npt.NDArray[np.int64], background: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Compute the relative entropy of each position against the genome, bits, float64 (n,).

    The sum over the bases of f log2(f / background) (Stormo 2000, Bioinformatics 16:16).
    """
    frequency = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = frequency * np.log2(frequency / background)
    return np.where(frequency > 0, terms, 0.0).sum(axis=1)


def motif_centre(
    counts: npt.NDArray[np.int64], background: npt.NDArray[np.float64]
) -> tuple[float | None, float]:
    """Find the point about which the motif equals its own reverse complement.

    Log-ratios to the genome within 9 bp of each candidate (-6 to 6, in steps of a half) are
    correlated with their mirror image.

    Returns
    -------
    centre
        bp relative to the cut, positive inside the fragment; None where nothing is symmetric.
    correlation
        Pearson correlation at the best candidate.
    """
    if counts.sum() == 0:
        return None, 0.0
    # One pseudocount a base keeps the logarithm finite.
    frequency = (counts + 1) / (counts.sum(axis=1, keepdims=True) + 4)
    ratio = np.log2(frequency / np.maximum(background, 1e-9))
    scores = {}
    for doubled in range(2 * (_ARM - MOTIF_FLANK), 2 * (MOTIF_FLANK - _ARM) + 1):
        low = -(-doubled // 2) - _ARM + MOTIF_FLANK
        high = doubled // 2 + _ARM + MOTIF_FLANK + 1
        part = ratio[low:high]
        mirror = part[::-1, ::-1]
        scores[doubled / 2] = float((part * mirror).sum() / max((part * part).sum(), 1e-12))
    centre = max(scores, key=lambda place: (scores[place], -abs(place)))
    return (centre if scores[centre] >= _SYMMETRIC else None), round(scores[centre], 4)


def check_shift(found: Composition, shift: Shift) -> dict[str, Any]:
    """Compare the centres of the Tn5 motif at both ends with the declared shift.

    Tn5's motif is centred 4 bp inside an unshifted cut, and on the cut after +4/-4. A declared
    shift that shortens fragments by 5 bp or more says that the ends in the file are unshifted; a
    smaller one that they were shifted before, and that what remains makes them +4/-4 or +4/-5.

    Returns
    -------
    dict
        `left`, `right` (centres found, bp inside the cut), `expected_left`, `expected_right`,
        `agrees` (None where the motif tells nothing) and `sentence`.
    """
    allowed = [(0, 0), (0, -1)]
    if shift.is_for_unshifted:
        allowed = [(_TN5_CENTRE - shift.start, _TN5_CENTRE + shift.end)]
    expected = allowed[0]
    left, right = (motif_centre(c, found.background)[0] for c in (found.left, found.right))
    facts: dict[str, Any] = {
        "left": left, "right": right, "expected_left": expected[0], "expected_right": expected[1]
    }  # fmt: skip
    if left is None or right is None:
        sentence = "the bases around the cuts show no symmetric motif to check the shift by"
        return {**facts, "agrees": None, "sentence": sentence}
    agrees = any(abs(left - a) <= 0.5 and abs(right - b) <= 0.5 for a, b in allowed)
    place = f"{left:g} bp inside the first and {right:g} bp inside the last base of fragments"
    verb = "agrees" if agrees else "does not agree"
    sentence = f"the cut-site motif, centred {place}, {verb} with the declared shift {shift}"
    return {**facts, "agrees": agrees, "sentence": sentence}


def summarise_composition(found: Composition, shift: Shift | None) -> dict[str, Any]:
    """Return GC and motif as JSON values.

    Parameters
    ----------
    found
        What `measure_composition` returned.
    shift
        The declared shift of an ATAC sample; None for MNase, whose cuts have no Tn5 motif.
    """
    both = found.left + found.right
    bits = information(both, found.background)
    centre, symmetry = motif_centre(both, found.background)
    frequency = both / np.maximum(both.sum(axis=1, keepdims=True), 1)
    numbers = (found.gc_observed.sum(), found.gc_expected.sum())
    gc: dict[str, float | None] = dict.fromkeys(("gc_fraction", "gc_expected", "gc_difference"))
    if min(numbers):
        observed, expected = (float(s / n) for s, n in zip(found.gc_sums, numbers, strict=True))
        values = (observed, expected, observed - expected)
        gc = dict(zip(gc, (round(value, 6) for value in values), strict=True))
    return {
        **gc,
        "gc_histogram": found.gc_observed.tolist(),
        "gc_expected_histogram": found.gc_expected.tolist(),
        "motif": {
            "positions": list(range(-MOTIF_FLANK, MOTIF_FLANK + 1)),
            "frequencies": {b: frequency[:, i].round(6).tolist() for i, b in enumerate(BASES)},
            "background": found.background.round(6).tolist(),
            "information": bits.round(6).tolist(),
            "bits": round(float(bits.sum()), 6),
            "centre": centre,
            "symmetry": symmetry,
        },
        "motif_shift": None if shift is None else check_shift(found, shift),
    }
