"""Tasks: what their blocks mean, presets of known segmentations, and faulty options."""

import json
from collections import Counter
from typing import Any

import pytest

from chrompute.presets import PRESETS
from chrompute.tasks import Keep, Task, mapping_faults, task_faults, unmapped_states
from helpers import ROOT

CLASSES = {"open": {"states": ["P", "E"], "title": "open DNA"}, "body": {"states": ["G"]}}

# The states in the order of the models, by their mnemonics in Roadmap's tables of the core-mark
# model (15 states) and of the expanded one (18 states).
ROADMAP = {
    "roadmap15": "TssA TssAFlnk TxFlnk Tx TxWk EnhG Enh ZNF/Rpts Het TssBiv BivFlnk EnhBiv ReprPC "
    "ReprPCWk Quies",
    "roadmap18": "TssA TssFlnk TssFlnkU TssFlnkD Tx TxWk EnhG1 EnhG2 EnhA1 EnhA2 EnhWk ZNF/Rpts "
    "Het TssBiv EnhBiv ReprPC ReprPCWk Quies",
}
# Registry versions 2 and 3 (Moore 2020), and version 4 (Moore 2024).
CCRE = {
    "2": "PLS pELS dELS DNase-H3K4me3 CTCF-only",
    "4": "PLS pELS dELS CA-H3K4me3 CA-CTCF CA-TF CA TF",
    "2, of a cell type": "PLS pELS dELS DNase-H3K4me3 CTCF-only DNase-only Low-DNase",
    "4, of a cell type": "PLS pELS dELS CA-H3K4me3 CA-CTCF CA-TF CA-only TF Low-DNase",
}


def preset(name: str) -> Task:
    return Task.from_config("t", {"kind": "segmentation", "preset": name})


# Presets


@pytest.mark.parametrize("name", ROADMAP)
def test_each_roadmap_state_has_one_of_eight_classes(name: str) -> None:
    """In every way that files spell it, and all spellings in the same class."""
    task = preset(name)
    mnemonics = ROADMAP[name].split()
    assert len(mnemonics) == int(name.removeprefix("roadmap"))
    for number, mnemonic in enumerate(mnemonics, 1):
        spelled = (f"{number}_{mnemonic}", mnemonic, f"E{number}")
        (class_name,) = {task.class_of[state] for state in spelled}
        assert class_name in task.classes
    assert len(task.class_of) == 3 * len(mnemonics)
    assert len(task.classes) == 8
    assert {*task.class_of.values()} == {*task.classes}


def test_both_roadmap_models_have_the_same_classes() -> None:
    """States of one mnemonic in both models are of one class; bivalent and active stay apart."""
    small, large = preset("roadmap15"), preset("roadmap18")
    assert small.classes == large.classes
    assert small.titles == large.titles
    shared = {*ROADMAP["roadmap15"].split()} & {*ROADMAP["roadmap18"].split()}
    assert len(shared) == 10
    assert all(small.class_of[state] == large.class_of[state] for state in shared)
    kinds = {"TssA": "promoter", "Enh": "enhancer", "Tx": "transcribed", "Quies": "quiescent"}
    kinds |= {"EnhBiv": "bivalent", "ReprPC": "polycomb", "Het": "heterochromatin"}
    assert {state: small.class_of[state] for state in kinds} == kinds


@pytest.mark.parametrize("version", CCRE)
def test_each_registry_class_has_one_class_or_is_excluded(version: str) -> None:
    task = preset("ccre")
    for name in CCRE[version].split():
        for spelled in (name, f"{name},CTCF-bound"):
            assert spelled in task.class_of
            assert task.class_of[spelled] == task.class_of[name]
    marked = [name for name in CCRE[version].split() if task.class_of[name]]
    assert [task.class_of[name] for name in marked] == [*task.classes]
    assert unmapped_states(task, CCRE[version].split()) == {}


@pytest.mark.parametrize("name", PRESETS)
def test_no_state_of_a_preset_stands_twice(name: str) -> None:
    entry = PRESETS[name]
    states = [state for block in entry["classes"].values() for state in block["states"]]
    assert max(Counter([*states, *entry["exclude"]]).values()) == 1
    assert mapping_faults(name, entry) == []
    assert all(block["title"] for block in entry["classes"].values())


def test_the_schema_offers_the_presets() -> None:
    schema = json.loads((ROOT / "config/schemas/config.schema.json").read_text())
    tasks = schema["properties"]["tasks"]["additionalProperties"]["properties"]
    assert {*tasks["preset"]["enum"]} == {None, *PRESETS}


# Blocks


def test_a_segmentation_names_classes_and_states() -> None:
    entry = {"kind": "segmentation", "classes": CLASSES, "exclude": ["X"], "metric": "kappa"}
    task = Task.from_config("state", entry)
    assert (task.name, task.title, task.metric) == ("state", "state", "kappa")
    assert task.classes == ("open", "body")
    assert task.titles == {"open": "open DNA", "body": "body"}
    assert task.class_of == {"P": "open", "E": "open", "G": "body", "X": None}
    assert Task.from_config("s", {**entry, "title": "the state"}).title == "the state"


