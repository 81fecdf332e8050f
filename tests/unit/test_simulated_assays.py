"""Simulated chromatin and its fragments: what was put in has to come out of them."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.signal import find_peaks

from chrompute.distances import estimate_shift
from chrompute.errors import InputError
from chrompute.fragments import Fragments, Shift
from chrompute.simulate.assays import (
    Intervals,
    atac_fragments,
    draw_molecules,
    join_genome,
    mnase_fragments,
    tn5_weights,
)
from chrompute.simulate.chromatin import (
    axis_offsets,
    draw_chromatin,
    element_parameters,
    planted_dyads,
)
from chrompute.simulate.design import Design
from chrompute.simulate.experiment import draw_sample
from chrompute.simulate.genome import draw_genome, draw_loci
from helpers import ROOT

#: Loci of one state are equal in it, so that what is expected can be said.
DESIGN = Design(
    seed=5,
    chromosomes=2,
    chromosome_length=300_000,
    overlap=0.0,
    motifs=str(ROOT / "config/demo/motifs.meme"),
)
LOCI = draw_loci(DESIGN)
GENOME, _ = draw_genome(DESIGN, LOCI)
AXIS = join_genome(GENOME, DESIGN)
CHROMATIN = draw_chromatin(LOCI, "sim_A", DESIGN)
OFFSETS = axis_offsets(DESIGN.sizes)
NUMBER = 80_000
ATAC = atac_fragments(CHROMATIN, AXIS, NUMBER, DESIGN, DESIGN.rng("atac"))
MNASE = mnase_fragments(CHROMATIN, AXIS, NUMBER, DESIGN, DESIGN.rng("mnase"))
DEEP = replace(DESIGN, depth={"ATAC": 100.0, "MNase": 50.0})
#: No element, no island and no gap: nothing but an array of nucleosomes.
PLAIN = replace(DESIGN, composition={"desert": 1.0})


def on_axis(fragments: Intervals) -> tuple[np.ndarray, np.ndarray]:
    starts = [low + OFFSETS[chrom] for chrom, (low, _) in fragments.items()]
    ends = [high + OFFSETS[chrom] for chrom, (_, high) in fragments.items()]
    return np.concatenate(starts), np.concatenate(ends)


def cut_profile(fragments: Intervals) -> np.ndarray:
    """Cuts at each base of the axis: the middle of the 9 bp at each end."""
    starts, ends = on_axis(fragments)
    return np.bincount(np.concatenate([starts + 4, ends - 5]), minlength=OFFSETS[""])


def around(profile: np.ndarray, places: np.ndarray, low: int, high: int) -> float:
    """Mean of a profile `low` to `high` bp (both included) right of some places."""
    columns = np.rint(places).astype(np.int64)[:, None] + np.arange(low, high + 1)
    return float(profile[columns].mean())


def test_loci_of_a_state_are_equal_without_overlap_and_spread_with_it() -> None:
    flat = element_parameters(LOCI, "sim_A", DESIGN)
    by_state = flat.groupby("state")[["gap", "access", "linker"]].nunique()
    assert (by_state == 1).all(axis=None)
    wide = replace(DESIGN, chromosomes=8, chromosome_length=1_500_000, overlap=1.5)
    loci = draw_loci(wide)
    one, other = (element_parameters(loci, name, wide) for name in ("sim_A", "sim_B"))
    for table in (one, other):
        for state, own in table.groupby("state"):
            few = 3 / np.sqrt(len(own))
            mean = flat.loc[flat["state"] == state, ["access", "linker"]].mean()
            assert np.log(own["access"] / mean["access"]).std() == pytest.approx(0.675, rel=few)
            assert np.log(own["linker"] / mean["linker"]).std() == pytest.approx(0.375, rel=few)
            assert own["gap"].between(70, 400).all() == (own["gap"] > 0).all()
    same = (one["state"] == other["state"]).to_numpy()
    for column in ("gap", "spacing", "phase"):  # the locus' own
        assert np.allclose(one[column][same], other[column][same])
    for column in ("access", "linker"):  # drawn anew in each cell type
        ratio = np.log(one[column][same] / other[column][same])
        assert ratio.std() > 0.4
        assert abs(ratio.mean()) < 4 * ratio.std() / np.sqrt(same.sum())


def test_nucleosomes_keep_their_distance_and_leave_the_gaps_free() -> None:
    dyads = CHROMATIN.dyads
    assert (np.diff(dyads) >= 158 - 1e-6).all()
    starts = np.array([OFFSETS[chrom] for chrom in DESIGN.sizes])
    begin = starts[np.searchsorted(starts, dyads, side="right") - 1]
    assert (dyads - 73 >= begin).all()
    assert (dyads + 73 < begin + DESIGN.chromosome_length).all()
    gaps = {"insulator": 180, "active_promoter": 250, "poised_promoter": 185,
            "strong_enhancer": 210, "weak_enhancer": 150}  # fmt: skip
    both_sides = 0
    for row in CHROMATIN.loci[CHROMATIN.loci["gap"] > 0].itertuples():
        right = np.searchsorted(dyads, row.origin)
        edge = gaps[row.state] / 2 + 73
        assert dyads[right] - row.origin >= edge - 1e-6
        assert row.origin - dyads[right - 1] >= edge - 1e-6
        both_sides += dyads[right] - dyads[right - 1] == pytest.approx(2 * edge)
    assert both_sides > 0.9 * (CHROMATIN.loci["gap"] > 0).sum()
    spacing = {"transcribed": 172, "repressed": 197, "quiescent": 189}
    for state, expected in spacing.items():
        rows = np.flatnonzero(CHROMATIN.loci["state"] == state)
        found = np.concatenate([np.diff(dyads[CHROMATIN.locus == row]) for row in rows])
        assert np.median(found) == pytest.approx(expected, abs=4)


def test_fuzziness_grows_away_from_the_element() -> None:
    insulators = np.flatnonzero(CHROMATIN.loci["state"] == "insulator")
    for row in insulators:
        own = CHROMATIN.locus == row
        aside = np.abs(CHROMATIN.dyads[own] - CHROMATIN.loci["origin"][row])
        step = np.rint((aside - 90 - 73) / CHROMATIN.loci["spacing"][row])
        planned = np.abs(aside - 163 - step * CHROMATIN.loci["spacing"][row]) < 0.01
        assert CHROMATIN.fuzziness[own][planned] == pytest.approx(9 + 3 * step[planned])
        assert planned.mean() > 0.8
    dyads = planted_dyads(CHROMATIN, DESIGN)
    assert (dyads["well_positioned"] == (dyads["fuzziness"] <= 20)).all()
    starts = dyads["chrom"].map(OFFSETS)
    assert np.abs(dyads["dyad"] + starts - CHROMATIN.dyads).max() <= 0.5
    assert (LOCI.loc[dyads["locus"], "chrom"].to_numpy() == dyads["chrom"].to_numpy()).all()


def test_molecules_have_each_nucleosome_as_often_and_where_planned() -> None:
    number = 96
    molecule, nucleosome, dyad = draw_molecules(CHROMATIN, number, DESIGN.rng("molecules"))
    assert (np.diff(molecule) >= 0).all()
    assert all((np.diff(dyad[molecule == one]) >= 0).all() for one in range(number))
    there = np.bincount(nucleosome, minlength=len(CHROMATIN.dyads)) / number
    for occupancy in np.unique(CHROMATIN.occupancy):
        own = CHROMATIN.occupancy == occupancy
        error = np.sqrt(occupancy * (1 - occupancy) / (number * own.sum()))
        assert abs(there[own].mean() - occupancy) < 4 * error
    steps = np.diff(dyad)[np.diff(molecule) == 0]
    assert (steps < 147).mean() < 0.02  # room was made for nearly all of them
    table = pd.DataFrame({"nucleosome": nucleosome, "aside": dyad - CHROMATIN.dyads[nucleosome]})
    spread = table.groupby("nucleosome")["aside"].agg(["mean", "std"])
    well = CHROMATIN.fuzziness[spread.index] <= 12
    assert well.sum() > 50
    planned = CHROMATIN.fuzziness[spread.index][well]
    assert spread["std"][well].mean() == pytest.approx(planned.mean(), rel=0.06)
    assert abs(spread["mean"][well].mean()) < 0.5


def test_nucleosomes_of_a_sliding_locus_move_together() -> None:
    molecule, nucleosome, dyad = draw_molecules(CHROMATIN, 96, DESIGN.rng("sliding"))
    aside = dyad - CHROMATIN.dyads[nucleosome]
    neighbours = (np.diff(nucleosome) == 1) & (np.diff(molecule) == 0)
    neighbours &= np.diff(CHROMATIN.locus[nucleosome]) == 0
    states = CHROMATIN.loci["state"].to_numpy()[CHROMATIN.locus[nucleosome[1:]]]
    for state, expected in (("repressed", 50**2 / (50**2 + 30**2)), ("insulator", 0.0)):
        own = neighbours & (states == state)
        found = np.corrcoef(aside[:-1][own], aside[1:][own])[0, 1]
        assert found == pytest.approx(expected, abs=0.2), state  # making room adds some


@pytest.mark.parametrize(
    ("fragments", "shortest", "longest"), [(ATAC, 25, 899), (MNASE, 20, 500)], ids=["ATAC", "MNase"]
)
def test_fragments_are_as_many_as_asked_for_sorted_and_inside(
    fragments: Intervals, shortest: int, longest: int
) -> None:
    total = 0
    for chrom, size in DESIGN.sizes.items():
        low, high = fragments[chrom]
        assert low.dtype == high.dtype == np.int64
        assert (np.diff(low) >= 0).all()
        assert low.min() >= 0
        assert high.max() <= size
        length = high - low
        assert shortest <= length.min()
        assert length.max() <= longest
        total += low.size
    assert 0.998 * NUMBER <= total <= NUMBER


def test_fragments_of_one_cut_share_nine_bases() -> None:
    starts, ends = on_axis(ATAC)
    at = np.bincount(starts, minlength=OFFSETS[""])
    shared = {step: int(at[ends - step].sum()) for step in range(-5, 25)}
    others = [count for step, count in shared.items() if step != 9]
    excess = shared[9] - np.median(others)
    assert excess > 10 * np.std(others)
    # Half of the neighbours survive, the more the shorter they are; so at most half of the
    # fragments have one that ends at their cut.
    assert 0.1 * len(starts) < excess < 0.5 * len(starts)


@pytest.mark.parametrize(
    ("written", "found"), [("none", "unshifted"), ("+4/-4", "+4/-4"), ("+4/-5", "+4/-5")]
)
def test_the_quality_stage_finds_the_shift_that_was_written(written: str, found: str) -> None:
    design = replace(DEEP, written_shift=written)
    drawn = draw_sample(design, GENOME, "sim_A", "ATAC", "atac")
    raw = draw_sample(DEEP, GENOME, "sim_A", "ATAC", "atac")
    added = {"none": (0, 0), "+4/-4": (4, -4), "+4/-5": (4, -5)}[written]
    for chrom, (low, high) in drawn.items():
        assert (low - raw[chrom][0] == added[0]).all()
        assert (high - raw[chrom][1] == added[1]).all()
    chroms = [np.full(low.size, code) for code, (low, _) in enumerate(drawn.values())]
    ends = [np.concatenate(side) for side in zip(*drawn.values(), strict=True)]
    store = Fragments.from_intervals(design.sizes, np.concatenate(chroms), *ends)
    assert estimate_shift(store, Shift(0, 0)).found == found


def test_mnase_is_not_shifted() -> None:
    one, other = (
        draw_sample(replace(DEEP, written_shift=shift), GENOME, "sim_A", "MNase", "m")
        for shift in ("none", "+4/-5")
    )
    for chrom in DESIGN.sizes:
        assert (one[chrom][0] == other[chrom][0]).all()
        assert (one[chrom][1] == other[chrom][1]).all()


def test_nucleosomes_protect_all_but_what_is_uncovered_or_breathes() -> None:
    cuts = cut_profile(ATAC)
    insulators = CHROMATIN.loci[CHROMATIN.loci["state"] == "insulator"]["origin"].to_numpy()
    gap = (around(cuts, insulators, 31, 80) + around(cuts, insulators, -80, -31)) / 2
    first = 90 + 73
    cores = [around(cuts, insulators + side * first, -35, 35) for side in (-1, 1)]
    # Linkers are cut 0.8 to 2.6 as often as the gap; the nucleosome is missing in 8 % of cells.
    expected = (0.08 + 0.92 * 0.015) * 0.8 / 2.6
    assert 0.6 * expected < np.mean(cores) / gap < 2 * expected
    # The bound factor is there in 90 % of cells and covers 23 bp on each side.
    assert 0.06 < around(cuts, insulators, -20, 20) / gap < 0.18
    edge = around(cuts, insulators, 26, 34) + around(cuts, insulators, -34, -26)
    assert edge / 2 > 0.6 * gap


def test_open_states_are_cut_as_much_more_as_their_architecture_says() -> None:
    cuts = cut_profile(ATAC)
    rates = {}
    for state in ("active_promoter", "strong_enhancer", "weak_enhancer"):
        origins = CHROMATIN.loci[CHROMATIN.loci["state"] == state]["origin"].to_numpy()
        rates[state] = around(cuts, origins, -25, 25)
    # A cut is seen by the fragments beside it, which are the more often short enough the more
    # cuts there are: ratios are those of the architecture, or somewhat larger.
    assert 0.9 < rates["active_promoter"] / rates["strong_enhancer"] / (3.2 / 2.6) < 1.5
    assert 0.9 < rates["strong_enhancer"] / rates["weak_enhancer"] / (2.6 / 1.3) < 1.5


def test_lengths_make_a_ladder_of_the_repeat_length() -> None:
    loci = draw_loci(PLAIN)
    genome, _ = draw_genome(PLAIN, loci)
    chromatin, axis = draw_chromatin(loci, "sim_A", PLAIN), join_genome(genome, PLAIN)
    fragments = atac_fragments(chromatin, axis, 60_000, PLAIN, PLAIN.rng("ladder"))
    length = np.concatenate([high - low for low, high in fragments.values()])
    window = np.hanning(41) / np.hanning(41).sum()
    # Amplification's loss of long fragments would pull the peaks to the left.
    even = np.convolve(np.bincount(length, minlength=900), window, "same")
    even *= np.exp(np.arange(900) / 350)
    peaks, _ = find_peaks(even[:700], prominence=0.03 * even.max())
    assert len(peaks) == 4  # none, one, two and three nucleosomes
    assert peaks[0] < 120
    for one, other in pairwise(peaks[1:]):
        assert other - one == pytest.approx(189, abs=15)


def test_tn5_cuts_where_its_target_is() -> None:
    loci = draw_loci(PLAIN)
    genome, _ = draw_genome(PLAIN, loci)
    chromatin, axis = draw_chromatin(loci, "sim_A", PLAIN), join_genome(genome, PLAIN)
    fragments = atac_fragments(chromatin, axis, 60_000, PLAIN, PLAIN.rng("tn5"))
    starts, ends = on_axis(fragments)
    target = "AGNTYWRANCT"
    complement = dict(zip("ACGTYWRN", "TGCARWYN", strict=True))
    assert "".join(complement[sign] for sign in reversed(target)) == target
    matched = {"A": "A", "C": "C", "G": "G", "T": "T", "Y": "CT", "R": "AG", "W": "AT", "N": "ACGT"}
    background = np.bincount(axis[axis < 4], minlength=4) / (axis < 4).sum()
    error = 4 * np.sqrt(0.25 / len(starts)) + 0.004  # neighbouring bases are not independent
    for cuts in (starts + 4, ends - 5):
        for step in range(-8, 9):
            sign = target[step + 5] if abs(step) <= 5 else "N"
            weight = np.array([np.exp(0.22 * (base in matched[sign])) for base in "ACGT"])
            expected = background * weight / (background * weight).sum()
            found = np.bincount(axis[cuts + step], minlength=5)[:4] / cuts.size
            assert np.abs(found - expected).max() < error, step


def test_tn5_weights_are_relative_and_ignore_what_is_no_base() -> None:
    weights = tn5_weights(AXIS)
    assert weights[AXIS < 4].mean() == pytest.approx(1, abs=1e-3)
    word = np.array([0, 2, 0, 3, 1, 0, 0, 0, 0, 1, 3], dtype=np.uint8)  # AGATCAAAACT
    axis = np.full(101, 4, dtype=np.uint8)
    axis[45:56] = word
    mine = tn5_weights(axis)
    assert mine.argmax() == 50
    # Nine of the eleven places ask for a base.
    assert mine[50] / mine[0] == pytest.approx(np.exp(9 * 0.22), rel=1e-4)


def test_mnase_leaves_nucleosomes_with_ends_at_a_and_t() -> None:
    starts, ends = on_axis(MNASE)
    length = ends - starts
    assert 147 <= np.bincount(length).argmax() <= 165
    assert 0.02 < (length > 250).mean() < 0.05
    assert 0.03 < (length < 130).mean() < 0.07
    weak = float(np.isin(AXIS[AXIS < 4], (0, 3)).mean())
    for inside, outwards in ((starts, -1), (ends - 1, 1)):
        assert np.isin(AXIS[inside], (0, 3)).mean() > 0.8
        for step in (1, 3, 8):
            share = np.isin(AXIS[inside + step * outwards], (0, 3)).mean()
            assert share == pytest.approx(weak, abs=0.05)


def test_mnase_midpoints_lie_on_well_positioned_dyads() -> None:
    starts, ends = on_axis(MNASE)
    nucleosomal = (ends - starts > 130) & (ends - starts < 180)
    middle = (starts + ends - 1)[nucleosomal] / 2
    well = CHROMATIN.dyads[CHROMATIN.fuzziness <= 12]
    aside = middle[:, None] - well
    near = np.abs(aside) < 60
    assert near.sum() > 1000
    assert abs(np.mean(aside[near])) < 1.0
    # Where the molecules have them, and what trimming adds at each end.
    assert np.std(aside[near]) < np.hypot(12, 6)
    assert np.median(np.abs(aside[near])) < 9


def test_a_molecule_gives_few_mnase_fragments() -> None:
    """Each of many cells gives some of its nucleosomes, so that all of them are sampled."""
    starts, ends = on_axis(MNASE)
    single = ends - starts < 180
    counts, _ = np.histogram((starts + ends)[single] / 2, bins=np.arange(3000, 300_000, 3_000))
    assert counts.std() / counts.mean() < 0.35


def test_molecules_that_are_not_cut_are_refused() -> None:
    with pytest.raises(InputError, match="give no fragment; raise 'cuts'"):
        atac_fragments(CHROMATIN, AXIS, 10, replace(DESIGN, cuts=0.0), DESIGN.rng("none"))


def test_cell_types_differ_where_states_do() -> None:
    other = draw_chromatin(LOCI, "sim_B", DESIGN)
    switched = (LOCI["sim_A"] != LOCI["sim_B"]).to_numpy()
    for row, differs in enumerate(switched):
        start = OFFSETS[LOCI["chrom"][row]] + LOCI["start"][row]
        part = slice(start, OFFSETS[LOCI["chrom"][row]] + LOCI["end"][row])
        equal = np.allclose(CHROMATIN.openness[part], other.openness[part])
        assert equal != differs
