"""ATAC and MNase fragments of simulated molecules.

A molecule is the genome of one cell: each nucleosome of the plan is there or not, and lies where
this cell has it. Tn5 cuts between them, and a fragment is what lies between two neighbouring cuts
of one molecule; so the ladder of lengths, the footprint and the 9 bp that two fragments of one
cut share come about as they do in the assay, and are not drawn.
"""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from chrompute.errors import InputError
from chrompute.genome import encode
from chrompute.simulate.chromatin import HALF, ROOM, Chromatin, axis_offsets
from chrompute.simulate.design import Design

#: Molecules that are drawn at once.
_BLOCK = 16
#: bp that a nucleosome keeps from the next, edge to edge, and rounds of making room.
_STERIC, _ROUNDS = 8, 4
#: Cuts inside nucleosomes, over those in a linker: DNA unwraps now and then.
_BREATHING = 0.015
#: Tn5 joins its adapters so that 9 bp are at the ends of both fragments of a cut.
DUPLICATION = 9
#: Shortest and longest fragment that is sequenced, bp; how amplification fades with length; and
#: the length at which half of the short ones survive clean-up, with the width of that edge.
_LENGTHS, _FADING, _EDGE, _EDGE_WIDTH = (25, 900), 350.0, 48.0, 9.0
#: Consensus of Tn5's target (Goryshin 1998, PNAS 95:10716), and what each matching base adds to
#: the logarithm of the cut rate.
_TN5_TARGET, _TN5_WEIGHT = "AGNTYWRANCT", 0.22
_IUPAC = {"A": "A", "C": "C", "G": "G", "T": "T", "Y": "CT", "R": "AG", "W": "AT", "N": "ACGT"}
#: MNase: mean and spread of the bp it leaves beside each end of a nucleosome, how much rarer it
#: cuts next to G or C (Dingwall 1981, Nucleic Acids Res 9:2659), and shares of fragments of two
#: nucleosomes and of ones that were cut into.
_TRIM, _TRIM_SPREAD, _STRONG, _DOUBLE, _OVERDIGESTED = 4.0, 5.0, 0.15, 0.05, 0.06
#: MNase releases nucleosomes of open chromatin more easily: power of the linkers' openness.
_RELEASE = 0.3

Integer = npt.NDArray[np.int64]
Codes = Mapping[str, npt.NDArray[np.uint8]]
Intervals = dict[str, tuple[Integer, Integer]]


def join_genome(genome: Codes, design: Design) -> npt.NDArray[np.uint8]:
    """Lay the chromosomes on the common axis; 4 (unknown) between them."""
    offsets = axis_offsets(design.sizes)
    axis = np.full(offsets[""], 4, dtype=np.uint8)
    for chrom, codes in genome.items():
        axis[offsets[chrom] : offsets[chrom] + codes.size] = codes
    return axis


def draw_molecules(
    chromatin: Chromatin, number: int, rng: np.random.Generator
) -> tuple[Integer, Integer, Integer]:
    """Draw the nucleosomes of some molecules.

    Returns
    -------
    molecule
        int64 (n,): molecule of each nucleosome, ascending.
    nucleosome
        int64 (n,): its row in the plan.
    dyad
        int64 (n,): its dyad on the axis, ascending within a molecule.
    """
    shape = (number, len(chromatin.dyads))
    slide = rng.standard_normal((number, len(chromatin.loci)), dtype=np.float32)
    dyads = chromatin.dyads + chromatin.sliding * slide[:, chromatin.locus]
    dyads += chromatin.jitter * rng.standard_normal(shape, dtype=np.float32)
    molecule, nucleosome = np.nonzero(
        rng.random(shape, dtype=np.float32) < chromatin.occupancy.astype(np.float32)
    )
    there = dyads[molecule, nucleosome]
    there += molecule * float(chromatin.openness.size)  # one axis behind the other
    order = np.argsort(there, kind="stable")  # neighbours may have passed each other
    there, molecule, nucleosome = there[order], molecule[order], nucleosome[order]
    for _ in range(_ROUNDS):
        lacking = np.maximum(2 * HALF + 1 + _STERIC - np.diff(there), 0) / 2
        there[1:] += lacking
        there[:-1] -= lacking
    place = np.rint(there).astype(np.int64) - molecule * chromatin.openness.size
    return molecule, nucleosome, place


