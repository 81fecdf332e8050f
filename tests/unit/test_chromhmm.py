"""ChromHMM's states: how they are aligned and named, their segments, and how the program runs."""

import itertools
import json
import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chrompute import chromatin_states, segmentation
from chrompute.chromatin_states import (
    Model,
    align_states,
    describe_states,
    marks_apart,
    notes_on_states,
)
from chrompute.chromhmm import ChipFile, Start, binarize, learn
from chrompute.errors import InputError


def table(rows: dict[int, list[float]], marks: str = "abc") -> pd.DataFrame:
    """Return emissions: {state: one number a mark}."""
    return pd.DataFrame.from_dict(rows, orient="index", columns=[*marks])


def model(emissions: pd.DataFrame) -> Model:
    number = len(emissions)
    states = emissions.index
    stay = pd.DataFrame(np.full((number, number), 1 / number), index=states, columns=states)
    return Model(emissions, stay, "ChromHMM 9")


# Alignment


def test_alignment_is_the_best_of_all_pairings() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        one = pd.DataFrame(rng.random((5, 3)), index=[1, 2, 3, 4, 5], columns=[*"abc"])
        two = pd.DataFrame(rng.random((5, 3)), index=[1, 2, 3, 4, 5], columns=[*"cab"])
        costs = {}
        for order in itertools.permutations(range(1, 6)):
            pairs = zip(range(1, 6), order, strict=True)
            costs[order] = sum(
                (two.loc[s, mark] - one.loc[n, mark]) ** 2 for s, n in pairs for mark in "abc"
            )
        best = min(costs, key=costs.__getitem__)
        assert align_states(one, two) == dict(zip(range(1, 6), best, strict=True))


def test_states_in_another_order_find_their_partners() -> None:
    one = table({1: [0.9, 0.1, 0.0], 2: [0.1, 0.8, 0.0], 3: [0.0, 0.0, 0.7]})
    two = table({1: [0.0, 0.1, 0.6], 2: [0.9, 0.0, 0.0], 3: [0.2, 0.7, 0.1]})
    found = describe_states("r", two, one, {"A": "a", "B": "b", "C": "c", "none": ""})
    assert found["aligned"].to_dict() == {2: 1, 3: 2, 1: 3}
    assert found.index.tolist() == [2, 3, 1]
    assert found["name"].tolist() == ["A", "B", "C"]
    expected = [np.sqrt(0.01), np.sqrt(0.03), np.sqrt(0.02)]
    assert found["distance"].to_numpy() == pytest.approx(np.array(expected))
    assert found.loc[2, "correlation"] == pytest.approx(
        np.corrcoef([0.9, 0, 0], [0.9, 0.1, 0])[0, 1]
    )


def test_constant_emissions_have_no_correlation(tmp_path: Path) -> None:
    one = table({1: [0.0, 0.0, 0.0], 2: [0.9, 0.1, 0.0]})
    found = describe_states("r", one, one, {"none": "", "A": "a"})
    assert np.isnan(found.loc[1, "correlation"])
    chromatin_states.write_states(found, model(one), ["a note"], tmp_path / "s.json")
    content = json.loads((tmp_path / "s.json").read_text())
    assert content["states"][0]["correlation"] is None
    assert content["notes"] == ["a note"]
    assert content["states"][1]["emissions"] == {"a": 0.9, "b": 0.1, "c": 0.0}


# Names


def test_the_difference_counts_marks() -> None:
    emissions = table({1: [0.5, 0.2, 0.0], 2: [0.25, 1.0, 0.1]})
    # Shares of the largest emissions: 0.5 and 1; the third mark's is below 0.2, which stands in.
    apart = marks_apart(emissions, {"A": "a", "AB": "ab", "none": ""})
    assert apart.loc[1].tolist() == pytest.approx([0 + 0.2 + 0, 0 + 0.8 + 0, 1 + 0.2 + 0])
    assert apart.loc[2].tolist() == pytest.approx([0.5 + 1 + 0.5, 0.5 + 0 + 0.5, 0.5 + 1 + 0.5])
    plain = marks_apart(emissions, {"A": "a"}, relative=False)
    assert plain["A"].tolist() == pytest.approx([0.5 + 0.2, 0.75 + 1 + 0.1])


def test_squared_distances_rank_names_alike() -> None:
    rng = np.random.default_rng(2)
    emissions = pd.DataFrame(rng.random((40, 3)), columns=[*"abc"])
    names = {"".join(own): own for n in range(4) for own in itertools.combinations("abc", n)}
    apart = marks_apart(emissions, names)
    shares = emissions / emissions.max()
    for state, row in apart.iterrows():
        squared = {
            name: sum((shares.loc[state, m] - (m in own)) ** 2 for m in "abc")
            for name, own in names.items()
        }
        assert sorted(names, key=squared.__getitem__) == sorted(names, key=row.__getitem__)


