"""What the layers of a network make of windows: activations, and which channels say most."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import numpy as np
import numpy.typing as npt
import torch
from sklearn.feature_selection import f_classif
from torch import Tensor, nn

from chrompute.dataset import WindowData
from chrompute.encoders import ImageEncoder
from chrompute.networks import ChromatinNetwork

#: Windows that are looked at in one step.
_BATCH = 256
#: What the features before the heads are called among layers.
SUMMARY = "summary"


def picture_layers(network: ChromatinNetwork) -> dict[str, nn.Module]:
    """Return the layers that are shown, {name: module}, each with output (n, channels, n_bins).

    Early: of each image, the learnt profiles over fragment lengths. Middle: the block in the
    middle of the trunk, where all inputs are joined.
    """
    layers: dict[str, nn.Module] = {}
    for name in network.spec.images:
        encoder = network.encoders[name]
        if isinstance(encoder, ImageEncoder):
            layers[f"early:{name}"] = encoder.profiles
    return {**layers, "middle": network.trunk[len(network.trunk) // 2]}


@torch.no_grad()
def activations(
    network: ChromatinNetwork,
    data: WindowData,
    ids: Tensor,
    layers: Mapping[str, nn.Module],
    backwards: bool = False,
) -> dict[str, npt.NDArray[np.float32]]:
    """Return what layers put out for windows on one strand, {layer: float32 (n, ...)}.

    Parameters
    ----------
    network, data
        On the same device.
    ids
        int64 (n,): rows of the window table.
    layers
        {name: module of the network}.
    backwards
        Whether the windows are read on the other strand.
    """
    parts: dict[str, list[npt.NDArray[np.float32]]] = {name: [] for name in layers}
    with _caught(layers) as caught:
        for chunk in ids.split(_BATCH):
            network(data.draw(chunk, reverse=torch.full_like(chunk, backwards, dtype=torch.bool)))
            for name in layers:
                parts[name].append(caught[name].cpu().numpy())
    return {name: np.concatenate(own) for name, own in parts.items()}


@contextmanager
def _caught(layers: Mapping[str, nn.Module]) -> Iterator[dict[str, Tensor]]:
    """Give a mapping that holds the last output of each layer."""
    found: dict[str, Tensor] = {}
    with ExitStack() as stack:
        for name, layer in layers.items():

            def keep(module: nn.Module, given: object, output: Tensor, name: str = name) -> None:
                found[name] = output

            stack.callback(layer.register_forward_hook(keep).remove)
        yield found


def features(network: ChromatinNetwork, data: WindowData, ids: Tensor) -> npt.NDArray[np.float32]:
    """Return what the heads read of windows, mean of both strands, float32 (n, n_features)."""
    layer = {SUMMARY: network.summary}
    strands = [activations(network, data, ids, layer, backwards) for backwards in (False, True)]
    return np.mean([strand[SUMMARY] for strand in strands], axis=0, dtype=np.float32)


def telling_channels(
    values: npt.NDArray[np.float32], classes: npt.NDArray[np.int64], number: int
) -> npt.NDArray[np.int64]:
    """Choose the channels whose mean over a window differs most between classes.

    Most is the largest F of a one-way analysis of variance. They are returned in the order of the
    class in which they are strongest.

    Parameters
    ----------
    values
        (n, n_channels, n_bins).
    classes
        int64 (n,).
    number
        How many; all where there are fewer.

    Returns
    -------
    array
        int64: channels. Of a single class, or of one window a class, those of the largest spread.
    """
    means = values.mean(axis=2, dtype=np.float64)
    names, code = np.unique(classes, return_inverse=True)
    spread = means.std(axis=0)
    told = spread > 1e-9
    score = np.where(told, spread, -1.0)
    if 1 < len(names) < len(means) and told.any():  # an input that is absent tells nothing
        score = np.full(means.shape[1], -1.0)
        score[told] = f_classif(means[:, told], code)[0]
    chosen = np.argsort(-score, kind="stable")[:number]
    of_class = np.stack([means[code == index].mean(axis=0) for index in range(len(names))])
    return chosen[np.argsort(of_class[:, chosen].argmax(axis=0), kind="stable")]


def standardised(
    values: npt.NDArray[np.float32], reference: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Return activations less the mean of their channel, over its standard deviation.

    Parameters
    ----------
    values
        (n, n_channels, n_bins).
    reference
        Of other windows, from which mean and deviation are taken.
    """
    mean = reference.mean(axis=(0, 2), dtype=np.float64)[None, :, None]
    deviation = reference.std(axis=(0, 2), dtype=np.float64)[None, :, None]
    return ((values - mean) / np.maximum(deviation, 1e-9)).astype(np.float32)
