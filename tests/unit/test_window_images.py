"""Batches of V-plots drawn on the device against loops over fragments."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chrompute.canvas import Canvas
from chrompute.fragments import Fragments
from chrompute.image_grid import ImageGrid
from chrompute.thinning import Thinning
from chrompute.vplots import fragments_at_sites
from chrompute.window_images import FragmentImages
from image_tools import (
    CPU,
    DEVICES,
    WIDTH,
    images_of,
    loop_image,
    random_store,
    random_windows,
    still,
)

STORES = {"a": random_store(1), "b": random_store(2)}
WINDOWS = random_windows()


def expected_images(
    grid: ImageGrid, ids: np.ndarray, shift: np.ndarray, reverse: np.ndarray
) -> np.ndarray:
    places = [WINDOWS.iloc[window] for window in ids]
    return np.array(
        [
            loop_image(STORES.get(p.cell_type), (p.chrom, p.start + move), grid, turned)
            for p, move, turned in zip(places, shift, reverse, strict=True)
        ]
    )


def random_batch(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    return [
        rng.integers(0, len(WINDOWS), n),
        rng.integers(-15, 16, n),
        rng.random(n) < 0.5,
    ]


@pytest.mark.parametrize("name", DEVICES)
@pytest.mark.parametrize("travel", [False, True])
@pytest.mark.parametrize("bins", [(1, 1), (10, 4), (7, 16)])
def test_images_equal_a_loop_with_jitter_and_strand(
    name: str, travel: bool, bins: tuple[int, int]
) -> None:
    device = torch.device(name)
    grid = ImageGrid(WIDTH, 20, 100, *bins)
    images = images_of(STORES, WINDOWS, grid, device, travel)
    batch = random_batch(np.random.default_rng(3), 60)
    arguments = [torch.from_numpy(array).to(device) for array in batch]
    expected = expected_images(grid, *batch)
    counts = images.counts(*arguments)
    assert counts.dtype == torch.int32
    assert np.array_equal(counts.cpu().numpy(), expected)
    assert expected.sum() > 500
    assert expected.sum(axis=(1, 2)).min() == 0
    sparse = images.sparse(*arguments)
    assert sparse.shape == (60, *grid.shape)
    flat = np.bincount(sparse.pixels.cpu().numpy(), minlength=expected.size)
    assert np.array_equal(flat.reshape(expected.shape), expected)


def test_images_equal_the_slices_of_the_assay_side() -> None:
    grid = ImageGrid(WIDTH, 0, 130, 1, 1)
    sites = WINDOWS[WINDOWS["cell_type"] == "a"].reset_index(drop=True)
    counts = images_of(STORES, sites, grid).counts(*still(torch.arange(len(sites)))).numpy()
    sites = sites.assign(position=sites["start"] + WIDTH // 2, strand=".")
    site, offset, length = fragments_at_sites(STORES["a"], sites, WIDTH // 2)
    expected = np.zeros_like(counts)
    np.add.at(expected, (site, length, offset + WIDTH // 2), 1)
    assert np.array_equal(counts, expected)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=6), st.integers(0, 99))
def test_a_batch_holds_nothing_of_the_batches_before_it(sizes: list[int], seed: int) -> None:
    grid = ImageGrid(WIDTH, 30, 90, 5, 2)
    images = images_of(STORES, WINDOWS, grid)
    rng = np.random.default_rng(seed)
    for size in sizes:
        batch = random_batch(rng, size)
        counts = images.counts(*map(torch.from_numpy, batch))
        assert np.array_equal(counts.numpy(), expected_images(grid, *batch))


def test_a_canvas_is_used_again_and_a_scaled_image_is_not() -> None:
    images = images_of(STORES, WINDOWS, ImageGrid(WIDTH, 0, 100, 1, 1))
    one = images.counts(*still(torch.arange(8)))
    two = images.counts(*still(torch.arange(8, 14)))
    assert one.data_ptr() == two.data_ptr()
    kept = images.scaled(*still(torch.arange(8)))
    copy = kept.clone()
    images.scaled(*still(torch.arange(8, 16)))
    assert torch.equal(kept, copy)
    assert kept.dtype == torch.float32


def test_a_pixel_beyond_the_last_is_on_no_image() -> None:
    canvas = Canvas(CPU)
    large = canvas.paint(torch.tensor([0, 0, 5, 60, 60]), (5, 3, 4))
    assert large.sum() == 3
    assert large[0, 0, 0] == 2
    small = canvas.paint(torch.tensor([12, 12, 11]), (1, 3, 4))
    assert small.sum() == 1
    again = canvas.paint(torch.tensor([59]), (5, 3, 4))
    assert again.sum() == again[4, 2, 3] == 1


def test_windows_of_a_cell_type_without_the_assay_are_empty_and_not_present() -> None:
    images = images_of({"a": random_store(1)}, WINDOWS, ImageGrid(WIDTH, 0, 130, 10, 10))
    counts = images.counts(*still(torch.arange(len(WINDOWS))))
    mine = torch.tensor((WINDOWS["cell_type"] == "a").tolist())
    assert counts[mine].sum() > 0
    assert counts[~mine].sum() == 0
    assert torch.equal(images.present, mine)


def test_without_any_store_all_is_empty() -> None:
    images = images_of({}, WINDOWS, ImageGrid(WIDTH, 0, 130, 10, 10))
    assert images.counts(*still(torch.arange(9))).shape == (9, 13, 21)
    assert images.scaled(*still(torch.arange(9))).sum() == 0
    assert not images.present.any()


@pytest.mark.parametrize("length", [32_767, 40_000, 65_535])
def test_long_fragments_keep_their_length(length: int) -> None:
    store = Fragments.from_intervals({"chr1": 100_000}, [0, 0], [500, 700], [500 + length, 900])
    windows = pd.DataFrame({"cell_type": "a", "chrom": "chr1", "start": [500 + length // 2 - 9]})
    images = images_of({"a": store}, windows, ImageGrid(21, 0, 65_536, 1, 1))
    lit = images.counts(*still(torch.tensor([0]))).nonzero().tolist()
    assert lit == [[0, length, 8 + length % 2]]


def test_places_near_the_largest_that_a_store_holds() -> None:
    size = 1_073_741_823
    ends = np.array([size, size - 3, size - 300])
    store = Fragments.from_intervals({"chr1": size}, [0] * 3, ends - 100, ends)
    windows = pd.DataFrame({"cell_type": "a", "chrom": "chr1", "start": [size - WIDTH, size - 60]})
    grid = ImageGrid(WIDTH, 0, 130, 1, 1)
    images = images_of({"a": store}, windows, grid)
    for turned in (False, True):
        ids = torch.arange(2)
        found = images.counts(ids, torch.tensor([0, 5]), torch.full((2,), turned))
        for row, start in enumerate((size - WIDTH, size - 55)):
            expected = loop_image(store, ("chr1", start), grid, turned)
            assert expected.sum() == 2
            assert np.array_equal(found[row].numpy(), expected)


@pytest.mark.parametrize("name", DEVICES)
@pytest.mark.parametrize("wide", [False, True], ids=["int32", "int64"])
def test_images_of_known_rows_are_the_same(
    name: str, wide: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if wide:
        monkeypatch.setattr("chrompute.window_images._INT32_PIXELS", 1000)
        monkeypatch.setattr("chrompute.window_images._INT32_ROWS", 1000)
    monkeypatch.setattr("chrompute.window_images._WINDOWS", 7)
    device, grid = torch.device(name), ImageGrid(WIDTH, 20, 100, 3, 5)
    images = images_of(STORES, WINDOWS, grid, device)
    images.allow_shifts(15)
    rows, shift, reverse = random_batch(np.random.default_rng(5), 80)
    shift[:20], shift[20:40] = 15, -15
    ids, *how = (torch.from_numpy(each).to(device) for each in (rows, shift, reverse))
    expected = expected_images(grid, rows, shift, reverse)
    assert np.array_equal(images.counts(ids, *how, rows=rows).cpu().numpy(), expected)
    thinning = Thinning.draw(torch.full((80,), 0.4, device=device))
    thinned = images.counts(ids, *how, thinning).clone()
    assert 0 < int(thinned.sum()) < expected.sum()
    assert torch.equal(images.counts(ids, *how, thinning, rows), thinned)


def test_large_batches_are_numbered_in_64_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = ImageGrid(WIDTH, 20, 100, 3, 5)
    batch = [*map(torch.from_numpy, random_batch(np.random.default_rng(8), 20))]
    small = images_of(STORES, WINDOWS, grid)
    expected = small.sparse(*batch)
    assert expected.pixels.dtype == torch.int32
    monkeypatch.setattr("chrompute.window_images._INT32_PIXELS", 1000)
    monkeypatch.setattr("chrompute.window_images._INT32_ROWS", 1000)
    found = small.sparse(*batch)
    assert found.pixels.dtype == torch.int64
    assert torch.equal(found.pixels, expected.pixels.long())


def scaled_images() -> FragmentImages:
    grid = ImageGrid(WIDTH, 0, 130, 10, 10)
    return images_of(STORES, WINDOWS, grid, scale={"a": 1.0, "b": 2.5})


def test_images_are_scaled_by_cell_type() -> None:
    images = scaled_images()
    batch = random_batch(np.random.default_rng(4), 30)
    found = images.scaled(*map(torch.from_numpy, batch)).numpy()
    factor = WINDOWS["cell_type"].map({"a": 1.0, "b": 2.5, "c": 0.0}).to_numpy(np.float32)
    expected = expected_images(images.grid, *batch) * factor[batch[0]][:, None, None]
    assert np.array_equal(found, expected.astype(np.float32))


def test_the_mean_is_that_of_both_strands_and_of_windows_with_the_assay() -> None:
    images = scaled_images()
    ids = np.arange(2, 40)
    there = ids[(WINDOWS["cell_type"] != "c").to_numpy()[ids]]
    factor = WINDOWS["cell_type"].map({"a": 1.0, "b": 2.5}).to_numpy()[there]
    strands = [
        expected_images(images.grid, there, 0 * there, np.full(len(there), turned))
        for turned in (False, True)
    ]
    expected = (np.mean(strands, axis=0) * factor[:, None, None]).mean(axis=0)
    assert images.mean(torch.from_numpy(ids)).numpy() == pytest.approx(expected, rel=1e-5)
    only_c = torch.from_numpy(np.flatnonzero(WINDOWS["cell_type"] == "c"))
    assert images.mean(only_c).sum() == 0
    sums = expected_images(images.grid, ids, 0 * ids, ids < 0).sum(axis=(1, 2))
    factor = WINDOWS["cell_type"].map({"a": 1.0, "b": 2.5, "c": 0.0}).to_numpy()[ids]
    assert images.mean_sum(torch.from_numpy(ids), batch=7) == pytest.approx((sums * factor).mean())


def test_a_grid_covers_the_window_and_all_lengths() -> None:
    assert ImageGrid(2001, 0, 400, 10, 8).shape == (40, 251)
    assert ImageGrid(2001, 0, 400, 20, 16).shape == (20, 126)
    assert ImageGrid(2001, 5, 300, 5, 4).shape == (59, 501)
