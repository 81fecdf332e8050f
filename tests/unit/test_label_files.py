"""Label files: what is read of them, and that bad ones stop with file, line and remedy."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chrompute.check import inspect_inputs
from chrompute.configuration import load_settings
from chrompute.errors import InputError
from chrompute.genome import write_sizes
from chrompute.label_files import read_labels_of, scan_labels
from chrompute.tasks import Task
from helpers import ROOT, write_bed, write_values

SIZES = {"chr2": 1000, "chr10": 500, "chr1": 500}
ENTRY = {
    "kind": "segmentation",
    "classes": {"open": {"states": ["P", "E"]}, "body": {"states": ["G"]}},
    "exclude": ["X"],
}
STATES = Task.from_config("state", ENTRY)


def marks(**options: object) -> Task:
    return Task.from_config("mark", {"kind": "marks", **options})


def faults_of(
    tmp_path: Path, rows: list[tuple], task: Task = STATES, name: str = "x.bed"
) -> list[str]:
    """Return the faults of a BED of these rows, which must not be read either."""
    path = write_bed(tmp_path / name, rows)
    _, faults = scan_labels(path, task, "cells", SIZES)
    if faults:
        with pytest.raises(InputError) as caught:
            read_labels_of(path, task, "cells", SIZES)
        assert caught.value.faults == faults
    assert all(str(path) in fault or "tasks/" in fault for fault in faults)
    return [fault.removeprefix(f"{path}, ").removeprefix(f"{path}: ") for fault in faults]


def test_states_become_classes(tmp_path: Path) -> None:
    rows = [
        ("chr10", 0, 10, "G"),  # chromosomes stand in any order, but each in one piece
        ("chr2", 5, 9, "E", 7, "-"),
        ("chr2", 9, 20, "X"),  # touches the one before
        ("chr2", 20, 30, "P"),
    ]
    path = write_bed(tmp_path / "x.bed.gz", rows)
    table = read_labels_of(path, STATES, "cells", SIZES)
    assert table["code"].tolist() == [1, 0, -1, 0]
    assert table["code"].dtype == np.int64
    assert table["name"].tolist() == [*"GEXP"]
    assert table["line"].tolist() == [1, 2, 3, 4]
    assert table["strand"].tolist() == [".", "-", ".", "."]


# Faults


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("chr2", 5, 5, "P")], "line 1: start and end are both 5, which is no base in a BED; pos"),
        ([("chr2", 9, 5, "P")], "line 1: start 9 and end 5 make no interval"),
        ([("chr1", 0, 501, "P")], "line 1: end 501 lies beyond the end of chr1 (500 bp), as in"),
        ([("chr3", 0, 5, "P")], "line 1: chromosome 'chr3' is not in the genome"),
        ([("1", 0, 5, "P")], "line 1: chromosome '1' is not in the genome"),
        ([("chr2", 0, 5, "Q")], "line 1: state 'Q' has no class in tasks/state; add it to a class"),
        ([], "holds no interval; give another file or remove the line"),
        (
            [("chr2", 0, 5, "P"), ("chr2", 9, 15, "P"), ("chr2", 8, 9, "P")],
            "line 3: chr2:8 comes after its place, the file is not sorted; sort it with: sort",
        ),
        (
            [("chr2", 0, 5, "P"), ("chr1", 0, 5, "P"), ("chr2", 8, 9, "P")],
            "line 3: chr2:8 comes after its place, the file is not sorted",
        ),
        (
            [("chr2", 0, 5, "P"), ("chr2", 4, 15, "P")],
            "line 2: the segment shares bases with that of line 1; correct one of them, or",
        ),
    ],
)
def test_a_bad_line_stops_with_its_place_and_a_remedy(
    tmp_path: Path, rows: list[tuple], words: str
) -> None:
    good = [("chr10", 0, 5, "P"), ("chr10", 5, 9, "G")]
    (fault,) = faults_of(tmp_path, rows)
    assert words in fault
    if rows:
        (fault,) = faults_of(tmp_path, [*good, *rows])
        number = int(words.split(":")[0].removeprefix("line "))
        own = words.replace(f"line {number}: ", f"line {number + 2}: ")
        assert own.replace("of line 1;", "of line 3;") in fault


def test_an_unmapped_state_is_told_once_with_a_guess(tmp_path: Path) -> None:
    task = Task.from_config("t", {**ENTRY, "exclude": ["Quiescent"]})
    rows = [("chr2", 10 * n, 10 * n + 5, "Quiescnt" if n % 2 else "P") for n in range(9)]
    assert faults_of(tmp_path, rows, task) == [
        "line 2: state 'Quiescnt' has no class in tasks/t (did you mean 'Quiescent'?); "
        "add it to a class or to 'exclude'"
    ]
    many = [("chr2", n, n + 1, f"u{n}") for n in range(8)]
    faults = faults_of(tmp_path, many)
    assert [fault.split(":")[0] for fault in faults[:5]] == [f"line {n}" for n in range(1, 6)]
    assert faults[5:] == ["and 3 more faulty lines like these"]


def test_all_faults_of_a_file_are_told_together(tmp_path: Path) -> None:
    rows = [
        ("chr2", 50, 60, "P"),
        ("chr2", 50, 60, "Q"),  # unmapped, and over the first
        ("chr2", 9, 5, "P"),
        ("chr2", 10, 15, "P"),  # behind its place
    ]
    words = ["line 3: start 9", "line 4: chr2:10 comes", "line 2: state 'Q'", "line 2: the segment"]
    faults = faults_of(tmp_path, rows)
    assert [word in fault for word, fault in zip(words, faults, strict=True)] == [True] * 4


def test_the_last_of_nested_segments_names_the_one_it_meets(tmp_path: Path) -> None:
    """Line 4 shares bases with line 1, which reaches over those between."""
    rows = [(0, 100, "P"), (10, 20, "P"), (20, 30, "P"), (90, 110, "P"), (110, 120, "P")]
    faults = faults_of(tmp_path, [("chr2", *row) for row in rows])
    assert [(fault[:6], fault.split(";")[0][-6:]) for fault in faults] == [
        (f"line {line}", "line 1") for line in (2, 3, 4)
    ]


SEGMENT = st.tuples(st.sampled_from([*SIZES]), st.integers(0, 80), st.integers(1, 12))


@given(st.lists(SEGMENT, min_size=1, max_size=9))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_overlaps_and_order_equal_loops(tmp_path: Path, places: list[tuple]) -> None:
    """A segment is at fault that shares a base with one that stands before it when sorted."""
    rows = [(chrom, start, start + bp, "P") for chrom, start, bp in places]
    path = write_bed(tmp_path / "x.bed", rows)
    _, faults = scan_labels(path, STATES, "cells", SIZES)
    ordered = sorted(enumerate(rows), key=lambda item: (item[1][:3], item[0]))
    shared = [
        line + 1
        for rank, (line, (chrom, start, _, _)) in enumerate(ordered)
        if any(c == chrom and start < end for _, (c, _, end, _) in ordered[:rank])
    ]
    found = [fault for fault in faults if "shares bases" in fault]
    assert len(found) == min(len(shared), 5)
    assert {int(fault.split(", line ")[1].split(":")[0]) for fault in found} <= {*shared}
    chroms = [row[0] for row in rows]
    first_bad = next(
        (
            i + 1
            for i in range(1, len(rows))
            if (chroms[i] == chroms[i - 1] and rows[i][1] < rows[i - 1][1])
            or (chroms[i] != chroms[i - 1] and chroms[i] in chroms[:i])
        ),
        None,
    )
    told = [fault for fault in faults if "is not sorted" in fault]
    assert [f", line {first_bad}: " in fault for fault in told] == [True] * (first_bad is not None)


def test_overlaps_are_allowed_where_they_are_asked_for(tmp_path: Path) -> None:
    rows = [("chr2", 0, 100, "P"), ("chr2", 10, 20, "G")]
    assert faults_of(tmp_path, rows, Task.from_config("t", {**ENTRY, "overlaps": "unknown"})) == []
    assert faults_of(tmp_path, rows, marks()) == []  # peaks overlap as they like


# Positions that count from 1


def touching(number: int, shift: int, every: int = 1000) -> list[tuple]:
    """Return touching segments, `shift` bases added to all starts but each `every`-th."""
    return [
        ("chr2", 10 * n + (shift if n % every else 0), 10 * n + 10, "PG"[n % 2])
        for n in range(number)
    ]


def test_segments_counted_from_one_are_suspected(tmp_path: Path) -> None:
    told = "line 2: begins one base behind the segment before, as 29 of 29 do, and none touches the"
    (fault,) = faults_of(tmp_path, touching(30, 1))
    assert fault == f"{told} one before: its ends seem to be last bases; add 1 to column 3"
    shifted = [(chrom, start + 1, end + 1, *rest) for chrom, start, end, *rest in touching(30, 1)]
    (fault,) = faults_of(tmp_path, shifted)
    assert fault == (
        f"{told} one before: its positions seem to count from 1; subtract 1 from column 2"
    )
    # Also on short chromosomes: the first segment of each follows none.
    rows = [(chrom, *row[1:]) for chrom in SIZES for row in touching(3, 1)]
    (fault,) = faults_of(tmp_path, rows)
    assert "as 6 of 6 do" in fault


@pytest.mark.parametrize(
    "rows", [touching(30, 0), touching(30, 2), touching(30, 1, every=5), touching(2, 1)]
)
def test_other_segments_are_not(tmp_path: Path, rows: list[tuple]) -> None:
    """Touching, two bases apart, one base apart where others touch, or too few to tell."""
    assert faults_of(tmp_path, rows) == []


def test_segments_with_gaps_counted_from_one_are_suspected(tmp_path: Path) -> None:
    """Two of nine follow by one base, the others far behind, and none touches."""
    places = [1, 31, 61, 200, 240, 280, 320, 360, 401, 440]
    rows = [("chr2", start, start + 29, "P") for start in places]
    assert "do, and none touches the one before" in faults_of(tmp_path, rows)[0]
    rows[-1] = ("chr2", 430, 460, "P")  # touches the one before
    assert faults_of(tmp_path, rows) == []


@pytest.mark.parametrize("task", [STATES, marks()])
def test_round_intervals_counted_from_one_are_suspected(tmp_path: Path, task: Task) -> None:
    rows = [("chr2", at + 1, at + 20, "P", 5) for at in (0, 40, 100, 160, 220)]
    (fault,) = faults_of(tmp_path, rows, task)
    assert fault == (
        "line 1: begins, like every other, one above a multiple of 10, and ends at one: its "
        "positions seem to count from 1; subtract 1 from column 2"
    )
    assert faults_of(tmp_path, rows[:4], task) == []
    assert faults_of(tmp_path, [*rows, ("chr2", 402, 420, "P", 5)], task) == []


def test_a_file_without_the_column_of_states_is_told(tmp_path: Path) -> None:
    path = write_bed(tmp_path / "x.bed", [("chr2", 0, 5), ("chr2", 9, 15)])
    _, faults = scan_labels(path, STATES, "cells", SIZES)
    assert faults == [f"{path}: has no column 4, where states should stand; correct the file"]


def test_peaks_below_every_score_are_told(tmp_path: Path) -> None:
    rows = [("chr2", 3, 9, "x", 5), ("chr2", 30, 39, "x", ".")]
    assert faults_of(tmp_path, rows, marks(min_score=5)) == []
    (fault,) = faults_of(tmp_path, rows, marks(min_score=6))
    assert "no peak has a score (column 5) of 6 or more" in fault


def test_peaks_one_base_apart_are_not(tmp_path: Path) -> None:
    assert faults_of(tmp_path, touching(30, 1), marks()) == []


# Lines that count


KEEP = {"column": 5, "values": {"cells": ["16_ACS", "b"], "other": ["c"]}}
KEPT = [
    ("chr2", 0, 10, "x", "16_ACS"),
    ("chr2", 5, 20, "y", "other"),
    ("chr2", 7, 30, "z", "b"),
    ("chr2", 30, 40, "z", "16_ACS", "+", "more"),
]


@pytest.mark.parametrize("rows", [KEPT, [row[:5] for row in KEPT]])
def test_chosen_lines_count_alone(tmp_path: Path, rows: list[tuple]) -> None:
    """By any column from 4 on, one of texts in column 5 (the score elsewhere) too."""
    path = write_bed(tmp_path / "x.bed", rows)
    assert read_labels_of(path, marks(keep=KEEP), "cells", SIZES)["line"].tolist() == [1, 3, 4]
    values = ["y"]
    task = marks(keep={"column": 4, "values": values})
    assert read_labels_of(path, task, "any", SIZES)["line"].tolist() == [2]


def test_lines_that_do_not_count_may_hold_what_they_like(tmp_path: Path) -> None:
    """States and overlaps of lines left out are no faults; their places still are."""
    task = Task.from_config("t", {**ENTRY, "keep": {"column": 7, "values": ["yes"]}})
    rows = [
        ("chr2", 0, 10, "P", 0, ".", "yes"),
        ("chr2", 5, 10, "unmapped", 0, ".", "no"),
        ("chr2", 10, 20, "G", 0, ".", "yes"),
    ]
    assert faults_of(tmp_path, rows, task) == []
    (fault,) = faults_of(tmp_path, [*rows, ("chr2", 20, 20, "P", 0, ".", "no")], task)
    assert fault.startswith("line 4: start and end are both 20")


def test_the_state_may_stand_in_another_column(tmp_path: Path) -> None:
    """As the classes of ENCODE's registry do, behind accession, score and colour."""
    rest = (0, ".", 0, 0, "255,0,0")
    rows = [
        ("chr2", 0, 10, "EH38E1", *rest, "PLS,CTCF-bound", "x"),
        ("chr2", 20, 30, "EH38E2", *rest, "Low-DNase", "x"),
        ("chr2", 30, 40, "EH38E3", *rest, "dELS", "y"),
    ]
    entry = {"kind": "segmentation", "preset": "ccre", "column": 10}
    task = Task.from_config("elements", entry)
    table = read_labels_of(write_bed(tmp_path / "x.bed", rows), task, "cells", SIZES)
    assert table["code"].tolist() == [0, -1, 2]
    # Lines that count may be chosen by yet another one.
    kept = Task.from_config("t", {**entry, "keep": {"column": 4, "values": ["EH38E3"]}})
    table = read_labels_of(tmp_path / "x.bed", kept, "cells", SIZES)
    assert (table["code"].tolist(), table["name"].tolist()) == ([2], ["dELS"])
    (fault, *_) = faults_of(tmp_path, rows, Task.from_config("t", {**entry, "column": 4}))
    assert fault.startswith("line 1: state 'EH38E1' has no class")


