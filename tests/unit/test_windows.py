"""Window sets from files: labels by hand, every dropped window counted, faults that stop."""

from pathlib import Path

import numpy as np
import pytest

from chrompute.candidates import CandidateRules
from chrompute.errors import InputError
from chrompute.splits import Split
from chrompute.tasks import Task
from chrompute.window_inputs import WindowInputs, read_candidates, read_inputs
from chrompute.windows import WindowRules, build_windows
from helpers import write_bed, write_values
from window_tools import RULES, SIZES, SPLIT, TASKS, TILES, build, column, files_of


def test_places_and_splits(tmp_path: Path) -> None:
    """Sorted by cell type and the genome's order; the centre is the middle base of a window."""
    table, facts = build(tmp_path)
    tiles = [49 + 100 * n for n in range(6)]
    expected = [("a", "chr1", [*range(49, 949, 100)], "train")]
    expected += [("a", "chr3", tiles, "test"), ("a", "chr2", tiles, "valid")]
    # Of b the windows of which no replicate knows anything are gone.
    expected += [("b", "chr1", [49, 149, 249], "train")]
    expected += [("b", "chr3", tiles, "test"), ("b", "chr2", tiles, "valid")]
    rows = [(a, c, centre, split) for a, c, centres, split in expected for centre in centres]
    columns = ["cell_type", "chrom", "centre", "split"]
    assert [*table[columns].itertuples(index=False, name=None)] == rows
    assert (table["start"] == table["centre"] - 50).all()
    assert (table["end"] == table["centre"] + 51).all()
    assert (table["strand"] == ".").all()
    assert facts["dropped"] == {"blacklist": 2, "excluded_chromosome": 4, "unlabelled": 6}
    assert facts["candidates"] == {"from": "tiles", "number": 48}
    assert facts["windows"] == len(table) == 48 - 12
    assert facts["split"]["by"] == "chromosomes"


def test_states_of_every_replicate(tmp_path: Path) -> None:
    table, facts = build(tmp_path)
    o, b = "open", "body"
    told = {
        "chr1": ([o] * 5 + [b] * 4, [o] * 4 + [b] * 5, [o] * 4 + [None] + [b] * 4),
        "chr2": ([o] * 3 + [b] * 3, [b] * 6, [None] * 3 + [b] * 3),
        # The second replicate excludes one window's state and does not know the last two.
        "chr3": ([o] * 6, [o] * 3 + [None] * 3, [o] * 6),
    }
    for chrom, (first, second, agreed) in told.items():
        assert column(table, "a", chrom, "state.2b") == first
        assert column(table, "a", chrom, "state.x") == second
        assert column(table, "a", chrom, "state") == agreed
        assert column(table, "a", chrom, "state.truth") == [b] * len(first)
        assert column(table, "a", chrom, "state.1") == [None] * len(first)
    assert column(table, "b", "chr1", "state.1") == [b, b, None]
    assert column(table, "b", "chr2", "state") == [o] * 6
    assert column(table, "b", "chr2", "state.truth") == [None] * 6
    assert column(table, "a", "chr1", "soft:state:open") == [1] * 4 + [0.5] + [0] * 4
    assert column(table, "a", "chr2", "soft:state:body") == [0.5] * 3 + [1] * 3
    assert column(table, "a", "chr3", "soft:state:open") == [1] * 6
    own = [name for name in table if name.startswith("state")]
    assert own == ["state", "state.2b", "state.x", "state.1", "state.truth"]
    assert all([*table[name].cat.categories] == ["open", "body"] for name in own)
    assert table["soft:state:open"].dtype == np.float32
    state = facts["tasks"]["state"]
    assert state["classes"] == {"open": "open DNA", "body": "body"}
    assert state["replicates"] == {"a": ["truth", "2b", "x"], "b": ["1"]}
    assert state["counts"] == {
        "a": {
            "train": {"open": 4, "body": 4},
            "valid": {"open": 0, "body": 3},
            "test": {"open": 6, "body": 0},
        },
        "b": {
            "train": {"open": 0, "body": 2},
            "valid": {"open": 6, "body": 0},
            "test": {"open": 0, "body": 6},
        },
    }
    assert state["disagree"]["a"] == {"train": 1, "valid": 3, "test": 0}
    assert state["unknown"]["b"] == {"train": 1, "valid": 0, "test": 0}


def test_a_mark_without_experiment_is_unknown(tmp_path: Path) -> None:
    """In b nothing is told of the mark, and in a nothing on chr2: nowhere is "not bound" there."""
    table, facts = build(tmp_path)
    no, yes = "not_bound", "bound"
    assert column(table, "a", "chr1", "mark") == [None, yes] + [no] * 7
    assert column(table, "a", "chr2", "mark") == [None] * 6
    assert column(table, "a", "chr3", "mark") == [no, no, None, yes, no, no]
    assert table.loc[table["cell_type"] == "b", ["mark", "mark.1"]].isna().all(axis=None)
    assert [*facts["tasks"]["mark"]["counts"]] == ["a"]
    assert facts["tasks"]["mark"]["counts"]["a"]["test"] == {"not_bound": 4, "bound": 1}
    assert facts["tasks"]["mark"]["unknown"]["a"] == {"train": 1, "valid": 6, "test": 1}
    assert not any(name.startswith("soft:mark") for name in table)