def test_a_weak_antibody_still_names_its_states() -> None:
    emissions = table({1: [0.4, 0.0, 0.0], 2: [0.0, 0.9, 0.0], 3: [0.01, 0.02, 0.0]})
    found = describe_states("r", emissions, emissions, {"A": "a", "B": "b", "none": ""})
    assert found["name"].tolist() == ["A", "B", "none"]


def test_a_mark_that_is_nowhere_names_nothing() -> None:
    emissions = table({1: [0.9, 0.0, 0.04], 2: [0.0, 0.9, 0.01], 3: [0.0, 0.0, 0.0]})
    names = {"A": "a", "B": "b", "C": "c", "none": ""}
    found = describe_states("r", emissions, emissions, names)
    assert found["name"].tolist() == ["A", "B", "none"]
    notes = notes_on_states({"r": found}, {"r": model(emissions)}, names)["r"]
    assert notes[0] == "mark c is in 4.0% of the bins of any state at most; it hardly counts"
    assert notes[1].startswith("no state is called C; the states are 1: a 0.90, b 0.00, c 0.04; 2")
    assert len(notes) == 2


def test_two_largest_emissions_in_one_state_are_told_apart_as_they_are() -> None:
    emissions = table({1: [0.8, 0.9, 0.0], 2: [0.0, 0.0, 0.9]})
    found = describe_states("r", emissions, emissions, {"A": "a", "B": "b", "C": "c"})
    assert found["name"].tolist() == ["B", "C"]
    assert (found["marks_apart"] == found["next_marks_apart"]).tolist() == [True, False]


def test_a_tie_is_a_fault_that_shows_the_emissions() -> None:
    emissions = table({1: [0.8, 0.8, 0.0], 2: [0.0, 0.0, 0.9]})
    with pytest.raises(InputError) as caught:
        describe_states("two", emissions, emissions, {"A": "a", "B": "b", "C": "c"})
    assert caught.value.faults == [
        "configuration: chromhmm/names: state 1 of replicate 'two' (a 0.80, b 0.80, c 0.00) is as "
        "much like 'A' as like 'B'; add a name with its marks"
    ]


def test_replicates_name_their_states_alone_and_differences_are_told() -> None:
    names = {"A": "a", "AB": "ab", "C": "c"}
    one = table({1: [0.9, 0.4, 0.0], 2: [0.0, 1.0, 0.9], 3: [0.0, 0.0, 0.9]})
    two = one.replace(0.4, 0.6)
    tables = {r: describe_states(r, e, one, names) for r, e in (("1", one), ("2", two))}
    assert [t["name"].iloc[0] for t in tables.values()] == ["A", "AB"]
    notes = notes_on_states(tables, {"1": model(one), "2": model(two)}, names)
    assert "no state is called AB" in notes["1"][0]
    assert notes["2"][-1] == (
        "state 1 is called 'AB' (a 0.90, b 0.60, c 0.00), and the state of the first replicate "
        "that it is aligned with 'A'"
    )


def test_tables_stand_in_the_order_of_aligned_numbers(tmp_path: Path) -> None:
    one = table({1: [0.9, 0.0, 0.0], 2: [0.0, 0.9, 0.0]})
    moves = pd.DataFrame([[0.8, 0.2], [0.3, 0.7]], index=[1, 2], columns=[1, 2])
    learnt = Model(one, moves, "x")
    turned = describe_states("r", one, one.loc[[2, 1]].set_axis([1, 2]), {"A": "a", "B": "b"})
    chromatin_states.write_tables(turned, learnt, tmp_path / "e", tmp_path / "t")
    assert (tmp_path / "e").read_text().splitlines()[1:] == [
        "2\t1\tB\t0.000000\t0.900000\t0.000000",
        "1\t2\tA\t0.900000\t0.000000\t0.000000",
    ]
    assert (tmp_path / "t").read_text().splitlines() == [
        "state\taligned\tname\t1\t2",
        "2\t1\tB\t0.700000\t0.300000",
        "1\t2\tA\t0.200000\t0.800000",
    ]


# Segments


def write_lines(path: Path, *lines: str) -> Path:
    path.write_text("".join(line.replace(" ", "\t") + "\n" for line in lines))
    return path


