"""Networks on disk: what comes back, and what is said of files that are wrong."""

import hashlib
import json
import pickle
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from chrompute import model_files
from chrompute.candidates import options_of
from chrompute.errors import InputError
from chrompute.fragments import Fragments
from chrompute.model_files import (
    load_model,
    load_network,
    sample_facts,
    save_network,
    training_facts,
)
from chrompute.network_spec import NetworkSpec
from chrompute.networks import ChromatinNetwork
from chrompute.store_files import write_fragments
from toy_models import SIZES, SMALL, WIDTH, make_toy, recipe_of

SPEC = NetworkSpec({"vplot": (10, 51)}, True, WIDTH, {"state": 2, "mark": 3}, **SMALL)
CARD = {"model": "net", "kind": "network", "tasks": {"state": ["a", "b"], "mark": [*"xyz"]}}


@pytest.fixture
def network() -> ChromatinNetwork:
    torch.manual_seed(1)
    return ChromatinNetwork(SPEC)


@pytest.fixture
def folder(tmp_path: Path, network: ChromatinNetwork) -> Path:
    save_network(network, CARD, tmp_path / "model.safetensors", tmp_path / "card.json")
    return tmp_path


def test_a_network_comes_back_as_it_was(folder: Path, network: ChromatinNetwork) -> None:
    found, card = load_model(folder)
    assert found.spec == SPEC
    assert not found.training
    assert {name: card[name] for name in CARD} == CARD
    expected = network.state_dict()
    assert found.state_dict().keys() == expected.keys()
    assert all(torch.equal(value, expected[name]) for name, value in found.state_dict().items())


