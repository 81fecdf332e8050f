"""BED files and sets of intervals: both ways of reading, faults of lines, and bases one by one."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chrompute.errors import InputError
from chrompute.intervals import (
    IntervalSet,
    anchor_base,
    overlap_pairs,
    read_bed,
    read_blacklist,
    scan_bed,
)
from helpers import write_bed

SIZES = {"chr2": 1000, "chr10": 500, "chr1": 500}
PLAIN = "chr2\t5\t9\tn\t1.5\t-\tx\nchr1\t0\t500\t\t.\t+\ty y\n"
ROWS = [(1, "chr2", 5, 9, "n", 1.5, "-", "x"), (2, "chr1", 0, 500, "", None, "+", "y y")]


def rows_of(table: pd.DataFrame) -> list[tuple]:
    """Return the rows as plain values, unknown scores as None."""
    return [*table.astype(object).where(table.notna(), None).itertuples(index=False, name=None)]


def read_text(path: Path, text: str, extra: tuple[int, ...] = ()) -> tuple[list[tuple], list[str]]:
    """Return rows and faults (without the file's name) of a BED with this text."""
    path.write_text(text)
    table, faults = scan_bed(path, SIZES, None, extra)
    return rows_of(table), [fault.removeprefix(f"{path}, ") for fault in faults]


def test_columns_have_their_types(tmp_path: Path) -> None:
    path = tmp_path / "x.bed"
    path.write_text(PLAIN)
    table = read_bed(path, SIZES, None, [7])
    assert rows_of(table) == ROWS
    assert [*table.columns] == ["line", "chrom", "start", "end", "name", "score", "strand", "7"]
    assert [*table["chrom"].cat.categories] == [*SIZES]
    assert table[["line", "start", "end"]].dtypes.unique() == ["int64"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (PLAIN, (1, 2)),
        ("#c\ntrack name=x\n\nbrowser position\n" + PLAIN, (5, 6)),
        (PLAIN.replace("chr1", "# c\n\ntrack\nchr1"), (1, 5)),  # comments between the lines
        (PLAIN + "\n\n", (1, 2)),
        (PLAIN[:-1], (1, 2)),  # the last line has no end
        (PLAIN.replace("\n", "\r\n"), (1, 2)),
        (PLAIN.replace("\n", "\r"), (1, 2)),
    ],
)
@pytest.mark.parametrize("gzipped", [False, True])
def test_the_same_lines_in_other_files(
    tmp_path: Path, text: str, lines: tuple[int, int], gzipped: bool
) -> None:
    path = tmp_path / ("x.bed.gz" if gzipped else "x.bed")
    path.write_bytes(gzip.compress(text.encode()) if gzipped else text.encode())
    found = rows_of(read_bed(path, SIZES, None, [7]))
    assert found == [(line, *row[1:]) for line, row in zip(lines, ROWS, strict=True)]


def test_lines_of_unequal_length(tmp_path: Path) -> None:
    """What a line lacks is empty, whether all lines lack it or some do."""
    short, ragged = "chr2\t5\t9\n", "chr2\t5\t9\nchr2\t9\t12\ta\t7\n"
    empty = ("", None, ".")
    assert read_text(tmp_path / "a", short) == ([(1, "chr2", 5, 9, *empty)], [])
    rows, faults = read_text(tmp_path / "b", ragged)
    assert (rows, faults) == ([(1, "chr2", 5, 9, *empty), (2, "chr2", 9, 12, "a", 7.0, ".")], [])


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "track name=x"])
def test_a_file_without_intervals(tmp_path: Path, text: str) -> None:
    assert read_text(tmp_path / "x", text) == ([], [])


