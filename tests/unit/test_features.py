"""What baselines read of windows, against plain loops over fragments and letters."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from chrompute.features import (
    binned_features,
    concentric_features,
    length_classes,
    model_features,
)
from chrompute.fragments import Fragments, pool
from chrompute.genome import encode
from chrompute.kmers import canonical_kmers, kmer_features
from toy_models import FEATURES, IMAGES, WIDTH, make_toy, recipe_of
from toy_models import SIZES as TOY_SIZES

SIZES = {"chr1": 5_000, "chr2": 700}
COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    rng = np.random.default_rng(2)
    letters = {name: "".join(rng.choice([*"ACGTN"], n, p=[0.3, 0.2, 0.19, 0.3, 0.01]))
               for name, n in SIZES.items()}  # fmt: skip
    return {**letters, "chr2": "N" * 40 + letters["chr2"][40:]}


def windows_of(places: list[tuple[str, int]], width: int) -> pd.DataFrame:
    table = pd.DataFrame(places, columns=["chrom", "centre"]).assign(cell_type="a")
    table["start"] = table["centre"] - width // 2
    return table.assign(end=table["start"] + width)


PLACES = [("chr1", 2000), ("chr2", 20), ("chr1", 4990), ("chr2", 690), ("chr1", 77), ("chr2", 350)]


def backwards(text: str) -> str:
    return text.translate(COMPLEMENT)[::-1]


def counted_kmers(text: str, size: int, bin_width: int) -> dict[tuple[int, str], int]:
    """Count the k-mers of a window by the bin of their centre, read letter by letter."""
    found: dict[tuple[int, str], int] = {}
    for first in range(len(text) - size + 1):
        kmer = text[first : first + size]
        if set(kmer) <= set("ACGT"):
            centre = first + (size - 1) / 2 - len(text) // 2
            place = int(np.floor((centre + bin_width / 2) / bin_width))
            key = (place, min(kmer, backwards(kmer)))
            found[key] = found.get(key, 0) + 1
    return found


@pytest.mark.parametrize(
    ("size", "bin_width", "width"), [(1, 50, 201), (3, 40, 201), (4, 401, 401), (2, 7, 100)]
)
def test_kmers_are_those_of_both_strands_counted_letter_by_letter(
    texts: dict[str, str], size: int, bin_width: int, width: int
) -> None:
    windows = windows_of(PLACES, width)
    genome = {name: encode(text) for name, text in texts.items()}
    counts = np.expm1(kmer_features(genome, windows, size, bin_width))
    canonical = sorted(
        {min("".join(k), backwards("".join(k))) for k in product("ACGT", repeat=size)}
    )
    counts = counts.reshape(len(windows), -1, len(canonical))
    total = 0
    for row, window in enumerate(windows.itertuples()):
        padded = "N" * width + texts[window.chrom] + "N" * width
        text = padded[window.start + width : window.end + width]
        expected = counted_kmers(text, size, bin_width)
        lowest = int(np.floor(((size - 1) / 2 - width // 2 + bin_width / 2) / bin_width))
        found = {
            (place + lowest, canonical[code]): round(float(counts[row, place, code]))
            for place, code in zip(*np.nonzero(counts[row] > 0.5), strict=True)
        }
        assert found == expected
        total += sum(expected.values())
    assert total > 100


@pytest.mark.parametrize(("size", "bin_width", "number"), [(4, 60, 136), (3, 61, 32)])
def test_a_window_and_its_reverse_complement_have_mirrored_kmers(
    texts: dict[str, str], size: int, bin_width: int, number: int
) -> None:
    """No k-mer's centre lies on the edge of two of these bins."""
    genome = {"chr1": encode(texts["chr1"])}
    turned = {"chr1": encode(backwards(texts["chr1"]))}
    windows = windows_of([("chr1", 2500)], 301)
    mirrored = windows_of([("chr1", SIZES["chr1"] - 1 - 2500)], 301)
    ahead = kmer_features(genome, windows, size, bin_width).reshape(-1, number)
    back = kmer_features(turned, mirrored, size, bin_width).reshape(-1, number)
    assert ahead.sum() > 100
    assert np.array_equal(ahead, back[::-1])


