"""Candidates of each source, their duplicates and neighbours, against hand-made cases and loops."""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chrompute.candidates import (
    COLUMNS,
    CandidateRules,
    candidate_faults,
    from_intervals,
    from_sites,
    tiles,
    without_neighbours,
)
from chrompute.errors import InputError
from chrompute.tasks import Task
from chrompute.window_inputs import read_candidates
from helpers import write_bed

SIZES = {"chr2": 1000, "chr10": 450, "chr1": 100}
TASK = Task.from_config(
    "state",
    {
        "kind": "segmentation",
        "classes": {"open": {"states": ["P", "E"]}, "body": {"states": ["G"]}},
        "exclude": ["X"],
    },
)


def table(rows: list[tuple]) -> pd.DataFrame:
    """Return candidates of (chrom, centre, length, strand, score)."""
    made = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"score": float, "strand": str})
    return made.assign(chrom=pd.Categorical(made["chrom"], [*SIZES]))


def rows_of(candidates: pd.DataFrame, *columns: str) -> list[tuple]:
    return [*candidates[list(columns or ("chrom", "centre"))].itertuples(index=False, name=None)]


def read(tmp_path: Path, rules: CandidateRules, bed: list[tuple], **labels):
    """Return candidates and reasons, from a BED that is both the file and the labels."""
    path = str(write_bed(tmp_path / "x.bed", bed))
    own = labels or {"a": {"state": {"1": path}}}
    sites = {"path": path, "anchor": "centre"}
    places = dict.fromkeys(own, path)
    return read_candidates(rules, {"state": TASK}, own, places, sites, SIZES, {"2": "chr2"})


# Sources


INTERVALS = [
    ("2", 10, 15, "P", 3, "-"),  # odd: its middle base
    ("chr2", 20, 26, "G", 9, "+"),  # even: the left one of the two
    ("chr10", 0, 1, "X", 0, "."),
    ("chr1", 40, 100, "E", 5, "."),
]


@pytest.mark.parametrize(
    ("anchor", "centres"),
    [("centre", [12, 22, 69]), ("start", [10, 20, 40]), ("end", [14, 25, 99])],
)
@pytest.mark.parametrize("source", ["segments", "peaks", "bed"])
def test_intervals_give_one_base_each(
    tmp_path: Path, source: str, anchor: str, centres: list[int]
) -> None:
    rules = CandidateRules(source, anchor=anchor, min_length=2)
    found, dropped = read(tmp_path, rules, INTERVALS)
    assert rows_of(found["a"], "chrom", "centre", "strand", "length") == [
        ("chr2", centres[0], "-", 5),
        ("chr2", centres[1], "+", 6),
        ("chr1", centres[2], ".", 60),
    ]
    assert +dropped == {"short": 1}


def test_the_shortest_length_counts(tmp_path: Path) -> None:
    for least, number in ((1, 4), (5, 3), (6, 2), (60, 1)):
        found, dropped = read(tmp_path, CandidateRules("bed", min_length=least), INTERVALS)
        assert len(found["a"]) == number == 4 - dropped["short"]


def test_without_a_candidate_the_reason_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"'a' has none from bed \(4 are shorter than min_length\); correct"
    ):
        read(tmp_path, CandidateRules("bed", min_length=61), INTERVALS)
    with pytest.raises(InputError, match="'a' has none from tiles; correct 'candidates'"):
        read(tmp_path, CandidateRules("tiles", width=1001), INTERVALS)


def test_touching_segments_of_one_class_are_joined(tmp_path: Path) -> None:
    """Of one class, not of one state; a gap, an excluded state or a chromosome's end keep apart."""
    bed = [
        ("chr2", 0, 100, "P"),
        ("chr2", 100, 151, "E"),  # joined with the one before
        ("chr2", 151, 200, "G"),
        ("chr2", 201, 300, "G"),  # one base behind it
        ("chr2", 300, 310, "X"),
        ("chr2", 310, 321, "X"),
        ("chr2", 321, 400, "G"),
        ("chr10", 0, 100, "G"),
    ]
    joined, dropped = read(tmp_path, CandidateRules("segments", join=True), bed)
    assert rows_of(joined["a"]) == [
        *(("chr2", centre) for centre in (75, 175, 250, 304, 315, 360)),
        ("chr10", 49),
    ]
    assert +dropped == {"joined": 1}
    # 100 bp and 51 bp are long enough together.
    rules = CandidateRules("segments", join=True, min_length=101)
    found, dropped = read(tmp_path, rules, bed)
    assert rows_of(found["a"]) == [("chr2", 75)]
    assert +dropped == {"joined": 1, "short": 6}


def test_excluded_states_alone_are_not_joined() -> None:
    segments = pd.DataFrame(
        {
            "chrom": pd.Categorical(["chr2"] * 2, [*SIZES]),
            "start": [0, 10],
            "end": [10, 20],
            "strand": ".",
            "score": np.nan,
            "code": -1,
        }
    )
    found, dropped = from_intervals(segments, CandidateRules("segments", join=True))
    assert (found["centre"].tolist(), +dropped) == ([4, 14], {})


