"""Batches drawn on the device against loops, strings and the assay side's V-plots."""

import numpy as np
import pandas as pd
import pytest
import torch

from chrompute.dataset import GenomeSequence
from chrompute.fragments import Fragments
from chrompute.genome import encode
from chrompute.window_images import FragmentImages, ImageGrid

SIZES = {"chr1": 6000, "chr2": 3000}
CPU = torch.device("cpu")
WIDTH = 201


def random_store(seed: int, n: int = 5000) -> Fragments:
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, 2500, n)
    return Fragments.from_intervals(
        SIZES, rng.integers(0, 2, n), starts, starts + rng.integers(1, 120, n)
    )


@pytest.fixture
def windows() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    starts = [-60, 2950, *rng.integers(0, 2500, 38)]
    return pd.DataFrame(
        {
            "cell_type": ["a", "b"] * 20,
            "chrom": ["chr1", "chr2", "chr2", "chr1"] * 10,
            "start": starts,
        }
    )


def loop_image(
    store: Fragments, window: tuple[str, int], grid: ImageGrid, reverse: bool
) -> np.ndarray:
    chrom, start = window
    image = np.zeros(grid.shape, dtype=int)
    for left, right in zip(*store.intervals(chrom), strict=True):
        left, right = left - start, right - start
        if reverse:  # base b of the window goes to width - 1 - b
            left, right = grid.width - right, grid.width - left
        column, length = (left + right - 1) // 2, right - left
        if 0 <= column < grid.width and grid.min_length <= length < grid.max_length:
            image[(length - grid.min_length) // grid.length_bin, column // grid.position_bin] += 1
    return image


@pytest.mark.parametrize("bins", [(1, 1), (10, 4), (7, 16)])
def test_images_equal_a_loop_with_jitter_and_strand(
    windows: pd.DataFrame, bins: tuple[int, int]
) -> None:
    stores = {"a": random_store(1), "b": random_store(2)}
    grid = ImageGrid(WIDTH, 20, 100, *bins)
    images = FragmentImages(stores, windows, {"a": 1.0, "b": 2.0}, grid, 15, CPU)
    rng = np.random.default_rng(3)
    ids = rng.permutation(len(windows))[:25]
    shift = rng.integers(-15, 16, 25)
    reverse = rng.random(25) < 0.5
    arguments = [torch.from_numpy(array) for array in (ids, shift, reverse)]
    counts = images.counts(*arguments)
    assert counts.dtype == torch.int32
    for row, (window, move, turned) in enumerate(zip(ids, shift, reverse, strict=True)):
        place = windows.iloc[window]
        expected = loop_image(
            stores[place.cell_type], (place.chrom, place.start + move), grid, turned
        )
        assert np.array_equal(counts[row].numpy(), expected)
    assert counts.sum() > 500
    factor = torch.tensor([{"a": 1.0, "b": 2.0}[windows.cell_type[i]] for i in ids])
    assert torch.equal(images.scaled(*arguments), counts * factor[:, None, None])


def test_a_cell_type_without_the_assay_is_empty(windows: pd.DataFrame) -> None:
    grid = ImageGrid(WIDTH, 0, 100, 10, 10)
    images = FragmentImages({"a": random_store(1)}, windows, {"a": 1.0}, grid, 0, CPU)
    ids = torch.arange(len(windows))
    counts = images.counts(ids, torch.zeros_like(ids), torch.zeros(len(ids), dtype=torch.bool))
    mine = torch.tensor((windows["cell_type"] == "a").tolist())
    assert counts[mine].sum() > 0
    assert counts[~mine].sum() == 0


def test_sequence_equals_strings_on_both_strands(windows: pd.DataFrame) -> None:
    rng = np.random.default_rng(4)
    text = {chrom: "".join(rng.choice([*"ACGTNacgt"], size)) for chrom, size in SIZES.items()}
    genome = {chrom: encode(sequence) for chrom, sequence in text.items()}
    source = GenomeSequence(genome, windows, WIDTH, CPU)
    ids = torch.arange(len(windows))
    shift = torch.from_numpy(rng.integers(-9, 10, len(windows)))
    for turned in (False, True):
        found = source.one_hot(ids, shift, torch.full_like(ids, turned, dtype=torch.bool))
        assert found.shape == (len(windows), 4, WIDTH)
        for row, place in enumerate(windows.itertuples()):
            begin = place.start + int(shift[row])
            letters = [
                text[place.chrom][b].upper() if 0 <= b < SIZES[place.chrom] else "N"
                for b in range(begin, begin + WIDTH)
            ]
            if turned:
                letters = [dict(zip("ACGTN", "TGCAN", strict=True))[b] for b in letters[::-1]]
            expected = np.array([[letter == base for letter in letters] for base in "ACGT"])
            assert np.array_equal(found[row].numpy(), expected.astype(np.float32))


def test_a_grid_covers_the_window_and_all_lengths() -> None:
    assert ImageGrid(2001, 0, 400, 10, 8).shape == (40, 251)
    assert ImageGrid(2001, 0, 400, 20, 16).shape == (20, 126)
    assert ImageGrid(2001, 5, 300, 5, 4).shape == (59, 501)
