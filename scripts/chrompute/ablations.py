"""Ablations: models that are another model of the configuration but for what is named."""

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

from chrompute.model_groups import INPUT_TITLES
from chrompute.schema import explain, suggestion, with_defaults
from chrompute.settings import TRAINING_DEFAULTS

Entry = dict[str, Any]
Path = tuple[str, ...]

#: Keys whose values say enough without them.
_TELLING = ("kind", "windows", "architecture", "trunk")
#: Keys that make no other model.
_SAME_MODEL = ("title", "seeds")
_LENGTHS = (("images", "min_length"), ("images", "max_length"))


def expand_ablations(
    config: Mapping[str, Any], schema: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
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
    faults
        One sentence for each that is not.
    """
    models = copy.deepcopy(dict(config.get("models", {})))
    faults = []
    for index, entry in enumerate(config.get("ablations", [])):
        base, place = entry["of"], f"ablations/{index}"
        if base not in models:
            faults.append(
                f"{place}/of: unknown model {base!r}{suggestion(base, models)}; an ablation of "
                "another ablation stands below it"
            )
            continue
        change = {key: value for key, value in entry.items() if key not in ("of", "name")}
        model = _merged({k: v for k, v in models[base].items() if k != "title"}, change)
        told = _schema_faults(models[base], schema, place)
        own = [fault for fault in _schema_faults(model, schema, place) if fault not in told]
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
            models[name] = model
    return {**config, "models": models, "ablations": []}, faults


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
        if path[0] not in _SAME_MODEL and before.get(path, ...) != after[path]
    ]
    parts = [_part(path, after[path]) for path in differing if path not in _LENGTHS]
    if any(path in _LENGTHS for path in differing):
        low, high = (after[path] for path in _LENGTHS)
        parts.append((f"{low}-{high}bp", f"{low} to {high} bp"))
    return parts


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
    if isinstance(value, list):
        return f"{key}-{'-'.join(map(str, value))}", f"{words} {', '.join(map(str, value))}"
    return (f"no-{key}", f"no {words}") if value is None else (f"{key}-{value}", f"{words} {value}")


def _as_name(text: str) -> str:
    """Return a text with what names of models may not hold replaced."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", text)