@pytest.mark.parametrize(("size", "number"), [(1, 2), (2, 10), (3, 32), (4, 136), (6, 2080)])
def test_there_are_so_many_canonical_kmers(size: int, number: int) -> None:
    assert sorted(set(canonical_kmers(size).tolist())) == [*range(number)]


def test_kmers_of_many_windows_do_not_depend_on_how_they_are_cut(texts: dict[str, str]) -> None:
    genome = {name: encode(text) for name, text in texts.items()}
    windows = windows_of([("chr1", 200 + n) for n in range(2100)], 51)
    together = kmer_features(genome, windows, 2, 20)
    for row in (0, 1023, 1024, 2099):
        assert np.array_equal(together[[row]], kmer_features(genome, windows.iloc[[row]], 2, 20))


@pytest.fixture(scope="module")
def store() -> Fragments:
    rng = np.random.default_rng(3)
    starts = rng.integers(0, 4_500, 3000)
    return Fragments.from_intervals(
        SIZES, np.zeros(3000, int), starts, starts + rng.integers(20, 450, 3000)
    )


def offsets_and_lengths(store: Fragments, centre: int) -> list[tuple[int, int]]:
    intervals = zip(*(each.tolist() for each in store.intervals("chr1")), strict=True)
    return [((start + end - 1) // 2 - centre, end - start) for start, end in intervals]


@pytest.mark.parametrize("width", [601, 2001])
def test_concentric_counts_are_those_within_each_span(store: Fragments, width: int) -> None:
    """Spans beyond a window count the window; of two such there is one feature."""
    windows = windows_of([("chr1", 1500), ("chr1", 2600), ("chr2", 100)], width)
    edges, spans = [0, 100, 240], [50, 300, 1000]
    depth = 2.5 * len(store)
    found = np.expm1(concentric_features({"a": store}, windows, edges, spans, depth))
    reach = sorted({min(span, width // 2) for span in spans})
    for row, centre in enumerate((1500, 2600)):
        near = offsets_and_lengths(store, centre)
        expected = [
            2.5 * sum(low <= length < high and abs(offset) <= span for offset, length in near)
            for low, high in ((0, 100), (100, 240))
            for span in reach
        ]
        assert found[row] == pytest.approx(expected, rel=1e-4)
        assert min(expected) > 0
    assert (found[2] == 0).all()


def test_concentric_counts_of_equal_sums(store: Fragments) -> None:
    windows = windows_of([("chr1", 1500), ("chr1", 2600), ("chr2", 100)], 601)
    train = np.array([True, False, True])
    arguments = ({"a": store}, windows, [0, 100, 240], [50, 300], float(len(store)))
    plain = np.expm1(concentric_features(*arguments)).reshape(3, 2, 2)
    equal = np.expm1(concentric_features(*arguments, train)).reshape(3, 2, 2)
    widest = plain[:, :, 1].sum(axis=1)
    assert equal[:2, :, 1].sum(axis=1) == pytest.approx(widest[train].mean(), rel=1e-4)
    assert equal[1] == pytest.approx(plain[1] * widest[train].mean() / widest[1], rel=1e-4)
    assert (equal[2] == 0).all()


@pytest.mark.parametrize(
    ("name", "low", "high", "expected"),
    [
        ("vplot", 0, 400, [0, 100, 160, 240, 400]),
        ("vplot", 0, 100, [0, 100]),
        ("mnase", 180, 260, [180, 240, 260]),
        ("mnase", 120, 150, [120, 150]),
        ("vplot", 400, 500, [400]),
        ("mnase_profile", 0, 100, [120, 181]),
    ],
)
def test_length_classes_end_where_the_images_do(
    name: str, low: int, high: int, expected: list[int]
) -> None:
    images = {"min_length": low, "max_length": high, "profile": [120, 181]}
    assert length_classes(name, images, [0, 100, 160, 240, 400]).tolist() == expected


def test_a_band_of_lengths_counts_no_other_fragments(store: Fragments) -> None:
    windows = windows_of([("chr1", 1500)], 601)
    band = {"min_length": 120, "max_length": 200, "profile": [1, 2]}
    edges = length_classes("vplot", band, [0, 100, 160, 240])
    counts = np.expm1(binned_features({"a": store}, windows, edges, 100, float(len(store))))
    near = [(o, n) for o, n in offsets_and_lengths(store, 1500) if abs(o) <= 300]
    parts = counts.reshape(2, -1).sum(axis=1)
    assert parts[0] == pytest.approx(sum(120 <= n < 160 for _, n in near), rel=1e-4)
    assert parts[1] == pytest.approx(sum(160 <= n < 200 for _, n in near), rel=1e-4)


def test_features_of_inputs_stand_side_by_side_in_their_order() -> None:
    windows, stores, genome = make_toy()
    by_input = {"vplot": stores["vplot"], "mnase_profile": stores["vplot"]}
    recipe = recipe_of("sequence", "mnase_profile", "vplot")
    recipe = replace(recipe, kind="forest", features=FEATURES)
    train = np.ones(len(windows), bool)
    found = model_features(recipe, windows, by_input, genome, {}, train)
    depth = float(len(stores["vplot"]["cells"]))
    parts = [
        kmer_features(genome, windows, 3, 100),
        binned_features(stores["vplot"], windows, [120, 181], 50, depth),
        binned_features(stores["vplot"], windows, [0, 100, 200], 50, depth),
    ]
    assert np.array_equal(found, np.concatenate(parts, axis=1))
    assert found.shape[1] == 32 * (1 + 2 * 2) + 9 + 2 * 9  # bins of 100 and of 50 bp in 401 bp
    rows = np.random.default_rng(1).permutation(len(windows))
    moved = model_features(recipe, windows, by_input, genome, {"sequence": rows}, train)
    assert np.array_equal(moved[:, :160], parts[0][rows])
    assert np.array_equal(moved[:, 160:], found[:, 160:])
    near = model_features(replace(recipe, kind="logistic", inputs=("vplot",)), windows, stores,
                          None, {}, train)  # fmt: skip
    assert near.shape == (len(windows), 4)
    assert np.array_equal(near, concentric_features(stores["vplot"], windows, [0, 100, 200],
                                                    [50, WIDTH // 2], depth))  # fmt: skip


@pytest.mark.parametrize("kind", ["forest", "boosting", "logistic"])
def test_equal_sums_are_those_of_training_windows(kind: str) -> None:
    """Windows of chr1 train and hold 12 fragments each, held-out ones 60: that must not show."""
    windows, stores, _ = make_toy()
    train = (windows["split"] == "train").to_numpy()
    others = windows[~train]
    rng = np.random.default_rng(8)
    chroms = np.repeat(others["chrom"].map([*TOY_SIZES].index).to_numpy(), 48)
    starts = np.repeat(others["centre"].to_numpy(), 48) + rng.integers(-120, 40, len(chroms))
    ends = starts + rng.integers(30, 180, len(chroms))
    more = Fragments.from_intervals(TOY_SIZES, chroms, starts, ends)
    deep = {"vplot": {"cells": pool([stores["vplot"]["cells"], more])}}
    images = {**IMAGES, "normalise": "window"}
    recipe = replace(recipe_of("vplot"), kind=kind, features=FEATURES, images=images)
    counts = np.expm1(model_features(recipe, windows, deep, None, {}, train))
    if kind == "logistic":  # the wider of two spans holds the whole window
        counts = counts[:, 1::2]
    assert counts.sum(axis=1) == pytest.approx(12, rel=1e-4)