def test_segments_are_those_of_the_first_replicate(tmp_path: Path) -> None:
    one = str(write_bed(tmp_path / "1.bed", [("chr2", 0, 100, "P")]))
    two = str(write_bed(tmp_path / "2.bed", [("chr2", 0, 50, "P")]))
    labels = {
        "a": {"state": {"truth": two, "x": one, "1": two}},
        "b": {"state": {"1": two, "x": one}},
    }
    found, _ = read(tmp_path, CandidateRules("segments"), INTERVALS, **labels)
    assert {name: rows_of(own) for name, own in found.items()} == {
        "a": [("chr2", 49)],
        "b": [("chr2", 24)],
    }
    with pytest.raises(InputError, match="'b' has no labels of task 'state', whose segments"):
        read(tmp_path, CandidateRules("segments"), INTERVALS, **labels | {"b": {"other": {}}})


def test_summits_are_bases_of_the_peaks(tmp_path: Path) -> None:
    peaks = [
        ("chr2", 100, 200, "p1", 7, ".", 1, 1, 1, 0),
        ("chr2", 100, 200, "p2", 8, ".", 1, 1, 1, 99),
        ("chr2", 150, 300, "p3", 9, "+", 1, 1, 1, 49),  # the same summit, and a better score
    ]
    found, dropped = read(tmp_path, CandidateRules("summits"), peaks)
    assert rows_of(found["a"], "centre", "score", "strand") == [(100, 7, "."), (199, 9, "+")]
    assert +dropped == {"duplicate": 1}


@pytest.mark.parametrize("offset", [-1, 100, ".", "1.5", ""])
def test_a_peak_without_summit_is_refused(tmp_path: Path, offset: object) -> None:
    bed = write_bed(
        tmp_path / "p.bed",
        [("chr2", 100, 200, *"nsbcde", value) for value in (5, offset)],
    )
    labels = {"a": {"state": {"1": ""}}}
    with pytest.raises(InputError, match=r"p\.bed, line 2: has no summit inside the peak .*give"):
        read_candidates(CandidateRules("summits"), {}, labels, {"a": str(bed)}, {}, SIZES, {})


def test_sites_are_bases_with_a_strand(tmp_path: Path) -> None:
    found, _ = read(tmp_path, CandidateRules("sites"), INTERVALS)
    assert rows_of(found["a"], "chrom", "centre", "strand") == [
        ("chr2", 12, "-"),
        ("chr2", 22, "+"),
        ("chr10", 0, "."),
        ("chr1", 69, "."),
    ]
    sites = pd.DataFrame({"chrom": ["chr1"], "position": [5], "strand": ["-"]})
    assert rows_of(from_sites(sites, SIZES), *COLUMNS[:4]) == [("chr1", 5, 1, "-")]


@pytest.mark.parametrize(("width", "stride"), [(200, None), (201, 100), (100, 333), (1, 400)])
def test_tiles_are_whole_and_lie_side_by_side(width: int, stride: int | None) -> None:
    expected = []
    for chrom, size in SIZES.items():
        start = 0
        while start + width <= size:
            expected.append((chrom, start + (width - 1) // 2))
            start += stride or width
    found = tiles(SIZES, CandidateRules("tiles", width=width, stride=stride))
    assert rows_of(found) == expected
    assert len(expected) > 1


def test_each_cell_type_has_its_own_candidates(tmp_path: Path) -> None:
    one = str(write_bed(tmp_path / "1.bed", [("chr2", 0, 10)] * 2))
    two = str(write_bed(tmp_path / "2.bed", [("chr2", 0, 20), ("chr2", 30, 31)]))
    labels = {"a": {"state": {"1": ""}}, "b": {"state": {"1": ""}}}
    files = {"a": one, "b": two}
    found, dropped = read_candidates(CandidateRules("peaks"), {}, labels, files, {}, SIZES, {})
    assert {name: rows_of(own) for name, own in found.items()} == {
        "a": [("chr2", 4)],
        "b": [("chr2", 9), ("chr2", 30)],
    }
    assert +dropped == {"duplicate": 1}


# Duplicates and neighbours


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ((10, "-", 2.0), (99, "+", 1.0)),  # the higher score
        ((10, "-", 0.0), (99, "+", None)),  # any score before none
        ((99, "-", 1.0), (10, "+", 1.0)),  # then the longer interval
        ((99, ".", None), (10, "+", None)),
        ((10, "+", 1.0), (10, "-", 1.0)),  # then the strand
        ((10, "-", None), (10, ".", None)),
    ],
)
def test_of_equal_centres_the_best_is_kept(better: tuple, worse: tuple) -> None:
    for pair in ([better, worse], [worse, better]):
        rows = table([("chr2", 50, *own) for own in pair] + [("chr10", 50, 1, ".", 0.0)])
        found, dropped = without_neighbours(rows, 0)
        assert rows_of(found, "chrom", "length", "strand") == [
            ("chr2", *better[:2]),
            ("chr10", 1, "."),
        ]
        assert +dropped == {"duplicate": 1}


