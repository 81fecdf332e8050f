"""Networks as ONNX: another program computes what torch does, for any number of windows."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from chrompute import export
from chrompute.errors import InputError
from chrompute.export import PlainNetwork, example_inputs, export_onnx
from chrompute.model_files import save_network
from chrompute.network_spec import NetworkSpec
from chrompute.networks import build_network
from toy_models import SMALL, WIDTH

TASKS = {"state": 3, "mark of two": 2}
SPECS: dict[str, dict[str, Any]] = {
    "vplot": {"images": {"vplot": (10, 51)}, "sequence": False, **SMALL},
    "multimodal": {
        "images": {"vplot": (10, 51), "mnase": (10, 51), "mnase_profile": (1, 51)},
        "sequence": True, "trunk": "convnext", "expected": True, "auxiliary": True,
        "modality_dropout": 0.2, **SMALL,
    },
    "deepsea": {"images": {}, "sequence": True, "architecture": "deepsea", "channels": 16},
}  # fmt: skip


def saved(folder: Path, name: str) -> NetworkSpec:
    torch.manual_seed(4)
    spec = NetworkSpec(width=WIDTH, tasks=TASKS, **SPECS[name])
    network = build_network(spec)
    network.set_expected({key: torch.rand(shape) for key, shape in spec.images.items()})
    card = {
        "model": name, "kind": "network", "inputs": [*spec.inputs],
        "tasks": {task: [f"c{i}" for i in range(n)] for task, n in TASKS.items()},
        "temperature": {"state": 1.5, "mark of two": 0.9},
    }  # fmt: skip
    save_network(network, card, folder / "model.safetensors", folder / "card.json")
    return spec


@pytest.mark.slow
@pytest.mark.parametrize("name", SPECS)
def test_onnxruntime_computes_the_logits_of_torch(tmp_path: Path, name: str) -> None:
    pytest.importorskip("onnxscript", reason="the extra 'export' is not installed")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    spec = saved(tmp_path, name)
    path = tmp_path / "network.onnx"
    export_onnx(tmp_path, path)
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert [one.name for one in session.get_inputs()] == [*spec.inputs]
    assert [one.name for one in session.get_outputs()] == [*TASKS]
    network, card = export.load_model(tmp_path)
    for windows in (1, 2, 7):
        inputs = example_inputs(spec, windows, seed=windows)
        found = session.run(None, {key: value.numpy() for key, value in inputs.items()})
        with torch.no_grad():
            expected = PlainNetwork(network)(*inputs.values())
        for one, two in zip(found, expected, strict=True):
            assert one.shape == tuple(two.shape)
            assert np.abs(two.numpy()).max() > 0.01
            np.testing.assert_allclose(one, two.numpy(), atol=1e-5)
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["chrompute"]) == card
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "card.json", "model.safetensors", "network.onnx",
    ]  # fmt: skip


def test_missing_packages_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path, "vplot")
    monkeypatch.setattr(export, "find_spec", lambda _: None)
    with pytest.raises(InputError, match="needs onnx and onnxscript"):
        export_onnx(tmp_path, tmp_path / "network.onnx")


def test_a_faulty_model_or_place_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "find_spec", lambda _: "there")
    with pytest.raises(InputError, match=r"card\.json: cannot be read"):
        export_onnx(tmp_path, tmp_path / "network.onnx")
    saved(tmp_path, "vplot")
    with pytest.raises(InputError, match="its folder is not there"):
        export_onnx(tmp_path, tmp_path / "none" / "network.onnx")


def test_example_inputs_look_like_windows() -> None:
    spec = NetworkSpec({"vplot": (10, 51)}, True, WIDTH, TASKS)
    inputs = example_inputs(spec, 5)
    assert [*inputs] == [*spec.inputs]
    assert inputs["vplot"].shape == (5, 10, 51)
    assert torch.equal(inputs["sequence"].sum(1), torch.ones(5, WIDTH))
