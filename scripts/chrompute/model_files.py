"""Networks on disk: weights as safetensors beside a JSON card. Neither can run code.

The card says what is needed to build the network anew and to give it its inputs, and holds the
digest of the weights that belong to it.
"""

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from chrompute import __version__
from chrompute.classic_networks import CLASSICS
from chrompute.digests import fragments_digest, genome_digests, windows_digest
from chrompute.errors import InputError
from chrompute.network_spec import NetworkSpec
from chrompute.networks import Network, build_network
from chrompute.recipe import Recipe, Stores
from chrompute.store_files import read_facts, read_fragments
from chrompute.whole_files import written_whole

#: Version of the card's content; raised when an older reader would misread it.
CARD_FORMAT = 1
#: Names of the two files in the folder of a trained model.
WEIGHTS, CARD = "model.safetensors", "card.json"

_PACKAGES = ("torch", "numpy", "lightning", "safetensors")
_REMEDY = "train the model again, or give the whole folder of another one"

#: What values that mean no network make its parts raise.
_MISFITS = (
    *(TypeError, ValueError, LookupError, AttributeError),
    *(ArithmeticError, RuntimeError, InputError),
)


def training_facts(
    recipe: Recipe,
    windows: pd.DataFrame,
    role: npt.NDArray[np.str_],
    stores: Stores,
    genome: Mapping[str, npt.NDArray[np.uint8]] | None,
) -> dict[str, Any]:
    """Return what the card tells of the data that a network was trained on (docs/output.md).

    Parameters
    ----------
    recipe
        The model.
    windows
        Its window set, with the model's split (`chrompute.recipe.Recipe.own_split`).
    role
        (n_windows,): "train", "valid" or "", what each window does while the model is fitted.
    stores
        {input: {cell type: fragments}}.
    genome
        {chromosome: encoded sequence}, or None where the model does not read it.
    """
    train = role == "train"
    targets = recipe.targets(windows, {})
    splits = {"train": train, "valid": role == "valid", "test": windows["split"] == "test"}
    return {
        "windows": {
            **recipe.window_facts,
            "number": int(train.sum()),
            "digest": windows_digest(windows, targets, train),
            "chromosomes": {name: _chromosomes(windows, own) for name, own in splits.items()},
        },
        "fragments": {
            name: {cell_type: len(store) for cell_type, store in by_type.items()}
            for name, by_type in stores.items()
        },
        "genome": genome_digests(genome or {}, _chromosomes(windows, train | ~train)),
        "software": software(),
    }


def _chromosomes(windows: pd.DataFrame, chosen: npt.ArrayLike) -> list[str]:
    return sorted(windows.loc[np.asarray(chosen), "chrom"].astype(str).unique())


def software() -> dict[str, str]:
    """Return the versions of what decides weights and predictions."""
    versions = {name: metadata.version(name) for name in _PACKAGES}
    return {"chrompute": __version__, "python": platform.python_version(), **versions}


def sample_facts(paths: Sequence[str | Path]) -> dict[str, dict[str, Any]]:
    """Return what the card tells of each sample that a model reads.

    Parameters
    ----------
    paths
        Fragment stores.

    Returns
    -------
    dict
        {sample: its digest, number of fragments, cell type, assay and end shift}; the last three
        are None where the store does not say.
    """
    facts = {}
    for path in paths:
        told, store = read_facts(path), read_fragments(path)
        own = {name: told.get(name) for name in ("cell_type", "assay", "shift")}
        facts[told.get("sample", Path(path).stem)] = {
            "digest": fragments_digest(store), "fragments": len(store), **own,
        }  # fmt: skip
    return facts


def save_network(
    network: Network, card: Mapping[str, Any], weights: str | Path, card_path: str | Path
) -> None:
    """Write the weights as safetensors and the card, with the network's shape, as JSON.

    Equal networks and cards give equal bytes. Each file is there whole or not at all, and the
    card comes last, with the digest of its weights: a card beside other weights is noticed.
    """
    state = {name: value.contiguous() for name, value in network.state_dict().items()}
    data = safetensors.torch.save(state)
    content = {
        "format": CARD_FORMAT,
        **card,
        "network": network.spec.as_json(),
        "weights": hashlib.sha256(data).hexdigest(),
    }
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    with written_whole(weights) as part:
        part.write_bytes(data)
    with written_whole(card_path) as part:
        part.write_text(text)


