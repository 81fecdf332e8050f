"""Labels of windows: each rule by hand, and against base-by-base loops."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chrompute.label_columns import consensus, replicate_columns, votes
from chrompute.labels import class_codes, core_of, signal_values
from chrompute.tasks import Task
from helpers import write_values
from label_tools import (
    CHROMS,
    CLASS_OF,
    SIZES,
    label_table,
    marks,
    segmentation,
    window_table,
)


def named(task: Task, rows: list[tuple], centres: list[int], chrom: str = "chr1") -> list[str]:
    """Return the class of windows on one chromosome, "?" where it is unknown."""
    rows = [(chrom, *row) for row in rows]
    windows = window_table([(chrom, centre) for centre in centres], CHROMS)
    codes = class_codes(label_table(rows, task, CHROMS), task, windows)
    return [task.classes[code] if code >= 0 else "?" for code in codes]


# The core


@pytest.mark.parametrize(("width", "place"), [(1, (50, 51)), (2, (50, 52)), (5, (48, 53))])
def test_the_core_is_around_the_centre(width: int, place: tuple[int, int]) -> None:
    """Of an even one the base behind the centre is the odd one out."""
    core = core_of(window_table([("chr1", 50)], CHROMS), width)
    assert [*core.itertuples(index=False, name=None)] == [("chr1", *place)]


def test_the_core_of_a_tile_is_the_tile() -> None:
    # Tile [400, 600): its centre is 499, the left one of its two middle bases.
    core = core_of(window_table([("chr1", 499)], CHROMS), 200)
    assert core[["start", "end"]].to_numpy().tolist() == [[400, 600]]


# Segmentations: the class at the centre


def test_the_class_at_the_centre() -> None:
    """Edges are half-open; touching segments meet between two bases."""
    rows = [(10, 20, "P"), (20, 30, "G"), (40, 41, "R"), (50, 60, "X")]
    centres = [9, 10, 19, 20, 29, 30, 39, 40, 41, 55]
    expected = ["?", "open", "open", "body", "body", "?", "?", "rest", "?", "?"]
    assert named(segmentation(), rows, centres) == expected
    assert named(segmentation(), rows, [15], "chr2") == ["open"]


def test_where_segments_overlap_the_class_must_be_one() -> None:
    rows = [(0, 20, "P"), (10, 30, "E"), (25, 40, "G"), (35, 50, "X"), (45, 60, "X")]
    task = segmentation(overlaps="unknown")
    assert named(task, rows, [5, 15, 22, 27, 32, 37, 47]) == [
        *("open", "open", "open", "?", "body", "?", "?"),
    ]


def test_chromosomes_are_kept_apart() -> None:
    task = segmentation()
    labels = label_table([("chr1", 0, 10, "P"), ("chr2", 0, 10, "G")], task, CHROMS)
    windows = window_table([("chr1", 5), ("chr2", 5), ("chr1", 15)], CHROMS)
    assert class_codes(labels, task, windows).tolist() == [0, 1, -1]
    assert class_codes(labels, task, windows.iloc[:0]).tolist() == []
    assert class_codes(labels.iloc[:0], task, windows).tolist() == [-1, -1, -1]


# Segmentations: the class that covers most


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(40, 46, "G"), (46, 50, "R")], "body"),  # the core is 40 to 50
        ([(40, 45, "G"), (45, 50, "R")], "?"),  # a tie
        ([(40, 43, "P"), (43, 46, "E"), (46, 50, "G")], "open"),  # two states of one class
        ([(0, 41, "G")], "body"),  # one base is most, if no other class is there
        ([(0, 40, "G"), (50, 90, "R")], "?"),  # beside the core on either side
        ([(40, 46, "X"), (46, 50, "G")], "?"),  # an excluded state covers most
        ([(40, 45, "X"), (45, 50, "G")], "?"),  # as much
        ([(40, 44, "X"), (44, 50, "G")], "body"),  # less
        ([], "?"),
    ],
)
def test_the_class_that_covers_most(rows: list[tuple], expected: str) -> None:
    assert named(segmentation(assign="majority", core=10), rows, [44]) == [expected]


@pytest.mark.parametrize(
    ("share", "core", "bases", "expected"),
    [
        (0.5, 10, 5, "body"),
        (0.5, 10, 4, "?"),
        (1, 10, 10, "body"),
        (1, 10, 9, "?"),
        # Shares that no floating-point product meets exactly.
        *((share / 100, 100, share, "body") for share in (7, 14, 28, 29, 55, 57, 58)),
        *((share / 100, 100, share - 1, "?") for share in (7, 14, 28, 29, 55, 57, 58)),
    ],
)
def test_a_class_must_cover_enough(share: float, core: int, bases: int, expected: str) -> None:
    task = segmentation(assign="overlap", core=core, min_overlap=share)
    start = 500 - (core - 1) // 2
    assert named(task, [(start, start + bases, "G")], [500]) == [expected]


def test_enough_is_not_most() -> None:
    """Of two that cover enough the larger counts; a tie is none."""
    task = segmentation(assign="overlap", core=10, min_overlap=0.3)
    assert named(task, [(40, 43, "G"), (43, 50, "R")], [44]) == ["rest"]
    assert named(task, [(40, 43, "G"), (43, 46, "R")], [44]) == ["?"]


def test_a_core_past_the_chromosome_end_counts_whole() -> None:
    rows = [(0, 5, "G")]
    assert named(segmentation(assign="overlap", core=11), rows, [0]) == ["?"]  # 5 of 11
    assert named(segmentation(assign="overlap", core=10), rows, [0]) == ["body"]  # 5 of 10
    assert named(segmentation(assign="majority", core=11), rows, [0]) == ["body"]


# Marks


@pytest.mark.parametrize(
    ("peak", "expected"),
    [  # The core is 40 to 50, the margin 35 to 55.
        ((45, 46), "bound"),
        ((0, 41), "bound"),
        ((49, 90), "bound"),
        ((0, 90), "bound"),
        ((30, 40), "?"),
        ((50, 60), "?"),
        ((54, 55), "?"),
        ((35, 36), "?"),
        ((55, 60), "not_bound"),
        ((20, 35), "not_bound"),
    ],
)
def test_a_peak_binds_its_core_and_hides_its_margin(peak: tuple[int, int], expected: str) -> None:
    assert named(marks(core=10, margin=5), [(*peak, "p")], [44]) == [expected]
    assert named(marks(core=10, margin=5), [(*peak, "p"), (900, 901, "p")], [44]) == [expected]


def test_without_margin_there_is_no_doubt() -> None:
    assert named(marks(core=10, margin=0), [(50, 60, "p")], [44, 45]) == ["not_bound", "bound"]


def test_weak_peaks_are_neither_bound_nor_not() -> None:
    """Even in the core; a strong one beside them counts. A peak without a number is weak."""
    rows = [(44, 45, 5.0), (344, 345, 4.9), (644, 645, "."), (944, 945, 1), (940, 941, 9)]
    task = marks(core=10, margin=5, min_score=5)
    assert named(task, rows, [44, 344, 644, 944, 1244]) == ["bound", "?", "?", "bound", "not_bound"]
    assert named(marks(core=10, margin=5), rows, [344, 644]) == ["bound", "bound"]


# Against base-by-base loops, in any order of the lines


SEGMENT = st.tuples(st.integers(0, 60), st.integers(1, 25), st.sampled_from("PEGRX"))


def by_base(rows: list[tuple], base: int) -> set[str]:
    """Return the classes at a base, "" for an excluded state."""
    return {CLASS_OF.get(name, "") for start, bp, name in rows if start <= base < start + bp}


@given(st.lists(SEGMENT, max_size=10), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_centres_equal_a_loop_in_any_order(rows: list[tuple], random) -> None:
    centres = [*range(90)]
    expected = []
    for centre in centres:
        there = by_base(rows, centre)
        expected.append(next(iter(there)) or "?" if len(there) == 1 else "?")
    for _ in range(2):
        segments = [(start, start + bp, name) for start, bp, name in rows]
        assert named(segmentation(overlaps="unknown"), segments, centres) == expected
        random.shuffle(rows)


@given(
    st.lists(SEGMENT, max_size=10),
    st.integers(1, 12),
    st.sampled_from([None, 0.25, 0.5, 0.6, 1]),
    st.randoms(use_true_random=False),
)
@settings(max_examples=50, deadline=None)
def test_majorities_equal_a_loop_in_any_order(rows, core, share, random) -> None:
    free, taken = [], set()
    for start, bp, name in rows:  # a segmentation: each base has one state
        if not taken & {*range(start, start + bp)}:
            taken |= {*range(start, start + bp)}
            free.append((start, start + bp, name))
    expected = []
    centres = [*range(90)]
    for centre in centres:
        first = centre - (core - 1) // 2
        counts = dict.fromkeys(["open", "body", "rest", ""], 0)
        for start, end, name in free:
            counts[CLASS_OF.get(name, "")] += max(0, min(end, first + core) - max(start, first))
        most = max(counts.values())
        (best, *others) = [name for name in counts if counts[name] == most]
        enough = most > 0 if share is None else 100 * most >= round(100 * share) * core
        expected.append(best or "?" if enough and not others else "?")
    options = (
        {"assign": "majority"} if share is None else {"assign": "overlap", "min_overlap": share}
    )
    random.shuffle(free)
    assert named(segmentation(core=core, **options), free, centres) == expected


@given(
    st.lists(st.tuples(st.integers(0, 80), st.integers(1, 10), st.integers(0, 3)), max_size=6),
    st.integers(1, 12),
    st.integers(0, 8),
    st.sampled_from([None, 2]),
    st.randoms(use_true_random=False),
)
@settings(max_examples=50, deadline=None)
def test_marks_equal_a_loop_in_any_order(rows, core, margin, least, random) -> None:
    centres, expected = [*range(90)], []
    for centre in centres:
        low, high = centre - (core - 1) // 2, centre + core // 2  # closed
        strong = {
            b for s, n, score in rows if least is None or score >= least for b in range(s, s + n)
        }
        near = {b for s, n, _ in rows for b in range(s, s + n)}
        if strong & {*range(low, high + 1)}:
            expected.append("bound")
        elif near & {*range(low - margin, high + margin + 1)}:
            expected.append("?")
        else:
            expected.append("not_bound")
    random.shuffle(rows)
    peaks = [(start, start + bp, score) for start, bp, score in rows]
    task = marks(core=core, margin=margin, min_score=least)
    assert named(task, peaks, centres) == expected


# Signals


def test_signals_are_means_of_what_is_known(tmp_path: Path) -> None:
    """Gaps count neither as zero nor at all, and a core without a value is unknown."""
    values = np.array([*range(10), *[np.nan] * 10, *[4] * 5], dtype=float)
    path = write_values(tmp_path / "x.bw", {"chr1": values}, SIZES)
    task = Task.from_config("level", {"kind": "signal", "core": 4})
    windows = window_table([("chr1", c) for c in (1, 8, 9, 12, 18, 24)] + [("chr2", 5)], CHROMS)
    # Cores [0, 4), [7, 11), [8, 12), [11, 15), [17, 21), [23, 27) and another chromosome.
    expected = [1.5, 8.0, 8.5, np.nan, 4.0, 4.0, np.nan]
    found = signal_values(path, task, windows)
    assert found.dtype == np.float32
    assert np.array_equal(found, np.array(expected, np.float32), equal_nan=True)


# Replicates


def test_replicates_agree_or_the_class_is_unknown() -> None:
    labels = np.array([[0, 0, -1, 1, -1, 2], [0, 1, 1, -1, -1, 2], [0, 0, 1, -1, -1, 0]])
    assert consensus(labels).tolist() == [0, -1, 1, 1, -1, -1]
    assert consensus(labels[:1]).tolist() == labels[0].tolist()


def test_votes_are_shares_of_those_that_know() -> None:
    labels = np.array([[0, 0, -1, -1], [0, 1, 1, -1], [2, 0, -1, -1]])
    third = np.float32(1 / 3)
    expected = [[2 * third, 0, third], [2 * third, third, 0], [0, 1, 0], [0, 0, 0]]
    assert np.allclose(votes(labels, 3), expected)
    assert votes(labels, 3).dtype == np.float32


def test_columns_of_replicates_are_found_by_their_names() -> None:
    columns = [
        "state",
        "state.1",
        "state_b",
        "state_b.1",
        "soft:state:x",
        "state.truth",
        "weight:state",
    ]
    assert replicate_columns(columns, "state") == {"1": "state.1"}
    assert replicate_columns(columns, "state", truth=True) == {
        "1": "state.1",
        "truth": "state.truth",
    }
    assert replicate_columns(columns, "tate") == {}
