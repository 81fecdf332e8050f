"""Called against planted dyads, against every pair looked at one by one."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chrompute.simulate.truth import compare_dyads

PLACES = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 60)), max_size=25)


def calls_table(places: list[tuple[str, int]]) -> pd.DataFrame:
    table = pd.DataFrame(places, columns=["chrom", "dyad"])
    return table.astype({"chrom": str, "dyad": int})


def planted_table(places: list[tuple[str, int, bool]]) -> pd.DataFrame:
    table = pd.DataFrame(places, columns=["chrom", "dyad", "well_positioned"])
    table = table.astype({"chrom": str, "dyad": int, "well_positioned": bool})
    return table.assign(fuzziness=20.0, occupancy=0.8)


@settings(deadline=None, max_examples=300)
@given(PLACES, PLACES, st.data(), st.integers(0, 20))
def test_dyads_are_matched_as_one_by_one(
    calls: list[tuple[str, int]],
    planted: list[tuple[str, int]],
    data: st.DataObject,
    tolerance: int,
) -> None:
    well = data.draw(st.lists(st.booleans(), min_size=len(planted), max_size=len(planted)))
    truth = [(c, p, w) for (c, p), w in zip(planted, well, strict=True)]
    result = compare_dyads(calls_table(calls), planted_table(truth), tolerance)
    pairs = sorted(
        (abs(p - q), i, j)
        for i, (c, p) in enumerate(sorted((c, p) for c, p, w in truth if w))
        for j, (d, q) in enumerate(sorted(calls))
        if c == d and abs(p - q) <= tolerance
    )
    ours: set[int] = set()
    theirs: set[int] = set()
    distances = []
    for distance, i, j in pairs:
        if i not in ours and j not in theirs:
            ours.add(i)
            theirs.add(j)
            distances.append(distance)
    false = sum(all(c != d or abs(p - q) > tolerance for d, q in planted) for c, p in calls)
    assert (result.n_planted_well, result.n_calls) == (sum(well), len(calls))
    assert (result.n_found, result.n_false) == (len(distances), false)
    for value, over, under in (
        (result.recall, len(distances), sum(well)),
        (result.false_rate, false, len(calls)),
    ):
        assert value == over / under if under else math.isnan(value)
    middle = result.median_distance
    assert middle == np.median(distances) if distances else math.isnan(middle)


def test_rules_of_matching_by_hand() -> None:
    truth = [("a", 100, True), ("a", 118, True), ("a", 500, False), ("b", 100, True)]
    calls = [("a", 110), ("a", 520), ("a", 521), ("b", 79)]
    result = compare_dyads(calls_table(calls), planted_table(truth))
    # 110 takes 118, which is closer; 520 finds a fuzzy one, so it is neither found nor false.
    assert (result.n_found, result.recall) == (1, pytest.approx(1 / 3))
    assert (result.n_false, result.false_rate) == (2, 0.5)
    assert result.median_distance == 8
    # The same call, when both are as far: one of them.
    equal = compare_dyads(calls_table([("a", 109)]), planted_table(truth[:2]))
    assert (equal.n_found, equal.median_distance) == (1, 9)


def test_a_whole_genome_is_compared_at_once() -> None:
    rng = np.random.default_rng(0)
    dyads = np.cumsum(rng.integers(150, 250, 60_000))
    planted = planted_table([("a", int(dyad), True) for dyad in dyads])
    moved = dyads + rng.integers(-15, 16, dyads.size)
    kept = rng.random(dyads.size) < 0.9
    lost = pd.DataFrame({"chrom": "a", "dyad": moved[kept]})
    result = compare_dyads(lost, planted)
    assert (result.n_found, result.n_false) == (kept.sum(), 0)
    assert result.median_distance == np.median(np.abs(moved - dyads)[kept])
