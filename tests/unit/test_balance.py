"""Weights of training windows against sums by hand, and properties that must always hold."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chrompute.balance import balance_faults, training_weights
from chrompute.balance_report import balance_rows
from chrompute.errors import InputError

BALANCED = {"weights": "balanced"}


def windows(
    labels: list[str | None], classes: list[str], replicates: list[list[str | None]] | None = None
) -> pd.DataFrame:
    """Return training windows of one cell type, 100 bp apart, with a task called t."""
    table = pd.DataFrame({"t": pd.Categorical(labels, classes)})
    for name, column in enumerate(replicates or [], 1):
        table[f"t.{name}"] = pd.Categorical(column, classes)
    table["cell_type"] = pd.Categorical(["A"] * len(table))
    table["chrom"] = pd.Categorical(["chr1"] * len(table))
    table["centre"] = np.arange(len(table)) * 100
    table["split"] = pd.Categorical(["train"] * len(table), ["train", "valid", "test"])
    return table


def marks(bound: list[float], not_bound: list[float]) -> pd.DataFrame:
    """Return bound and not bound windows with the given G+C contents."""
    labels: list[str | None] = ["bound"] * len(bound) + ["not_bound"] * len(not_bound)
    table = windows(labels, ["not_bound", "bound"])
    return table.assign(gc=np.array([*bound, *not_bound], dtype=np.float32))


def test_without_balance_every_window_weighs_the_same_and_is_counted() -> None:
    table = windows(["a", "b", "b", None, "b", "a"], ["a", "b"])
    table.loc[4, "split"], table.loc[5, "split"] = "valid", "test"
    weights, facts = training_weights(table, "t", {}, 1)
    assert weights.dtype == np.float32
    assert weights.tolist() == [1] * 6
    assert facts == {
        "classes": {
            "A": {
                "a": {"windows": 1, "used": 1, "weight": 1},
                "b": {"windows": 2, "used": 2, "weight": 2},
            }
        },
        "disagree": {"A": {"windows": 0, "used": 0}},
    }


def test_balanced_classes_weigh_the_same_together() -> None:
    """One a, three b, and no c: each of the two weighs 2, and the mean of four windows is 1."""
    table = windows(["a", "b", "b", "b", None, "a"], ["a", "b", "c"])
    table.loc[5, "split"] = "test"
    weights, facts = training_weights(table, "t", BALANCED, 1)
    assert weights.tolist() == pytest.approx([2, 2 / 3, 2 / 3, 2 / 3, 1, 1])
    assert facts["classes"]["A"]["b"] == {"windows": 3, "used": 3, "weight": 2}
    assert facts["classes"]["A"]["c"] == {"windows": 0, "used": 0, "weight": 0}


def test_windows_of_disputed_class_count_for_each_by_the_votes() -> None:
    """The votes are a: 1 + 1/2 = 1.5, b: 1/2 + 1 = 1.5 and c: 1; the truth has none."""
    first, second = ["a", "a", "b", "c", None], ["a", "b", None, "c", None]
    table = windows(["a", None, "b", "c", None], ["a", "b", "c"], [first, second])
    table["t.truth"] = pd.Categorical(["c"] * 5, ["a", "b", "c"])
    weights, facts = training_weights(table, "t", BALANCED, 1)
    third = 4 / 3
    assert weights.tolist() == pytest.approx(
        [third / 1.5, (third / 1.5) / 2 + (third / 1.5) / 2, third / 1.5, third, 1]
    )
    assert facts["disagree"]["A"] == {"windows": 1, "used": 1}
    assert facts["classes"]["A"]["a"]["windows"] == 1
    # Of the disputed window, half of its weight is in a class.
    assert facts["classes"]["A"]["a"]["weight"] == pytest.approx(1.5 * third / 1.5, abs=1e-4)


@pytest.mark.parametrize(("negatives", "kept"), [(1, 4), (2.5, 10), (0.5, 2), (5, 20), (9, 20)])
def test_so_many_negatives_are_kept_for_each_bound_window(negatives: float, kept: int) -> None:
    table = marks([0.5] * 4, [0.5] * 20)
    weights, facts = training_weights(table, "t", {"negatives": negatives}, 1)
    assert weights[:4].tolist() == [1] * 4
    assert sorted(weights[4:].tolist()) == [0] * (20 - kept) + [1] * kept
    assert facts["negatives"]["A"] == {
        "wanted": 4 * negatives,
        "kept": kept,
        "left_out": 20 - kept,
        "not_found": 4 * negatives - kept,
    }
    assert facts["classes"]["A"]["not_bound"] == {"windows": 20, "used": kept, "weight": kept}


def test_negatives_are_drawn_in_each_cell_type_by_itself() -> None:
    table = pd.concat([marks([0.5] * 3, [0.5] * 9), marks([0.5], [0.5] * 9)], ignore_index=True)
    table["cell_type"] = ["A"] * 12 + ["B"] * 10
    weights, facts = training_weights(table, "t", {"negatives": 2}, 1)
    assert weights[3:12].sum() == 6
    assert weights[13:].sum() == 2
    assert [facts["negatives"][name]["left_out"] for name in "AB"] == [3, 7]


def test_cell_types_that_train_nothing_are_not_told_of() -> None:
    table = pd.concat([marks([0.5] * 3, [0.5] * 9) for _ in range(3)], ignore_index=True)
    table["cell_type"] = ["A"] * 12 + ["B"] * 12 + ["C"] * 12
    table.loc[table["cell_type"] == "B", "t"] = None
    table.loc[table["cell_type"] == "C", "split"] = "test"
    facts = training_weights(table, "t", {"negatives": 2}, 1)[1]
    assert [list(facts[key]) for key in ("classes", "disagree", "negatives")] == [["A"]] * 3


def test_a_class_may_be_called_disagree() -> None:
    classes = ["prom", "disagree"]
    table = windows(
        ["prom", "disagree", "disagree", None],
        classes,
        [["prom", "disagree", "disagree", "prom"], ["prom", "disagree", "disagree", "disagree"]],
    )
    facts = training_weights(table, "t", BALANCED, 1)[1]
    # A vote is 2/1.5 for prom and 2/2.5 for disagree; the disputed window has a half of each, and
    # its 16/15 stand half and half in the classes.
    assert facts["classes"]["A"]["disagree"] == {"windows": 2, "used": 2, "weight": 2.1333}
    assert facts["disagree"]["A"] == {"windows": 1, "used": 1}
    told = {"classes": dict(zip(classes, classes, strict=True)), "balance": facts}
    assert [[*row.values()] for row in balance_rows(told)] == [
        ["A", "prom", "1", "1", "46.7%"],
        ["A", "disagree", "2", "2", "53.3%"],
        ["A", "replicates disagree", "1", "1", "in its classes"],
    ]


def test_negatives_are_drawn_at_random_by_the_seed() -> None:
    table = marks([0.5] * 100, [0.5] * 1000)
    drawn = [training_weights(table, "t", {"negatives": 1}, seed)[0][100:] for seed in range(60)]
    assert len({tuple(weights) for weights in drawn}) == 60
    often = np.sum(drawn, axis=0)
    # Each is drawn in one of ten: 6 of 60 times, with a standard deviation of 2.3.
    assert often.max() < 20
    assert 4 < often[:500].mean() < 8


def test_disputed_windows_are_kept_and_stand_for_a_part_of_a_negative() -> None:
    table = marks([], [0.5] * 20)
    first = ["bound"] * 4 + ["not_bound"] * 16
    second = ["bound"] * 2 + ["not_bound"] * 18
    for name, column in (("1", first), ("2", second)):
        table[f"t.{name}"] = pd.Categorical(column, ["not_bound", "bound"])
    table["t"] = table["t.1"].where(table["t.1"] == table["t.2"])
    weights, facts = training_weights(table, "t", {"negatives": 2}, 1)
    # Bound are 2 + 2/2, so that 6 are wanted, of which the disputed windows are 2/2.
    assert weights[:4].tolist() == [1] * 4
    assert weights[4:].sum() == 5
    assert facts["negatives"]["A"]["wanted"] == 5
    assert facts["disagree"]["A"] == {"windows": 2, "used": 2}


def test_matched_negatives_have_the_content_of_the_bound_windows() -> None:
    """Three bound windows at 40 %, one at 60 %; bins are 2 % wide."""
    table = marks([0.40, 0.41, 0.419, 0.60], [0.405] * 10 + [0.42] * 10 + [0.61] * 10)
    weights, facts = training_weights(table, "t", {"negatives": 2, "match_gc": True}, 1)
    kept = weights[4:].reshape(3, 10).sum(axis=1)
    assert kept.tolist() == [6, 0, 2]
    found = facts["negatives"]["A"]
    assert (found["wanted"], found["kept"], found["left_out"]) == (8, 8, 22)
    assert (found["not_found"], found["from_other_bins"]) == (0, 0)
    assert found["gc"] == {
        "bound": pytest.approx((0.40 + 0.41 + 0.419 + 0.60) / 4, abs=1e-4),
        "not_bound": pytest.approx((0.405 + 0.42 + 0.61) / 3, abs=1e-4),
        "kept": pytest.approx((6 * 0.405 + 2 * 0.61) / 8, abs=1e-4),
    }


def test_what_a_bin_lacks_comes_from_the_nearest_bins() -> None:
    table = marks([0.50] * 3, [0.505] + [0.535] * 2 + [0.475] + [0.30] * 5)
    # Wanted are 6: 1 is at hand, then a bin below 1, a bin above none, two above 0.535's 2.
    weights, facts = training_weights(table, "t", {"negatives": 2, "match_gc": True}, 1)
    assert weights[3:7].tolist() == [1] * 4
    assert weights[7:].sum() == 2
    found = facts["negatives"]["A"]
    assert (found["kept"], found["from_other_bins"], found["not_found"]) == (6, 5, 0)
    few = training_weights(table, "t", {"negatives": 5, "match_gc": True}, 1)[1]["negatives"]["A"]
    assert (few["kept"], few["not_found"], few["left_out"]) == (9, 6, 0)


def test_windows_of_unknown_content_stand_in_for_each_other_only() -> None:
    table = marks([np.nan, np.nan, 0.5], [np.nan] + [0.5] * 5)
    weights, facts = training_weights(table, "t", {"negatives": 1, "match_gc": True}, 1)
    assert weights[3] == 1
    assert weights[4:].sum() == 1
    assert facts["negatives"]["A"]["not_found"] == 1
    ends = marks([0.0, 1.0], [1.0] * 4 + [0.001] * 4)
    weights, _ = training_weights(ends, "t", {"negatives": 3, "match_gc": True}, 1)
    assert weights[2:].reshape(2, 4).sum(axis=1).tolist() == [3, 3]


def test_halves_of_negatives_add_up_over_the_bins() -> None:
    """Ten bins with a bound window each and half a negative for each: five in all."""
    contents = [0.05 * k + 0.01 for k in range(10)]
    table = marks(contents, contents * 3)
    weights, facts = training_weights(table, "t", {"negatives": 0.5, "match_gc": True}, 1)
    assert weights[10:].sum() == 5
    assert weights[10:].reshape(3, 10).sum(axis=0).max() == 1
    assert facts["negatives"]["A"]["from_other_bins"] == 0


def test_negatives_that_are_left_out_do_not_enter_the_balance() -> None:
    table = marks([0.5] * 2, [0.5] * 20)
    weights, facts = training_weights(table, "t", {"negatives": 3, "weights": "balanced"}, 1)
    used = weights[weights > 0]
    assert used.size == 8
    assert used.mean() == pytest.approx(1)
    assert weights[:2].tolist() == [2, 2]
    assert sorted(set(used.tolist())) == pytest.approx([4 / 6, 2])
    assert facts["classes"]["A"]["bound"]["weight"] == facts["classes"]["A"]["not_bound"]["weight"]


def test_a_task_without_bound_windows_cannot_be_balanced_by_them() -> None:
    table = marks([], [0.5] * 5)
    with pytest.raises(InputError, match="tasks/t/balance: no training window is bound"):
        training_weights(table, "t", {"negatives": 1}, 1)
    weights, _ = training_weights(table.assign(split="test"), "t", {"negatives": 1}, 1)
    assert weights.tolist() == [1] * 5


@st.composite
def cases(draw: st.DrawFn) -> tuple[pd.DataFrame, dict]:
    """Draw windows of two cell types with two replicates that know and agree at times."""
    number = draw(st.integers(3, 50))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    classes = ["not_bound", "bound"]
    codes = rng.choice([-1, 0, 0, 1], (2, number))
    codes[0, 0] = codes[1, 0] = 1
    agreed = np.where(codes[0] < 0, codes[1], codes[0])
    agreed[(codes[0] >= 0) & (codes[1] >= 0) & (codes[0] != codes[1])] = -1
    table = pd.DataFrame({"t": pd.Categorical.from_codes(agreed, classes)})
    for row in (0, 1):
        table[f"t.{row}"] = pd.Categorical.from_codes(codes[row], classes)
    table["cell_type"] = rng.choice(["A", "B"], number)
    table["chrom"] = pd.Categorical(rng.choice(["chr1", "chr2"], number))
    table["centre"] = rng.permutation(number) * 7
    table["gc"] = rng.choice([0.3, 0.4, 0.42, 0.5, np.nan], number).astype(np.float32)
    table["split"] = rng.choice(["train", "train", "valid", "test"], number)
    table.loc[0, "split"] = "train"
    entry = {
        "weights": draw(st.sampled_from(["none", "balanced"])),
        "negatives": draw(st.sampled_from([None, 0.3, 1, 2.7])),
    }
    entry["match_gc"] = entry["negatives"] is not None and draw(st.booleans())
    return table, entry


@given(cases(), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_weights_always_keep_their_promises(case, random) -> None:
    table, entry = case
    weights, facts = training_weights(table, "t", entry, 3)
    order = [*range(len(table))]
    random.shuffle(order)
    moved, again = training_weights(table.iloc[order], "t", entry, 3)
    assert moved.tolist() == weights[order].tolist()
    assert again["classes"].keys() == facts["classes"].keys()
    known = (table["split"] == "train") & table[["t.0", "t.1"]].notna().any(axis=1)
    assert (weights[~known] == 1).all()
    used = known & (weights > 0)
    assert weights[used].mean() == pytest.approx(1, abs=1e-5)
    is_bound = (table[["t.0", "t.1"]] == "bound").any(axis=1)
    assert used[known & is_bound].all()
    counts = [c for own in facts["classes"].values() for c in own.values()]
    counts += facts["disagree"].values()
    assert sum(c["windows"] for c in counts) == known.sum()
    assert sum(c["used"] for c in counts) == used.sum()
    assert set(facts["classes"]) == set(facts["disagree"]) == set(table["cell_type"][known])
    for cell_type, found in facts.get("negatives", {}).items():
        free = known & ~is_bound & (table["cell_type"] == cell_type)
        assert found["kept"] == (free & used).sum()
        assert found["kept"] + found["left_out"] == free.sum()
        assert found["kept"] + found["not_found"] == found["wanted"]
    if entry["weights"] == "balanced":
        votes = np.stack(
            [(table[["t.0", "t.1"]] == c).sum(axis=1) for c in table["t"].cat.categories]
        )
        votes = votes / np.maximum(votes.sum(axis=0), 1)
        each = np.array([votes[k][used].sum() for k in (0, 1)])
        there = each > 0
        per_vote = used.sum() / there.sum() / each[there]
        expected = per_vote @ votes[there][:, used]
        assert weights[used] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("kind", "entry", "has_sequence", "texts"),
    [
        ("marks", {"weights": "balanced", "negatives": 2, "match_gc": True}, True, []),
        ("marks", {"weights": "none", "negatives": None, "match_gc": False}, False, []),
        ("segmentation", {"weights": "balanced"}, False, []),
        ("segmentation", {"negatives": 1}, True, ["'negatives' is for tasks of kind 'marks'"]),
        (
            "segmentation",
            {"negatives": 1, "match_gc": True},
            True,
            ["'negatives' is for tasks", "'match_gc' is for tasks"],
        ),
        ("marks", {"match_gc": True}, True, ["give their number"]),
        ("marks", {"negatives": 1, "match_gc": True}, False, ["needs a sequence; give genome"]),
        ("signal", {"weights": "balanced"}, True, ["a signal has none"]),
    ],
)
def test_keys_that_do_not_go_together_are_named(kind, entry, has_sequence, texts) -> None:
    faults = balance_faults("t", kind, entry, has_sequence)
    assert len(faults) == len(texts)
    for fault, text in zip(faults, texts, strict=True):
        assert text in fault
        assert fault.startswith("tasks/t/balance: ")
