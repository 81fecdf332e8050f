"""Trained networks as ONNX, for programs that have no torch.

What is exported is the network alone: inputs as they are after counting and scaling, and logits
of one strand. Probabilities as `chrompute.predict` gives them are made from it by
softmax(log(mean over both strands of softmax(logits)) / temperature); the temperature of each
task is in the card, which travels in the file's metadata.
"""

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from chrompute.errors import InputError
from chrompute.model_files import load_model
from chrompute.network_spec import SEQUENCE, NetworkSpec
from chrompute.networks import Network
from chrompute.whole_files import written_whole

#: Version of ONNX's operators that the file asks for.
OPSET = 20
#: Key of the card, as JSON, in the metadata of the file.
CARD_KEY = "chrompute"
#: Windows in the batch that the export is traced with; any number can be predicted.
_TRACED = 2


class PlainNetwork(nn.Module):
    """A network that takes its inputs one by one and returns the logits of each task in turn."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return {task: logits} as a tuple, in the order of the specification."""
        spec = self.network.spec
        logits = self.network(dict(zip(spec.inputs, inputs, strict=True)))
        return tuple(logits[task] for task in spec.tasks)


def example_inputs(spec: NetworkSpec, windows: int, seed: int = 0) -> dict[str, Tensor]:
    """Make up inputs of some windows, as an exported network takes them.

    Returns
    -------
    dict
        {image input: float32 (n_windows, n_lengths, n_positions), scaled counts; "sequence":
        float32 (n_windows, 4, width), one-hot}, in the order of the specification.
    """
    generator = torch.Generator().manual_seed(seed)
    found = {}
    for name, shape in spec.images.items():
        found[name] = torch.poisson(torch.full((windows, *shape), 0.3), generator)
    if spec.sequence:
        codes = torch.randint(0, 4, (windows, spec.width), generator=generator)
        found[SEQUENCE] = nn.functional.one_hot(codes, 4).transpose(1, 2).float()
    return found


def export_onnx(model: str | Path, output: str | Path) -> None:
    """Write the network in the folder of a trained model as ONNX.

    Inputs and outputs are called like the model's inputs and tasks, and take any number of
    windows (`example_inputs`). Outputs are logits, float32 (n_windows, n_classes); all inputs
    must be given. The card is JSON in the metadata, under the key "chrompute": classes,
    temperature and how inputs are made.

    Parameters
    ----------
    model
        Folder of a trained network.
    output
        The file to write.

    Raises
    ------
    InputError
        When the model cannot be read, or the packages that write ONNX are not installed.
    """
    missing = [name for name in ("onnx", "onnxscript") if find_spec(name) is None]
    if missing:
        raise InputError(
            f"export needs {' and '.join(missing)}; install what the extra 'export' names: "
            "pip install onnx onnxscript"
        )
    network, card = load_model(model)
    if not Path(output).parent.is_dir():
        raise InputError(f"{output}: its folder is not there; make it")
    program = _exported(network)
    program.model.metadata_props[CARD_KEY] = json.dumps(card)
    with written_whole(output) as part:
        program.save(str(part), external_data=False)


def _exported(network: Network) -> Any:
    """Trace a network with a batch of any number of windows."""
    spec = network.spec
    inputs = example_inputs(spec, _TRACED)
    windows = torch.export.Dim("windows", min=1)
    with _quiet():
        program = torch.onnx.export(
            PlainNetwork(network).eval(),
            tuple(inputs.values()),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=[*inputs],
            output_names=[*spec.tasks],
            dynamic_shapes=(tuple({0: windows} for _ in inputs),),
        )
    if program is None:
        raise InputError(
            "torch exported nothing; install the versions of onnx and onnxscript that "
            "envs/requirements.txt names"
        )
    return program


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back what torch's exporter says of itself: it means nothing to a user."""
    logger = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")
            warnings.filterwarnings("ignore", message=".*axis name.*will not be used.*")
            yield
    finally:
        logger.setLevel(level)