def test_a_signal_is_a_number_or_unknown(tmp_path: Path) -> None:
    table, facts = build(tmp_path)
    assert column(table, "b", "chr1", "level") == [2, None, 5]
    assert column(table, "b", "chr1", "level.1") == [2, None, 5]
    assert table.loc[table["cell_type"] == "a", "level"].isna().all()
    assert table["level"].dtype == table["level.1"].dtype == np.float32
    level = facts["tasks"]["level"]
    assert level["counts"]["b"] == {
        "train": {"known": 2},
        "valid": {"known": 0},
        "test": {"known": 0},
    }
    assert level["unknown"]["b"]["train"] == 1
    assert "disagree" not in level


def test_replicates_of_a_signal_are_averaged(tmp_path: Path) -> None:
    values = {"1": [1.0, np.nan, 4.0], "2": [2.0, 3.0, np.nan], "truth": [9.0, 9.0, 9.0]}
    paths = {
        name: write_values(tmp_path / f"{name}.bw", {"chr1": np.array(own)}, {"chr1": 4})
        for name, own in values.items()
    }
    rules = WindowRules(1, Split(by="cell_types", width=1, valid=("b",), test=("c",)))
    labels = {name: {"level": paths} for name in "abc"}
    candidates, _ = read_candidates(
        CandidateRules("tiles", width=1), {}, labels, {}, {}, {"chr1": 4}, {}
    )
    inputs = WindowInputs({"chr1": 4}, labels, candidates, "tiles")
    task = Task.from_config("level", {"kind": "signal", "core": 1})
    table, facts = build_windows(inputs, rules, {"level": task})
    assert column(table, "a", "chr1", "level") == [1.5, 3, 4]
    assert column(table, "a", "chr1", "level.2") == [2, 3, None]
    # What the truth alone knows is not known.
    assert facts["dropped"] == {"unlabelled": 3}


def test_soft_labels_are_for_replicates_of_one_cell_type(tmp_path: Path) -> None:
    """Two cell types with one file each have no votes, whatever the files are called."""
    rows = [(chrom, 0, size, "P") for chrom, size in SIZES.items()]
    path = str(write_bed(tmp_path / "x.bed", rows))
    labels = {"a": {"state": {"1": path}}, "b": {"state": {"2": path}}}
    found, _ = read_candidates(CandidateRules.from_config(TILES), {}, labels, {}, {}, SIZES, {})
    table, _ = build_windows(
        WindowInputs(SIZES, labels, found, "tiles"), RULES, {"state": TASKS["state"]}
    )
    assert [name for name in table if "state" in name] == ["state", "state.1", "state.2"]


# Dropped windows


@pytest.mark.parametrize(
    ("edges", "blacklist", "dropped"),
    [
        ("pad", "centre", {"blacklist": 2, "excluded_chromosome": 4, "unlabelled": 6}),
        # Besides 949 also [300, 349) and 550, which lie beside the centres 349 and 549: the window
        # around 249, [199, 300), ends before the first.
        ("pad", "window", {"blacklist": 6, "excluded_chromosome": 4, "unlabelled": 4}),
        # The first window of each chromosome begins before it: base -1.
        (
            "drop",
            "centre",
            {"blacklist": 2, "chromosome_end": 6, "excluded_chromosome": 4, "unlabelled": 6},
        ),
    ],
)
def test_every_window_is_kept_or_dropped_for_one_reason(
    tmp_path: Path, edges: str, blacklist: str, dropped: dict[str, int]
) -> None:
    rules = WindowRules(101, SPLIT, edges=edges, blacklist=blacklist)
    table, facts = build(tmp_path, rules)
    assert facts["dropped"] == dropped
    assert len(table) == 48 - sum(dropped.values())
    centres = column(table, "a", "chr1", "centre")
    beside = {349, 549} if blacklist == "centre" else set()
    assert {*centres} & {249, 349, 549} == {249, *beside}


def test_the_last_base_may_touch_the_end(tmp_path: Path) -> None:
    """A window that ends with the chromosome is whole; one base further it is not."""
    rows = [("chr1", 50, 51), ("chr1", 49, 50), ("chr1", 949, 950), ("chr1", 950, 951)]
    rows += [(c, 300, 301) for c in ("chr2", "chr3")]
    path = str(write_bed(tmp_path / "sites.bed", rows))
    rules = WindowRules(101, SPLIT, edges="drop", blacklist="centre")
    files, plan = files_of(tmp_path, candidates=[path], blacklist=[])
    tasks = {"state": TASKS["state"]}
    plan.replicates, files["labels"] = [("a", "state", "2b")], files["labels"][1:2]
    inputs = read_inputs({"from": "bed", "path": path}, tasks, files, plan)
    table, facts = build_windows(inputs, rules, tasks)
    assert column(table, "a", "chr1", "centre") == [50, 949]
    assert facts["dropped"] == {"chromosome_end": 2}