@pytest.mark.parametrize("head", ["", "# c\n", "\n" * 3])
def test_texts_of_columns_that_are_numbers_elsewhere(tmp_path: Path, head: str) -> None:
    """Column 5 is a class in some files; as the score it is unknown there."""
    text = f"{head}chr2\t5\t9\tn\t16_ACS\t*\nchr2\t9\t12\tn\t7\t-\n"
    for own in (text, text.replace("chr2\t9", "#\nchr2\t9")):
        path = tmp_path / "x.bed"
        path.write_text(own)
        table = read_bed(path, SIZES, None, [4, 5, 6])
        assert table["5"].tolist() == ["16_ACS", "7"]
        assert table["6"].tolist() == ["*", "-"]
        assert table["score"].isna().tolist() == [True, False]
        assert table["strand"].tolist() == [".", "-"]


def test_aliases_name_chromosomes(tmp_path: Path) -> None:
    path = write_bed(tmp_path / "x.bed", [("2", 5, 9), ("chr2", 9, 10), ("one", 0, 500)])
    table = read_bed(path, SIZES, {"2": "chr2", "one": "chr1"})
    assert table["chrom"].tolist() == ["chr2", "chr2", "chr1"]


BAD = {
    "chr2\t5\t4": "start 5 and end 4 make no interval",
    "chr2\t7\t7": "start and end are both 7, which is no base in a BED; positions seem to "
    "count from 1",
    "chr2\t-1\t7": "start -1 and end 7 make no interval",
    "chr2\t0\t1001": "end 1,001 lies beyond the end of chr2 (1,000 bp), as in a file of another",
    "chr7\t0\t1": "chromosome 'chr7' is not in the genome (chr2, chr10, chr1, ...)",
    "chr2 0 1": "has 1 tab-separated column(s)",
    "chr2\ta\tb": "start 'a' and end 'b' must be whole numbers",
    "chr2\t0x5\t7": "start '0x5' and end '7' must be whole numbers",
    "chr2\t 5\t7": "start ' 5' and end '7' must be whole numbers",
    "chr2\t5\t7 ": "start '5' and end '7 ' must be whole numbers",
    "chr2\t5\t٧": "start '5' and end '٧' must be whole numbers",
    "chr2\t1e2\t700": "start '1e2' and end '700' must be whole numbers",
    f"chr2\t5\t{10**19}": "must be whole numbers",
    "chr2\t5\t": "start '5' and end '' must be whole numbers",
}


@pytest.mark.parametrize("line", BAD)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    """With its number and a remedy; the others are read all the same."""
    rows, faults = read_text(tmp_path / "x.bed", f"chr2\t1\t2\n{line}\nchr1\t3\t4\n")
    assert len(faults) == 1
    assert faults[0].startswith("line 2: ")
    assert BAD[line] in faults[0]
    assert faults[0].endswith("; correct or remove the line")
    assert [row[0] for row in rows] == [1, 3]
    # The same line where it is the only one.
    assert len(read_text(tmp_path / "y.bed", line)[1]) == 1


def test_many_bad_lines_are_counted(tmp_path: Path) -> None:
    path = write_bed(tmp_path / "bad.bed", [("chr2", 5, 4)] * 7)
    with pytest.raises(InputError) as caught:
        read_bed(path, SIZES)
    assert [fault.split(": ")[0] for fault in caught.value.faults[:5]] == [
        f"{path}, line {line}" for line in range(1, 6)
    ]
    assert caught.value.faults[5:] == [f"{path}: and 2 more faulty lines like these"]


FIELD = st.one_of(
    st.integers(-2, 600).map(str),
    st.sampled_from(
        ["", " ", "05", "-0", "1.5", "nan", "NA", "0x1", '"a', "a b", "+", "-", "track"]
    ),
)
LINE = st.one_of(
    st.tuples(st.sampled_from(["chr1", "chr2", "1", "track", ""]), FIELD, FIELD).flatmap(
        lambda place: st.lists(FIELD, max_size=5).map(lambda rest: "\t".join([*place, *rest]))
    ),
    st.tuples(st.integers(0, 200), st.integers(0, 299)).map(
        lambda place: f"chr1\t{place[0]}\t{sum(place) + 1}\tname\t3\t+"
    ),
    st.sampled_from(["# c", "", "track x", "browser"]),
)


