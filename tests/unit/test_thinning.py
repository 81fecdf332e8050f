"""Thinning and titration against the binomial distribution, and what must not change."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from chrompute.fragments import Fragments
from chrompute.image_grid import ImageGrid
from chrompute.thinning import Thinning, bound, hashed
from chrompute.window_images import FragmentImages
from image_tools import CPU, DEVICES, WIDTH, images_of, random_store, random_windows, still

EACH = 60  # fragments of a window
NUMBER = 3000  # windows


def even_images(device: torch.device = CPU, travel: bool = False) -> FragmentImages:
    """Return images of windows of which each holds `EACH` fragments in pixels of their own."""
    starts = np.repeat(np.arange(NUMBER) * 100, EACH) + np.tile(np.arange(EACH), NUMBER)
    size = {"chr1": 100 * NUMBER + 100}
    store = Fragments.from_intervals(size, np.zeros(starts.size, int), starts, starts + 21)
    windows = pd.DataFrame({"cell_type": "a", "chrom": "chr1", "start": np.arange(NUMBER) * 100})
    return images_of({"a": store}, windows, ImageGrid(90, 0, 50, 50, 1), device, travel)


def drawn(images: FragmentImages, keep: float, seed: int) -> torch.Tensor:
    ids = torch.arange(NUMBER, device=images.device)
    generator = torch.Generator(images.device).manual_seed(seed)
    shares = torch.full((NUMBER,), keep, device=images.device)
    return images.counts(*still(ids), Thinning.draw(shares, generator)).clone()


@pytest.mark.parametrize("name", DEVICES)
@pytest.mark.parametrize("keep", [0.07, 0.5, 0.83])
def test_what_is_kept_of_a_window_is_binomial(name: str, keep: float) -> None:
    images = even_images(torch.device(name))
    counts = drawn(images, keep, 5).cpu()
    number = counts.sum(dim=(1, 2)).numpy()
    law = stats.binom(EACH, keep)
    assert number.mean() == pytest.approx(law.mean(), abs=4 * law.std() / NUMBER**0.5)
    kurtosis = float(law.stats(moments="k"))
    spread = law.var() * ((kurtosis + 2) / NUMBER) ** 0.5
    assert number.var() == pytest.approx(law.var(), abs=4 * spread)
    # Every place is kept as often as the next, and places are kept without regard to each other.
    kept = counts[:, 0, 10 : 10 + EACH].numpy()
    assert stats.binomtest(int(kept.sum()), kept.size, keep).pvalue > 1e-4
    expected = np.full(EACH, NUMBER * keep)
    stretched = (kept.sum(axis=0) - expected) / (NUMBER * keep * (1 - keep)) ** 0.5
    assert stats.kstest(stretched, "norm").pvalue > 1e-4
    correlation = np.corrcoef(kept.T)[np.triu_indices(EACH, 1)]
    assert stats.kstest(correlation * NUMBER**0.5, "norm").pvalue > 1e-4


def test_equal_seeds_keep_equal_fragments() -> None:
    images = even_images()
    one = drawn(images, 0.4, 1)
    assert torch.equal(one, drawn(images, 0.4, 1))
    assert not torch.equal(one, drawn(images, 0.4, 2))
    assert torch.equal(one, drawn(even_images(travel=True), 0.4, 1))
    ids = torch.zeros(2, dtype=torch.int64)  # one window, drawn twice in a batch
    keep = torch.full((2,), 0.5)
    twice = images.counts(*still(ids), Thinning.draw(keep, torch.Generator().manual_seed(1)))
    assert not torch.equal(twice[0], twice[1])


def test_counts_of_thinned_windows_are_scaled_up() -> None:
    images = even_images()
    keep = torch.tensor([0.25, 0.5, 1.0])
    thinning = Thinning.draw(keep, torch.Generator().manual_seed(3))
    arguments = (*still(torch.arange(3)), thinning)
    counts = images.counts(*arguments).clone()
    assert counts.sum(dim=(1, 2)).tolist()[2] == EACH
    found = images.scaled(*arguments)
    assert torch.equal(found, counts * torch.tensor([4.0, 2.0, 1.0])[:, None, None])


def test_smaller_shares_of_a_store_are_parts_of_larger_ones() -> None:
    windows = random_windows()
    grid = ImageGrid(WIDTH, 0, 130, 1, 1)
    images = images_of({"a": random_store(1), "b": random_store(2)}, windows, grid)
    ids = torch.arange(len(windows))
    shown = {}
    for fraction in (1.0, 0.6, 0.2, 0.01):
        images.fraction = fraction
        shown[fraction] = images.counts(*still(ids)).clone()
        scaled = images.scaled(*still(ids))
        assert torch.allclose(scaled, shown[fraction] / fraction)
    assert (shown[0.6] <= shown[1.0]).all()
    assert (shown[0.2] <= shown[0.6]).all()
    assert (shown[0.01] <= shown[0.2]).all()
    assert shown[0.2].sum() < shown[0.6].sum() < shown[1.0].sum()


def test_a_share_of_a_store_is_the_same_in_every_window_and_beside_any_other_store() -> None:
    windows = pd.DataFrame({"cell_type": "b", "chrom": "chr1", "start": [500, 540]})
    grid = ImageGrid(WIDTH, 0, 130, 1, 1)
    alone = images_of({"b": random_store(2)}, windows, grid)
    beside = images_of({"a": random_store(1, 777), "b": random_store(2)}, windows, grid)
    alone.fraction = beside.fraction = 0.3
    ids = torch.arange(2)
    counts = alone.counts(*still(ids))
    assert counts.sum() > 20
    assert torch.equal(counts[0, :, 40:], counts[1, :, :-40])
    assert torch.equal(counts, beside.counts(*still(ids)))
    back = alone.counts(ids, torch.tensor([0, 7]), torch.tensor([True, False])).clone()
    ahead = alone.counts(*still(ids))
    assert back[0].sum() == pytest.approx(int(ahead[0].sum()), abs=1)  # one column is another's


def test_the_share_of_a_store_is_what_was_asked_for() -> None:
    images = even_images()
    images.fraction = 0.37
    ids = torch.arange(NUMBER)
    kept = int(images.counts(*still(ids)).sum())
    assert stats.binomtest(kept, NUMBER * EACH, 0.37).pvalue > 1e-4


def test_the_hash_is_that_of_its_author() -> None:
    def lowbias32(x: int) -> int:
        x ^= x >> 16
        x = x * 0x7FEB352D % 2**32
        x ^= x >> 15
        x = x * 0x846CA68B % 2**32
        return x ^ x >> 16

    numbers = [0, 1, 2, 12345, 2**31 - 1, 2**31, 2**32 - 1, 2**32 + 7, -1, -(2**31) - 5]
    found = hashed(torch.tensor(numbers * 20))
    expected = [lowbias32(number % 2**32) for number in numbers] * 20
    assert (found.long() % 2**32).tolist() == expected


def test_the_bound_is_a_share_of_all_hashes() -> None:
    shares = torch.tensor([1.0, 0.5, 0.25, 2.0**-32], dtype=torch.float64)
    assert bound(shares).tolist() == [2**31 - 1, -1, -(2**30) - 1, -(2**31)]
