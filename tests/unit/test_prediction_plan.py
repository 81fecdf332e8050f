"""What `predictions` asks for, colours of classes, and sessions of IGV."""

import copy
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from chrompute.configuration import load_settings
from chrompute.igv_session import SessionTrack, write_session
from chrompute.prediction_plan import plan_prediction
from chrompute.presets import PRESETS
from chrompute.settings import Settings
from chrompute.state_colours import PRESET_COLOURS, class_colours
from helpers import ROOT

SCHEMA = ROOT / "config/schemas/config.schema.json"
SAMPLES = """sample\tcell_type\tassay\tpath\tpool
a1\tA\tATAC\ta1.bam\t
a2\tA\tATAC\ta2.bam\t
am\tA\tMNase\tam.bam\t
ax\tA\tMNase\tax.bam\tno
b1\tB\tATAC\tb1.bam\t
"""
CONFIG: dict[str, Any] = {
    "genome": {"fasta": "g.fa"},
    "tasks": {
        "state": {
            "kind": "segmentation",
            "classes": {"x": {"states": ["X"], "color": "#0A0B0C"}, "y": {"states": ["Y"]}},
        },
        "mark": {"kind": "marks"},
    },
    "windows": {
        "w": {
            "tasks": ["state", "mark"],
            "candidates": {"from": "tiles"},
            "split": {"valid": ["c2"], "test": ["c3"]},
        }
    },
    "models": {
        "both": {"kind": "network", "windows": "w", "inputs": ["vplot", "mnase"], "seeds": [3, 4]},
        "atac": {"kind": "network", "windows": "w", "inputs": ["vplot"], "tasks": ["state"]},
        "mean": {"kind": "ensemble", "windows": "w", "of": "both"},
        "most": {"kind": "majority", "windows": "w"},
    },
}
LABELS = "cell_type\ttask\tkind\treplicate\tpath\nA\tstate\tsegmentation\t1\ts.bed\n"


def loaded(folder: Path, **predictions: Any) -> tuple[Settings, list[str]]:
    """Load a configuration with predictions; return it with its faults."""
    (folder / "samples.tsv").write_text(SAMPLES)
    (folder / "labels.tsv").write_text(LABELS + "A\tmark\tmarks\t1\tm.bed\n")
    config = copy.deepcopy(CONFIG) | {
        "samples": str(folder / "samples.tsv"),
        "labels": str(folder / "labels.tsv"),
        "predictions": predictions,
    }
    return load_settings(config, SCHEMA)


def test_a_prediction_is_of_all_cell_types_that_have_what_the_model_reads(tmp_path: Path) -> None:
    settings, faults = loaded(tmp_path, both={}, atac={"samples": ["a2"]})
    assert not faults
    plan = plan_prediction("both", settings)
    assert plan.samples == {"A": {"ATAC": ["a1", "a2"], "MNase": ["am"]}}  # B has no MNase
    assert plan.files[0] == "<results>/models/both/seed-3/card.json"
    assert plan.products("A") == [
        f"predictions/both/A.{end}"
        for end in ("tsv.gz", "state.states.bed.gz", "state.x.bw", "state.y.bw",
                    "mark.states.bed.gz", "mark.bound.bw")
    ]  # fmt: skip
    plan = plan_prediction("atac", settings)
    assert plan.samples == {
        "A": {"ATAC": ["a1", "a2"]},
        "B": {"ATAC": ["b1"]},
        "a2": {"ATAC": ["a2"]},
    }
    assert plan.tasks == {"state": ["x", "y"]}