def tn5_weights(axis: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return the relative rate at which Tn5 cuts around each base, mean about 1."""
    weight = np.zeros(axis.size, dtype=np.float32)
    middle = len(_TN5_TARGET) // 2
    for step, sign in enumerate(_TN5_TARGET):
        matches = np.zeros(5, dtype=np.float32)
        matches[encode(_IUPAC[sign])] = 0.0 if sign == "N" else _TN5_WEIGHT
        shifted = matches[axis]
        distance = step - middle
        weight[max(-distance, 0) : axis.size - max(distance, 0)] += shifted[
            max(distance, 0) : axis.size - max(-distance, 0)
        ]
    weight = np.exp(weight)
    return weight / weight[axis < 4].mean() if (axis < 4).any() else weight


def atac_fragments(
    chromatin: Chromatin,
    axis: npt.NDArray[np.uint8],
    number: int,
    design: Design,
    rng: np.random.Generator,
) -> Intervals:
    """Simulate ATAC fragments.

    Parameters
    ----------
    chromatin
        Of the cell type.
    axis
        Sequence on the common axis (`join_genome`).
    number
        Fragments wanted.
    design
        The settings.
    rng
        Random stream of the sample.

    Returns
    -------
    dict
        {chromosome: starts and ends, half-open, unshifted: each end holds all 9 bp that the two
        fragments of a cut share}, sorted by start.
    """
    rate = np.cumsum(
        chromatin.openness * tn5_weights(axis) * (axis < 4) * (design.cuts / 1000), dtype=np.float64
    )

    def draw() -> tuple[Integer, Integer]:
        return _cut(chromatin, rate, rng)

    return _on_chromosomes(*_collect(draw, number, rng), design)


def _cut(
    chromatin: Chromatin, rate: npt.NDArray[np.float64], rng: np.random.Generator
) -> tuple[Integer, Integer]:
    """Cut a block of molecules; return starts and ends of the fragments on the axis."""
    molecule, _, dyad = draw_molecules(chromatin, _BLOCK, rng)
    size, total = chromatin.openness.size, float(rate[-1])
    where = np.sort(rng.random(rng.poisson(total * _BLOCK))) * _BLOCK
    owner = where.astype(np.int64)
    cuts = _places(rate, (where - owner) * total) + owner * size
    nucleosomes = np.sort(dyad + molecule * size)
    after = np.searchsorted(nucleosomes, cuts)
    left = cuts - nucleosomes[np.maximum(after - 1, 0)]
    right = nucleosomes[np.minimum(after, nucleosomes.size - 1)] - cuts
    covered = (np.abs(left) <= HALF) | (np.abs(right) <= HALF)
    cuts = cuts[~covered | (rng.random(cuts.size) < _BREATHING)]
    starts, ends = cuts[:-1] - DUPLICATION // 2, cuts[1:] + DUPLICATION // 2 + 1
    length = ends - starts
    # Half of the neighbours carry one adapter twice and are lost.
    kept = (length >= _LENGTHS[0]) & (length < _LENGTHS[1])
    survive = np.exp(-length / _FADING) / (1 + np.exp((_EDGE - length) / _EDGE_WIDTH))
    kept &= rng.random(length.size) < 0.5 * survive
    return starts[kept] % size, starts[kept] % size + length[kept]


def _places(rate: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> Integer:
    """Return the first base whose summed rate is above each value.

    Values in order walk through the long table once, which takes a fraction of the time.
    """
    order = np.argsort(values)
    places = np.empty(values.size, dtype=np.int64)
    places[order] = np.searchsorted(rate, values[order], side="right")
    return places


def mnase_fragments(
    chromatin: Chromatin,
    axis: npt.NDArray[np.uint8],
    number: int,
    design: Design,
    rng: np.random.Generator,
) -> Intervals:
    """Simulate MNase fragments: nucleosomes with ends at the A and T near their edges.

    The arguments and what comes back are those of `atac_fragments`.
    """
    linker = chromatin.loci["linker"].to_numpy()[chromatin.locus]
    release = linker**_RELEASE
    chance = np.minimum(release / release.max(), 1.0)
    # A molecule gives few of its nucleosomes, so that all fragments are of many molecules.
    share = min(0.25, number / (4 * _BLOCK * len(chromatin.dyads)))

    def draw() -> tuple[Integer, Integer]:
        molecule, nucleosome, dyad = draw_molecules(chromatin, _BLOCK, rng)
        first = np.flatnonzero(rng.random(dyad.size) < share * chance[nucleosome])
        last = first.copy()
        next_one = np.minimum(first + 1, dyad.size - 1)
        near = (molecule[next_one] == molecule[first]) & (dyad[next_one] - dyad[first] < 250)
        double = near & (rng.random(first.size) < _DOUBLE)
        last[double] = next_one[double]
        inward = np.zeros((2, first.size), dtype=np.int64)
        side = (rng.random(first.size) < 0.5).astype(np.int64)
        bitten = rng.random(first.size) < _OVERDIGESTED
        inward[side[bitten], bitten.nonzero()[0]] = rng.integers(20, 80, int(bitten.sum()))
        starts = _digest(dyad[first] - HALF + inward[0], -1, axis, rng)
        return starts, _digest(dyad[last] + HALF + 1 - inward[1], 1, axis, rng)

    return _on_chromosomes(*_collect(draw, number, rng), design)


def _digest(
    edges: Integer, outwards: int, axis: npt.NDArray[np.uint8], rng: np.random.Generator
) -> Integer:
    """Let MNase cut near some edges: of six places it takes one by its outermost base."""
    trim = rng.normal(_TRIM, _TRIM_SPREAD, (6, edges.size))
    places = edges + outwards * np.rint(trim).astype(np.int64)
    base = axis[np.clip(places - (outwards > 0), 0, axis.size - 1)]
    weight = np.where((base == 1) | (base == 2), _STRONG, 1.0).cumsum(axis=0)
    chosen = (rng.random(edges.size) * weight[-1] > weight).sum(axis=0)
    return places[chosen, np.arange(edges.size)]


def _collect(
    draw: Callable[[], tuple[Integer, Integer]], number: int, rng: np.random.Generator
) -> tuple[Integer, Integer]:
    """Draw blocks of molecules until there are enough fragments, and keep so many of them."""
    starts, ends, have = [], [], 0
    while have < number:
        low, high = draw()
        if not low.size:
            raise InputError(
                "simulation: the molecules give no fragment; raise 'cuts' or the chromosome length"
            )
        starts.append(low)
        ends.append(high)
        have += low.size
    kept = rng.permutation(have)[:number]
    return np.concatenate(starts)[kept], np.concatenate(ends)[kept]


def _on_chromosomes(starts: Integer, ends: Integer, design: Design) -> Intervals:
    """Take fragments from the common axis to their chromosomes; cut what leaves one."""
    offsets = axis_offsets(design.sizes)
    order = np.lexsort((ends, starts))
    starts, ends = starts[order], ends[order]
    found: Intervals = {}
    for chrom, size in design.sizes.items():
        first = np.searchsorted(starts, offsets[chrom] - ROOM // 2)
        last = np.searchsorted(starts, offsets[chrom] + size + ROOM // 2)
        low, high = starts[first:last] - offsets[chrom], ends[first:last] - offsets[chrom]
        inside = (low >= 0) & (high <= size) & (high - low >= 20)
        found[chrom] = low[inside], high[inside]
    return found