def test_texts_that_no_line_has_are_faults(tmp_path: Path) -> None:
    task = marks(keep={"column": 4, "values": ["x", "Reb1", "Reb2"]})
    assert faults_of(tmp_path, KEPT, task) == [
        f"no line has {name!r} in column 4; correct tasks/mark/keep" for name in ("Reb1", "Reb2")
    ]
    beyond = marks(keep={"column": 9, "values": ["x"]})
    assert faults_of(tmp_path, KEPT, beyond) == [
        "no line has 'x' in column 9; correct tasks/mark/keep"
    ]


def test_a_cell_type_without_texts_is_a_fault(tmp_path: Path) -> None:
    task = marks(keep={"column": 4, "values": {"other": ["x"]}})
    assert faults_of(tmp_path, KEPT, task) == [
        "tasks/mark/keep names nothing for cell type 'cells'; add it to 'values'"
    ]


def test_a_file_that_is_no_text_raises(tmp_path: Path) -> None:
    """What the check of inputs turns into a sentence."""
    path = tmp_path / "x.bed.gz"
    path.write_bytes(b"chr2\t0\t10\tP\n")
    with pytest.raises(gzip.BadGzipFile):
        scan_labels(path, STATES, "cells", SIZES)
    binary = tmp_path / "x.bed"
    binary.write_bytes(b"\x87\x26\x4c\x8b\xff\xfe")
    with pytest.raises(UnicodeDecodeError):
        scan_labels(binary, STATES, "cells", SIZES)