def test_segments_are_sorted_clipped_named_and_joined(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "s.bed", "chr2 0 400 E1", "chr1 600 1000 E3", "chr1 0 200 E1",
        "chr1 200 600 E2", "chr2 400 600 E3",
    )  # fmt: skip
    found = segmentation.read_segments(path, {"chr1": 950, "chr2": 600, "chr3": 100})
    called = segmentation.name_segments(found, {1: "x", 2: "x", 3: "y"})
    segmentation.write_segments(called, tmp_path / "out.bed")
    assert (tmp_path / "out.bed").read_text().replace("\t", " ").splitlines() == [
        "chr1 0 600 x", "chr1 600 950 y", "chr2 0 400 x", "chr2 400 600 y",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["chr1 0 200 E1", "chr1 100 400 E2"], "segment at chr1:100 does not begin where"),
        (["chr1 0 200 E1", "chr1 400 600 E2"], "segment at chr1:400 does not begin where"),
        (["chr1 200 400 E1"], "segment at chr1:200 does not begin where"),
        (["chr1 0 200 E1", "chrX 0 200 E1"], "has segments on chrX, which the genome lacks"),
    ],
)
def test_segments_that_overlap_or_leave_gaps_are_refused(
    lines: list[str], words: str, tmp_path: Path
) -> None:
    path = write_lines(tmp_path / "s.bed", *lines)
    with pytest.raises(InputError, match=words):
        segmentation.read_segments(path, {"chr1": 1000})


# The program


def program(folder: Path, body: str) -> str:
    """Write a program that stands in for ChromHMM; return how it is started."""
    path = folder / "fake.sh"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_the_programs_of_debian_and_bioconda_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"ChromHMM is not installed; install it .Debian"):
        Start().words()
    for name in ("ChromHMM.sh", "ChromHMM"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
        assert Start().words() == [name]
    with pytest.raises(InputError, match=r"chromhmm/command: there is no program 'java -jar"):
        Start("java -jar x.jar").words()


def test_a_command_may_name_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Chrom HMM.jar").touch()
    found = Start("sh -c 'Chrom HMM.jar'").words()
    assert found == ["sh", "-c", str(tmp_path / "Chrom HMM.jar")]


def test_a_program_that_does_not_run_is_a_fault(tmp_path: Path) -> None:
    command = program(tmp_path, "echo 'java: not found' >&2; exit 127")
    with pytest.raises(InputError, match=r"does not run \(java: not found\); install it"):
        Start(command).version()
    said = "This is Version 1.24 of ChromHMM (c) Copyright"
    assert Start(program(tmp_path, f"echo '{said}'")).version() == "1.24"


def test_binarizing_hands_plain_names_to_the_program(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bams = [tmp_path / f"a b{number}.bam" for number in range(3)]
    for bam in bams:
        bam.write_text(bam.name)
    one, two, control = map(str, bams)
    chips = [
        ChipFile("c", "m", "1", (one, two), (control,)),
        ChipFile("c", "n", "1", (control,), ()),
    ]
    body = (
        'echo "Picked up _JAVA_OPTIONS"; echo "options $_JAVA_OPTIONS"; echo "arguments $*"\n'
        "mkdir made; cat table.tsv sizes.txt 0.bam 1.bam 2.bam > made/c_chr1_binary.txt.gz"
    )
    start = Start(program(tmp_path, body), memory_mb=2000)
    with caplog.at_level(logging.INFO):
        binarize(chips, {"chr1": 1000, "tiny": 199}, 200, tmp_path / "out", start)
    assert (tmp_path / "out/c_chr1_binary.txt.gz").read_text() == (
        "c\tm\t0.bam\t1.bam\nc\tm\t2.bam\t1.bam\nc\tn\t1.bam\nchr1\t1000\na b0.bama b2.bama b1.bam"
    )
    assert caplog.messages == [
        "options -Xmx1600m -Djava.awt.headless=true",
        "arguments BinarizeBam -b 200 -mixed -gzip sizes.txt . table.tsv made",
    ]
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "a b0.bam", "a b1.bam", "a b2.bam", "fake.sh", "out",
    ]  # fmt: skip


def test_a_program_that_fails_or_writes_nothing_is_told(tmp_path: Path) -> None:
    failing = Start(program(tmp_path, "echo one; echo two; echo three; echo four >&2; exit 3"))
    with pytest.raises(InputError, match=r"LearnModel failed \(two / three / four\); its log"):
        learn(tmp_path, {"chr1": 1000}, 2, 200, 1, tmp_path / "out/model", failing)
    body = "echo 'Exception in thread: OutOfMemoryError'; echo at a; echo at b; echo at c; exit 1"
    with pytest.raises(InputError, match=r"failed \(Exception in thread: OutOfMemoryError\)"):
        learn(
            tmp_path, {"chr1": 1000}, 2, 200, 1, tmp_path / "out/x", Start(program(tmp_path, body))
        )
    silent = Start(program(tmp_path, "mkdir -p made; echo 'This is Version 1 of'"))
    with pytest.raises(InputError, match=r"ChromHMM wrote no \*_binary"):
        binarize([], {"chr1": 1000}, 200, tmp_path / "out/binary", silent)
    assert not [p for p in (tmp_path / "out").rglob("*") if p.is_file()]
