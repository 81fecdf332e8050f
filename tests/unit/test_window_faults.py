"""What a configuration may say wrongly of window sets is told, with place and remedy."""

from pathlib import Path
from typing import Any

import pytest

from chrompute.configuration import load_settings
from helpers import ROOT

SCHEMA = ROOT / "config/schemas/config.schema.json"
CLASSES = {"open": {"states": ["P"]}, "body": {"states": ["G"]}}

Case = dict[str, Any]


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """Return a configuration without fault: two cell types, a task of each kind."""
    (tmp_path / "samples.tsv").write_text(
        "sample\tcell_type\tassay\tpath\ns1\ta\tATAC\ta.bam\ns2\tb\tMNase\tb.bam\n"
    )
    (tmp_path / "labels.tsv").write_text(
        "cell_type\ttask\tkind\treplicate\tpath\tderived_from\n"
        "a\tstate\tsegmentation\t1\ta.bed\t\n"
        "a\tmark\tmarks\t1\tm.bed\t\n"
        "b\tmark\tmarks\t1\tn.bed\t\n"
        "b\tlevel\tsignal\t1\tb.bw\t\n"
    )
    return {
        "samples": f"{tmp_path}/samples.tsv",
        "labels": f"{tmp_path}/labels.tsv",
        "genome": {"fasta": "g.fa"},
        "sites": {"tss": {"title": "TSS", "path": "tss.bed"}},
        "tasks": {
            "state": {"kind": "segmentation", "classes": CLASSES},
            "mark": {"kind": "marks"},
            "level": {"kind": "signal"},
            "unused": {"kind": "marks"},
        },
        "windows": {
            "w": {
                "tasks": ["mark"],
                "candidates": {"from": "tiles"},
                "split": {"valid": ["chr1"], "test": ["chr2"]},
            }
        },
    }


def faults_of(case: Case) -> list[str]:
    return load_settings(case, SCHEMA)[1]


@pytest.mark.parametrize(
    ("tasks", "candidates"),
    [
        (["mark"], {"from": "tiles", "width": 100, "stride": 50}),
        (["mark", "state", "level"], {"from": "tiles"}),
        (["state"], {"from": "segments", "min_length": 60}),
        (["mark"], {"from": "sites", "sites": "tss"}),
        (["mark", "level"], {"from": "bed", "path": "x.bed", "anchor": "start"}),
    ],
)
def test_good_window_sets_are_taken(case: Case, tasks: list[str], candidates: Case) -> None:
    case["windows"]["w"] |= {"tasks": tasks, "candidates": candidates}
    assert faults_of(case) == []


@pytest.mark.parametrize(
    ("tasks", "candidates", "words"),
    [
        (
            ["x"],
            {"from": "tiles"},
            "tasks: unknown task 'x' (there are state, mark, level, unused)",
        ),
        (
            ["mark", "unused"],
            {"from": "tiles"},
            "tasks: the label sheet has no line for task 'unused'; add one, or remove the task",
        ),
        (["mark"], {"from": "tiles", "join": True}, "candidates: 'join' is for segments"),
        (["mark"], {"from": "bed"}, "candidates: from bed needs 'path'; add it"),
        (["mark"], {"from": "sites"}, "candidates: from sites needs 'sites'; add it"),
        (["mark"], {"from": "sites", "sites": "y"}, "unknown site set 'y' (there are tss)"),
        (["mark"], {"from": "segments"}, "and none of its tasks is none; name one as 'task'"),
        (["mark", "state"], {"from": "segments", "task": "mark"}, "and mark is none; name one"),
        (["mark"], {"from": "segments", "task": "state"}, "and state is none; name one as 'task'"),
        (
            ["mark", "state"],
            {"from": "segments"},
            "candidates: cell type 'b' has no labels of task 'state', whose segments give the "
            "windows; add a line to the label sheet, or take candidates from tiles",
        ),
    ],
)
def test_faulty_window_sets_are_told(
    case: Case, tasks: list[str], candidates: Case, words: str
) -> None:
    case["windows"]["w"] |= {"tasks": tasks, "candidates": candidates}
    (fault,) = faults_of(case)
    assert "windows/w" in fault
    assert words in fault


@pytest.mark.parametrize("source", ["peaks", "summits"])
def test_candidates_from_peaks_need_peaks(case: Case, source: str) -> None:
    """Given for the cell type, or called from its paired-end ATAC reads: b has none of these."""
    case["windows"]["w"]["candidates"] = {"from": source}
    words = " has no peaks; name a file in peaks/files, or set peaks/call"
    for peaks, without in (
        ({"call": False}, "ab"),
        ({"call": False, "files": {"a": "a.narrowPeak"}}, "b"),
        ({"call": True}, "b"),
        ({"call": True, "files": {"b": "b.narrowPeak"}}, ""),
    ):
        case["peaks"] = peaks
        told = faults_of(case)
        assert [f"{name!r}{words}" in own for name, own in zip(without, told, strict=True)] == [
            True
        ] * len(without)


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ({"kind": "marks", "classes": CLASSES}, "'classes' is for tasks of kind segmentation"),
        ({"kind": "marks", "min_score": "high"}, "min_score"),
        ({"kind": "marks", "keep": {"column": 3, "values": ["x"]}}, "keep/column"),
        ({"kind": "marks", "keep": {"column": 4, "values": []}}, "keep/values"),
        ({"kind": "marks", "metric": "f1"}, "metric"),
    ],
)
def test_faulty_tasks_are_told(case: Case, task: Case, words: str) -> None:
    case["tasks"]["mark"] = task
    (fault,) = faults_of(case)
    assert "tasks/mark" in fault
    assert words in fault


def test_a_task_of_another_kind_than_its_labels_is_told(case: Case) -> None:
    case["tasks"]["level"] = {"kind": "marks"}
    (fault,) = faults_of(case)
    assert (
        "line 5: kind 'signal', but task 'level' is of kind 'marks' in the configuration" in fault
    )
