"""Predictions of networks, and the networks on disk: safetensors and a JSON card, no code."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from chrompute.dataset import WindowData
from chrompute.errors import InputError
from chrompute.network_spec import NetworkSpec
from chrompute.networks import ChromatinNetwork


@torch.no_grad()
def predict_logits(
    network: ChromatinNetwork, data: WindowData, ids: Tensor, batch_size: int
) -> dict[str, Tensor]:
    """Predict windows on both strands and average.

    Returns
    -------
    dict
        {task: float32 (n_windows, n_classes)}: log of the mean of the two strands' probabilities.
    """
    was_training = network.training
    network.eval()
    parts: dict[str, list[Tensor]] = {task: [] for task in network.spec.tasks}
    for chunk in ids.split(4 * batch_size):
        strands = []
        for backwards in (False, True):
            reverse = torch.full_like(chunk, backwards, dtype=torch.bool)
            strands.append(network(data.draw(chunk, reverse=reverse)))
        for task, logits in parts.items():
            both = torch.stack([strand[task].softmax(1) for strand in strands])
            logits.append(both.mean(0).log())
    network.train(was_training)
    return {task: torch.cat(logits) for task, logits in parts.items()}


def save_network(
    network: ChromatinNetwork, card: Mapping[str, Any], weights: str | Path, card_path: str | Path
) -> None:
    """Write the weights as safetensors and the card, with the network's shape, as JSON."""
    state = {name: value.contiguous() for name, value in network.state_dict().items()}
    safetensors.torch.save_file(state, str(weights))
    content = {**card, "network": network.spec.as_json()}
    Path(card_path).write_text(json.dumps(content, indent=2) + "\n")


def load_network(
    weights: str | Path, card_path: str | Path
) -> tuple[ChromatinNetwork, dict[str, Any]]:
    """Read what `save_network` wrote; the network is in evaluation mode.

    Raises
    ------
    InputError
        When the weights do not belong to the card.
    """
    card = json.loads(Path(card_path).read_text())
    network = ChromatinNetwork(NetworkSpec.from_json(card["network"]))
    try:
        network.load_state_dict(safetensors.torch.load_file(str(weights)))
    except (RuntimeError, safetensors.SafetensorError) as error:
        raise InputError(
            f"{weights}: does not belong to {card_path} ({error}); train the model again"
        ) from error
    return network.eval(), card