def test_an_ensemble_brings_its_networks(tmp_path: Path) -> None:
    settings, faults = loaded(tmp_path, later={"model": "mean", "cell_types": ["A"]})
    assert not faults
    files = plan_prediction("later", settings).files
    assert files[0] == "<results>/models/mean/seed-1/card.json"
    assert [*files[1:]] == [
        f"<results>/models/both/seed-{seed}/{file}"
        for seed in (3, 4)
        for file in ("model.safetensors", "card.json")
    ]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"model": "bot"}, "unknown model 'bot'; did you mean 'both'"),
        ({"model": "most"}, "model 'most' is of kind majority; give a network or an ensemble"),
        ({"model": "both", "seed": 1}, "model 'both' has no seed 1"),
        ({"model": "both", "cell_types": ["C"]}, "unknown cell type 'C'"),
        ({"model": "both", "samples": ["a9"]}, "unknown sample 'a9'"),
        ({"model": "both", "step": None}, "the windows to predict are 'regions'"),
        ({"folder": "none"}, "none/card.json is no card of a trained model"),
        ({"folder": "none", "model": "both"}, "has both 'folder' and 'model'"),
        ({"model": "both", "cell_types": []}, "no cell type has all that the model reads"),
    ],
)
def test_wrong_entries_are_told(tmp_path: Path, entry: dict[str, Any], message: str) -> None:
    _, faults = loaded(tmp_path, p=entry)
    assert len(faults) == 1
    assert faults[0].startswith("configuration: predictions/p: ")
    assert message in faults[0]


def test_a_model_of_another_run_is_known_by_its_card(tmp_path: Path) -> None:
    folder = tmp_path / "net/seed-1"
    folder.mkdir(parents=True)
    card = '{"kind": "network", "tasks": {"other": ["p", "q"]}, "inputs": ["vplot"]}'
    (folder / "card.json").write_text(card)
    settings, faults = loaded(tmp_path, p={"folder": str(folder), "cell_types": ["B"]})
    assert not faults
    plan = plan_prediction("p", settings)
    assert plan.files == (str(folder / "card.json"), str(folder / "model.safetensors"))
    assert plan.products("B")[-1] == "predictions/p/B.other.q.bw"


def test_colours_are_the_users_published_or_of_the_palette() -> None:
    tasks = CONFIG["tasks"]
    assert class_colours(["x", "y"], tasks["state"]) == {"x": (10, 11, 12), "y": (213, 94, 0)}
    assert class_colours(["x", "y"])["x"] == (0, 114, 178)
    many = class_colours([f"c{i}" for i in range(16)])
    assert len({*many.values()}) == 16
    roadmap = {"kind": "segmentation", "preset": "roadmap15"}
    assert class_colours([*PRESETS["roadmap15"]["classes"]], roadmap)["promoter"] == (255, 0, 0)
    for name, preset in PRESETS.items():
        assert {*PRESET_COLOURS[name]} == {*preset["classes"]}


def test_a_session_names_files_beside_it(tmp_path: Path) -> None:
    for name in ("tracks/a.bw", "p/a.state.states.bed.gz", "g & co.fa"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "igv").mkdir()
    path = tmp_path / "igv/A.xml"
    tracks = [
        SessionTrack(tmp_path / "tracks/a.bw", 'cuts "1" < 2', (1, 2, 3), (0.0, 1.0)),
        SessionTrack(tmp_path / "p/a.state.states.bed.gz", "state"),
        SessionTrack(tmp_path / "tracks/a.bw", "again"),
    ]
    write_session(tracks, str(tmp_path / "g & co.fa"), path)
    before = path.read_bytes()
    write_session(tracks, str(tmp_path / "g & co.fa"), path)
    assert path.read_bytes() == before
    root = ElementTree.parse(path).getroot()
    assert (root.tag, root.get("version"), root.get("genome")) == ("Session", "8", "../g & co.fa")
    resources = [one.get("path") for one in root.iter("Resource")]
    assert resources == ["../tracks/a.bw", "../p/a.state.states.bed.gz"]
    assert all((path.parent / str(place)).is_file() for place in resources)
    first, second = root.iter("Track")
    assert (first.get("id"), first.get("name"), first.get("color")) == (
        "../tracks/a.bw", 'cuts "1" < 2', "1,2,3",
    )  # fmt: skip
    assert first.get("clazz") == "org.broad.igv.track.DataSourceTrack"
    assert [(r.get("minimum"), r.get("maximum")) for r in first.iter("DataRange")] == [
        ("0.0", "1.0")
    ]
    assert second.get("clazz") == "org.broad.igv.track.FeatureTrack"
    write_session([], "hg38", path)
    assert ElementTree.parse(path).getroot().get("genome") == "hg38"
