"""Models that are made from a network: what they take from it, and what they may not say."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chrompute.configuration import load_settings
from chrompute.gap import Run
from chrompute.settings import Settings
from helpers import ROOT

SCHEMA = ROOT / "config/schemas/config.schema.json"
Case = dict[str, Any]
STATES = {"tasks": ["state", "mark"], "candidates": {"from": "segments"},
          "split": {"valid": ["chr1"], "test": ["chr2"]}}  # fmt: skip


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """Return a configuration of a network, its ensemble, and the network on other windows."""
    rows = [("atac_a", "a", "ATAC"), ("atac_b", "b", "ATAC"), ("mnase_a", "a", "MNase"),
            ("mnase_b", "b", "MNase")]  # fmt: skip
    lines = ["sample\tcell_type\tassay\tpath", *("\t".join((*r, f"{r[0]}.bam")) for r in rows)]
    (tmp_path / "samples.tsv").write_text("\n".join(lines) + "\n")
    labels = [("a", "state", "segmentation"), ("b", "state", "segmentation"),
              ("a", "mark", "marks")]  # fmt: skip
    lines = [
        "cell_type\ttask\tkind\treplicate\tpath\tderived_from",
        *(f"{c}\t{t}\t{k}\t1\t{t}_{c}.bed\t" for c, t, k in labels),
    ]
    (tmp_path / "labels.tsv").write_text("\n".join(lines) + "\n")
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
        },
        "windows": {"w": STATES, "tiles": {**STATES, "candidates": {"from": "tiles"}}},
        "models": {
            "net": {
                "kind": "network",
                "windows": "w",
                "tasks": ["state"],
                "inputs": ["vplot", "sequence"],
                "samples": ["atac_a", "atac_b"],
                "train_on": ["a"],
                "seeds": [3, 4],
                "images": {"max_length": 100},
                "training": {"epochs": 2},
            },
            "mean": {"kind": "ensemble", "windows": "w", "of": "net"},
            "elsewhere": {"kind": "applied", "windows": "tiles", "of": "net"},
            "wood": {"kind": "forest", "windows": "w", "inputs": ["vplot", "sequence"]},
        },
    }


def load(case: Case) -> Settings:
    settings, faults = load_settings(case, SCHEMA)
    assert faults == []
    return settings


def faults_of(case: Case) -> list[str]:
    return load_settings(case, SCHEMA)[1]


@pytest.mark.parametrize(("name", "windows"), [("mean", "w"), ("elsewhere", "tiles")])
def test_recipes_are_those_of_the_network_but_for_name_kind_and_windows(
    case: Case, name: str, windows: str
) -> None:
    settings = load(case)
    net, own = settings.recipe("net"), settings.recipe(name)
    kind = case["models"][name]["kind"]
    centred = settings.config["windows"][windows]["candidates"]["from"]
    assert own == replace(net, model=name, kind=kind, windows=windows, candidates=own.candidates)
    assert own.candidates["from"] == centred
    assert (own.inputs, own.train_on, own.tasks) == (
        ("vplot", "sequence"), ("a",), {"state": ("open", "body")},
    )  # fmt: skip
    assert own.images["max_length"] == 100
    assert own.training["epochs"] == 2
    assert [s.name for s in settings.samples_of_model(name)] == ["atac_a", "atac_b"]
    assert settings.source_of(name) == settings.source_of("net") == "net"
    assert settings.source_of("wood") == "wood"
    assert settings.holdout_of_model(name) == (["b"], ["a"])


def test_seeds_are_one_of_an_ensemble_and_the_networks_of_an_applied_model(case: Case) -> None:
    settings = load(case)
    assert settings.seeds_of("net") == settings.seeds_of("elsewhere") == [3, 4]
    assert settings.seeds_of("mean") == [1]
    case["models"]["mean"]["seeds"] = [7]
    case["models"]["elsewhere"]["seeds"] = [3, 4]
    assert load(case).seeds_of("mean") == [7]
    case["models"]["elsewhere"]["seeds"] = [3]
    case["models"]["mean"]["seeds"] = [1, 2]
    found = faults_of(case)
    assert [fault.split(": ", 2)[2] for fault in found] == [
        "seeds: an ensemble is one model, of all seeds of models/net; remove it",
        "seeds: it has those of models/net; remove it",
    ]


@pytest.mark.parametrize("name", ["mean", "elsewhere"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"of": None}, "names no 'of'; give the network that it is made from"),
        ({"of": "nett"}, "of: unknown model 'nett'; did you mean 'net'?"),
        ({"of": "wood"}, "of: models/wood is no network but of kind forest; name a network"),
        ({"of": "mean"}, "of: models/mean is no network but of kind ensemble; name a network"),
        ({"inputs": ["vplot"]}, "inputs: a model of kind {kind} has that of models/net; remove it"),
        ({"train_on": ["a"]}, "train_on: a model of kind {kind} has that of models/net"),
        ({"training": {"epochs": 3}}, "training: a model of kind {kind} has that of models/net"),
        ({"images": {"max_length": 9}}, "images: a model of kind {kind} has that of models/net"),
        ({"tasks": ["state"]}, "tasks: a model of kind {kind} has that of models/net"),
    ],
)
def test_what_they_may_not_say(case: Case, name: str, change: Case, message: str) -> None:
    case["models"][name] |= change
    (fault,) = faults_of(case)
    kind = case["models"][name]["kind"]
    assert f"configuration: models/{name}: {message.format(kind=kind)}" in fault


@pytest.mark.parametrize("kind", ["network", "forest", "majority", "place"])
def test_no_other_kind_is_of_a_model(case: Case, kind: str) -> None:
    inputs = ["vplot"] if kind in ("network", "forest") else []
    case["models"]["other"] = {"kind": kind, "windows": "w", "inputs": inputs, "of": "net"}
    case["models"]["other"]["tasks"] = ["state"]
    (fault,) = faults_of(case)
    assert fault.endswith("'of' is for models of kind ensemble and applied; remove it")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tasks": ["mark"]}, "windows: 'tiles' lacks task 'state', which models/net predicts"),
        (
            {"width": 1001},
            "windows: 'tiles' are 1001 bp wide and 'w', which it was trained on, 2001",
        ),
        (
            {"split": {"valid": ["chr2"], "test": ["chr1"]}},
            "windows: 'tiles' are split otherwise than 'w', so that places that it was trained on",
        ),
    ],
)  # fmt: skip
def test_windows_that_a_network_cannot_be_applied_to(
    case: Case, change: Case, message: str
) -> None:
    case["windows"]["tiles"] = {**case["windows"]["tiles"], **change}
    (fault,) = faults_of(case)
    assert f"models/elsewhere: {message}" in fault


@pytest.mark.parametrize("by", ["folds", "blocks"])
def test_splits_that_depend_on_the_windows_are_not_shared(case: Case, by: str) -> None:
    for name in ("w", "tiles"):
        case["windows"][name] = {**case["windows"][name], "split": {"by": by}}
    (fault,) = faults_of(case)
    assert f"'tiles' and 'w' are split by {by}, each by its own" in fault
    case["models"]["elsewhere"]["windows"] = "w"
    (fault,) = faults_of(case)
    assert "models/elsewhere: windows: models/net predicts 'w' itself; name other" in fault


def test_a_network_of_one_seed_is_its_own_mean(case: Case) -> None:
    case["models"]["net"]["seeds"] = [3]
    (fault,) = faults_of(case)
    assert "models/mean: of: models/net has one seed, and would be its own mean; give it" in fault


def test_an_ensemble_predicts_the_networks_windows(case: Case) -> None:
    case["models"]["mean"]["windows"] = "tiles"
    (fault,) = faults_of(case)
    assert "models/mean: windows: models/net has the windows 'w'; name these" in fault


# Baselines


def test_a_place_model_needs_two_cell_types(case: Case) -> None:
    case["models"]["place"] = {"kind": "place", "windows": "w"}
    (fault,) = faults_of(case)
    assert "models/place: task 'mark' has labels of cell type 'a' alone" in fault
    case["models"]["place"]["tasks"] = ["state"]
    recipe = load(case).recipe("place")
    assert (recipe.inputs, recipe.train_on, recipe.images) == ((), ("a", "b"), {})
    case["models"]["place"]["permute"] = ["labels"]
    (fault,) = faults_of(case)
    assert "permute: a place model repeats labels" in fault


def test_a_baseline_holds_what_its_kind_uses_of_the_features(case: Case) -> None:
    case["models"]["line"] = {"kind": "logistic", "windows": "w", "inputs": ["vplot"]}
    case["models"]["step"] = {"kind": "boosting", "windows": "w", "inputs": ["vplot"],
                              "images": {"max_length": 160}}  # fmt: skip
    settings = load(case)
    assert {*settings.recipe("line").features} == {"length_edges", "spans"}
    assert {*settings.recipe("step").features} == {"length_edges", "position_bin"}
    assert {*settings.recipe("wood").features} == {
        "length_edges", "position_bin", "kmer", "kmer_bin",
    }  # fmt: skip
    assert settings.recipe("step").images["max_length"] == 160
    assert settings.recipe("line").baseline == {"c": 1.0}
    assert {*settings.recipe("step").baseline} == {
        "rounds", "learning_rate", "leaves", "min_leaf", "l2",
    }  # fmt: skip
    assert [settings.has_own_images(name) for name in ("wood", "step", "net", "mean")] == [
        False, True, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": {"length_edges": [0, 200, 100]}}, "features/length_edges [0, 200, 100] must"),
        (
            {"images": {"min_length": 200, "max_length": 200}},
            "images: min_length 200 must be below max_length 200",
        ),
        (
            {"images": {"min_length": 500, "max_length": 600}},
            "features/length_edges [0, 100, 160, 240, 400] have no length of images/min_length to "
            "max_length (500 to 599 bp)",
        ),
        (
            {"inputs": ["mnase_profile"], "images": {"profile": [181, 120]}},
            "images: profile [181, 120] must ascend",
        ),
        # 2,080 k-mers, a k-mer and its reverse complement being one, about each of 1,996 centres.
        (
            {"inputs": ["sequence"], "features": {"kmer": 6, "kmer_bin": 1}},
            "features: a window of 2001 bp would have 4,151,680 of them, and 100,000 are the most",
        ),
        (
            {"images": {"length_bin": 10}},
            "images: 'length_bin' changes nothing in a model of kind forest; remove it",
        ),
    ],
)
def test_faults_of_what_a_forest_reads(case: Case, change: Case, message: str) -> None:
    case["models"]["wood"] |= change
    (fault,) = faults_of(case)
    assert f"configuration: models/wood: {message}" in fault


def test_a_networks_own_columns_fit_its_bins(case: Case) -> None:
    case["models"]["net"]["images"]["position_bin"] = 5
    (fault,) = faults_of(case)
    assert (
        "models/net: network/position_bin 16 must be a multiple of images/position_bin 5" in fault
    )
    case["models"]["net"]["images"]["position_bin"] = 4
    assert faults_of(case) == []


def test_the_runs_profile_ascends(case: Case) -> None:
    case["images"] = {"profile": [150, 150]}
    assert faults_of(case) == ["configuration: images: profile [150, 150] must ascend"]


def test_sequence_is_for_runs_with_a_genome(case: Case) -> None:
    case["genome"] = {"sizes": "g.sizes"}
    told = [fault for fault in faults_of(case) if "sequence" in fault]
    assert [fault.split(": ")[1] for fault in told] == ["models/net", "models/wood"]


def test_forests_that_a_model_may_be_compared_with() -> None:
    """DNA counts for models that read it, and bands of lengths are compared with whole images."""
    net = Run("net", 1, "network", "", "w", ("vplot",), ("a",), None, False, ("t",))
    forest = replace(net, model="forest", kind="forest")
    with_dna = replace(forest, sequence=True)
    band = replace(forest, own_images=True)
    assert forest.is_forest_for(net)
    assert not with_dna.is_forest_for(net)
    assert not band.is_forest_for(net)
    reads_dna = replace(net, sequence=True)
    assert forest.is_forest_for(reads_dna)
    assert with_dna.is_forest_for(reads_dna)
    assert forest.is_forest_for(replace(net, own_images=True))
    assert not band.is_forest_for(replace(net, own_images=True))
    assert not replace(forest, kind="boosting").is_forest_for(net)
    assert not replace(forest, control=True).is_forest_for(net)
    assert not replace(forest, assays=("mnase",)).is_forest_for(net)
