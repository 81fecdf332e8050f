"""What windows hold beside labels, against loops; and how a window set is kept on disk."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from chrompute.bigwig import interval_means
from chrompute.fragments import Fragments
from chrompute.genome import encode
from chrompute.store_files import write_fragments
from chrompute.tasks import Task
from chrompute.window_content import base_content, fragment_counts
from chrompute.window_facts import label_notes, overlap_facts
from chrompute.window_files import read_windows, write_windows
from chrompute.window_inputs import read_inputs
from chrompute.windows import build_windows
from helpers import write_values
from window_tools import RULES, SIZES, TASKS, TILES, build, column, files_of

# Content


def test_content_equals_a_loop() -> None:
    rng = np.random.default_rng(3)
    text = "".join(rng.choice([*"ACGTNacgtnR"], 300))
    starts = rng.integers(-40, 290, 60)
    windows = pd.DataFrame({"chrom": "chr1", "start": starts, "end": starts + 51})
    gc, unknown = base_content(windows, {"chr1": encode(text)})
    for row, start in enumerate(starts.tolist()):
        own = text[max(start, 0) : start + 51].upper()
        known = sum(own.count(base) for base in "ACGT")
        assert unknown[row] == pytest.approx(1 - known / len(own))
        assert gc[row] == pytest.approx((own.count("G") + own.count("C")) / known, nan_ok=True)
    gc, unknown = base_content(windows.iloc[:1].assign(start=5, end=9), {"chr1": encode("N" * 99)})
    assert (np.isnan(gc[0]), unknown[0]) == (True, 1)


def random_fragments(
    seed: int, sizes: dict[str, int], number: int
) -> tuple[Fragments, list[tuple]]:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, len(sizes), number)
    starts = np.array([rng.integers(0, [*sizes.values()][code] - 90) for code in codes])
    ends = starts + rng.integers(20, 90, number)
    rows = [*zip([[*sizes][code] for code in codes], starts.tolist(), ends.tolist(), strict=True)]
    return Fragments.from_intervals(sizes, codes, starts, ends), rows


def test_fragments_count_where_their_midpoint_is() -> None:
    sizes = {"chr2": 400, "chr1": 500}
    store, rows = random_fragments(4, sizes, 300)
    rng = np.random.default_rng(5)
    chrom = rng.choice(["chr1", "chr2", "chrX"], 80)
    start = rng.integers(-20, 480, 80)
    windows = pd.DataFrame({"chrom": chrom, "start": start, "end": start + 31})
    expected = [
        sum(c == name and first <= (s + e - 1) // 2 < first + 31 for name, s, e in rows)
        for c, first in zip(chrom, start.tolist(), strict=True)
    ]
    assert fragment_counts(windows, store).tolist() == expected
    assert max(expected) > 5


def test_counts_are_of_the_pooled_samples(tmp_path: Path) -> None:
    """An assay that a cell type lacks is null there; one without a fragment is 0."""
    plans = [("a", "ATAC"), ("a", "ATAC"), ("a", "MNase"), ("b", "ATAC")]
    stores = [random_fragments(seed, SIZES, 150) for seed in range(3)]
    stores.append((Fragments.from_intervals(SIZES, [], [], []), []))
    paths = [str(tmp_path / f"{number}.parquet") for number in range(4)]
    for (store, _), path in zip(stores, paths, strict=True):
        write_fragments(store, path)
    files, plan = files_of(tmp_path, fragments=paths)
    plan.stores = [(*place, f"sample_{number}") for number, place in enumerate(plans)]
    table, _ = build_windows(read_inputs(TILES, TASKS, files, plan), RULES, TASKS)
    for cell_type, assay in (("a", "ATAC"), ("a", "MNase"), ("b", "ATAC")):
        rows = [
            row
            for p, (_, own) in zip(plans, stores, strict=True)
            if p == (cell_type, assay)
            for row in own
        ]
        own = table[table["cell_type"] == cell_type]
        expected = [
            sum(c == name and start <= (s + e - 1) // 2 < end for name, s, e in rows)
            for c, start, end in own[["chrom", "start", "end"]].itertuples(index=False, name=None)
        ]
        assert own[f"fragments:{assay}"].tolist() == expected
        assert (sum(expected) > 50) == (cell_type == "a")
    assert table.loc[table["cell_type"] == "b", "fragments:MNase"].isna().all()
    assert table["fragments:MNase"].dtype == "Int32"


def test_mappability_is_the_mean_of_the_window(tmp_path: Path) -> None:
    values = {"one": np.linspace(0, 1, 1000)}
    path = write_values(tmp_path / "m.bw", values, {"one": 1000})
    aliases = tmp_path / "aliases.tsv"
    aliases.write_text("one\tchr1\n")
    table, _ = build(tmp_path, mappability=[path], aliases=[str(aliases)])
    own = np.float32(values["one"]).astype(float)
    expected = [own[max(c - 50, 0) : c + 51].mean() for c in range(49, 949, 100)]
    assert np.allclose(column(table, "a", "chr1", "mappability"), expected)
    assert column(table, "a", "chr2", "mappability") == [None] * 6
    assert table["mappability"].dtype == np.float32
    assert np.isnan(interval_means(path, table)).all()


# On disk


def test_a_window_set_survives_the_disk(tmp_path: Path) -> None:
    """With classes in their order, one that never occurs, nulls, and the recipe it was made by."""
    table, facts = build(tmp_path)
    table["never"] = pd.Categorical([None] * len(table), ["z", "a", "m"])
    table["last"] = pd.Categorical(["a"] * len(table), ["z", "a", "m"])
    recipe = {"width": 101, "tasks": [*TASKS]}
    write_windows(table, facts, recipe, tmp_path / "w.parquet", tmp_path / "w.json")
    found = read_windows(tmp_path / "w.parquet")
    pd.testing.assert_frame_equal(found, table)
    for name in table.columns[table.dtypes == "category"]:
        assert [*found[name].cat.categories] == [*table[name].cat.categories]
    assert json.loads((tmp_path / "w.json").read_text()) == {**facts, "recipe": recipe}
    metadata = pq.read_metadata(tmp_path / "w.parquet").metadata
    assert json.loads(metadata[b"chrompute"]) == recipe


def test_large_window_sets_keep_their_classes(tmp_path: Path) -> None:
    """Several row groups, in each of which other classes occur."""
    number = 1_100_000
    codes = np.zeros(number, np.int8)
    codes[-9:] = 2
    table = pd.DataFrame(
        {
            "state": pd.Categorical.from_codes(codes, ["z", "never", "a"]),
            "chrom": pd.Categorical.from_codes(codes[::-1], ["chr2", "chr10", "chr1"]),
        }
    )
    write_windows(table, {}, {}, tmp_path / "w.parquet", tmp_path / "w.json")
    assert pq.read_metadata(tmp_path / "w.parquet").num_row_groups > 1
    found = read_windows(tmp_path / "w.parquet")
    for name in table:
        assert [*found[name].cat.categories] == [*table[name].cat.categories]
        assert np.array_equal(found[name].cat.codes, table[name].cat.codes)


def test_equal_inputs_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("1", "2"):
        table, facts = build(tmp_path)
        write_windows(table, facts, {}, tmp_path / f"{name}.parquet", tmp_path / f"{name}.json")
    for suffix in ("parquet", "json"):
        assert (tmp_path / f"1.{suffix}").read_bytes() == (tmp_path / f"2.{suffix}").read_bytes()


def test_windows_that_overlap_are_counted_in_their_cell_type_and_split() -> None:
    rng = np.random.default_rng(5)
    rows = [
        (cell_type, chrom, start, start + 101, split)
        for cell_type in ("a", "b")
        for chrom, split in (("chr1", "train"), ("chr2", "train"), ("chr3", "test"))
        for start in np.sort(rng.choice(5_000, 25, replace=False)).tolist()
    ]
    table = pd.DataFrame(rows, columns=["cell_type", "chrom", "start", "end", "split"])
    expected: dict[str, dict[str, int]] = {}
    for i, (cell_type, chrom, start, end, split) in enumerate(rows):
        others = [r for j, r in enumerate(rows) if j != i and r[:2] == (cell_type, chrom)]
        own = expected.setdefault(split, {"windows": 0, "overlapping": 0})
        own["windows"] += 1
        own["overlapping"] += any(s < end and start < e for _, _, s, e, _ in others)
    assert overlap_facts(table) == expected
    assert 0 < expected["test"]["overlapping"] < expected["test"]["windows"]


def test_labels_that_say_little_are_worth_a_note() -> None:
    table = pd.DataFrame(
        {
            "split": ["train", "train", "valid", "test", "test"],
            "m.1": pd.Categorical(["bound", "not_bound", None, "not_bound", "not_bound"]),
            "m.2": pd.Categorical(["bound", "not_bound", None, None, None]),
        }
    )
    task = Task.from_config("m", {"kind": "marks"})
    assert label_notes(table, [task]) == [
        "task 'm' in split 'test': replicate '2' knows no window",
        "task 'm' in split 'test': no window is bound",
        "task 'm' in split 'valid': no window is known, so that there is nothing to score",
    ]
