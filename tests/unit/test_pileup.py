"""Pile-ups and the bigWigs that they become, against plain arithmetic."""

from pathlib import Path

import numpy as np
import pyBigWig
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d

from chrompute.bigwig import write_bigwig
from chrompute.pileup import Runs, bin_means, pile_up, smooth


def random_runs(size: int, number: int, seed: int) -> Runs:
    rng = np.random.default_rng(seed)
    inner = np.sort(rng.choice(np.arange(1, size), number - 1, replace=False))
    return Runs(np.concatenate([[0], inner, [size]]), rng.normal(5, 3, number))


def cut(runs: Runs, number: int) -> list[Runs]:
    firsts = range(0, runs.values.size, number)
    return [Runs(runs.edges[i : i + number + 1], runs.values[i : i + number]) for i in firsts]


def dense(runs: Runs) -> np.ndarray:
    return np.repeat(runs.values, np.diff(runs.edges))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Runs]]:
    """Many runs on chromosomes whose order is not that of their names."""
    path = tmp_path_factory.mktemp("bigwig") / "large.bw"
    runs = {"b": random_runs(12_000_000, 300_000, 1), "a": random_runs(9_001, 1_500, 2)}
    steps = np.append(np.arange(0, 70_001, 7), 70_003)
    runs["c"] = Runs(steps, np.random.default_rng(3).poisson(2, steps.size - 1))
    pieces = [(chrom, cut(r, 1024)) for chrom, r in runs.items()]
    write_bigwig(pieces, {name: int(r.edges[-1]) for name, r in runs.items()}, path)
    return path, runs


def test_runs_come_back_as_they_were_written(large: tuple[Path, dict[str, Runs]]) -> None:
    path, expected = large
    with pyBigWig.open(str(path)) as handle:
        for chrom, runs in expected.items():
            starts, ends, values = zip(*handle.intervals(chrom), strict=True)
            assert np.array_equal(starts, runs.edges[:-1])
            assert np.array_equal(ends, runs.edges[1:])
            assert np.array_equal(values, runs.values.astype(np.float32))


def test_any_region_can_be_read_alone(large: tuple[Path, dict[str, Runs]]) -> None:
    path, expected = large
    values = dense(expected["b"]).astype(np.float32)
    with pyBigWig.open(str(path)) as handle:
        for start in np.random.default_rng(4).integers(0, values.size - 500, 50).tolist():
            found = handle.values("b", start, start + 500, numpy=True)
            assert np.array_equal(found, values[start : start + 500])


def test_zoom_levels_are_there_and_tell_the_totals(large: tuple[Path, dict[str, Runs]]) -> None:
    path, expected = large
    everything = np.concatenate([dense(r) for r in expected.values()]).astype(np.float32)
    with pyBigWig.open(str(path)) as handle:
        header = handle.header()
        zoomed = handle.stats("b", 0, 12_000_000, type="mean", nBins=2)
    assert header["nLevels"] >= 1
    assert header["nBasesCovered"] == everything.size
    assert header["sumData"] == pytest.approx(everything.sum(dtype=float), rel=1e-6)
    halves = dense(expected["b"]).reshape(2, -1).mean(axis=1)
    assert zoomed == pytest.approx(halves.tolist(), rel=1e-3)


def test_thousands_of_chromosomes(tmp_path: Path) -> None:
    """More names than a node of the index holds, in an order that is not theirs."""
    sizes = {f"scaffold_{n}": 10 + n % 7 for n in np.random.default_rng(5).permutation(5_000)}
    some = list(sizes)[::4]
    tracks = ((c, [Runs(np.array([0, sizes[c]]), np.array([n]))]) for n, c in enumerate(some))
    write_bigwig(tracks, sizes, tmp_path / "t.bw")
    with pyBigWig.open(str(tmp_path / "t.bw")) as handle:
        assert list(handle.chroms().items()) == list(sizes.items())
        for n in (0, 1, 255, 256, 257, 1_249):
            assert handle.intervals(some[n]) == ((0, sizes[some[n]], float(n)),)
        assert handle.intervals(list(sizes)[1]) is None


intervals = st.lists(st.tuples(st.integers(0, 79), st.integers(1, 80)), max_size=30)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(drawn=intervals, width=st.integers(1, 90))
def test_pile_up_and_its_means(drawn: list[tuple[int, int]], width: int) -> None:
    starts = np.array([s for s, _ in drawn], dtype=int)
    ends = np.array([min(s + n, 80) for s, n in drawn], dtype=int)
    expected = [sum(s <= b < e for s, e in zip(starts, ends, strict=True)) for b in range(80)]
    runs = pile_up(starts, ends, 80)
    assert dense(runs).tolist() == expected
    assert np.all(np.diff(runs.values) != 0)  # maximal runs
    means = [np.mean(expected[b - b % width :][:width]) for b in range(80)]
    binned = bin_means(runs, width)
    assert dense(binned).tolist() == pytest.approx(means, rel=1e-15)
    assert np.all(np.diff(binned.values) != 0)


def test_positions_at_the_end_of_the_longest_chromosome() -> None:
    size = (2**31 - 1) // 2  # the longest that the store holds
    runs = pile_up(np.array([0, size - 1]), np.array([size, size]), size)
    assert runs.edges.tolist() == [0, size - 1, size]
    assert runs.values.tolist() == [1, 2]


@pytest.mark.parametrize(("piece", "width"), [(1, 1), (7, 1), (100, 1), (999, 13), (64, 100)])
def test_smoothing_in_pieces_equals_the_unsplit(piece: int, width: int) -> None:
    rng = np.random.default_rng(6)
    points = np.sort(np.append(rng.integers(0, 700, 60), [0, 1999, 1999]))  # none from 700 to 1999
    whole = gaussian_filter1d(np.bincount(points).astype(float), 8.5, mode="constant")
    pieces = list(smooth(points, 2000, 8.5, width, piece))
    assert [p.edges[0] for p in pieces] == [0, *(p.edges[-1] for p in pieces[:-1])]
    found = np.concatenate([dense(p) for p in pieces])
    if width == 1:
        assert np.array_equal(found, whole)  # not one bit differs
    else:
        means = [whole[b - b % width :][:width].mean() for b in range(2000)]
        np.testing.assert_allclose(found, means, rtol=1e-14)
    one = np.concatenate([dense(p) for p in smooth(points, 2000, 8.5, width)])
    assert np.array_equal(found, one)
    assert np.all(found[800:1900] == 0)


def test_what_is_smoothed_past_the_ends_is_lost() -> None:
    (runs,) = smooth(np.array([0, 500]), 1000, 10)
    values = dense(runs)
    assert values[450:551].sum() == pytest.approx(1)
    assert values[:50].sum() == pytest.approx((1 + values[500]) / 2)