def test_equal_networks_and_cards_give_equal_bytes(
    folder: Path, network: ChromatinNetwork, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    again.mkdir()
    save_network(network, CARD, again / "model.safetensors", again / "card.json")
    for path in again.iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes()
    assert len([*again.iterdir()]) == 2  # nothing is left beside them


def test_weights_are_safetensors_and_the_card_has_their_digest(folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    assert header["join.weight"]["dtype"] == "F32"
    card = json.loads((folder / "card.json").read_text())
    assert card["weights"] == hashlib.sha256(data).hexdigest()
    assert card["format"] == 1


def edit_card(folder: Path, **changes: Any) -> None:
    card = json.loads((folder / "card.json").read_text())
    for key, value in changes.items():
        if value is None:
            card.pop(key)
        else:
            card[key] = value
    (folder / "card.json").write_text(json.dumps(card))


def replace_weights(folder: Path, data: bytes) -> None:
    """Change the weights, and the digest in the card as well."""
    (folder / "model.safetensors").write_bytes(data)
    edit_card(folder, weights=hashlib.sha256(data).hexdigest())


def cut(path: Path, keep: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])


def other_spec(folder: Path, **changes: Any) -> None:
    card = json.loads((folder / "card.json").read_text())
    edit_card(folder, network={**card["network"], **changes})


def half_weights(folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    replace_weights(folder, data[: len(data) // 2])


def pickled(folder: Path) -> None:
    replace_weights(folder, pickle.dumps({"join.weight": [1.0]}))


def endless(folder: Path) -> None:
    state = {name: value.clone() for name, value in ChromatinNetwork(SPEC).state_dict().items()}
    state["join.weight"][0] = torch.inf
    replace_weights(folder, model_files.safetensors.torch.save(state))


def another_model(folder: Path) -> None:
    """Put the card of another seed, which has the same shape, beside the weights."""
    other = folder / "other"
    other.mkdir()
    torch.manual_seed(2)
    save_network(ChromatinNetwork(SPEC), CARD, other / "model.safetensors", other / "card.json")
    (other / "card.json").replace(folder / "card.json")


FAULTS: dict[str, tuple[Callable[[Path], Any], str, str]] = {
    "weights missing": (
        lambda f: (f / "model.safetensors").unlink(), "model.safetensors", "cannot be read",
    ),
    "card missing": (lambda f: (f / "card.json").unlink(), "card.json", "cannot be read"),
    "card is a folder": (
        lambda f: ((f / "card.json").unlink(), (f / "card.json").mkdir()), "card.json", "cannot be",
    ),
    "weights cut off": (
        lambda f: cut(f / "model.safetensors", 0.7), "model.safetensors", "cut off",
    ),
    "weights empty": (lambda f: cut(f / "model.safetensors", 0), "model.safetensors", "cut off"),
    "weights cut before the card was made": (half_weights, "model.safetensors", "no whole"),
    "weights are a pickle": (pickled, "model.safetensors", "no whole"),
    "weights are not finite": (endless, "model.safetensors", "not finite"),
    "card cut off": (lambda f: cut(f / "card.json", 0.7), "card.json", "is no JSON"),
    "card is no text": (lambda f: (f / "card.json").write_bytes(b"\xff\xfe"), "card.json", "JSON"),
    "card is deep": (lambda f: (f / "card.json").write_text("[" * 10**6), "card.json", "no JSON"),
    "card is a list": (lambda f: (f / "card.json").write_text("[]"), "card.json", "no card"),
    "card of another seed": (another_model, "model.safetensors", "does not belong to"),
    "card of the future": (lambda f: edit_card(f, format=2), "card.json", "install a newer one"),
    "card of a strange version": (lambda f: edit_card(f, format="x"), "card.json", "newer one"),
    "card of a forest": (lambda f: edit_card(f, kind="forest"), "card.json", "a forest model"),
    "card of an ensemble": (
        lambda f: edit_card(f, kind="ensemble", members=[["net", 1], ["net", 2]]),
        "card.json", "net/seed-1, net/seed-2",
    ),
    "card without a shape": (lambda f: edit_card(f, network=None), "card.json", "lacks network"),
    "shape of another size": (
        lambda f: other_spec(f, channels=24), "model.safetensors", r"by the card",
    ),
    "shape beyond all memory": (
        lambda f: other_spec(f, channels=8_000_000), "model.safetensors", "by the card",
    ),
    "shape with strange keys": (lambda f: other_spec(f, layers=3), "card.json", "no network"),
    "shape with text": (lambda f: other_spec(f, channels="many"), "card.json", "no network"),
    "shape of a strange kind": (
        lambda f: other_spec(f, architecture="resnet"), "card.json", "unknown architecture",
    ),
    "shape of another architecture": (
        lambda f: other_spec(f, architecture="alexnet"), "card.json", "reads exactly one image",
    ),
    "shape of negative width": (lambda f: other_spec(f, width=-5), "card.json", "width -5 must"),
    "shape of bins that no image has": (
        lambda f: other_spec(f, position_bin=7), "card.json", "51 columns does not fit 58 bins",
    ),
    "shape smoothed by nothing": (
        lambda f: other_spec(f, smoothing=[0, 0]), "card.json", r"smoothing \[0, 0\] must be above",
    ),
    "shape of a strange rate": (
        lambda f: other_spec(f, modality_dropout=7), "card.json", "modality_dropout 7 must be",
    ),
    "shape of negative size": (lambda f: other_spec(f, channels=-8), "card.json", "no network"),
    "more classes than outputs": (
        lambda f: edit_card(f, tasks={"state": [*"abc"], "mark": [*"xyz"]}), "card.json", "classes",
    ),
    "tasks are a list": (lambda f: edit_card(f, tasks=["state"]), "card.json", "no network"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_faulty_files_are_told_with_file_and_remedy(folder: Path, name: str) -> None:
    spoil, file, message = FAULTS[name]
    spoil(folder)
    with pytest.raises(InputError, match=message) as told:
        load_model(folder)
    text = str(told.value)
    assert text.startswith(str(folder / file))
    assert "; " in text  # a remedy follows


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder; give that of a trained model"):
        load_model(tmp_path / "nothing")


def test_nothing_is_left_half_written(
    folder: Path, network: ChromatinNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    # What cannot be JSON is told before the weights are touched.
    with pytest.raises(ValueError, match="not JSON compliant"):
        save_network(
            network, CARD | {"loss": np.nan}, folder / "model.safetensors", folder / "card.json"
        )

    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as handle:
            handle.write(data[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        save_network(network, CARD, folder / "model.safetensors", folder / "card.json")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_loading_executes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file of a model is unpickled or evaluated: neither is called at all."""

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("code of a file would run")

    for place in ("pickle.load", "pickle.loads", "pickle.Unpickler", "torch.load"):
        monkeypatch.setattr(place, forbidden)
    for place in ("builtins.eval", "builtins.exec"):
        monkeypatch.setattr(place, forbidden)
    load_network(folder / "model.safetensors", folder / "card.json")


def facts(windows: pd.DataFrame, *inputs: str) -> dict[str, Any]:
    _, stores, genome = make_toy()
    recipe = recipe_of(*inputs)
    role = recipe.fit_role(windows, recipe.targets(windows, {}))
    given = genome if "sequence" in inputs else None
    return training_facts(recipe, windows, role, stores if "vplot" in inputs else {}, given)


def test_the_card_tells_what_a_network_was_trained_on() -> None:
    windows, stores, genome = make_toy()
    found = facts(windows, "vplot", "sequence")
    train = windows[windows["split"] == "train"]
    own = found["windows"]
    assert (own["set"], own["width"], own["number"]) == ("w", WIDTH, len(train))
    assert own["chromosomes"] == {"train": ["chr1"], "valid": ["chr2"], "test": ["chr3"]}
    lines = "".join(f"chr1\t{start}\tcells\n" for start in train["start"])
    labels = np.stack([train["state"] == name for name in ("closed", "open")], 1)
    parts = [lines.encode(), b"state", labels.astype("<f4").tobytes()]
    parts.append(np.ones(len(train), "<f4").tobytes())
    assert own["digest"] == hashlib.sha256(b"".join(parts)).hexdigest()
    assert found["fragments"] == {"vplot": {"cells": len(stores["vplot"]["cells"])}}
    assert found["genome"] == {
        name: hashlib.sha256(codes.tobytes()).hexdigest() for name, codes in genome.items()
    }
    assert found["software"]["torch"] == torch.__version__
    assert {"chrompute", "python", "numpy", "lightning", "safetensors"} < set(found["software"])
    assert facts(windows, "vplot")["genome"] == {}


@pytest.mark.parametrize(
    ("column", "changes"), [("state.1", True), ("start", True), ("mark.1", False)]
)
def test_the_digest_of_windows_follows_places_and_own_labels(column: str, changes: bool) -> None:
    windows, _, _ = make_toy()
    other = windows.copy()
    value = {"state.1": None, "start": other.loc[3, "start"] + 1, "mark.1": None}[column]
    other.loc[3, column] = value
    same = (
        facts(windows, "vplot")["windows"]["digest"] == facts(other, "vplot")["windows"]["digest"]
    )
    assert same is not changes
    # Windows that test do not count.
    other = windows.copy()
    other.loc[len(other) - 1, "state.1"] = None
    assert facts(windows, "vplot")["windows"] == facts(other, "vplot")["windows"]


def test_samples_are_known_by_name_and_digest(tmp_path: Path) -> None:
    store = Fragments.from_intervals(SIZES, [0, 1, 1], [5, 7, 9], [105, 60, 90])
    told = {"sample": "s1", "cell_type": "cells", "assay": "ATAC", "shift": "+4/-4"}
    write_fragments(store, tmp_path / "a.parquet", told)
    write_fragments(store, tmp_path / "b.parquet")
    found = sample_facts([tmp_path / "a.parquet", tmp_path / "b.parquet"])
    expected = hashlib.sha256(b'{"chr1": 1, "chr2": 2}')
    expected.update(np.array([110, 67, 99], "<i4").tobytes())
    expected.update(np.array([100, 53, 81], "<u2").tobytes())
    assert found["s1"] == {
        "digest": expected.hexdigest(), "fragments": 3, "cell_type": "cells", "assay": "ATAC",
        "shift": "+4/-4",
    }  # fmt: skip
    assert found["b"]["digest"] == found["s1"]["digest"]
    assert found["b"]["shift"] is None
    moved = Fragments.from_intervals(SIZES, [0, 0, 1], [5, 7, 9], [105, 60, 90])
    write_fragments(moved, tmp_path / "b.parquet")
    assert sample_facts([tmp_path / "b.parquet"])["b"]["digest"] != found["b"]["digest"]


def test_the_card_says_where_windows_were_centred() -> None:
    windows, stores, _ = make_toy()
    for source, options in (
        ("segments", {"min_length": 60, "width": 200}),
        ("tiles", {"min_length": 1, "width": 200}),
    ):
        entry = {"from": source, "min_distance": 0, **options}
        recipe = replace(recipe_of("vplot"), candidates=options_of(entry))
        role = recipe.fit_role(windows, recipe.targets(windows, {}))
        found = training_facts(recipe, windows, role, stores, None)["windows"]
        assert found["centred_on"] == source
        own = {"segments": "min_length", "tiles": "width"}[source]
        assert found["candidates"] == {"from": source, "min_distance": 0, own: entry[own]}