def test_intervals_that_give_no_candidate_count_too(tmp_path: Path) -> None:
    files, plan = files_of(tmp_path)
    plan.replicates[0], plan.replicates[2] = plan.replicates[2], plan.replicates[0]
    files["labels"][0], files["labels"][2] = files["labels"][2], files["labels"][0]
    candidates = {"from": "segments", "min_length": 30, "anchor": "start"}
    files["blacklist"] = []
    inputs = read_inputs(candidates, TASKS, files, plan)
    table, facts = build_windows(inputs, WindowRules(101, SPLIT), TASKS)
    # Five segments of a (one short), of the replicate that stands first, and three of b.
    assert facts["candidates"] == {"from": "segments", "number": 8}
    assert facts["dropped"] == {"short": 1}
    assert len(table) == 7


def test_assembly_gaps_are_dropped_above_the_threshold(tmp_path: Path) -> None:
    """20 unknown bases of the 100 in a tile are allowed at 0.2, and 21 are not."""
    rng = np.random.default_rng(1)
    genome = {name: rng.choice([*"ACGT"], size) for name, size in SIZES.items()}
    genome["chr1"][120:141] = "N"  # of the window [99, 200)
    genome["chr1"][240:260] = "R"  # of [199, 300)
    genome["chr2"][0:60] = "n"  # of [-1, 100): bases off the chromosome do not count
    fasta = tmp_path / "g.fa"
    fasta.write_text("".join(f">{name}\n{''.join(own)}\n" for name, own in genome.items()))
    kept = {}
    for most in (0.2, 0.21, 0.6):
        rules = WindowRules(101, SPLIT, max_n=most, identical_length=0)
        table, facts = build(tmp_path, rules, genome=[str(fasta)])
        kept[most] = facts["dropped"].get("n", 0)
        assert column(table, "b", "chr2", "n")[0] == pytest.approx(0.6 if most == 0.6 else 0)
        assert column(table, "a", "chr1", "n")[-1] == 0
    assert kept == {0.2: 4, 0.21: 2, 0.6: 0}
    first = "".join(genome["chr1"][:100])
    share = sum(base in "GC" for base in first) / 100
    assert column(table, "a", "chr1", "gc")[0] == pytest.approx(share)
    second = genome["chr1"][99:200]
    share = sum(base in "GC" for base in second) / 80
    assert column(table, "a", "chr1", "gc")[1] == pytest.approx(share)


def test_a_copied_sequence_is_told_and_can_be_left_out(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    genome = {name: rng.choice([*"ACGT"], size) for name, size in SIZES.items()}
    genome["chr3"][320:380] = genome["chr1"][520:580]  # cores of 50 around 349 and 549
    fasta = tmp_path / "g.fa"
    fasta.write_text("".join(f">{name}\n{''.join(own)}\n" for name, own in genome.items()))
    for exclude in (False, True):
        rules = WindowRules(101, SPLIT, identical_length=50, exclude_identical=exclude)
        table, facts = build(tmp_path, rules, genome=[str(fasta)])
        assert column(table, "a", "chr3", "identical") == [n == 3 for n in range(6)]
        assert not any(column(table, "a", "chr1", "identical"))
        assert (549 in column(table, "a", "chr1", "centre")) is not exclude
        assert facts["dropped"].get("identical", 0) == exclude
        # The window of a and that of b at the same place.
        assert facts["leaks"]["identical"] == {
            "length": 50,
            "excluded": exclude,
            "training": 1,
            "valid": 0,
            "test": 2,
        }


# Faults


def test_a_silent_replicate_stops(tmp_path: Path) -> None:
    """One that knows no window, where all are excluded say, is a mistake and no label file."""
    files, plan = files_of(tmp_path)
    write_bed(tmp_path / "a.state.x.bed", [("chr1", 0, 1000, "X")])
    with pytest.raises(
        InputError, match=r"a\.state\.x\.bed: replicate 'x' of task 'state' knows no window of cell"
    ):
        build_windows(read_inputs(TILES, TASKS, files, plan), RULES, TASKS)
    files["labels"][-1] = write_values(tmp_path / "e.bw", {"chrM": np.ones(9)}, SIZES)
    write_bed(tmp_path / "a.state.x.bed", [("chr1", 0, 1000, "P")])
    with pytest.raises(InputError, match=r"e\.bw: replicate '1' of task 'level' knows no window"):
        build_windows(read_inputs(TILES, TASKS, files, plan), RULES, TASKS)


def test_a_split_without_windows_stops(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no window is in split 'test'; choose other"):
        build(tmp_path, WindowRules(101, Split(width=101, valid=("chr2",), test=("chrM",))))


def test_a_faulty_label_file_stops(tmp_path: Path) -> None:
    files, plan = files_of(tmp_path)
    write_bed(tmp_path / "b.state.1.bed", [("chr1", 0, 200, "Q"), ("chr1", 100, 300, "G")])
    with pytest.raises(InputError) as caught:
        build_windows(read_inputs(TILES, TASKS, files, plan), RULES, TASKS)
    assert [f"line {n}" in fault for n, fault in zip((1, 2), caught.value.faults, strict=True)]
