"""Splits against hand-made cases, loops over all pairs, and properties that must always hold."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chrompute.draws import keyed_draws
from chrompute.errors import InputError
from chrompute.partitions import balanced_folds
from chrompute.split_faults import split_faults
from chrompute.splits import Split, roles_of_fold

CHROMS = ["chr1", "chr2", "chr10", "chrX"]  # the genome's order is not the alphabet's
SIZES = dict.fromkeys(CHROMS, 1000)


def table(rows: list[tuple[str, str, int]], labels: list[str | None] | None = None) -> pd.DataFrame:
    """Return windows of (cell type, chromosome, centre), with the classes of a task."""
    made = pd.DataFrame(rows, columns=["cell_type", "chrom", "centre"])
    made["chrom"] = pd.Categorical(made["chrom"], CHROMS)
    made["state"] = pd.Categorical(labels or [None] * len(made), ["a", "b"])
    return made


ONE_EACH = table([("A", chrom, 100) for chrom in CHROMS])


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Draw windows of two cell types on all chromosomes."""
    place = st.tuples(st.sampled_from("AB"), st.sampled_from(CHROMS), st.integers(0, 5000))
    rows = draw(st.lists(place, max_size=40))
    rows += [("A", chrom, draw(st.integers(0, 5000))) for chrom in CHROMS]
    classes = st.sampled_from(["a", "b", None])
    return table(rows, draw(st.lists(classes, min_size=len(rows), max_size=len(rows))))


RULES = st.sampled_from(
    [
        Split(valid=("chr2",), test=("chrX",), unseen=("B",)),
        Split(valid=("chr2",), test=("chrX",), train=("chr1",)),
        Split(by="folds", number=3, unseen=("B",)),
        Split(by="folds", number=4, seed=7, test=("fold2",)),
        Split(by="blocks", size=700, buffer=60, unseen=("B",)),
        Split(by="blocks", size=400, buffer=0, seed=3, valid_share=0.3, test_share=0.3),
        Split(by="cell_types", valid=("C",), test=("B",)),
    ]
)


