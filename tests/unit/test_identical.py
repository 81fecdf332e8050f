"""Identical sequences against a search for texts."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chrompute.genome import encode, read_genome
from chrompute.identical import identical_windows

WIDTH = 31
COMPLEMENT = str.maketrans("ACGT", "TGCA")


def turned(text: str) -> str:
    return text[::-1].translate(COMPLEMENT)


def windows(*rows: tuple[str, int, str], width: int = WIDTH) -> pd.DataFrame:
    """Return windows of (chromosome, start, split)."""
    table = pd.DataFrame(rows, columns=["chrom", "start", "split"])
    table["chrom"] = table["chrom"].astype("category")
    return table.assign(end=table["start"] + width, centre=table["start"] + width // 2)


def by_text(table: pd.DataFrame, texts: dict[str, str], length: int) -> tuple[list, list]:
    """Look every core up in every training window, base by base."""
    length = min(length, WIDTH)
    held_out, training = [False] * len(table), [False] * len(table)
    for row, window in enumerate(table.itertuples()):
        first = window.centre - (length - 1) // 2
        core = texts[window.chrom][max(first, 0) : first + length]
        if window.split == "train" or len(core) < length or "N" in core or first < 0:
            continue
        for other, place in enumerate(table.itertuples()):
            if place.split != "train":
                continue
            text = texts[place.chrom]
            last = min(place.end, len(text)) - length
            for start in range(max(place.start, 0), last + 1):
                own = place.chrom == window.chrom and abs(start - first) < length
                if not own and text[start : start + length] in (core, turned(core)):
                    held_out[row] = training[other] = True
    return held_out, training


def found(table: pd.DataFrame, texts: dict[str, str], length: int) -> tuple[list, list]:
    genome = {name: encode(text) for name, text in texts.items()}
    one, two = identical_windows(table, genome, length)
    return one.tolist(), two.tolist()


def random_text(seed: int, length: int, signs: str = "ACGT") -> str:
    return "".join(np.random.default_rng(seed).choice([*signs], length))


TEXTS = {"a": random_text(1, 300), "b": random_text(2, 300)}
CORE = TEXTS["b"][115 - 4 : 115 + 6]  # 10 bp around the centre of the window at 100
TABLE = windows(("a", 50, "train"), ("a", 150, "train"), ("b", 100, "test"), ("b", 200, "valid"))


@pytest.mark.parametrize("core", [CORE, turned(CORE)])
@pytest.mark.parametrize(
    ("place", "is_inside"),
    [(50, True), (60, True), (71, True), (49, False), (72, False), (120, False), (170, True)],
)
def test_a_copy_on_either_strand_is_found_inside_a_training_window(
    core: str, place: int, is_inside: bool
) -> None:
    text = TEXTS["a"]
    texts = TEXTS | {"a": text[:place] + core + text[place + 10 :]}
    held_out, training = found(TABLE, texts, 10)
    assert held_out == [False, False, is_inside, False]
    assert training == [is_inside and place < 100, is_inside and place > 100, False, False]


def test_a_copy_across_two_training_windows_is_in_neither() -> None:
    touching = windows(("a", 50, "train"), ("a", 81, "train"), ("b", 100, "test"))
    overlapping = windows(("a", 50, "train"), ("a", 72, "train"), ("b", 100, "test"))
    text = TEXTS["a"]
    texts = TEXTS | {"a": text[:75] + CORE + text[85:]}
    assert found(touching, texts, 10) == ([False] * 3, [False] * 3)
    assert found(overlapping, texts, 10) == ([False, False, True], [False, True, False])


def test_one_base_that_differs_or_is_unknown_is_no_copy() -> None:
    text = TEXTS["a"]
    for base in "ACGTN":
        copy = CORE[:4] + base + CORE[5:]
        held_out, _ = found(TABLE, TEXTS | {"a": text[:55] + copy + text[65:]}, 10)
        assert held_out[2] == (base == CORE[4])
    unknown = {name: text.replace(CORE, "N" * 10) for name, text in TEXTS.items()}
    assert not any(found(TABLE, unknown | {"a": text[:55] + "N" * 10 + text[65:]}, 10)[0])


def test_the_place_itself_is_not_elsewhere() -> None:
    """Cell types that share places: only a second copy counts, of any strand."""
    table = windows(("b", 100, "train"), ("b", 103, "train"), ("b", 100, "test"))
    assert found(table, TEXTS, 10) == ([False] * 3, [False] * 3)
    # A repeat of two bases is equal to itself two bases on, which is no other place.
    repeat = TEXTS | {"b": TEXTS["b"][:110] + "CA" * 8 + TEXTS["b"][126:]}
    assert found(table, repeat, 10) == ([False] * 3, [False] * 3)
    # Nor is one that shares its last or its first base alone; one base on, it would be another.
    for period, is_other in ((9, False), (10, True)):
        unit = TEXTS["a"][:period]
        near = {"b": TEXTS["b"][: 111 - period] + unit * 4 + TEXTS["b"][111 + 3 * period :]}
        assert found(table, near, 10) == by_text(table, near, 10)
        assert found(table, near, 10)[1] == [is_other, is_other, False]
    more = pd.concat([table, windows(("a", 50, "train"))], ignore_index=True)
    text = TEXTS["a"]
    copied = TEXTS | {"a": text[:60] + turned(CORE) + text[70:]}
    assert found(more, copied, 10) == ([False, False, True, False], [False] * 3 + [True])


def test_two_held_out_copies_at_training_places_find_each_other() -> None:
    """Each of two paralogues is trained on in the other cell type: both stand elsewhere too."""
    text = TEXTS["a"]
    texts = TEXTS | {"a": text[:61] + CORE + text[71:]}
    rows = [("a", 50, split) for split in ("train", "test")]
    rows += [("b", 100, split) for split in ("train", "test")]
    assert found(windows(*rows), texts, 10) == ([False, True] * 2, [True, False] * 2)


def test_a_core_is_no_longer_than_its_window_and_may_be_none() -> None:
    text = TEXTS["a"]
    texts = TEXTS | {"a": text[:50] + TEXTS["b"][100:131] + text[81:]}
    assert found(TABLE, texts, 5000) == ([False, False, True, False], [True, False, False, False])
    assert found(TABLE, texts, 0) == ([False] * 4, [False] * 4)
    assert found(TABLE.iloc[:0], texts, 10) == ([], [])
    for split in ("train", "test"):
        assert not any(map(any, found(TABLE.assign(split=split), texts, 10)))


def test_cores_past_the_ends_are_not_looked_for() -> None:
    texts = {"a": "ACGT" * 20, "b": "ACGT" * 10}
    table = windows(("a", -10, "train"), ("b", -15, "test"), ("b", 28, "valid"), ("b", 5, "test"))
    assert found(table, texts, 12) == by_text(table, texts, 12)
    assert found(table, texts, 12)[0] == [False, False, False, True]


@given(st.integers(0, 10**6), st.integers(1, 33), st.booleans())
@settings(max_examples=100, deadline=None)
def test_the_search_equals_one_of_texts(seed: int, length: int, repeats: bool) -> None:
    rng = np.random.default_rng(seed)
    texts = {name: random_text(seed + k, 150, "ACGTN"[k:]) for k, name in enumerate("ab")}
    if repeats:
        piece = random_text(seed, 40)
        texts = {name: text[:60] + piece + "AT" * 20 + text[100:] for name, text in texts.items()}
        texts["c"] = turned(texts["a"])
    rows = [
        (str(rng.choice([*texts])), int(rng.integers(-10, 150)), str(split))
        for split in rng.choice(["train", "valid", "test"], 12)
    ]
    table = windows(*rows)
    assert found(table, texts, length) == by_text(table, texts, length)


def test_hashes_that_collide_find_nothing_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a hash that is the same for all sequences, the comparison of bases alone decides."""
    monkeypatch.setattr("chrompute.identical._VALUES", np.zeros(5, dtype=np.uint64))
    rng = np.random.default_rng(7)
    texts = {"a": random_text(5, 150, "ACG"), "b": random_text(6, 150, "ACGN")}
    rows = [(str(rng.choice([*"ab"])), int(rng.integers(-10, 140)), s) for s in TABLE["split"]]
    table = windows(*rows, *rows[::-1])
    numbers = []
    for length in (2, 3, 6):
        held_out, training = found(table, texts, length)
        assert (held_out, training) == by_text(table, texts, length)
        numbers.append(sum(held_out))
    assert numbers[0] > numbers[2]


