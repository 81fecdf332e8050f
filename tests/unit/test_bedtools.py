"""Intervals and labels of windows against bedtools, on random places."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chrompute.intervals import IntervalSet, overlap_pairs
from chrompute.labels import class_codes, signal_values
from chrompute.tasks import Task
from helpers import need_program, write_bed, write_values
from label_tools import (
    CHROMS,
    CLASS_OF,
    SIZE,
    SIZES,
    label_table,
    marks,
    segmentation,
    window_table,
)

pytestmark = pytest.mark.debian


@pytest.fixture
def bedtools(tmp_path: Path) -> Callable[..., list[list[str]]]:
    """Return a function that runs bedtools on tables and gives the fields of its lines."""
    program = need_program("bedtools")

    def run(command: str, one: list[tuple], two: list[tuple], *options: str) -> list[list[str]]:
        paths = [
            write_bed(tmp_path / f"{name}.bed", sorted(rows))
            for name, rows in (("a", one), ("b", two))
        ]
        arguments = [program, command, "-a", paths[0], "-b", paths[1], *options]
        done = subprocess.run([*map(str, arguments)], check=True, capture_output=True, text=True)
        return [line.split("\t") for line in done.stdout.splitlines()]

    return run


def random_segments(seed: int) -> list[tuple]:
    """Return segments that do not overlap, a third of them touching the one before."""
    rng = np.random.default_rng(seed)
    rows = []
    for chrom in CHROMS:
        at = 0
        while True:
            at += int(rng.choice([0, rng.integers(1, 60), rng.integers(1, 60)]))
            end = at + int(rng.integers(1, 120))
            if end > SIZE:
                break
            rows.append((chrom, at, end, str(rng.choice([*"PEGRX"]))))
            at = end
    return rows


def random_windows(seed: int, core: int) -> tuple[pd.DataFrame, list[tuple]]:
    """Return windows, and their cores with the row of each as the name."""
    rng = np.random.default_rng(seed)
    places = [(str(rng.choice(CHROMS)), int(rng.integers(150, SIZE - 150))) for _ in range(400)]
    windows = window_table(places, CHROMS)
    cores = [
        (chrom, centre - (core - 1) // 2, centre + core // 2 + 1, row)
        for row, (chrom, centre) in enumerate(places)
    ]
    return windows, cores


def test_centres_equal_bedtools(bedtools: Callable) -> None:
    segments = random_segments(1)
    windows, cores = random_windows(2, 1)
    expected = ["?"] * len(windows)
    for *_, row, _chrom, _start, _end, state in bedtools(
        "intersect", cores, segments, "-wa", "-wb"
    ):
        expected[int(row)] = CLASS_OF.get(state, "?")
    task = segmentation()
    codes = class_codes(label_table(segments, task, CHROMS), task, windows)
    assert [task.classes[code] if code >= 0 else "?" for code in codes] == expected
    assert {*expected} == {"open", "body", "rest", "?"}


@pytest.mark.parametrize("share", [None, 0.4, 0.75])
@pytest.mark.parametrize("core", [41, 200])
def test_majorities_equal_bedtools(bedtools: Callable, core: int, share: float | None) -> None:
    segments = random_segments(3)
    windows, cores = random_windows(4, core)
    covered = np.zeros((len(windows), 4), dtype=int)
    names = ["open", "body", "rest", "?"]
    for fields in bedtools("intersect", cores, segments, "-wao"):
        covered[int(fields[3]), names.index(CLASS_OF.get(fields[7], "?"))] += int(fields[8])
    expected = []
    for own in covered:
        order = np.sort(own)
        clear = order[-1] > order[-2] and order[-1] >= (share or 1e-9) * core
        expected.append(names[own.argmax()] if clear else "?")
    options = (
        {"assign": "majority"} if share is None else {"assign": "overlap", "min_overlap": share}
    )
    task = segmentation(core=core, **options)
    codes = class_codes(label_table(segments, task, CHROMS), task, windows)
    assert [task.classes[code] if code >= 0 else "?" for code in codes] == expected
    assert len({*expected}) >= 3


@pytest.mark.parametrize("least", [None, 40])
def test_marks_equal_bedtools(bedtools: Callable, least: int | None) -> None:
    """`window -u` finds the peaks near a core, `intersect -u` those in it."""
    rng = np.random.default_rng(5)
    peaks = [
        (str(rng.choice(CHROMS)), start, start + int(rng.integers(1, 50)), int(rng.integers(0, 99)))
        for start in rng.integers(0, SIZE - 50, 25).tolist()
    ]
    windows, cores = random_windows(6, 60)
    strong = [peak for peak in peaks if least is None or peak[3] >= least]
    expected = ["not_bound"] * len(windows)
    for fields in bedtools("window", cores, peaks, "-u", "-w", "70"):
        expected[int(fields[3])] = "?"
    for fields in bedtools("intersect", cores, strong, "-u"):
        expected[int(fields[3])] = "bound"
    task = marks(core=60, margin=70, min_score=least)
    codes = class_codes(label_table(peaks, task, CHROMS), task, windows)
    assert [task.classes[code] if code >= 0 else "?" for code in codes] == expected
    assert {*expected} == {"bound", "not_bound", "?"}


def test_signals_equal_bedtools(bedtools: Callable, tmp_path: Path) -> None:
    """`map -o mean` over one line a base leaves bases without a value out, as bigWig means do."""
    rng = np.random.default_rng(7)
    values = rng.integers(0, 9, SIZE).astype(float)
    values[rng.random(SIZE) < 0.4] = np.nan
    values[500:800] = np.nan
    windows, cores = random_windows(8, 25)
    lines = [("chr1", b, b + 1, value) for b, value in enumerate(values) if not np.isnan(value)]
    expected = np.full(len(windows), np.nan)
    for *_, row, mean in bedtools("map", cores, lines, "-c", "4", "-o", "mean"):
        expected[int(row)] = np.nan if mean == "." else float(mean)
    path = write_values(tmp_path / "x.bw", {"chr1": values}, SIZES)
    task = Task.from_config("level", {"kind": "signal", "core": 25})
    assert np.allclose(signal_values(path, task, windows), expected, rtol=1e-6, equal_nan=True)
    on = (windows["chrom"] == "chr1").to_numpy()
    assert (~np.isnan(expected[on])).sum() > 100
    assert np.isnan(expected[on]).any()


def test_pairs_that_overlap_equal_bedtools(bedtools: Callable) -> None:
    _, one = random_windows(9, 30)
    peaks = [(*row[:3], number) for number, row in enumerate(random_windows(10, 50)[1])]
    expected = [
        (int(fields[3]), int(fields[7]))
        for fields in bedtools("intersect", one, peaks, "-wa", "-wb")
    ]
    tables = [pd.DataFrame(rows, columns=["chrom", "start", "end", "row"]) for rows in (one, peaks)]
    found = zip(*(rows.tolist() for rows in overlap_pairs(*tables)), strict=True)
    assert sorted(found) == sorted(expected)
    assert len(expected) > 1000


def test_a_blacklist_equals_bedtools(bedtools: Callable) -> None:
    """Windows any base of which is listed, and windows whose centre is."""
    listed = [row[:3] for row in random_windows(11, 70)[1][:20]]
    intervals = IntervalSet.of(*listed)
    for width in (1, 101):
        windows, places = random_windows(12, width)
        expected = np.zeros(len(places), dtype=bool)
        expected[[int(fields[3]) for fields in bedtools("intersect", places, listed, "-u")]] = True
        for chrom, rows in windows.groupby("chrom", observed=True).indices.items():
            starts, ends = np.array([places[row][1:3] for row in rows]).T
            assert np.array_equal(intervals.overlaps(chrom, starts, ends), expected[rows])
        assert 10 < expected.sum() < len(expected) - 10
