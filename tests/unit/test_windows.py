"""Windows, labels, splits, intervals and genome against hand-made cases."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from chrompute.errors import InputError
from chrompute.genome import encode, is_excluded, read_aliases, read_genome, read_sizes
from chrompute.intervals import BedRecord, IntervalSet, read_bed
from chrompute.labels import Task, codes_at, mapping_faults, replicate_columns
from chrompute.splits import Split
from chrompute.windows import WindowRules, build_windows, centre_of, read_windows, write_windows

SIZES = {"chr1": 1000, "chr2": 500, "chr3": 500, "chrM": 100}
ENTRY = {
    "classes": {"open": {"states": ["P", "E"], "title": "open DNA"}, "body": {"states": ["G"]}},
    "exclude": ["X"],
}
TASK = Task.from_config("state", ENTRY)
SPLIT = Split(valid=("chr2",), test=("chr3",))
NOTHING = IntervalSet([])


def segment(chrom: str, start: int, end: int, name: str, line: int = 1) -> BedRecord:
    return BedRecord(line, chrom, start, end, name, ".")


BASIC = [
    segment("chr1", 400, 500, "P"),
    segment("chr2", 200, 300, "G"),
    segment("chr3", 200, 301, "E"),
]


def test_windows_are_centred_and_labelled() -> None:
    table, facts = build_windows({"a": {"1": BASIC}}, TASK, WindowRules(101), SPLIT, SIZES, NOTHING)
    rows = [*table.itertuples(index=False, name=None)]
    assert rows == [
        ("a", "chr1", 399, 500, 449, "open", "train", "open"),
        ("a", "chr2", 199, 300, 249, "body", "valid", "body"),
        ("a", "chr3", 200, 301, 250, "open", "test", "open"),
    ]
    assert facts["counts"]["a"]["train"] == {"open": 1, "body": 0}
    assert facts["classes"] == {"open": "open DNA", "body": "body"}


def test_every_replicate_labels_the_windows_of_the_first() -> None:
    """By the class at the centre base: chr1:449 and 649, chr2:249, chr3:250."""
    first = [*BASIC, segment("chr1", 600, 700, "X")]
    second = [
        segment("chr1", 0, 449, "G"),  # ends before the centre
        segment("chr1", 449, 460, "P"),  # holds it
        segment("chr1", 600, 700, "G"),  # known where the first replicate excludes it
        segment("chr2", 0, 250, "E"),  # holds it, and disagrees
        segment("chr3", 240, 250, "G"),  # ends before it
        segment("chr3", 251, 260, "G"),
    ]
    truth = [
        segment("chr1", 400, 500, "P"),
        segment("chr2", 249, 250, "G"),
        segment("chr3", 0, 500, "X"),
    ]
    table, facts = build_windows(
        {
            "a": {"truth": truth, "2b": first, "x": second},
            "b": {"1": [*BASIC, segment("chr1", 600, 700, "X")]},
        },
        TASK,
        WindowRules(101),
        SPLIT,
        SIZES,
        NOTHING,
    )
    columns = ["cell_type", "centre", "state", "state.2b", "state.x", "state.1", "state.truth"]
    found = table[columns].astype(object).where(table[columns].notna(), None)
    assert [*found.itertuples(index=False, name=None)] == [
        ("a", 449, "open", "open", "open", None, "open"),
        ("a", 649, "body", None, "body", None, None),
        ("a", 249, None, "body", "open", None, "body"),
        ("a", 250, "open", "open", None, None, None),
        ("b", 449, "open", None, None, "open", None),
        ("b", 249, "body", None, None, "body", None),
        ("b", 250, "open", None, None, "open", None),
    ]
    assert facts["segments"] == 8
    assert facts["dropped"] == {"excluded_state": 1}
    assert facts["disagree"] == {
        "a": {"train": 0, "valid": 1, "test": 0},
        "b": {"train": 0, "valid": 0, "test": 0},
    }
    assert facts["counts"]["a"]["valid"] == {"open": 0, "body": 0}
    assert facts["replicates"] == {"a": ["truth", "2b", "x"], "b": ["1"]}
    assert [*replicate_columns(table.columns, "state")] == ["2b", "x", "1"]


def test_the_truth_keeps_no_window_and_silent_replicates_stop() -> None:
    first = [*BASIC, segment("chr1", 600, 700, "X")]
    truth = [*BASIC, segment("chr1", 600, 700, "G")]
    table, _ = build_windows(
        {"a": {"1": first, "truth": truth}}, TASK, WindowRules(101), SPLIT, SIZES, NOTHING
    )
    assert 649 not in table["centre"].tolist()
    with pytest.raises(InputError, match="replicate '2' of task 'state' knows no window"):
        build_windows(
            {"a": {"1": BASIC, "2": [segment("chr1", 900, 950, "P")]}},
            TASK,
            WindowRules(101),
            SPLIT,
            SIZES,
            NOTHING,
        )


def test_classes_at_bases_equal_a_loop() -> None:
    rng = np.random.default_rng(5)
    edges = np.sort(rng.choice(1000, 60, replace=False))
    records = [
        segment("chr1", int(s), int(e), str(rng.choice([*"PEGX"])))
        for s, e in zip(edges[::2], edges[1::2], strict=True)
    ]
    rng.shuffle(records)
    by_base = np.full(1000, -1)
    for record in records:
        by_base[record.start : record.end] = {"P": 0, "E": 0, "G": 1, "X": -1}[record.name]
    chroms = np.where(np.arange(2000) < 1000, "chr1", "chr2")
    found = codes_at(records, TASK, chroms, np.tile(np.arange(1000), 2))
    assert np.array_equal(found[:1000], by_base)
    assert (found[1000:] == -1).all()


@pytest.mark.parametrize(("anchor", "centre"), [("centre", 12), ("start", 10), ("end", 14)])
def test_anchor_decides_the_centre_base(anchor: str, centre: int) -> None:
    assert centre_of(segment("chr1", 10, 15, "P"), anchor) == centre
    # Of an even segment's two middle bases it is the left one, as for fragments.
    assert centre_of(segment("chr1", 10, 16, "P"), "centre") == 12


def test_every_segment_is_kept_or_dropped_for_one_reason() -> None:
    records = [
        *BASIC,
        segment("chr1", 0, 59, "P"),
        segment("chr1", 100, 160, "X"),
        segment("chr1", 600, 700, "G"),
        segment("chr1", 960, 1000, "G"),
        segment("chrM", 10, 90, "G"),
    ]
    # Base 649 is the centre of 600-700 and blacklisted; 700-702 touches no centre.
    listed = IntervalSet([segment("chr1", 649, 650, ""), segment("chr1", 440, 449, "")])
    for edges, number in (("pad", 1), ("drop", 0)):
        rules = WindowRules(101, min_length=40, edges=edges)
        table, facts = build_windows(
            {"a": {"1": records}}, TASK, rules, SPLIT, SIZES, listed, ["chrM"]
        )
        assert facts["dropped"].pop("chromosome_end", 0) == 2 - number * 2
        assert facts["dropped"] == {"blacklist": 1, "excluded_chromosome": 1, "excluded_state": 1}
        assert len(table) + 3 + (2 - number * 2) == len(records) == facts["segments"]


def test_short_segments_give_no_window() -> None:
    records = [*BASIC, segment("chr1", 0, 59, "P"), segment("chr1", 60, 120, "P")]
    _, facts = build_windows(
        {"a": {"1": records}}, TASK, WindowRules(101, 60), SPLIT, SIZES, NOTHING
    )
    assert facts["dropped"] == {"short": 1}


def test_joining_merges_touching_segments_of_one_class_only() -> None:
    records = [
        *BASIC,
        segment("chr1", 500, 600, "E"),  # touches BASIC[0], other state, same class
        segment("chr1", 600, 650, "G"),
        segment("chr1", 700, 750, "G"),  # does not touch
    ]
    joined, facts = build_windows(
        {"a": {"1": records}}, TASK, WindowRules(101, join=True), SPLIT, SIZES, NOTHING
    )
    assert joined[joined["chrom"] == "chr1"]["centre"].tolist() == [499, 624, 724]
    apart, _ = build_windows({"a": {"1": records}}, TASK, WindowRules(101), SPLIT, SIZES, NOTHING)
    assert apart[apart["chrom"] == "chr1"]["centre"].tolist() == [449, 549, 624, 724]
    assert facts["dropped"] == {"joined": 1}
    assert len(joined) + 1 == len(records)


def test_an_unmapped_state_stops_and_names_itself() -> None:
    with pytest.raises(InputError, match=r"state 'Gg' has no class .*did you mean 'G'"):
        build_windows(
            {"a": {"1": BASIC, "2": [segment("chr1", 1, 9, "Gg")]}},
            TASK,
            WindowRules(101),
            SPLIT,
            SIZES,
            NOTHING,
        )


def test_a_split_without_windows_stops() -> None:
    with pytest.raises(InputError, match="'a' has no window in split 'test'"):
        build_windows({"a": {"1": BASIC[:2]}}, TASK, WindowRules(101), SPLIT, SIZES, NOTHING)


def test_a_state_mapped_twice_is_a_fault() -> None:
    entry = {"classes": {"a": {"states": ["P"]}, "b": {"states": ["P"]}}, "exclude": []}
    assert "'P' is mapped to 'a' and to 'b'" in mapping_faults("t", entry)[0]


def test_windows_survive_the_disk(tmp_path: Path) -> None:
    table, facts = build_windows({"a": {"1": BASIC}}, TASK, WindowRules(101), SPLIT, SIZES, NOTHING)
    write_windows(table, facts, tmp_path / "w.parquet", tmp_path / "w.json")
    assert read_windows(tmp_path / "w.parquet").equals(table)


def test_yeast_states_give_the_known_number_of_windows(yeast: Path) -> None:
    """Segments of 60 bp or more of eight merged classes; counted apart from the library."""
    lines = [
        line.split("\t")
        for line in (yeast / "labels/regulatory_states.bed").read_text().splitlines()
    ]
    kept = {
        *("Promoter_TFbound", "Promoter_UNB", "Promoter_lowPIC", "Plus1_nucleosome"),
        *("GeneBody_low", "GeneBody_mid", "GeneBody_high", "Terminator", "Intergenic"),
    }
    long = [f for f in lines if f[3] in kept and int(f[2]) - int(f[1]) >= 60]
    listed = [
        line.split("\t")[:3] for line in (yeast / "genome/blacklist.bed").read_text().splitlines()
    ]
    blocked = {(c, b) for c, s, e in listed for b in range(int(s), int(e))}
    expected = sum((f[0], (int(f[1]) + int(f[2]) - 1) // 2) not in blocked for f in long)
    entry = {"classes": {"all": {"states": [*kept]}}, "exclude": [*{f[3] for f in lines} - kept]}
    sizes = read_sizes(yeast / "genome/sacCer3.chrom.sizes")
    table, facts = build_windows(
        {"yeast": {"1": read_bed(yeast / "labels/regulatory_states.bed", sizes)}},
        Task.from_config("state", entry),
        WindowRules(2001, 60),
        Split(valid=("chrXIII",), test=("chrXV", "chrXVI")),
        sizes,
        IntervalSet(read_bed(yeast / "genome/blacklist.bed", sizes)),
        ["chrM"],
    )
    assert len(table) == expected == 16_559
    assert facts["counts"]["yeast"]["test"]["all"] == 3_669


def test_intervals_answer_base_by_base() -> None:
    rng = np.random.default_rng(0)
    records = [
        segment("c", int(s), int(s + n), "") for s, n in rng.integers(1, 60, (12, 2)) * (8, 1)
    ]
    inside = np.zeros(700, dtype=bool)
    for record in records:
        inside[record.start : record.end] = True
    intervals = IntervalSet(records)
    assert intervals.contains("c", np.arange(700)).tolist() == inside.tolist()
    assert intervals.total_bp == inside.sum()
    starts = rng.integers(0, 600, 300)
    ends = starts + rng.integers(1, 50, 300)
    expected = [bool(inside[s:e].any()) for s, e in zip(starts, ends, strict=True)]
    assert intervals.overlaps("c", starts, ends).tolist() == expected
    assert not intervals.overlaps("other", starts, ends).any()


def test_bed_lines_are_read_and_faults_named(tmp_path: Path) -> None:
    path = tmp_path / "x.bed.gz"
    with gzip.open(path, "wt") as handle:
        handle.write("# c\ntrack name=x\n\n1\t5\t9\tn\t0\t-\r\nchr2\t1\t2\n")
    first, second = read_bed(path, SIZES, {"1": "chr1"})
    assert first == BedRecord(4, "chr1", 5, 9, "n", "-")
    assert (second.name, second.strand) == ("", ".")
    bad = tmp_path / "bad.bed"
    bad.write_text("chr1\t5\t4\nchr1\t0\t1001\nchr7\t0\t1\nchr1 0 1\nchr1\ta\tb\n")
    with pytest.raises(InputError) as caught:
        read_bed(bad, SIZES)
    texts = caught.value.faults
    assert [text.split(": ")[0] for text in texts] == [f"{bad}, line {n}" for n in range(1, 6)]
    for text, word in zip(
        texts, ("no interval", "beyond the end", "'chr7'", "1 tab", "whole"), strict=True
    ):
        assert word in text


@pytest.mark.parametrize("suffix", ["fa", "fa.gz"])
def test_genome_is_read_and_encoded(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"g.{suffix}"
    opener = gzip.open if suffix.endswith("gz") else open
    with opener(path, "wt") as handle:
        handle.write(">chr1 some text\nACGTN\nacgtR\n>chr2\nTT\n")
    genome = read_genome(path)
    assert {name: sequence.tolist() for name, sequence in genome.items()} == {
        "chr1": [0, 1, 2, 3, 4, 0, 1, 2, 3, 4],
        "chr2": [3, 3],
    }
    assert [*read_genome(path, ["chr2"])] == ["chr2"]
    assert encode("ACGTX").tolist() == [0, 1, 2, 3, 4]


def test_bad_genomes_are_refused(tmp_path: Path) -> None:
    twice = tmp_path / "twice.fa"
    twice.write_text(">a\nA\n>a\nC\n")
    with pytest.raises(InputError, match="'a' is there twice"):
        read_genome(twice)
    empty = tmp_path / "empty.fa"
    empty.write_text("")
    with pytest.raises(InputError, match="holds no sequence"):
        read_genome(empty)


def test_aliases_and_exclusions(tmp_path: Path) -> None:
    path = tmp_path / "aliases.tsv"
    path.write_text("# alias\tname\n1\tchr1\n")
    assert read_aliases(path) == {"1": "chr1"}
    path.write_text("1 chr1\n")
    with pytest.raises(InputError, match="line 1"):
        read_aliases(path)
    assert is_excluded("chrUn_1", ["chrM", "chrUn_*"])
    assert not is_excluded("chr1", ["chr", "chrM"])
