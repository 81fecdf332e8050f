"""The chromatin of one cell type: where its nucleosomes lie, and how open each base is.

All loci lie on one axis, chromosome behind chromosome with room between them, so that nothing
below has to loop over chromosomes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.simulate.design import ARCHITECTURES, Architecture, Design

#: bp on each side of a dyad that a nucleosome covers; with the dyad 147.
HALF = 73
#: bp of empty axis behind each chromosome, more than any fragment is long.
ROOM = 3000
#: Two dyads of a plan lie at least so far apart, and a hole that takes another one is filled.
_NEAREST, _HOLE = 158, 2 * 158
#: Standard deviations of the logarithm of accessibility and of linker openness, and of the gap
#: in bp, among the loci of one state, at `overlap` 1; of the repeat length in bp always.
_ACCESS_SPREAD, _LINKER_SPREAD, _GAP_SPREAD, _SPACING_SPREAD = 0.45, 0.25, 30.0, 3.0
#: A dyad within so many bp (standard deviation over cells) is well positioned.
WELL_POSITIONED = 20.0
#: Share of cells in which a bound factor covers its footprint.
_BOUND = 0.9

Float = npt.NDArray[np.float64]
Integer = npt.NDArray[np.int64]


def axis_offsets(sizes: Mapping[str, int]) -> dict[str, int]:
    """Return where each chromosome begins on the common axis; the key "" holds its length."""
    offsets, place = {}, ROOM
    for chrom, size in sizes.items():
        offsets[chrom] = place
        place += size + ROOM
    offsets[""] = place
    return offsets


@dataclass(frozen=True)
class Chromatin:
    """The chromatin of one cell type.

    Attributes
    ----------
    loci
        One row a locus: what `element_parameters` drew, and `origin`, the place on the axis that
        its plan is aligned to (the centre, or the dyad next to it in an array without a gap).
    locus
        int64 (n_nucleosomes,): row of `loci` of each nucleosome.
    dyads
        float64 (n_nucleosomes,): mean dyads on the common axis, ascending.
    jitter, sliding
        float64 (n_nucleosomes,): standard deviations over cells of the dyad itself, and of the
        shift common to all nucleosomes of the locus, in bp.
    occupancy
        float64 (n_nucleosomes,): share of cells in which the nucleosome is there.
    openness
        float32 (length of the axis,): relative cut rate of each base when no nucleosome covers it.
    """

    loci: pd.DataFrame
    locus: Integer
    dyads: Float
    jitter: Float
    sliding: Float
    occupancy: Float
    openness: npt.NDArray[np.float32]

    @property
    def fuzziness(self) -> Float:
        """Standard deviation in bp of each dyad over cells."""
        return np.hypot(self.jitter, self.sliding)


def element_parameters(loci: pd.DataFrame, cell_type: str, design: Design) -> pd.DataFrame:
    """Draw what varies among the loci of one state.

    Gap, repeat length and phase are the locus' own in all cell types; accessibility and linker
    openness are drawn anew in each.

    Returns
    -------
    DataFrame
        `state`, `gap` (bp), `spacing` (bp), `phase` (0 to 1), `access` and `linker` (relative cut
        rates), `sign` (1 or -1).
    """
    own, common = design.rng("elements", cell_type), design.rng("elements")
    plans = loci[cell_type].map(ARCHITECTURES)
    number, spread = len(loci), design.overlap
    gap = np.array([plan.gap for plan in plans])
    drawn = gap + spread * _GAP_SPREAD * common.standard_normal(number)
    access = np.array([plan.access for plan in plans])
    linker = np.array([plan.linker for plan in plans])
    spacing = np.array([plan.spacing for plan in plans])
    return pd.DataFrame(
        {
            "state": loci[cell_type],
            "gap": np.where(gap > 0, np.clip(drawn, 70, 400), 0.0),
            "spacing": spacing + _SPACING_SPREAD * common.standard_normal(number),
            "phase": common.random(number),
            "access": access * np.exp(spread * _ACCESS_SPREAD * own.standard_normal(number)),
            "linker": linker * np.exp(spread * _LINKER_SPREAD * own.standard_normal(number)),
            "sign": np.where(loci["strand"] == "-", -1, 1),
        }
    )


def draw_chromatin(loci: pd.DataFrame, cell_type: str, design: Design) -> Chromatin:
    """Lay out the nucleosomes of all loci, and the openness of each base.

    Parameters
    ----------
    loci
        `chrompute.simulate.genome.draw_loci`.
    cell_type
        One of its columns of states.
    design
        The settings.
    """
    offsets = axis_offsets(design.sizes)
    place = loci["chrom"].map(offsets).to_numpy(np.int64)
    starts, ends, centres = (
        place + loci[name].to_numpy(np.int64) for name in ("start", "end", "centre")
    )
    elements = element_parameters(loci, cell_type, design)
    openness = np.zeros(offsets[""], dtype=np.float32)
    origins, plans = [], []
    for index, row in enumerate(elements.itertuples()):
        architecture = ARCHITECTURES[str(row.state)]
        start, end = int(starts[index]), int(ends[index])
        origin, distance, jitter = _plan_locus(architecture, row, start, end, int(centres[index]))
        origins.append(origin)
        plans.append((np.full(len(distance), index), origin + row.sign * distance, jitter))
        openness[start:end] = row.linker
        _open_gap(openness, architecture, row, origin)
    number, dyads, jitter = (np.concatenate(values) for values in zip(*plans, strict=True))
    order = np.argsort(dyads, kind="stable")
    number, dyads, jitter = _tidy(number[order].astype(np.int64), dyads[order], jitter[order])
    states = elements["state"].map(ARCHITECTURES).to_numpy()
    return Chromatin(
        elements.assign(origin=origins),
        number,
        dyads,
        jitter,
        np.array([plan.sliding for plan in states], dtype=float)[number],
        np.array([plan.occupancy for plan in states])[number],
        openness,
    )


def _plan_locus(
    plan: Architecture, row: Any, start: int, end: int, centre: int
) -> tuple[int, Float, Float]:
    """Return the origin, and of each nucleosome the distance downstream of it and its jitter."""
    spacing, gap, sign = row.spacing, row.gap, row.sign
    reach = end - start
    steps = np.arange(int(reach // spacing) + 1)
    if plan.gap:
        first = gap / 2 + HALF
        down, up = first + steps * spacing, -first - steps * spacing
        jitters = plan.downstream + plan.growth * steps, plan.upstream + plan.growth * steps
        origin = centre
    else:
        origin = centre + int(row.phase * spacing)
        down, up = steps * spacing, -(steps[1:]) * spacing
        jitters = plan.downstream + plan.growth * steps, plan.upstream + plan.growth * steps[1:]
    distance, jitter = np.concatenate([down, up]), np.concatenate(jitters)
    dyad = origin + sign * distance
    inside = (dyad >= start + HALF) & (dyad < end - HALF)
    return origin, distance[inside], jitter[inside]


def _open_gap(openness: npt.NDArray[np.float32], plan: Architecture, row: Any, origin: int) -> None:
    """Raise the openness of the gap and cover the footprint of its factor."""
    if not plan.gap:
        return
    half = int(row.gap / 2) + 10
    openness[origin - half : origin + half + 1] = row.access
    if plan.footprint:
        near = plan.footprint // 2
        openness[origin - near : origin + near + 1] *= 1 - _BOUND


def _tidy(locus: Integer, dyads: Float, jitter: Float) -> tuple[Integer, Float, Float]:
    """Drop nucleosomes of a plan that crowd the one before, and fill holes between loci."""
    kept = np.ones(len(dyads), dtype=bool)
    last = -np.inf
    for index, dyad in enumerate(dyads):
        kept[index] = dyad - last >= _NEAREST
        last = dyad if kept[index] else last
    locus, dyads, jitter = locus[kept], dyads[kept], jitter[kept]
    gap = np.diff(dyads)
    between = (locus[1:] != locus[:-1]) & (gap >= _HOLE) & (gap < 2 * _HOLE)
    holes = np.flatnonzero(between) + 1
    middle = (dyads[holes] + dyads[holes - 1]) / 2
    wide = np.maximum(jitter[holes], 40.0)
    return (
        np.insert(locus, holes, locus[holes]),
        np.insert(dyads, holes, middle),
        np.insert(jitter, holes, wide),
    )


def planted_dyads(chromatin: Chromatin, design: Design) -> pd.DataFrame:
    """Return the nucleosomes of a cell type as a table.

    Returns
    -------
    DataFrame
        Sorted by place: `chrom`, `dyad` (0-based, rounded), `fuzziness` (bp), `occupancy`,
        `locus`, `well_positioned`.
    """
    offsets = axis_offsets(design.sizes)
    names = list(design.sizes)
    begins = np.array([offsets[name] for name in names])
    chrom = np.searchsorted(begins, chromatin.dyads, side="right") - 1
    fuzziness = chromatin.fuzziness
    return pd.DataFrame(
        {
            "chrom": np.array(names)[chrom],
            "dyad": np.rint(chromatin.dyads - begins[chrom]).astype(np.int64),
            "fuzziness": fuzziness.round(2),
            "occupancy": chromatin.occupancy,
            "locus": chromatin.locus,
            "well_positioned": fuzziness <= WELL_POSITIONED,
        }
    )
