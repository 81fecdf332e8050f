"""Which networks are interpreted, as the configuration says."""

from collections.abc import Mapping
from typing import Any

from chrompute.network_spec import SEQUENCE
from chrompute.schema import suggestion


def interpreted_models(config: Mapping[str, Any]) -> list[str]:
    """Return the networks that are interpreted.

    Those that `interpret/models` names. Where it names none, the network of architecture
    "chrompute" that reads most inputs, images among them, and is no control; of several, the first.
    """
    named = config["interpret"]["models"]
    if named is not None:
        return [*named]
    able = [name for name in config["models"] if _fault(name, config) is None]
    able = [name for name in able if not config["models"][name]["permute"]]
    return sorted(able, key=lambda name: -len(config["models"][name]["inputs"]))[:1]


def interpret_faults(config: Mapping[str, Any]) -> list[str]:
    """List what is wrong with the models that are to be interpreted, one sentence each."""
    faults = [_fault(name, config) for name in config["interpret"]["models"] or ()]
    return [f"interpret/models: {fault}" for fault in faults if fault]


def _fault(name: str, config: Mapping[str, Any]) -> str | None:
    """Say why a model cannot be interpreted, None where it can."""
    models = config["models"]
    if name not in models:
        return f"unknown model {name!r}{suggestion(name, models)}"
    entry = models[name]
    if entry["kind"] != "network":
        return f"{name!r} is a model of kind {entry['kind']!r}, and networks are interpreted"
    if set(entry["inputs"]) <= {SEQUENCE}:
        return f"{name!r} reads no V-plot; take it out"
    architecture = entry["network"].get("architecture", "chrompute")
    if architecture != "chrompute":
        return f"{name!r} has architecture {architecture!r}, and only 'chrompute' is interpreted"
    return None
