"""The list of ablations becomes models, and what is wrong in it is told with its place."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from chrompute.configuration import load_settings
from chrompute.settings import Settings
from helpers import ROOT

SCHEMA = ROOT / "config/schemas/config.schema.json"
NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_-]*$")
Case = dict[str, Any]


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """Return a configuration of one network, a V-plot network and no ablation."""
    (tmp_path / "samples.tsv").write_text(
        "sample\tcell_type\tassay\tpath\na\tcells\tATAC\ta.bam\nm\tcells\tMNase\tm.bam\n"
    )
    (tmp_path / "labels.tsv").write_text(
        "cell_type\ttask\tkind\treplicate\tpath\tderived_from\n"
        "cells\tstate\tsegmentation\t1\tstates.bed\t\n"
    )
    return {
        "samples": f"{tmp_path}/samples.tsv",
        "labels": f"{tmp_path}/labels.tsv",
        "genome": {"fasta": "g.fa"},
        "peaks": {"call": False},
        "tasks": {
            "state": {
                "kind": "segmentation",
                "classes": {"open": {"states": ["P"]}, "body": {"states": ["G"]}},
            }
        },
        "windows": {
            "w": {
                "tasks": ["state"],
                "candidates": {"from": "segments"},
                "split": {"valid": ["chr1"], "test": ["chr2"]},
            }
        },
        "images": {"max_length": 400},
        "training": {"epochs": 5},
        "models": {
            "chrompute": {
                "kind": "network",
                "title": "multimodal network",
                "windows": "w",
                "inputs": ["vplot", "mnase", "sequence"],
                "seeds": [1, 2],
                "network": {"channels": 32, "dropout": 0.1},
                "training": {"epochs": 7},
            },
            "vplot": {"kind": "network", "windows": "w", "inputs": ["vplot"]},
        },
    }


def expanded(case: Case, *ablations: Case) -> Settings:
    settings, faults = load_settings({**case, "ablations": list(ablations)}, SCHEMA)
    assert faults == []
    return settings


def faults_of(case: Case, *ablations: Case) -> list[str]:
    return load_settings({**case, "ablations": list(ablations)}, SCHEMA)[1]


def test_an_ablation_is_its_model_but_for_what_it_names(case: Case) -> None:
    change = {"network": {"dropout": 0.3}, "training": {"batch_size": 8}, "seeds": [5]}
    settings = expanded(case, {"of": "chrompute", **change})
    (name,) = set(settings.config["models"]) - set(case["models"])
    entry, base = settings.config["models"][name], settings.config["models"]["chrompute"]
    assert entry["network"] == {"channels": 32, "dropout": 0.3}
    assert entry["training"] == {"epochs": 7, "batch_size": 8}
    assert entry["seeds"] == [5]
    changed = {"network", "training", "seeds", "title"}
    assert {key for key in base if entry[key] != base[key]} == changed
    assert base["network"] == {"channels": 32, "dropout": 0.1}
    assert settings.training(name)["epochs"] == 7


@pytest.mark.parametrize(
    ("change", "name", "title"),
    [
        ({"inputs": ["vplot"]}, "chrompute-vplot", "multimodal network, ATAC V-plot only"),
        (
            {"inputs": ["vplot", "mnase"]},
            "chrompute-vplot-mnase",
            "multimodal network, ATAC V-plot and MNase V-plot",
        ),
        (
            {"inputs": ["vplot", "mnase_profile", "sequence"]},
            "chrompute-vplot-mnase_profile-sequence",
            "multimodal network, ATAC V-plot, MNase dyads and DNA",
        ),
        (
            {"images": {"max_length": 100}},
            "chrompute-0-100bp",
            "multimodal network, 0 to 100 bp",
        ),
        (
            {"images": {"min_length": 180}},
            "chrompute-180-400bp",
            "multimodal network, 180 to 400 bp",
        ),
        (
            {"images": {"min_length": 0, "max_length": 100, "length_bin": 10}},
            "chrompute-length_bin-10-0-100bp",
            "multimodal network, length bin 10, 0 to 100 bp",
        ),
        (
            {"network": {"dropout": 0.3}},
            "chrompute-dropout-0_3",
            "multimodal network, dropout 0.3",
        ),
        ({"network": {"trunk": "convnext"}}, "chrompute-convnext", "multimodal network, convnext"),
        ({"network": {"expected": True}}, "chrompute-expected", "multimodal network, expected"),
        (
            {"network": {"smoothing": []}},
            "chrompute-no-smoothing",
            "multimodal network, no smoothing",
        ),
        (
            {"network": {"codons": 0}, "inputs": ["sequence", "mnase", "vplot"]},
            "chrompute-codons-0",
            "multimodal network, codons 0",
        ),
        (
            {"network": {"smoothing": [2, 8.5]}},
            "chrompute-smoothing-2-8_5",
            "multimodal network, smoothing 2, 8.5",
        ),
        (
            {"training": {"task_weights": {"state": 2}}},
            "chrompute-task_weights-state-2",
            "multimodal network, task weights state 2",
        ),
        ({"kind": "forest"}, "chrompute-forest", "multimodal network, forest"),
        (
            {"training": {"epochs": 20}, "inputs": ["sequence"], "seeds": [1, 2, 3]},
            "chrompute-epochs-20-sequence",
            "multimodal network, epochs 20, DNA only",
        ),
    ],
)  # fmt: skip
def test_names_and_titles_say_what_differs(case: Case, change: Case, name: str, title: str) -> None:
    models = expanded(case, {"of": "chrompute", **change}).config["models"]
    assert list(models) == ["chrompute", "vplot", name]
    assert models[name]["title"] == title
    assert NAME.match(name)


def test_a_given_name_and_title_stand(case: Case) -> None:
    own = {"of": "vplot", "name": "short", "title": "short fragments", "images": {"max_length": 99}}
    models = expanded(case, own).config["models"]
    assert models["short"]["title"] == "short fragments"
    assert models["short"]["images"] == {"max_length": 99}
    assert models["vplot"]["title"] == "vplot"


def test_what_is_inherited_without_use_is_dropped(case: Case) -> None:
    """It is no fault, and comes back where an ablation of the ablation has a use for it again."""
    case["models"]["chrompute"]["network"] |= {"position_bin": 32, "codons": 8}
    case["models"]["chrompute"]["images"] = {"length_bin": 10}
    settings = expanded(
        case,
        {"of": "chrompute", "inputs": ["sequence"], "network": {"architecture": "deepbind"}},
        {"of": "chrompute", "inputs": ["vplot"]},
        {"of": "chrompute", "kind": "forest"},
        {"of": "chrompute-vplot", "name": "back", "inputs": ["sequence"]},
    )
    models = settings.config["models"]
    bind = models["chrompute-sequence-deepbind"]
    assert (bind["network"], bind["images"]) == ({"dropout": 0.1, "architecture": "deepbind"}, {})
    assert models["chrompute-vplot"]["network"] == {
        "channels": 32, "dropout": 0.1, "position_bin": 32,
    }  # fmt: skip
    wood = models["chrompute-forest"]
    assert (wood["network"], wood["training"], wood["images"]) == ({}, {}, {})
    assert models["back"]["network"] == case["models"]["chrompute"]["network"]


def test_ablations_of_ablations_stand_below_them(case: Case) -> None:
    one = {"of": "chrompute", "inputs": ["vplot"]}
    two = {"of": "chrompute-vplot", "images": {"max_length": 100}}
    models = expanded(case, one, two).config["models"]
    assert models["chrompute-vplot-0-100bp"]["inputs"] == ["vplot"]
    assert models["chrompute-vplot-0-100bp"]["title"].endswith("V-plot only, 0 to 100 bp")
    (fault,) = faults_of(case, two, one)
    assert "configuration: ablations/0/of: unknown model 'chrompute-vplot'" in fault
    assert "an ablation of another ablation stands below it" in fault


VPLOT = {"of": "vplot", "images": {"max_length": 100}}


@pytest.mark.parametrize(
    ("last", "message"),
    [
        (
            {"of": "vplo", "inputs": ["mnase"]},
            "ablations/2/of: unknown model 'vplo' (an ablation of another ablation stands below "
            "it); did you mean 'vplot'?",
        ),
        ({"of": "vplot", "imges": {}}, "ablations/2: unknown key 'imges'; did you mean 'images'?"),
        (
            {"of": "vplot", "images": {"max_lenght": 9}},
            "ablations/2/images: unknown key 'max_lenght'; did you mean 'max_length'?",
        ),
        ({"of": "vplot", "inputs": ["atac"]}, "ablations/2/inputs/0: 'atac' is not one of"),
        ({"of": "vplot", "training": {"epochs": 0}}, "ablations/2/training/epochs: 0 is less"),
        (VPLOT, "ablations/2: models/vplot-0-100bp is there already; give this one another 'name'"),
        ({**VPLOT, "name": "chrompute"}, "ablations/2: models/chrompute is there already"),
        ({"of": "vplot"}, "ablations/2: nothing differs from models/vplot; change something"),
        ({"of": "vplot", "inputs": ["vplot"]}, "ablations/2: nothing differs from models/vplot"),
        ({"of": "vplot", "seeds": [4], "title": "x"}, "ablations/2: nothing differs"),
        # What the run and the defaults say already.
        ({"of": "vplot", "images": {"min_length": 0, "max_length": 400}}, "2: nothing differs"),
        ({"of": "vplot", "training": {"epochs": 5, "jitter": 20}}, "2: nothing differs"),
        ({"of": "vplot", "features": {"kmer": 4}}, "2: nothing differs"),
        ({"of": "vplot", "network": {"expected": False, "smoothing": [2, 8]}}, "nothing differs"),
        ({"of": "vplot", "training": {"tensorboard": True}}, "2: nothing differs"),
        ({"of": "chrompute", "inputs": ["sequence", "vplot", "mnase"]}, "2: nothing differs"),
        # What the changed model has no use for.
        (
            {"of": "vplot", "network": {"codons": 0}},
            "ablations/2: network: 'codons' changes nothing in a model that reads no sequence; "
            "remove it",
        ),
        (
            {"of": "vplot", "network": {"motifs": 32}},
            "network: 'motifs' changes nothing in a model that reads no sequence",
        ),
        (
            {"of": "vplot", "network": {"architecture": "alexnet", "trunk": "convnext"}},
            "ablations/2: network: 'trunk' changes nothing in a network of architecture alexnet",
        ),
        (
            {"of": "chrompute", "inputs": ["sequence"], "network": {"expected": True}},
            "'expected' changes nothing in a model that reads no vplot or mnase or mnase_profile",
        ),
        (
            {"of": "vplot", "kind": "forest", "network": {"dropout": 0.5}},
            "ablations/2: network: 'dropout' changes nothing in a model of kind forest",
        ),
        ({"of": "vplot", "features": {"kmer": 5}}, "features: 'kmer' changes nothing in a model"),
        ({"inputs": ["mnase"]}, "ablations/2: 'of' is a required property"),
        ({"of": "vplot", "name": "0-100"}, "ablations/2/name: '0-100' does not match"),
        # What holds for any model.
        (
            {"of": "vplot", "images": {"min_length": 400}},
            "models/vplot-400-400bp (ablations/2): images: min_length 400 must be below max_length",
        ),
    ],
)  # fmt: skip
def test_faults_name_the_entry(case: Case, last: Case, message: str) -> None:
    first = {"of": "chrompute", "inputs": ["sequence"]}
    (fault,) = faults_of(case, first, VPLOT, last)
    assert f"configuration: {message}" in fault or message in fault


def test_faults_of_the_changed_model_are_told_once(case: Case) -> None:
    case["models"]["vplot"]["imges"] = {}
    (fault,) = faults_of(case, VPLOT)
    assert "models/vplot: unknown key 'imges'" in fault


def test_a_filled_configuration_stays_as_it_is(case: Case) -> None:
    settings = expanded(case, VPLOT)
    again, faults = load_settings(settings.config, SCHEMA)
    assert faults == []
    assert again.config == settings.config


def test_the_experiments_lie_over_the_yeast_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Snakemake does with several files: mappings are merged, and lists replaced."""
    monkeypatch.chdir(ROOT)

    def laid(below: Any, above: Any) -> Any:
        if not (isinstance(below, dict) and isinstance(above, dict)):
            return above
        return below | {key: laid(below.get(key), value) for key, value in above.items()}

    yeast, over = (
        yaml.safe_load((ROOT / f"config/{name}.yaml").read_text())
        for name in ("yeast", "experiments")
    )
    settings, faults = load_settings(laid(yeast, over), SCHEMA)
    assert faults == []
    models = settings.config["models"]
    networks = {name: settings.recipe(name) for name in settings.models_of_kind("network")}
    headline = [name for name in networks if len(models[name]["seeds"]) == 5]
    assert {"vplot", "chrompute", "chrompute_tiles"} <= set(headline)
    assert {models[name]["of"] for name in settings.models_of_kind("ensemble")} == set(headline)
    assert all(len(models[name]["seeds"]) in (3, 5) for name in networks)
    on_states = {own.inputs for own in networks.values() if own.windows == "states"}
    single, pairs = ({own for own in on_states if len(own) == number} for number in (1, 2))
    assert single == {("vplot",), ("mnase",), ("sequence",)}
    assert len(pairs) == 3
    bands = {
        (own.images["min_length"], own.images["max_length"])
        for own in networks.values()
        if own.inputs == ("vplot",)
    }
    assert bands == {(0, 400), (0, 100), (100, 180), (180, 260), (260, 400)}
    kinds = {own.network.get("architecture") for own in networks.values()}
    assert {"alexnet", "deepbind", "deepsea"} <= kinds
    for name, own in networks.items():
        if own.network.get("architecture", "chrompute") == "chrompute":
            assert own.images["position_bin"] <= own.network.get("position_bin", 16), name
