"""What a configuration may ask of models on several tasks, and what it is told when it must not."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from chrompute.configuration import load_settings
from chrompute.settings import Settings
from helpers import ROOT

SCHEMA = ROOT / "config/schemas/config.schema.json"
Case = dict[str, Any]

SAMPLES = [
    ("atac_a", "a", "ATAC", "atac_a.bam", ""),
    ("atac_b", "b", "ATAC", "atac_b.bam", ""),
    ("mnase_a", "a", "MNase", "mnase_a.bam", ""),
    ("mnase_b", "b", "MNase", "mnase_b.bam", ""),
]
LABELS = [
    ("a", "state", "segmentation", "1", "state_a.bed", ""),
    ("b", "state", "segmentation", "1", "state_b.bed", ""),
    ("a", "mark", "marks", "1", "mark_a.bed", ""),
    ("a", "level", "signal", "1", "level_a.bw", ""),
]
FOLDS = {"by": "folds", "number": 4}


def write_sheets(folder: Path, samples: list[Any], labels: list[Any]) -> None:
    columns = ("sample", "cell_type", "assay", "path", "barcodes")
    names = ("cell_type", "task", "kind", "replicate", "path", "derived_from")
    for name, head, rows in (("samples", columns, samples), ("labels", names, labels)):
        lines = ["\t".join(row) for row in (head, *rows)]
        (folder / f"{name}.tsv").write_text("\n".join(lines) + "\n")


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """Return a configuration of three tasks, two cell types and one model that is in order."""
    write_sheets(tmp_path, SAMPLES, LABELS)
    return {
        "samples": f"{tmp_path}/samples.tsv",
        "labels": f"{tmp_path}/labels.tsv",
        "genome": {"fasta": "g.fa"},
        "peaks": {"call": False},
        "tasks": {
            "state": {
                "kind": "segmentation",
                "classes": {"open": {"states": ["P"]}, "body": {"states": ["G"]}},
            },
            "mark": {"kind": "marks"},
            "level": {"kind": "signal"},
        },
        "windows": {
            "w": {
                "tasks": ["state", "mark", "level"],
                "candidates": {"from": "tiles"},
                "split": {"valid": ["chr1"], "test": ["chr2"]},
            }
        },
        "models": {"net": {"kind": "network", "windows": "w", "inputs": ["vplot", "mnase"]}},
    }


def load(case: Case) -> Settings:
    settings, faults = load_settings(case, SCHEMA)
    assert faults == []
    return settings


def faults_of(case: Case) -> list[str]:
    return load_settings(case, SCHEMA)[1]


def test_a_model_predicts_all_tasks_with_classes_unless_it_names_some(case: Case) -> None:
    recipe = load(case).recipe("net")
    assert recipe.tasks == {"state": ("open", "body"), "mark": ("not_bound", "bound")}
    assert recipe.train_on == ("a", "b")
    assert (recipe.fold, recipe.folds) == (None, 0)
    case["models"]["net"]["tasks"] = ["mark"]
    recipe = load(case).recipe("net")
    assert recipe.tasks == {"mark": ("not_bound", "bound")}
    assert recipe.train_on == ("a",)


def test_a_model_holds_what_its_kind_uses_of_the_images(case: Case) -> None:
    case["images"] = {"normalise": "window", "max_length": 250}
    case["models"]["wood"] = {"kind": "forest", "windows": "w", "inputs": ["vplot"]}
    case["models"]["most"] = {"kind": "majority", "windows": "w"}
    settings = load(case)
    assert settings.recipe("wood").images["normalise"] == "window"
    assert "length_bin" not in settings.recipe("wood").images
    assert settings.recipe("most").images == {}
    assert settings.recipe("net").images == {
        "min_length": 0, "max_length": 250, "length_bin": 20, "position_bin": 16,
        "normalise": "window", "profile": [120, 181],
    }  # fmt: skip


@pytest.mark.parametrize("width", [101, 161, 163])
def test_windows_that_deepsea_cannot_read_are_told_before_the_run(case: Case, width: int) -> None:
    case["windows"]["w"]["width"] = width
    network = {"architecture": "deepsea"}
    case["models"]["net"] |= {"kind": "network", "inputs": ["sequence"], "network": network}
    found = [fault for fault in faults_of(case) if "deepsea" in fault]
    assert len(found) == (width < 163)
    assert all(f"163 bp and more, and these have {width} bp" in fault for fault in found)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"tasks": ["stat"]},
            "tasks: 'stat' is no task of windows/w, which has state, mark, level; correct it",
        ),
        ({"tasks": ["level"]}, "tasks: it predicts classes; task 'level' is a signal, remove it"),
        (
            {"fold": "fold2"},
            "fold: windows/w is split by chromosomes, not by folds; remove it, or set "
            "windows/w/split/by to folds",
        ),
        (
            {"tasks": ["mark"], "train_on": ["b"]},
            "train_on: cell type 'b' has no labels of task 'mark'",
        ),
        (
            {"train_on": ["a", "b", "a"]},
            "train_on: cell type 'a' stands there 2 times; name it once",
        ),
        (
            {"tasks": ["state"], "training": {"task_weights": {"mark": 2}}},
            "training/task_weights: 'mark' is no task of the model, which has state; correct it",
        ),
        (
            {"training": {"task_weights": {"mark": 0, "state": 0}}},
            "training/task_weights gives no task a weight above 0; raise one",
        ),
        (
            {"training": {"devices": 5, "batch_size": 4}},
            "training/devices 5 share batches of 4 windows, so that some would have none; lower "
            "it, or raise training/batch_size",
        ),
        (
            {"train_on": ["b"]},
            "none of the cell types it is trained on has labels of task 'mark'",
        ),
    ],
)
def test_faults_of_a_models_tasks_and_folds(case: Case, change: Case, message: str) -> None:
    case["models"]["net"] |= change
    assert faults_of(case) == [f"configuration: models/net: {message}"]


def test_the_runs_weights_are_of_tasks_that_any_model_has(case: Case) -> None:
    case["training"] = {"task_weights": {"mark": 2, "state": 3}}
    case["models"]["one"] = {**case["models"]["net"], "tasks": ["state"]}
    settings = load(case)
    assert settings.training("net")["task_weights"] == {"mark": 2, "state": 3}
    assert settings.training("one")["task_weights"] == {"state": 3}
    case["training"] = {"task_weights": {"stat": 2}}
    found = faults_of(case)
    assert len(found) == 2
    assert all("training/task_weights: 'stat' is no task of the model" in fault for fault in found)


NET = {"kind": "network", "inputs": ["vplot"]}
WOOD = {"kind": "forest", "inputs": ["vplot"]}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"kind": "majority", "training": {"epochs": 9}},
         "training: 'epochs'|a model of kind majority"),
        ({"kind": "place", "tasks": ["state"], "images": {"normalise": "window"}},
         "images: 'normalise'|a model of kind place"),
        ({**WOOD, "network": {"channels": 8}}, "network: 'channels'|a model of kind forest"),
        ({**WOOD, "boosting": {"rounds": 9}}, "boosting: 'rounds'|a model of kind forest"),
        ({**WOOD, "features": {"spans": [9]}}, "features: 'spans'|a model of kind forest"),
        ({**WOOD, "features": {"kmer": 3}}, "features: 'kmer'|a model that reads no sequence"),
        ({**WOOD, "inputs": ["sequence"], "images": {"max_length": 99}},
         "images: 'max_length'|a model that reads no vplot or mnase"),
        ({**WOOD, "images": {"profile": [1, 9]}},
         "images: 'profile'|a model that reads no mnase_profile"),
        ({**WOOD, "kind": "logistic", "features": {"kmer": 3}},
         "features: 'kmer'|a model of kind logistic"),
        ({"kind": "ensemble", "of": "net", "forest": {"trees": 9}},
         "forest: 'trees'|a model of kind ensemble"),
        ({**NET, "features": {"kmer": 3}}, "features: 'kmer'|a model of kind network"),
        ({**NET, "network": {"modality_dropout": 0.2}},
         "network: 'modality_dropout'|a network of one input"),
        ({**NET, "network": {"codons": 4}}, "network: 'codons'|a model that reads no sequence"),
        ({**NET, "inputs": ["sequence"], "training": {"thinning": 0.5}},
         "training: 'thinning'|a model that reads no vplot or mnase or mnase_profile"),
        ({**NET, "network": {"architecture": "alexnet"}, "training": {"auxiliary": 0.3}},
         "training: 'auxiliary'|a network of architecture alexnet"),
        ({**NET, "inputs": ["sequence"], "network": {"architecture": "deepsea", "motifs": 8}},
         "network: 'motifs'|a network of architecture deepsea"),
    ],
)  # fmt: skip
def test_a_key_that_changes_nothing_is_told(case: Case, entry: Case, said: str) -> None:
    case["models"]["net"]["seeds"] = [1, 2]
    case["models"]["other"] = {"windows": "w", **entry}
    key, reader = said.split("|")
    assert faults_of(case) == [
        f"configuration: models/other: {key} changes nothing in {reader}; remove it"
    ]


def test_blocks_of_the_run_are_for_all_models(case: Case) -> None:
    case["images"] = {"length_bin": 10, "position_bin": 8, "profile": [100, 200]}
    case["training"] = {"thinning": 0.5, "auxiliary": 0.2, "epochs": 3}
    case["models"] |= {
        "most": {"kind": "majority", "windows": "w"},
        "wood": {"windows": "w", **WOOD, "inputs": ["sequence"]},
        "dna": {"windows": "w", **NET, "inputs": ["sequence"],
                "network": {"architecture": "deepbind", "motifs": 8}},
    }  # fmt: skip
    assert faults_of(case) == []
    # Bins of DNA alone have no pixels to fit.
    case["models"]["dna"]["network"] = {"position_bin": 12}
    assert faults_of(case) == []


def test_checking_a_configuration_imports_no_torch() -> None:
    code = "import sys, chrompute.configuration; print('torch' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == "False\n"


def test_windows_of_a_signal_alone_have_nothing_for_models(case: Case) -> None:
    case["windows"]["w"]["tasks"] = ["level"]
    assert any(
        fault.startswith("configuration: models/net: windows/w has no task with classes")
        for fault in faults_of(case)
    )


def test_folds_are_those_of_the_window_set(case: Case) -> None:
    case["windows"]["w"]["split"] = FOLDS
    case["models"]["net"]["fold"] = "fold3"
    recipe = load(case).recipe("net")
    assert (recipe.fold, recipe.folds, recipe.balance) == ("fold3", 4, {})
    case["tasks"]["mark"]["balance"] = {"negatives": 2}
    block = {"weights": "none", "negatives": 2, "match_gc": False, "seed": 1}
    assert load(case).recipe("net").balance == {"mark": block}
    case["models"]["net"]["fold"] = "fold5"
    (fault,) = faults_of(case)
    assert "fold: 'fold5' is no fold of windows/w; there are fold1, fold2, fold3, fold4" in fault
    case["models"]["net"]["fold"] = "fold2"
    case["windows"]["w"]["split"] = FOLDS | {"unseen": ["b"]}
    (fault,) = faults_of(case)
    assert "make a window set whose split/test is [fold2], and remove it here" in fault


@pytest.mark.parametrize(
    "split",
    [
        {"valid": ["chr1"], "test": ["chr2"], "unseen": ["b"]},
        {"by": "cell_types", "valid": ["c"], "test": ["b"]},
    ],
)
def test_cell_types_that_are_kept_do_not_train(case: Case, tmp_path: Path, split: Case) -> None:
    other = [("atac_c", "c", "ATAC", "atac_c.bam", ""), ("m_c", "c", "MNase", "m_c.bam", "")]
    more = [("c", "state", "segmentation", "1", "state_c.bed", "")]
    write_sheets(tmp_path, [*SAMPLES, *other], [*LABELS, *more])
    case["windows"]["w"]["split"] = split
    kept = {"b"} | {*(split["valid"] if "by" in split else ())}
    chosen = load(case).recipe("net").train_on
    assert chosen == tuple(name for name in "abc" if name not in kept)
    case["models"]["net"]["train_on"] = ["a", "b"]
    (fault,) = faults_of(case)
    assert "train_on: cell type 'b' is kept to tune or test by windows/w; remove it" in fault


def with_source(kind: str, samples: list[Any], tmp_path: Path) -> None:
    """Let the labels of one task be derived from MNase of cell type a."""
    labels = [(*row[:5], "mnase_a" if row[1] == kind else "") for row in LABELS]
    write_sheets(tmp_path, samples, labels)


@pytest.mark.parametrize("task", ["state", "mark"])
def test_what_any_task_was_derived_from_is_not_read(case: Case, tmp_path: Path, task: str) -> None:
    with_source(task, SAMPLES, tmp_path)
    said = f"from which the labels of task '{task}' were derived; list other 'samples'"
    assert faults_of(case) == [f"configuration: models/net: reads mnase_a, {said}"]
    case["models"]["net"]["tasks"] = ["mark" if task == "state" else "state"]
    assert faults_of(case) == []
    case["models"]["net"] |= {"tasks": [task], "inputs": ["vplot"]}
    assert faults_of(case) == []


def test_a_sample_that_shares_a_file_with_a_source_is_the_same_data(
    case: Case, tmp_path: Path
) -> None:
    (tmp_path / "mnase_a.bam").touch()
    (tmp_path / "link.bam").symlink_to(tmp_path / "mnase_a.bam")
    rows = [
        ("mnase_a", "a", "MNase", f"{tmp_path}/mnase_a.bam", ""),
        ("merged", "a", "MNase", f"{tmp_path}/other.bam;{tmp_path}/link.bam", ""),
    ]
    with_source("state", [*SAMPLES[:2], *rows], tmp_path)
    case["models"]["net"]["samples"] = ["atac_a", "merged"]
    (fault,) = faults_of(case)
    assert f"reads merged, whose file {tmp_path}/link.bam is also one of sample mnase_a" in fault
    assert "the labels of task 'state' were derived" in fault
    case["models"]["net"]["tasks"] = ["mark"]
    assert faults_of(case) == []


def test_other_cells_of_one_fragment_file_are_other_data(case: Case, tmp_path: Path) -> None:
    pooled = f"{tmp_path}/cells.tsv.gz"
    rows = [(f"mnase_{c}", c, "MNase", pooled, f"{tmp_path}/{c}.barcodes.tsv") for c in "ab"]
    with_source("state", [*SAMPLES[:2], *rows], tmp_path)
    case["models"]["net"]["samples"] = ["atac_a", "mnase_b"]
    case["models"]["net"]["train_on"] = ["b"]
    case["models"]["net"]["tasks"] = ["state"]
    shared = [fault for fault in faults_of(case) if "derived" in fault]
    assert shared == []
    whole = [rows[0], ("mnase_b", "b", "MNase", pooled, "")]
    with_source("state", [*SAMPLES[:2], *whole], tmp_path)
    shared = [fault for fault in faults_of(case) if "derived" in fault]
    assert len(shared) == 1


def test_tasks_are_not_called_like_columns_and_may_have_several_window_sets(case: Case) -> None:
    case["windows"]["v"] = case["windows"]["w"] | {"width": 1001}
    assert faults_of(case) == []
    case["tasks"]["fold"] = {"kind": "marks"}
    (fault,) = faults_of(case)
    assert fault == "configuration: tasks: 'fold' is a column of windows; rename the task"


def test_no_model_of_yeast_reads_what_its_occupancy_was_derived_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """AGH01 is in the sample sheet, and neither there by default nor to be had by naming it."""
    monkeypatch.chdir(ROOT)
    config = yaml.safe_load((ROOT / "config/yeast.yaml").read_text())
    settings, faults = load_settings(config, SCHEMA)
    assert faults == []
    sources = {name for label in settings.labels_of("occupancy") for name in label.derived_from}
    assert sources == {"mnase_AGH01-1", "mnase_AGH01-2"}
    on_tiles = [name for name, entry in config["models"].items() if entry["windows"] == "tiles"]
    for model in on_tiles:
        assert not sources & {sample.name for sample in settings.samples_of_model(model)}
    config["models"]["forest_tiles"]["samples"] = ["atac", "mnase_AGH01-2"]
    (fault,) = load_settings(config, SCHEMA)[1]
    assert "models/forest_tiles: reads mnase_AGH01-2, from which the labels of task" in fault
    # What is not derived from AGH01 may be learnt from it.
    config["models"]["forest_tiles"]["tasks"] = ["reb1"]
    assert load_settings(config, SCHEMA)[1] == []