@given(tables(), RULES, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_splits_depend_on_nothing_but_the_windows(windows, split, random) -> None:
    order = [*range(len(windows))]
    random.shuffle(order)
    one, again = split.assign(windows, ["state"]), split.assign(windows, ["state"])
    moved = split.assign(windows.iloc[order], ["state"])
    for name in ("split", "reason", "fold"):
        values = getattr(one, name)
        if values is None:
            assert getattr(moved, name) is None
            continue
        assert getattr(again, name).tolist() == values.tolist()
        assert getattr(moved, name).tolist() == values[order].tolist()
    assert ((one.split == "") == (one.reason != "")).all()
    held = one.split[windows["cell_type"].isin(split.unseen)]
    assert set(held) <= {"", "test"}


def test_chromosomes_are_named_or_train() -> None:
    split = Split.from_config({"by": "chromosomes", "valid": ["chr2"], "test": ["chrX"]}, 101)
    assert split.assign(ONE_EACH, []).split.tolist() == ["train", "valid", "train", "test"]
    found = Split(valid=("chr2",), test=("chrX",), train=("chr1",)).assign(ONE_EACH, [])
    assert found.split.tolist() == ["train", "valid", "", "test"]
    assert found.reason.tolist() == ["", "", "no_split", ""]
    assert found.fold is None


def test_a_name_in_two_splits_is_never_assigned() -> None:
    with pytest.raises(InputError, match="chr2 is in valid and in test; keep it in one"):
        Split(valid=("chr2",), test=("chr2",)).assign(ONE_EACH, [])


def test_cell_types_are_split_at_all_places() -> None:
    rows = [(cell, chrom, 5) for cell in "ABC" for chrom in CHROMS[:2]]
    split = Split(by="cell_types", valid=("B",), test=("C",))
    assert split.assign(table(rows), []).split.tolist() == [
        *("train", "train", "valid", "valid", "test", "test")
    ]


def test_unseen_cell_types_test_on_unseen_places_only() -> None:
    rows = [(cell, chrom, 5) for cell in "AB" for chrom in CHROMS]
    found = Split(valid=("chr2",), test=("chrX",), unseen=("B",)).assign(table(rows), [])
    assert found.split.tolist() == ["train", "valid", "train", "test", "", "", "", "test"]
    assert found.reason.tolist() == [""] * 4 + ["unseen_cell_type"] * 3 + [""]


def test_folds_are_named_and_the_first_two_are_held_out() -> None:
    found = Split(by="folds", number=4).assign(ONE_EACH, ["state"])
    assert sorted(found.fold) == ["fold1", "fold2", "fold3", "fold4"]
    roles = {"fold1": "test", "fold2": "valid", "fold3": "train", "fold4": "train"}
    assert found.split.tolist() == [roles[fold] for fold in found.fold]
    chosen = Split(by="folds", number=4, test=("fold4",)).assign(ONE_EACH, [])
    roles = {"fold4": "test", "fold1": "valid", "fold2": "train", "fold3": "train"}
    assert chosen.split.tolist() == [roles[fold] for fold in chosen.fold]
    with pytest.raises(InputError, match=r"4 chromosomes, which cannot make 5 folds"):
        Split(by="folds").assign(ONE_EACH, [])


def test_windows_of_unseen_cell_types_have_no_fold_that_could_train() -> None:
    rows = [(cell, chrom, 5) for cell in "AB" for chrom in CHROMS]
    found = Split(by="folds", number=3, unseen=("B",)).assign(table(rows), [])
    assert set(found.fold[4:]) == {""}
    assert set(found.split[4:]) == {"", "test"}
    for fold in ("fold1", "fold2", "fold3"):
        assert set(roles_of_fold(found.fold, fold, 3)[4:]) == {""}


def test_the_seed_says_which_fold_is_which_but_not_who_stands_together() -> None:
    counts = np.array([[9, 9], [8, 8], [3, 3], [2, 2]])
    partitions = set()
    for seed in range(20):
        fold = balanced_folds(counts, 2, seed).tolist()
        # The largest goes with the smallest, and the two between them stand together.
        assert fold[0] == fold[3] != fold[1] == fold[2]
        partitions.add(tuple(fold))
    assert len(partitions) == 2


def test_folds_share_out_classes_and_not_windows_alone() -> None:
    """By number alone the third chromosome could join any; its rare class decides."""
    counts = np.array([[10, 9, 1], [10, 1, 9], [8, 1, 7], [8, 7, 1]])
    fold = balanced_folds(counts, 2, 1)
    assert fold[0] == fold[2] != fold[1] == fold[3]
    sums = np.array([counts[fold == k].sum(axis=0) for k in (0, 1)])
    assert sums.tolist() == [[18, 10, 8], [18, 8, 10]] or sums.tolist() == [
        [18, 8, 10],
        [18, 10, 8],
    ]


def test_folds_are_nearly_as_even_as_the_best_of_all() -> None:
    """Against every possible deal of nine chromosomes to three folds."""
    rng = np.random.default_rng(4)
    deals = np.stack(np.meshgrid(*[range(3)] * 9), -1).reshape(-1, 9)
    for _ in range(5):
        counts = rng.integers(20, 200, (9, 3))
        counts = np.column_stack([counts.sum(axis=1), counts])
        shares = counts / counts.sum(axis=0)
        sums = np.stack([(deals == k) @ shares for k in range(3)], 1)
        badness = ((3 * sums - 1) ** 2).sum(axis=(1, 2))
        mine = balanced_folds(counts, 3, 1)
        own = badness[(deals == mine).all(axis=1)].item()
        assert own <= np.quantile(badness, 0.002)


@pytest.mark.parametrize("number", [3, 4])
def test_a_model_may_choose_its_fold(number: int) -> None:
    names = [f"fold{k}" for k in range(1, number + 1)]
    windows = pd.Series([*names, None], dtype="category")
    for place, name in enumerate(names):
        roles = roles_of_fold(windows, name, number).tolist()
        assert roles[place] == "test"
        assert roles[(place + 1) % number] == "valid"
        assert roles.count("train") == number - 2
        assert roles[-1] == ""
    with pytest.raises(InputError, match="fold 'fold9' is none of fold1, fold2"):
        roles_of_fold(windows, "fold9", number)


def places(length: int, step: int = 7) -> pd.DataFrame:
    rows = [
        (cell, chrom, centre)
        for cell in "AB"
        for chrom in ("chr1", "chr2")
        for centre in range(0, length, step)
    ]
    return table(rows)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("buffer", [0, 1, 30, 120])
def test_buffers_equal_a_look_at_every_base(seed: int, buffer: int) -> None:
    windows, size = places(2500), 250
    split = Split(by="blocks", size=size, buffer=buffer, seed=seed)
    found = split.assign(windows, [])
    bare = Split(by="blocks", size=size, buffer=0, seed=seed).assign(windows, [])
    assert set(bare.reason) == {""}
    for (_, chrom), own in windows.groupby(["cell_type", "chrom"], observed=True):
        by_block = dict(zip(own["centre"] // size, bare.split[own.index], strict=True))
        assert (own["centre"] // size).map(by_block).tolist() == bare.split[own.index].tolist()
        for row in own.itertuples():
            near = range(row.centre - buffer + 1, row.centre + buffer) if buffer else ()
            others = {by_block[b // size] for b in near if b // size in by_block}
            leaves = bool(others - {bare.split[row.Index]})
            assert found.reason[row.Index] == ("buffer" if leaves else ""), (chrom, row)
            assert found.split[row.Index] == ("" if leaves else bare.split[row.Index])


def test_blocks_are_shared_out_by_number_and_alike_in_every_cell_type() -> None:
    windows = places(10_000, 50)
    split = Split(by="blocks", size=100, buffer=0, valid_share=0.15, test_share=0.25)
    found = windows.assign(split=split.assign(windows, []).split, block=windows["centre"] // 100)
    blocks = found.drop_duplicates(["chrom", "block"])
    assert blocks["split"].value_counts().to_dict() == {"train": 120, "test": 50, "valid": 30}
    assert (found.groupby(["chrom", "block"], observed=True)["split"].nunique() == 1).all()
    few = places(300).query("chrom == 'chr1'")
    assert set(Split(by="blocks", size=100, buffer=0, test_share=0.01).assign(few, []).split) == {
        *("train", "valid", "test")
    }
    with pytest.raises(InputError, match="fewer than three; choose a smaller 'size'"):
        Split(by="blocks", size=200, buffer=0).assign(few, [])


@given(st.integers(0, 50), st.integers(1, 40), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_the_default_buffer_keeps_splits_a_width_apart(seed, half, offset) -> None:
    width = 2 * half + 1
    windows = places(6000, 11)
    windows["centre"] += offset
    split = Split.from_config({"by": "blocks", "size": 5 * width, "seed": seed}, width)
    windows["split"] = split.assign(windows, []).split
    for _, own in windows[windows["split"] != ""].groupby("chrom", observed=True):
        ordered = own.drop_duplicates("centre").sort_values("centre")
        changes = ordered["split"].to_numpy()[1:] != ordered["split"].to_numpy()[:-1]
        between = np.diff(ordered["centre"])[changes] - width
        assert (between >= width).all()


GOOD = {
    "chromosomes": Split(valid=("chr2",), test=("chrX",), unseen=("B",)),
    "folds": Split(by="folds", number=4),
    "blocks": Split(by="blocks", width=11, size=100, seed=4),
    "cell_types": Split(by="cell_types", valid=("B",), test=("C",)),
}


@pytest.mark.parametrize("by", GOOD)
def test_a_good_rule_has_no_fault(by: str) -> None:
    assert split_faults(GOOD[by], SIZES, "ABC", "ABC") == []


@pytest.mark.parametrize(
    ("split", "texts"),
    [
        (Split(), ["'valid' names no chromosome", "'test' names no chromosome"]),
        (
            Split(valid=("chr2",), test=("chr2", "chr9")),
            ["chr2 is in valid and in test", "test chromosome 'chr9' is not in the genome"],
        ),
        (Split(valid=("chr2", "chr2"), test=("chrX",)), ["chr2 is in valid twice"]),
        (Split(valid=("chr1", "chr2"), test=("chr10", "chrX")), ["no chromosome is left to train"]),
        (Split(valid=("chr1",), test=("chr2",), train=()), ["no chromosome is left to train"]),
        (
            Split(valid=("chr2",), test=("chrX",), size=5, number=3),
            ["'number' is no key of a split by chromosomes", "'size' is no key"],
        ),
        (
            Split(valid=("chr2",), test=("chrX",), unseen=("D", "E")),
            ["'D' has no labels here", "'E' is not in the sample sheet"],
        ),
        (Split(valid=("chr2",), test=("chrX",), unseen=("A", "B", "C")), ["none trains"]),
        (Split(by="folds"), ["5 folds need as many chromosomes, and there are 4"]),
        (
            Split(by="folds", number=3, test=("chr1",)),
            ["test fold 'chr1' is not one of fold1, fold2, fold3"],
        ),
        (
            Split(by="folds", number=3, test=("fold1", "fold2", "fold3")),
            ["fold3 is in valid and in test", "no fold is left to train"],
        ),
        (Split(by="folds", number=3, train=("chr1",)), ["'train' is no key of a split by folds"]),
        (
            Split(by="blocks", width=11, size=44, valid_share=0.5, test_share=0.5),
            ["leave no block to train", "a buffer of 22 bp on both sides leaves nothing"],
        ),
        (Split(by="blocks", width=11, size=5000, test=("chr1",)), ["'test' is no key of a split"]),
        (Split(by="blocks", width=11, size=10**6), []),
        (
            Split(by="cell_types", valid=("B",), test=("D",), unseen=("C",)),
            ["'unseen' is no key of a split by cell_types", "'D' has no labels here"],
        ),
        (
            Split(by="cell_types", valid=("A", "B"), test=("C",)),
            ["no cell type is left to train"],
        ),
    ],
)
def test_faults_of_rules_are_named_with_a_remedy(split: Split, texts: list[str]) -> None:
    faults = split_faults(split, SIZES, "ABCD", "ABC")
    assert len(faults) == len(texts)
    for fault, text in zip(faults, texts, strict=True):
        assert text in fault
        assert fault.startswith("split: ")
        assert "; " in fault
    one_block = split_faults(Split(by="blocks", width=11, size=5000), {"chr1": 9999}, "A", "A")
    assert one_block == ["split: blocks of 5,000 bp are fewer than three; choose a smaller 'size'"]


def test_drawn_numbers_belong_to_their_keys() -> None:
    names, numbers = np.array(["x", "y", "x"]), np.array([1, 1, 2])
    drawn = keyed_draws(3, names, numbers)
    assert keyed_draws(3, names[::-1], numbers[::-1]).tolist() == drawn[::-1].tolist()
    assert keyed_draws(3, pd.Categorical(names), numbers).tolist() == drawn.tolist()
    assert len({*drawn.tolist(), *keyed_draws(4, names, numbers).tolist()}) == 6
    many = keyed_draws(1, np.arange(100_000)) / 2**64
    counts = np.histogram(many, 20, (0, 1))[0]
    # Chi-square with 19 degrees of freedom: beyond 44 by chance once in a thousand.
    assert ((counts - 5000) ** 2 / 5000).sum() < 44
