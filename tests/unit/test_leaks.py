"""The guard: a leak of each kind is planted and must be caught, and nothing else."""

import gzip
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chrompute.errors import InputError
from chrompute.fragment_leaks import refuse_shared_fragments, shared_fragments
from chrompute.fragments import Fragments, Shift, pool
from chrompute.label_sheet import LabelFile
from chrompute.leaks import place_leaks, refuse_place_leaks
from chrompute.sample_leaks import file_leaks
from chrompute.sheets import Sample
from chrompute.splits import Split

WIDTH = 101


def windows(*rows: tuple[str, str, int, str], width: int = WIDTH) -> pd.DataFrame:
    """Return windows of (cell type, chromosome, start, split)."""
    table = pd.DataFrame(rows, columns=["cell_type", "chrom", "start", "split"])
    table["chrom"] = table["chrom"].astype("category")
    return table.assign(end=table["start"] + width, split=table["split"].astype("category"))


TEST = ("A", "chr1", 1000, "test")


@pytest.mark.parametrize(
    ("start", "overlapping", "near"),
    [
        (1000, 1, 0),  # the same place
        (1100, 1, 0),  # one base in common
        (900, 1, 0),
        (1101, 0, 1),  # touches
        (1201, 0, 1),  # 100 bp between them
        (799, 0, 1),
        (1202, 0, 0),  # a width between them
        (798, 0, 0),
    ],
)
@pytest.mark.parametrize("cell_type", ["A", "B"])
def test_a_window_in_reach_of_a_test_window_is_caught(
    start: int, overlapping: int, near: int, cell_type: str
) -> None:
    table = windows(TEST, (cell_type, "chr1", start, "train"), ("A", "chr2", 1000, "train"))
    found = place_leaks(table, WIDTH)
    if not overlapping + near:
        assert found == []
        assert refuse_place_leaks(table, WIDTH) == []
        return
    (leak,) = found
    assert (leak.one, leak.other) == ("train", "test")
    assert (leak.overlapping, leak.near) == (overlapping, near)
    places = f"chr1:{start:,}-{start + WIDTH:,} of {cell_type} (train) and chr1:1,000-1,101 of A"
    assert leak.examples == (f"{places} (test)",)
    with pytest.raises(InputError, match=r"choose a larger 'buffer', or split by whole") as caught:
        refuse_place_leaks(table, WIDTH)
    assert places in str(caught.value)
    assert refuse_place_leaks(table, WIDTH, shared=True) == [leak.as_dict()]


def test_validation_windows_lie_apart_from_both_others() -> None:
    rows = [("A", "chr1", 1000, "valid"), ("B", "chr1", 1150, "test"), ("A", "chr1", 800, "train")]
    found = [(leak.one, leak.other) for leak in place_leaks(windows(*rows), WIDTH)]
    assert found == [("train", "valid"), ("valid", "test")]
    with pytest.raises(InputError, match=r"2 faults(.|\n)*of split 'valid' overlap"):
        refuse_place_leaks(windows(*rows), WIDTH)


@given(
    st.lists(
        st.tuples(
            st.sampled_from("AB"),
            st.sampled_from(["chr1", "chr2"]),
            st.integers(-30, 900),
            st.sampled_from(["train", "valid", "test"]),
        ),
        min_size=1,
        max_size=40,
    ),
    st.integers(3, 60),
)
@settings(max_examples=150, deadline=None)
def test_the_guard_equals_a_look_at_all_pairs(rows, width) -> None:
    table = windows(*rows, width=width)
    found = {(leak.one, leak.other): leak for leak in place_leaks(table, width)}
    for one, other in (("train", "test"), ("train", "valid"), ("valid", "test")):
        gaps = [
            min(abs(a[2] - b[2]) - width for b in theirs)
            for a in rows
            if a[3] == one and (theirs := [b for b in rows if b[3] == other and b[1] == a[1]])
        ]
        overlapping, near = sum(g < 0 for g in gaps), sum(0 <= g < width for g in gaps)
        leak = found.get((one, other))
        assert (overlapping, near) == ((leak.overlapping, leak.near) if leak else (0, 0))
        assert leak is None or len(leak.examples) == min(overlapping + near, 3)


