"""Ablations: models that are another model of the configuration but for what is named."""

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from typing import Any

from jsonschema import Draft202012Validator

from chrompute.model_groups import INPUT_TITLES
from chrompute.network_spec import NetworkSpec
from chrompute.schema import explain, suggestion, with_defaults
from chrompute.settings import TRAINING_DEFAULTS
from chrompute.used_keys import BLOCKS, unused_faults, without_inherited, without_use

Entry = dict[str, Any]
Path = tuple[str, ...]

#: Keys whose values say enough without them.
_TELLING = ("kind", "windows", "architecture", "trunk")
#: What makes no other model.
_SAME_MODEL = (("title",), ("seeds",), ("training", "tensorboard"))
#: Lists whose order means nothing.
_SETS = ("inputs", "tasks", "samples", "train_on", "permute")
_NETWORK_DEFAULTS = {
    field.name: [*field.default] if isinstance(field.default, tuple) else field.default
    for field in fields(NetworkSpec)
    if field.default is not MISSING
}
_LENGTHS = (("images", "min_length"), ("images", "max_length"))


def expand_ablations(
    config: Mapping[str, Any], schema: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """Turn the list `ablations` into models.

    Parameters
    ----------
    config
        A configuration that the schema allows, defaults not filled in.
    schema
        The schema.

    Returns
    -------
    config
        With one more entry in `models` for each ablation that is in order, and without the list.
    entries
        {name of such a model: the entry that makes it, "ablations/0" the first one}.
    faults
        One sentence for each that is not in order.
    """
    models = copy.deepcopy(dict(config.get("models", {})))
    whole = dict(models)  # with what an ablation inherits and has no use for
    entries: dict[str, str] = {}
    faults: list[str] = []
    for index, entry in enumerate(config.get("ablations", [])):
        base, place = entry["of"], f"ablations/{index}"
        if base not in models:
            faults.append(
                f"{place}/of: unknown model {base!r} (an ablation of another ablation stands below "
                f"it){suggestion(base, models)}"
            )
            continue
        change = {key: value for key, value in entry.items() if key not in ("of", "name")}
        model = _merged({k: v for k, v in whole[base].items() if k != "title"}, change)
        own = _own_faults(whole[base], model, change, schema, place)
        if own:
            faults += own
            continue
        parts = _differences(_complete(models[base], config, schema), change, model, config, schema)
        name = entry.get("name") or "-".join([base, *(_as_name(part) for part, _ in parts)])
        if not parts:
            faults.append(f"{place}: nothing differs from models/{base}; change something")
        elif name in models:
            faults.append(f"{place}: models/{name} is there already; give this one another 'name'")
        else:
            title = models[base].get("title", base)
            model.setdefault("title", ", ".join([title, *(part for _, part in parts)]))
            models[name], whole[name] = without_inherited(model, change), model
            entries[name] = place
    return {**config, "models": models, "ablations": []}, entries, faults


def _own_faults(
    base: Entry, model: Entry, change: Entry, schema: Mapping[str, Any], place: str
) -> list[str]:
    """List what is wrong with a changed model that was not wrong before."""
    told = _schema_faults(base, schema, place)
    faults = [fault for fault in _schema_faults(model, schema, place) if fault not in told]
    return faults or [f"{place}: {fault}" for fault in unused_faults(model, change, schema)]


def _merged(base: Entry, change: Entry) -> Entry:
    """Return one mapping laid over another at every depth; lists and values are replaced."""
    merged = copy.deepcopy(base)
    for key, value in change.items():
        deeper = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if deeper else copy.deepcopy(value)
    return merged


def _model_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    own = schema["properties"]["models"]["additionalProperties"]
    return {**own, "$defs": schema["$defs"]}


def _schema_faults(model: Entry, schema: Mapping[str, Any], place: str) -> list[str]:
    errors = Draft202012Validator(_model_schema(schema)).iter_errors(model)
    ordered = sorted(errors, key=lambda error: list(map(str, error.path)))
    return [fault for error in ordered for fault in explain(error, place)]


def _complete(model: Entry, config: Mapping[str, Any], schema: Mapping[str, Any]) -> Entry:
    """Return a model with what it leaves to the run and to the defaults."""
    filled: Entry = with_defaults(copy.deepcopy(model), _model_schema(schema), schema)
    run = copy.deepcopy(dict(config.get("images", {})))
    images = with_defaults(run, schema["properties"]["images"], schema)
    filled["images"] = {**images, **filled["images"]}
    filled["training"] = TRAINING_DEFAULTS | config.get("training", {}) | filled["training"]
    filled["network"] = _NETWORK_DEFAULTS | filled["network"]
    return filled


def _leaves(value: Entry, above: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield the path and value of everything in a mapping that is no mapping itself."""
    for key, entry in value.items():
        if isinstance(entry, dict):
            yield from _leaves(entry, (*above, key))
        else:
            yield (*above, key), entry


def _differences(
    base: Entry,
    change: Entry,
    model: Entry,
    config: Mapping[str, Any],
    schema: Mapping[str, Any],
) -> list[tuple[str, str]]:
    """Return what of a change makes another model, each as part of a name and of a title.

    Parameters
    ----------
    base
        The changed model, complete.
    change, model
        The change, and what it makes of the model.
    config, schema
        As in `expand_ablations`.
    """
    before, after = dict(_leaves(base)), dict(_leaves(_complete(model, config, schema)))
    differing = [
        path
        for path, _ in _leaves(change)
        if path not in _SAME_MODEL
        and _value(path, before.get(path, ...)) != _value(path, after[path])
        and not (path[0] in BLOCKS and without_use(model, path[0], path[1]))
    ]
    parts = [_part(path, after[path]) for path in differing if path not in _LENGTHS]
    if any(path in _LENGTHS for path in differing):
        low, high = (after[path] for path in _LENGTHS)
        parts.append((f"{low}-{high}bp", f"{low} to {high} bp"))
    return parts


def _value(path: Path, value: Any) -> Any:
    """Return what of a value another one is compared with: lists without an order, as sets."""
    return {*value} if path[0] in _SETS and isinstance(value, list) else value


def _part(path: Path, value: Any) -> tuple[str, str]:
    """Return how a name and a title tell of one value."""
    key = "-".join(path[1:] or path)
    words = key.replace("_", " ").replace("-", " ")
    if path == ("inputs",):
        titles = [INPUT_TITLES[name] for name in value]
        ending = " and ".join([", ".join(titles[:-1]), *titles[-1:]] if titles[1:] else titles)
        return "-".join(value) or "no-inputs", ending + " only" * (len(titles) == 1) or "no inputs"
    if path[-1] in _TELLING:
        return str(value), str(value)
    if isinstance(value, bool):
        return ("" if value else "no-") + key, ("" if value else "no ") + words
    if isinstance(value, list) and value:
        return f"{key}-{'-'.join(map(str, value))}", f"{words} {', '.join(map(str, value))}"
    if value is None or value == []:
        return f"no-{key}", f"no {words}"
    return f"{key}-{value}", f"{words} {value}"


def _as_name(text: str) -> str:
    """Return a text with what names of models may not hold replaced."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", text)