def test_the_order_of_windows_does_not_matter() -> None:
    texts = {"a": random_text(3, 400, "AC"), "b": random_text(4, 400, "AC")}
    rng = np.random.default_rng(0)
    rows = [(str(rng.choice([*"ab"])), int(rng.integers(0, 360)), s) for s in ["train", "test"] * 9]
    table = windows(*rows)
    order = rng.permutation(len(table))
    one, moved = found(table, texts, 9), found(table.iloc[order], texts, 9)
    assert any(one[0])
    assert not all(one[0][1::2])
    assert [list(np.array(values)[order]) for values in one] == [*moved]


def test_yeast_repeats_equal_those_of_a_dictionary(yeast: Path) -> None:
    """Ty elements and subtelomeres stand on several chromosomes; train on three, test a fourth."""
    genome = read_genome(yeast / "genome/sacCer3.fa.gz", ["chrI", "chrIII", "chrVI", "chrXVI"])
    texts = {name: codes.tobytes() for name, codes in genome.items()}
    rows = [
        (name, start, "test" if name == "chrXVI" else "train")
        for name, text in texts.items()
        for start in range(-1000, len(text) - 1000, 700)
    ]
    table = windows(*rows, width=2001)
    cores: dict[bytes, list[int]] = {}
    for row, window in table[table["split"] == "test"].iterrows():
        first = window["centre"] - 99
        core = genome["chrXVI"][max(first, 0) : first + 200]
        if first >= 0 and len(core) == 200:
            for turned_or_not in (core, 3 - core[::-1]):
                cores.setdefault(turned_or_not.tobytes(), []).append(row)
    # Windows every 700 bp cover each chromosome whole, and so hold every stretch of 200 bp.
    expected = np.zeros(len(table), dtype=bool)
    for name in ("chrI", "chrIII", "chrVI"):
        for start in range(len(texts[name]) - 199):
            expected[cores.get(texts[name][start : start + 200], [])] = True
    held_out, training = identical_windows(table, genome, 200)
    assert held_out.tolist() == expected.tolist()
    assert 5 < expected.sum() < 300
    assert training.sum() > 5