@pytest.mark.parametrize("buffer", [None, WIDTH + 1, WIDTH - 20, 0])
def test_a_buffer_is_enough_or_the_guard_stops(buffer: int | None) -> None:
    """A window can lie on every base: half a buffer of a width on each side is too little."""
    starts = range(0, 5000)
    table = windows(*[("A", "chr1", start, "") for start in starts])
    split = Split(by="blocks", width=WIDTH, size=600, buffer=buffer)
    table["split"] = split.assign(table.assign(centre=table["start"] + WIDTH // 2), []).split
    table = table[table["split"] != ""]
    if buffer is None or buffer > WIDTH:
        assert refuse_place_leaks(table, WIDTH) == []
    else:
        with pytest.raises(InputError, match="larger 'buffer'"):
            refuse_place_leaks(table, WIDTH)


def test_the_guard_is_quick_where_places_are_shared() -> None:
    """Every window overlaps 400 of the other cell type: pairs must not be listed."""
    starts = np.arange(0, 300_000, 5)
    tables = [
        pd.DataFrame({"cell_type": name, "chrom": "chr1", "start": starts, "split": split})
        for name, split in (("A", "train"), ("B", "test"))
    ]
    table = pd.concat(tables, ignore_index=True)
    (leak,) = refuse_place_leaks(table.assign(end=table["start"] + 2001), 2001, shared=True)
    assert leak["overlapping"] == starts.size


def sample(name: str, cell_type: str, *paths: Path | str, **more: object) -> Sample:
    texts = tuple(map(str, paths))
    return Sample(name, cell_type, "ATAC", "1", texts, Shift(4, -4), True, **{"sha256": ()} | more)


def label(cell_type: str, path: Path | str, *derived: str, task: str = "state") -> LabelFile:
    return LabelFile(cell_type, task, "segmentation", "1", str(path), derived)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two files of equal size and other content, a copy, and a link."""
    (tmp_path / "a.bam").write_bytes(b"reads of A")
    (tmp_path / "b.bam").write_bytes(b"reads of B")
    (tmp_path / "copy.bam").write_bytes(b"reads of A")
    (tmp_path / "link.bam").symlink_to(tmp_path / "a.bam")
    return tmp_path


def test_own_files_are_no_leak(data: Path) -> None:
    samples = [
        sample("a1", "A", data / "a.bam"),
        sample("a2", "A", data / "copy.bam"),
        sample("b", "B", data / "b.bam", data / "not there yet.bam"),
    ]
    labels = [label("A", data / "a.bed"), label("B", data / "b.bed", "b")]
    assert file_leaks(samples, labels, ["A"], True) == []
    assert file_leaks(samples, labels, [], True) == []


@pytest.mark.parametrize("name", ["a.bam", "copy.bam", "link.bam"])
def test_a_replicate_of_a_held_out_cell_type_is_found_elsewhere(data: Path, name: str) -> None:
    samples = [
        sample("a", "A", data / "a.bam"),
        sample("pool", "B", data / "b.bam", data / name),
    ]
    (fault,) = file_leaks(samples, [], ["A"], True)
    assert fault.startswith(f"{data / 'a.bam'}: sample 'a' of 'A', which is held out, is the same")
    assert f"{data / name}, sample 'pool' of 'B'; give each its own data" in fault
    assert len(file_leaks(samples, [], ["B"], True)) == 1
    assert file_leaks(samples, [], ["A", "B"], True) == []


def test_files_to_fetch_are_known_by_their_digests(data: Path) -> None:
    url, digest = "https://x.org/a.bam", "ab" * 32
    samples = [
        sample("a", "A", url, sha256=(digest,)),
        sample("b", "B", "https://mirror.org/other.bam", sha256=(digest.upper(),)),
        sample("c", "C", "https://x.org/c.bam", sha256=("cd" * 32,)),
    ]
    (fault,) = file_leaks(samples, [], ["A"], False)
    assert "sample 'b' of 'B'" in fault


def test_cells_of_one_file_are_told_apart_by_barcodes(tmp_path: Path) -> None:
    file = tmp_path / "fragments.tsv.gz"
    with gzip.open(file, "wt") as handle:
        handle.write("chr1\t1\t50\tAAA-1\t1\n")
    good, bad = tmp_path / "good.tsv", tmp_path / "bad.tsv"
    good.write_text("AAA-1\tA\nCCC-1\tB\n")
    bad.write_text("AAA-1\tB\nCCC-1\tB\n")
    held = sample("a", "A", file, barcodes=str(good))
    assert file_leaks([held, sample("b", "B", file, barcodes=str(good))], [], ["A"], True) == []
    (fault,) = file_leaks([held, sample("b", "B", file, barcodes=str(bad))], [], ["A"], True)
    assert "'B', with 1 barcodes in common; give" in fault
    (fault,) = file_leaks([held, sample("all", "B", file)], [], ["A"], True)
    assert "sample 'all' of 'B'; give" in fault


def test_labels_are_a_leak_where_places_are_shared(data: Path) -> None:
    labels = [label("A", data / "a.bam"), label("B", data / "copy.bam")]
    (fault,) = file_leaks([], labels, ["A"], True)
    assert "replicate '1' of task 'state' of 'A', which is held out" in fault
    assert file_leaks([], labels, ["A"], False) == []
    for path in ("https://x.org/states.bed", "simulated/later.bed"):
        same = [label("A", path), label("B", path), label("C", "simulated/other.bed")]
        (fault,) = file_leaks([], same, ["A"], True)
        assert fault.startswith(f"{path}: replicate '1'")


def test_a_label_file_to_fetch_is_known_by_its_digest(data: Path) -> None:
    """The digest of the file on disk is known because another one has its size."""
    digest = hashlib.sha256(b"reads of A").hexdigest()
    fetched = replace(label("B", "https://x.org/b.bed"), sha256=digest.upper())
    labels = [label("A", data / "a.bam"), label("A", data / "b.bam"), fetched]
    (fault,) = file_leaks([], labels, ["B"], True)
    assert fault.startswith("https://x.org/b.bed: replicate '1' of task 'state' of 'B', which")
    assert f"same file as {data / 'a.bam'}" in fault


def test_a_damaged_table_of_barcodes_is_left_to_the_check(tmp_path: Path) -> None:
    table = tmp_path / "barcodes.tsv"
    table.write_text("AAA-1\n")
    samples = [sample(name, name, "f.tsv.gz", barcodes=str(table)) for name in "AB"]
    assert file_leaks(samples, [], ["A"], True) == []


def test_labels_made_of_a_held_out_cell_type_are_a_leak_everywhere(data: Path) -> None:
    samples = [sample("a", "A", data / "a.bam"), sample("b", "B", data / "b.bam")]
    labels = [label("A", "a.bed", "b"), label("B", "b.bed", "a")]
    (fault,) = file_leaks(samples, labels, ["A"], False)
    assert fault.startswith("b.bed: the labels of 'B' are derived from sample 'a' of 'A', which")


SIZES = {"chr1": 20_000, "chr2": 10_000}


def store(seed: int, number: int) -> Fragments:
    rng = np.random.default_rng(seed)
    chroms = rng.integers(0, 2, number)
    starts = rng.integers(0, 9000, number)
    return Fragments.from_intervals(SIZES, chroms, starts, starts + rng.integers(40, 400, number))


def as_counts(fragments: Fragments, moved: int = 0) -> dict[tuple[str, int, int], int]:
    counts: dict[tuple[str, int, int], int] = {}
    for chrom in fragments.sizes:
        for start, end in zip(*fragments.intervals(chrom), strict=True):
            key = (chrom, int(start) + moved, int(end) + moved)
            counts[key] = counts.get(key, 0) + 1
    return counts


@given(st.integers(0, 999), st.integers(0, 300), st.integers(0, 300))
@settings(max_examples=40, deadline=None)
def test_shared_fragments_equal_a_count_of_intervals(seed, number, more) -> None:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 30, (2, 300))  # few places, so that many are equal and many twice
    one = Fragments.from_intervals(
        SIZES, small[0, :number] % 2, small[0, :number], small[0, :number] + 40
    )
    two = Fragments.from_intervals(
        SIZES, small[1, :more] % 2, small[1, :more], small[1, :more] + 40 + small[1, :more] % 2
    )
    table = shared_fragments({"A": {"ATAC": one}, "B": {"ATAC": two, "MNase": one}}, ["A"])
    (row,) = table.itertuples()
    a = as_counts(one)
    common = [
        sum(min(count, b.get(key, 0)) for key, count in a.items())
        for b in (as_counts(two, moved) for moved in (0, 1, -1))
    ]
    least = max(min(number, more), 1)
    assert (row.held_out, row.other, row.assay, row.shared) == ("A", "B", "ATAC", common[0])
    assert row.share == pytest.approx(common[0] / least)
    assert row.expected == pytest.approx((common[1] + common[2]) / 2 / least)


def test_a_pool_merged_from_the_test_cell_type_is_refused() -> None:
    a, b, c = store(1, 3000), store(2, 2000), store(3, 3000)
    honest = {"A": {"ATAC": a}, "B": {"ATAC": b}, "C": {"ATAC": c, "MNase": c}}
    table = shared_fragments(honest, ["A"])
    assert table[["held_out", "other", "assay"]].to_numpy().tolist() == [
        ["A", "B", "ATAC"],
        ["A", "C", "ATAC"],
    ]
    refuse_shared_fragments(table, "windows")
    for merged in (pool([a, b]), pool([c, a.select(np.arange(3000) % 4 > 0)])):
        table = shared_fragments(honest | {"B": {"ATAC": merged}}, ["A"])
        with pytest.raises(InputError, match="of A, which is held out, and B are the same"):
            refuse_shared_fragments(table, "windows")
    # The other way round: the test cell type is the pool.
    table = shared_fragments(honest | {"A": {"ATAC": pool([a, b, c])}}, ["A"])
    with pytest.raises(InputError, match=r"2 faults(.|\n)*C are the same \(.*by chance\)"):
        refuse_shared_fragments(table, "windows")


def test_what_chance_shares_is_no_leak() -> None:
    """Two stores that fill every place share all fragments, and also when moved by a base."""
    starts = np.repeat(np.arange(5000), 3)
    full = Fragments.from_intervals(SIZES, np.zeros(15_000), starts, starts + 147)
    table = shared_fragments({"A": {"MNase": full}, "B": {"MNase": full}}, ["A"])
    assert table["share"].item() == 1
    assert table["expected"].item() == pytest.approx(4999 / 5000)
    starts = np.repeat(np.arange(5000), np.random.default_rng(2).poisson(9, 5000))
    other = Fragments.from_intervals(SIZES, np.zeros(starts.size), starts, starts + 147)
    table = shared_fragments({"A": {"MNase": full}, "B": {"MNase": other}}, ["A"])
    assert table["share"].item() > 0.9
    refuse_shared_fragments(table, "windows")


def test_stores_of_two_genomes_are_not_compared() -> None:
    other = Fragments.from_intervals({"chr1": 100}, [0], [1], [50])
    with pytest.raises(InputError, match="different genomes"):
        shared_fragments({"A": {"ATAC": store(1, 5)}, "B": {"ATAC": other}}, ["A"])
