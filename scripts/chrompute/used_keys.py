"""Which keys of its blocks mean something to a model: by its kind, architecture and inputs.

A key of a model's own that changes nothing is a fault: who wrote it believes that it does. The
run's blocks `training` and `images` are for all models, and hold what only some of them use.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from chrompute.network_spec import NetworkSpec
from chrompute.training_rules import TrainingRules

#: Blocks of a model that hold options.
BLOCKS = ("network", "training", "images", "features", "logistic", "forest", "boosting")

_IMAGES = ("min_length", "max_length", "length_bin", "position_bin", "normalise", "profile")
_FEATURE_IMAGES = ("min_length", "max_length", "normalise", "profile")
_BINNED = ("length_edges", "position_bin", "kmer", "kmer_bin")
_TRAINING = tuple(rule.name for rule in fields(TrainingRules))

#: What each architecture uses of the block `network`.
_KEYS_OF_ARCHITECTURE: Mapping[str, Sequence[str]] = {
    "chrompute": (
        *("architecture", "position_bin", "channels", "blocks", "motif_width", "motifs"),
        *("smoothing", "codons", "dropout", "trunk", "expected", "modality_dropout"),
    ),
    "alexnet": ("architecture", "channels", "dropout"),
    "deepbind": ("architecture", "motif_width", "motifs", "dropout"),
    "deepsea": ("architecture", "channels", "dropout"),
}
_NETWORK = {
    "network": _KEYS_OF_ARCHITECTURE["chrompute"],
    "training": _TRAINING,
    "images": _IMAGES,
}
#: What each kind of model uses of each block; kinds that are not here use nothing of any.
KEYS_OF_KIND: Mapping[str, Mapping[str, Sequence[str]]] = {
    "network": _NETWORK,
    # These have what is their network's: `chrompute.derived_faults` tells what they name of it.
    "ensemble": _NETWORK,
    "applied": _NETWORK,
    "logistic": {
        "images": _FEATURE_IMAGES,
        "features": ("length_edges", "spans"),
        "logistic": ("c",),
    },
    "forest": {
        "images": _FEATURE_IMAGES,
        "features": _BINNED,
        "forest": ("trees", "min_leaf"),
    },
    "boosting": {
        "images": _FEATURE_IMAGES,
        "features": _BINNED,
        "boosting": ("rounds", "learning_rate", "leaves", "min_leaf", "l2"),
    },
}

_VPLOTS, _ANY_IMAGE, _DNA = ("vplot", "mnase"), ("vplot", "mnase", "mnase_profile"), ("sequence",)
#: Inputs of which a model must read one, or a key means nothing to it.
_INPUTS_OF_KEY: Mapping[tuple[str, str], Sequence[str]] = {
    ("images", "min_length"): _VPLOTS,
    ("images", "max_length"): _VPLOTS,
    ("images", "length_bin"): _VPLOTS,
    ("images", "position_bin"): _ANY_IMAGE,
    ("images", "normalise"): _ANY_IMAGE,
    ("images", "profile"): ("mnase_profile",),
    ("features", "length_edges"): _VPLOTS,
    ("features", "position_bin"): _ANY_IMAGE,
    ("features", "spans"): _ANY_IMAGE,
    ("features", "kmer"): _DNA,
    ("features", "kmer_bin"): _DNA,
    ("network", "smoothing"): _ANY_IMAGE,
    ("network", "expected"): _ANY_IMAGE,
    ("network", "motif_width"): _DNA,
    ("network", "motifs"): _DNA,
    ("network", "codons"): _DNA,
    ("training", "thinning"): _ANY_IMAGE,
}


def without_use(entry: Mapping[str, Any], block: str, key: str) -> str | None:
    """Say in what model a key changes nothing, None where it changes something.

    Parameters
    ----------
    entry
        A model as the configuration has it, defaults filled in or not.
    block, key
        One of `BLOCKS`, and a key of it.
    """
    kind, inputs = entry["kind"], entry.get("inputs", ())
    if key not in KEYS_OF_KIND.get(kind, {}).get(block, ()):
        return f"a model of kind {kind}"
    if kind == "network":
        name = entry.get("network", {}).get("architecture", NetworkSpec.architecture)
        other = block == "network" and key not in _KEYS_OF_ARCHITECTURE[name]
        # The classic networks have no heads for single inputs.
        if other or (key == "auxiliary" and name != NetworkSpec.architecture):
            return f"a network of architecture {name}"
        if key == "modality_dropout" and len(inputs) == 1:
            return "a network of one input"
    needed = _INPUTS_OF_KEY.get((block, key), ())
    if needed and inputs and not {*needed} & {*inputs}:
        return f"a model that reads no {' or '.join(needed)}"
    return None


def unused_faults(
    entry: Mapping[str, Any], named: Mapping[str, Any], schema: Mapping[str, Any]
) -> list[str]:
    """List the keys of a model's own blocks that change nothing in it, one sentence each.

    A value that is the default is let pass: a configuration whose defaults were filled in stays
    in order. So are unknown keys, of which the schema tells.

    Parameters
    ----------
    entry
        The model, as for `without_use`.
    named
        What is looked at: the model itself, or the change that an ablation makes.
    schema
        That of the configuration.
    """
    own = schema["properties"]["models"]["additionalProperties"]["properties"]
    faults = []
    for block in BLOCKS:
        known = (schema["$defs"][block] if "$ref" in own[block] else own[block])["properties"]
        for key, value in named.get(block, {}).items():
            there = key in known and value != known[key].get("default", ...)
            if there and (reader := without_use(entry, block, key)):
                faults.append(f"{block}: {key!r} changes nothing in {reader}; remove it")
    return faults


def without_inherited(entry: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """Return a changed model without what it has from the other one and has no use for.

    Parameters
    ----------
    entry
        The model, as for `without_use`.
    named
        What the change names: these keys stay.
    """
    return {
        block: {
            key: option
            for key, option in value.items()
            if key in named.get(block, {}) or not without_use(entry, block, key)
        }
        if block in BLOCKS
        else value
        for block, value in entry.items()
    }