# The check of all inputs


def test_the_check_of_inputs_tells_what_is_wrong_with_labels(tmp_path: Path) -> None:
    """Before anything runs, all files together, and each fault once."""
    write_sizes(SIZES, tmp_path / "sizes")
    (tmp_path / "text.bw").write_text("chr2\t0\t10\t0.5\n")
    other = {**SIZES, "chr1": 499}
    write_values(tmp_path / "other.bw", {"chr2": np.ones(9)}, other)
    (tmp_path / "binary.bed").write_bytes(b"\x87\x26\x4c\x8b\xff\xfe")
    write_bed(tmp_path / "good.bed", [("chr2", 0, 10, "P"), ("chr2", 10, 20, "G")])
    write_bed(tmp_path / "bad.bed", [("chr2", 0, 10, "P"), ("chr2", 5, 20, "Q")])
    tasks = {"state": ENTRY, "mark": {"kind": "marks"}, "level": {"kind": "signal"}}
    lines = [
        ("state", "good.bed"),
        ("state", "bad.bed"),
        ("mark", "binary.bed"),
        ("level", "text.bw"),
        ("level", "other.bw"),
    ]
    labels = [
        f"a\t{task}\t{tasks[task]['kind']}\t{number}\t{tmp_path / name}\t\n"
        for number, (task, name) in enumerate(lines)
    ]
    header = "cell_type\ttask\tkind\treplicate\tpath\tderived_from\n"
    (tmp_path / "labels.tsv").write_text(header + "".join(labels))
    (tmp_path / "samples.tsv").write_text("sample\tcell_type\tassay\tpath\ns\ta\tATAC\ts.bam\n")
    config = {
        "samples": str(tmp_path / "samples.tsv"),
        "labels": str(tmp_path / "labels.tsv"),
        "genome": {"sizes": str(tmp_path / "sizes")},
        "tasks": tasks,
    }
    loaded, faults = load_settings(config, ROOT / "config/schemas/config.schema.json")
    assert faults == []
    told = inspect_inputs(loaded, None).faults
    words = [
        "s.bam: there is no such file",
        "bad.bed, line 2: state 'Q' has no class in tasks/state",
        "bad.bed, line 2: the segment shares bases with that of line 1",
        "binary.bed: cannot be read as text",
        "text.bw: is no bigWig, or is damaged",
        "other.bw: chr1 has 499 bp there and 500 bp in the genome; give the file of the same",
    ]
    assert [word in fault for word, fault in zip(words, told, strict=True)] == [True] * len(words)