def load_model(folder: str | Path) -> tuple[Network, dict[str, Any]]:
    """Read the network in the folder of a trained model (`load_network`).

    Raises
    ------
    InputError
        When the folder is none of a network, or its files are faulty.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(
            f"{folder}: is no folder; give that of a trained model, such as "
            "results/yeast/models/chrompute/seed-1"
        )
    return load_network(folder / WEIGHTS, folder / CARD)


def load_network(weights: str | Path, card_path: str | Path) -> tuple[Network, dict[str, Any]]:
    """Read what `save_network` wrote; the network is on the CPU, in evaluation mode.

    Raises
    ------
    InputError
        When a file is missing, cut off or no such file, the card is of another kind of model or
        of a newer version, or the weights do not belong to it.
    """
    card = read_card(card_path)
    _require_network(card, card_path)
    state = _read_weights(weights, card["weights"], card_path)
    network = _built(card, state, weights, card_path)
    network.load_state_dict(state)
    return network.eval(), card


def read_card(path: str | Path) -> dict[str, Any]:
    """Read the card of any kind of model.

    Raises
    ------
    InputError
        When it is missing, no JSON, or of a newer version.
    """
    try:
        card = json.loads(_read(path).decode())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is no JSON ({error}); {_REMEDY}") from error
    if not isinstance(card, dict) or "kind" not in card:
        raise InputError(f"{path}: is no card of a model; {_REMEDY}")
    version = card.get("format", CARD_FORMAT)
    if not isinstance(version, int) or version > CARD_FORMAT:
        raise InputError(
            f"{path}: has format {version!r}, and this version of Chrompute reads up to "
            f"{CARD_FORMAT}; install a newer one"
        )
    return card


def _read(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); {_REMEDY}") from error


def _require_network(card: Mapping[str, Any], path: str | Path) -> None:
    """See that a card is one of a network, and has what this module needs of it."""
    if card["kind"] in ("ensemble", "applied"):
        members = ", ".join(f"{of}/seed-{seed}" for of, seed in card.get("members", ()))
        raise InputError(
            f"{path}: is the card of an {card['kind']} model, which has no weights of its own; "
            f"give the folders of its networks: {members}"
        )
    if card["kind"] != "network":
        raise InputError(f"{path}: is the card of a {card['kind']} model; give that of a network")
    missing = [name for name in ("format", "tasks", "network", "weights") if name not in card]
    if missing:
        raise InputError(f"{path}: lacks {', '.join(missing)}; {_REMEDY}")


def _read_weights(path: str | Path, expected: str, card_path: str | Path) -> dict[str, Tensor]:
    data = _read(path)
    if hashlib.sha256(data).hexdigest() != expected:
        raise InputError(
            f"{path}: does not belong to {card_path}, which has the digest of other weights: one "
            f"of them is cut off, changed or of another model; {_REMEDY}"
        )
    try:
        state = safetensors.torch.load(data)
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise InputError(f"{path}: is no whole safetensors file ({error}); {_REMEDY}") from error
    wild = [name for name, value in state.items() if not bool(value.isfinite().all())]
    if wild:
        raise InputError(f"{path}: weights {wild[0]!r} are not finite; {_REMEDY}")
    return state


def _built(
    card: Mapping[str, Any], state: Mapping[str, Tensor], weights: str | Path, path: str | Path
) -> Network:
    """Build the network that a card describes, once it is known to fit the weights."""
    try:
        spec = NetworkSpec.from_json(card["network"])
        if spec.architecture not in ("chrompute", *CLASSICS):
            raise ValueError(f"unknown architecture {spec.architecture!r}")
        with torch.device("meta"):  # takes no memory, however large a wrong card says it is
            expected = build_network(spec).state_dict()
        classes = {task: len(names) for task, names in card["tasks"].items()}
    except _MISFITS as error:
        raise InputError(f"{path}: describes no network ({error!r}); {_REMEDY}") from error
    if classes != dict(spec.tasks):
        raise InputError(
            f"{path}: its tasks have {classes} classes, and its network {dict(spec.tasks)}; "
            f"{_REMEDY}"
        )
    found = {name: _kind_of(value) for name, value in state.items()}
    wanted = {name: _kind_of(value) for name, value in expected.items()}
    wrong = [name for name in sorted({*found, *wanted}) if found.get(name) != wanted.get(name)]
    if wrong:
        raise InputError(
            f"{weights}: does not belong to {path}: {wrong[0]!r} is {found.get(wrong[0])}, and "
            f"{wanted.get(wrong[0])} by the card; {_REMEDY}"
        )
    return build_network(spec)


def _kind_of(value: Tensor) -> str:
    """Write down type and shape of some weights."""
    return f"{str(value.dtype).removeprefix('torch.')} {[*value.shape]}"