def test_the_least_distance_is_allowed() -> None:
    """By score first: 150 keeps 100 and 199 out, and lets 50 and 250 stay."""
    rows = [("chr2", 50, 1), ("chr2", 100, 2), ("chr2", 150, 3), ("chr2", 199, 2), ("chr2", 250, 1)]
    rows += [("chr10", 150, 9), ("chr1", 0, 1), ("chr1", 99, 1), ("chr1", 50, 0)]
    candidates = table([(chrom, centre, 1, ".", score) for chrom, centre, score in rows])
    found, dropped = without_neighbours(candidates, 100)
    assert rows_of(found) == [
        *(("chr2", centre) for centre in (50, 150, 250)),
        ("chr10", 150),
        ("chr1", 0),  # of two equal ones the left
    ]
    assert +dropped == {"too_near": 4}
    assert rows_of(without_neighbours(candidates, 50)[0])[-3:] == [
        ("chr10", 150),
        ("chr1", 0),
        ("chr1", 99),
    ]


def greedy(rows: list[tuple], least: int) -> list[tuple[str, int]]:
    """Choose one after the other, the best first, and look at all that were taken."""
    order = {chrom: place for place, chrom in enumerate(SIZES)}
    taken: list[tuple[str, int]] = []
    for chrom, centre, *_ in sorted(rows, key=lambda r: (-r[4], order[r[0]], r[1])):
        if all(chrom != c or abs(centre - other) >= max(least, 1) for c, other in taken):
            taken.append((chrom, centre))
    return sorted(taken, key=lambda place: (order[place[0]], place[1]))


CANDIDATE = st.tuples(
    st.sampled_from([*SIZES]),
    st.integers(0, 60),
    st.integers(1, 3),
    st.sampled_from("+-."),
    st.sampled_from([0.0, 1.0, 2.0]),
)


@given(
    st.lists(CANDIDATE, min_size=1, max_size=25),
    st.integers(0, 30),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_neighbours_equal_a_greedy_choice(rows: list[tuple], least: int, random) -> None:
    """Whatever the order of the rows; everything that is not kept is counted."""
    found, dropped = without_neighbours(table(rows), least)
    assert rows_of(found) == greedy(rows, least)
    assert len(found) + dropped.total() == len(rows)
    random.shuffle(rows)
    pd.testing.assert_frame_equal(without_neighbours(table(rows), least)[0], found)


def test_crowded_candidates_take_no_longer() -> None:
    """A hundred times as many in reach of each: a quadratic choice would take minutes."""
    number = 200_000
    rng = np.random.default_rng(1)
    crowded = pd.DataFrame(
        {
            "chrom": pd.Categorical(["chr2"] * number, [*SIZES]),
            "centre": rng.permutation(number),
            "length": 1,
            "strand": ".",
            "score": rng.random(number),
        }
    )
    before = time.process_time()
    found, _ = without_neighbours(crowded, 20_000)
    assert time.process_time() - before < 5
    assert (np.diff(found["centre"]) >= 20_000).all()
    assert 5 <= len(found) <= 10


# Options


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"from": "tiles", "anchor": "start"}, "'anchor' is for segments and peaks and bed"),
        ({"from": "tiles", "min_length": 5}, "'min_length' is for"),
        ({"from": "peaks", "width": 100}, "'width' is for tiles, and these are from peaks; remove"),
        ({"from": "peaks", "stride": 100}, "'stride' is for tiles"),
        ({"from": "bed", "path": "x", "join": True}, "'join' is for segments"),
        ({"from": "sites", "sites": "x", "path": "y"}, "'path' is for bed"),
        ({"from": "summits", "task": "x"}, "'task' is for segments"),
        ({"from": "segments", "sites": "x"}, "'sites' is for sites"),
        ({"from": "bed"}, "from bed needs 'path'; add it"),
        ({"from": "sites"}, "from sites needs 'sites'; add it"),
    ],
)
def test_options_of_another_source_are_faults(entry: dict, words: str) -> None:
    (fault,) = candidate_faults(entry)
    assert fault.startswith("candidates: ")
    assert words in fault


@pytest.mark.parametrize(
    "entry",
    [
        {"from": "tiles", "width": 100, "stride": 50, "min_distance": 75},
        {"from": "segments", "task": "x", "min_length": 5, "anchor": "end", "join": True},
        {"from": "bed", "path": "x", "anchor": "start", "width": 200, "task": None},
        {"from": "sites", "sites": "tss"},
        {"from": "summits", "min_distance": 5},
    ],
)
def test_options_of_the_source_are_taken(entry: dict) -> None:
    assert candidate_faults(entry) == []
    rules = CandidateRules.from_config(entry)
    assert {"from": rules.source} | {k: getattr(rules, k) for k in entry if k != "from"} == entry
