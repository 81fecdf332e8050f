"""Means of a bigWig over intervals, against arrays of its values."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chrompute.bigwig import bigwig_faults, interval_means
from helpers import write_values

SIZES = {"chr1": 400, "chr2": 300, "chr3": 50}


def gappy(size: int, seed: int) -> np.ndarray:
    """Return values of quarters (exact in 32 bits), a third of the bases without one."""
    rng = np.random.default_rng(seed)
    values = rng.integers(-40, 400, size) / 4
    values[rng.random(size) < 0.3] = np.nan
    values[100:160] = np.nan
    return values


def test_means_equal_those_of_arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gaps do not count, nor do bases off the chromosome; without a value there is no mean."""
    values = {"chr1": gappy(400, 1), "chr2": gappy(300, 2)}
    path = write_values(tmp_path / "x.bw", values, SIZES)
    rng = np.random.default_rng(3)
    chrom = rng.choice(["chr3", "chr1", "chrX", "chr2"], 200)
    start = rng.integers(-30, 420, 200)
    end = start + rng.integers(1, 90, 200)
    expected = []
    for name, low, high in zip(chrom, start, end, strict=True):
        own = values.get(name, np.array([]))[max(low, 0) : max(high, 0)]
        expected.append(np.nanmean(own) if (~np.isnan(own)).any() else np.nan)
    assert 20 < np.isnan(expected).sum() < 180
    table = pd.DataFrame({"chrom": chrom, "start": start, "end": end}, index=np.arange(200)[::-1])
    assert np.allclose(interval_means(path, table), expected, rtol=1e-12, equal_nan=True)
    table["chrom"] = pd.Categorical(chrom, ["chrX", "chr2", "chr3", "chr1"])
    # Intervals of several stretches, some of which lie across their edges.
    monkeypatch.setattr("chrompute.bigwig._STRETCH", 64)
    assert np.allclose(interval_means(path, table), expected, rtol=1e-12, equal_nan=True)
    assert interval_means(path, table.iloc[:0]).size == 0


def test_values_of_zero_are_known(tmp_path: Path) -> None:
    path = write_values(tmp_path / "x.bw", {"chr3": np.zeros(20)}, SIZES)
    table = pd.DataFrame({"chrom": "chr3", "start": [0, 18, 20], "end": [20, 22, 22]})
    assert interval_means(path, table).tolist()[:2] == [0.0, 0.0]
    assert np.isnan(interval_means(path, table)[2])


def test_aliases_name_the_chromosomes(tmp_path: Path) -> None:
    """Here, and where the file is looked over."""
    path = write_values(tmp_path / "x.bw", {"1": np.arange(50.0)}, {"1": 400, "chr2": 300})
    aliases = {"1": "chr1", "2": "chr2"}
    table = pd.DataFrame({"chrom": ["chr1", "chr2"], "start": [10, 0], "end": [13, 5]})
    assert np.array_equal(interval_means(path, table, aliases), [11, np.nan], equal_nan=True)
    assert np.isnan(interval_means(path, table)).all()
    assert bigwig_faults(path, {"chr1": 400}, None, aliases) == []
    assert "has none of the genome's chromosomes" in bigwig_faults(path, {"chr1": 400})[0]
    (fault,) = bigwig_faults(path, {"chr1": 401}, None, aliases)
    assert "chr1 has 400 bp there and 401 bp in the genome; give the file of the same" in fault