@given(st.lists(LINE, max_size=6))
@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_reading_whole_equals_reading_line_by_line(tmp_path: Path, lines: list[str]) -> None:
    """A comment among the lines forces the reading line by line; it changes nothing else."""
    extra = (5, 7)
    plain = "".join(f"{line}\n" for line in lines)
    rows, faults = read_text(tmp_path / "plain", plain, extra)
    slow, slow_faults = read_text(tmp_path / "slow", f"{plain}# end\n", extra)
    assert (rows, faults) == (slow, slow_faults)
    expected = sum(
        bool(line.strip()) and line not in ("# c", "track x", "browser") for line in lines
    )
    assert len(rows) + len(faults) == expected


@pytest.mark.parametrize(
    ("anchor", "expected"),
    # Of the two middle bases of an even interval it is the left one, as for fragments.
    [
        ("centre", [12, 12, 12]),
        ("start", [10, 10, 10]),
        ("end", [14, 15, 14]),
        ("tss", [10, 15, 10]),
    ],
)
def test_anchors(anchor: str, expected: list[int]) -> None:
    table = pd.DataFrame({"start": [10] * 3, "end": [15, 16, 15], "strand": ["+", "-", "."]})
    assert anchor_base(table, anchor).tolist() == expected


PLACE = st.tuples(st.sampled_from([*SIZES]), st.integers(0, 60), st.integers(1, 20))


def intervals(places: list[tuple[str, int, int]]) -> pd.DataFrame:
    table = pd.DataFrame(places, columns=["chrom", "start", "length"])
    return table.assign(end=table["start"] + table["length"])


@given(st.lists(PLACE, max_size=8), st.lists(PLACE, max_size=8))
@settings(max_examples=40, deadline=None)
def test_pairs_that_overlap_equal_a_loop(one: list, two: list) -> None:
    expected = {
        (i, j)
        for i, (chrom, start, length) in enumerate(one)
        for j, (other, first, bp) in enumerate(two)
        if chrom == other and start < first + bp and first < start + length
    }
    found = [
        *zip(
            *(rows.tolist() for rows in overlap_pairs(intervals(one), intervals(two))), strict=True
        )
    ]
    assert len(found) == len(expected)
    assert {*found} == expected


@given(st.lists(PLACE, max_size=8), st.lists(PLACE, min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_a_set_answers_base_by_base(places: list, asked: list) -> None:
    bases = {(chrom, base) for chrom, start, bp in places for base in range(start, start + bp)}
    found = IntervalSet(intervals(places))
    for chrom in SIZES:
        assert (chrom in found) == any(name == chrom for name, _ in bases)
        inside = found.contains(chrom, np.arange(90))
        assert {base for base in range(90) if inside[base]} == {b for c, b in bases if c == chrom}
        own = [(start, start + bp) for name, start, bp in asked if name == chrom]
        expected = [any((chrom, base) in bases for base in range(*place)) for place in own]
        starts, ends = np.array(own, dtype=int).reshape(-1, 2).T
        assert found.overlaps(chrom, starts, ends).tolist() == expected


def test_a_blacklist_of_several_files(tmp_path: Path) -> None:
    one = write_bed(tmp_path / "a.bed", [("chr1", 5, 10)])
    two = write_bed(tmp_path / "b.bed.gz", [("1", 8, 12), ("chr2", 0, 1)])
    found = read_blacklist([one, two], SIZES, {"1": "chr1"})
    assert found.contains("chr1", np.arange(14)).tolist() == [5 <= base < 12 for base in range(14)]
    assert found.contains("chr2", [0, 1]).tolist() == [True, False]
    assert not read_blacklist([], SIZES).contains("chr1", np.arange(14)).any()