def test_marks_and_signals_have_their_own_classes() -> None:
    marks = Task.from_config("m", {"kind": "marks", "margin": 7, "core": 3, "min_score": 1.5})
    assert marks.classes == ("not_bound", "bound")
    assert marks.titles == {"not_bound": "not bound", "bound": "bound"}
    assert (marks.margin, marks.core, marks.min_score) == (7, 3, 1.5)
    assert Task.from_config("s", {"kind": "signal"}).classes == ()


def test_absent_options_have_the_schema_defaults() -> None:
    schema = json.loads((ROOT / "config/schemas/config.schema.json").read_text())
    options = schema["properties"]["tasks"]["additionalProperties"]["properties"]
    task = Task.from_config("t", {"kind": "marks"})
    own = (
        "metric",
        "column",
        "assign",
        "core",
        "min_overlap",
        "overlaps",
        "margin",
        "min_score",
        "keep",
    )
    assert {name: getattr(task, name) for name in own} == {
        name: options[name]["default"] for name in own
    }


def test_lines_are_kept_for_a_cell_type_or_for_all() -> None:
    assert Keep.from_config(None) is None
    every = Keep.from_config({"column": 4, "values": ["a", "b"]})
    assert every is not None
    assert every.texts("any") == ("a", "b")
    own = Keep.from_config({"column": 7, "values": {"x": ["a"]}})
    assert own is not None
    assert (own.column, own.texts("x"), own.texts("y")) == (7, ("a",), ())


# Faults


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"kind": "marks", "classes": CLASSES}, "'classes' is for tasks of kind segmentation"),
        ({"kind": "marks", "preset": "ccre"}, "'preset' is for tasks of kind segmentation"),
        ({"kind": "marks", "column": 5}, "'column' is for tasks of kind segmentation"),
        ({"kind": "marks", "assign": "majority"}, "'assign' is for tasks of kind segmentation"),
        ({"kind": "signal", "exclude": ["X"]}, "'exclude' is for tasks of kind segmentation"),
        ({"kind": "signal", "margin": 5}, "'margin' is for tasks of kind marks; remove it"),
        ({"kind": "signal", "min_score": 5}, "'min_score' is for tasks of kind marks"),
        (
            {"kind": "signal", "keep": {"column": 4, "values": ["x"]}},
            "'keep' is for tasks of kind segmentation or marks; remove it",
        ),
        ({"kind": "segmentation"}, "a segmentation needs 'classes', or a 'preset'"),
        (
            {"kind": "segmentation", "preset": "ccre", "classes": CLASSES},
            "has both 'preset' and 'classes'; keep one",
        ),
        (
            {"kind": "segmentation", "preset": "ccre", "exclude": ["PLS"]},
            "state 'PLS' is mapped to 'exclude' and to 'promoter_like'; keep one",
        ),
        (
            {"kind": "segmentation", "preset": "ccre", "core": 50},
            "'core' is for 'assign' majority or overlap, and it is centre; remove it",
        ),
        (
            {"kind": "segmentation", "preset": "ccre", "assign": "majority", "min_overlap": 0.7},
            "'min_overlap' is for 'assign' overlap, and it is majority; remove it",
        ),
        (
            {"kind": "segmentation", "preset": "ccre", "assign": "majority", "overlaps": "unknown"},
            "with 'overlaps' unknown a window has the class at its centre; set 'assign' to centre",
        ),
        (
            {"kind": "segmentation", "classes": {**CLASSES, "x": {"states": ["P"]}}},
            "state 'P' is mapped to 'open' and to 'x'; keep one",
        ),
        (
            {"kind": "segmentation", "classes": CLASSES, "exclude": ["G"]},
            "state 'G' is mapped to 'exclude' and to 'body'; keep one",
        ),
    ],
)
def test_faulty_options_are_told(entry: dict[str, Any], words: str) -> None:
    (fault,) = task_faults("t", entry)
    assert fault == f"tasks/t: {words}" or fault.startswith(f"tasks/t: {words}")


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "segmentation", "preset": "roadmap15", "overlaps": "unknown"},
        {
            "kind": "segmentation",
            "classes": CLASSES,
            "exclude": ["X"],
            "assign": "majority",
            "core": 9,
        },
        {"kind": "segmentation", "classes": CLASSES, "assign": "overlap", "min_overlap": 0.7},
        {"kind": "marks", "core": 5, "margin": 0, "min_score": 3, "assign": "centre"},
        {"kind": "signal", "core": 5},
    ],
)
def test_options_of_the_kind_are_taken(entry: dict[str, Any]) -> None:
    assert task_faults("t", entry) == []


def test_more_states_may_be_excluded_beside_a_preset() -> None:
    entry = {"kind": "segmentation", "preset": "ccre", "exclude": ["High-H3K27ac"]}
    assert task_faults("t", entry) == []
    task = Task.from_config("t", entry)
    assert unmapped_states(task, ["High-H3K27ac", "PLS", "CA"]) == {}
