"""The JSON schema of the configuration: what its errors mean, and its defaults."""

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from jsonschema.exceptions import ValidationError


def explain(error: ValidationError, above: str = "") -> list[str]:
    """Turn a schema error into sentences that name the key and the remedy.

    Parameters
    ----------
    error
        What is wrong.
    above
        Where the checked value itself stands, empty for the whole configuration.
    """
    place = "/".join(filter(None, (above, *map(str, error.absolute_path)))) or "top level"
    if (
        error.validator == "additionalProperties"
        and isinstance(error.schema, dict)
        and isinstance(error.instance, dict)
    ):
        known = list(error.schema.get("properties", {}))
        return [
            f"{place}: unknown key {key!r}{suggestion(key, known)}"
            for key in error.instance
            if key not in known
        ]
    if error.validator == "propertyNames":
        return [f"{place}: the name {error.instance!r} is not allowed ({error.message})"]
    message = error.message
    if error.validator == "not":
        message = f"{error.instance!r} is not allowed"
    help_text = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
    return [f"{place}: {message}" + (f". {help_text}" if help_text else "")]


def suggestion(key: str, known: Iterable[str]) -> str:
    """Return what to add to a sentence on an unknown name: the nearest known one, or all."""
    known = list(known)
    near = get_close_matches(key, known, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known keys are {', '.join(sorted(known))}"


def with_defaults(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    """Fill in the schema's defaults, in place, at every depth; return the value."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    if not isinstance(value, dict):
        return value
    for key, entry in schema.get("properties", {}).items():
        if key not in value and "default" in entry:
            value[key] = json.loads(json.dumps(entry["default"]))
        if key in value:
            with_defaults(value[key], entry, root)
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        for key in value.keys() - schema.get("properties", {}).keys():
            with_defaults(value[key], others, root)
    return value
