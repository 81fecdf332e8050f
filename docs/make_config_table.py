"""Rewrite the table of configuration keys in config/README.md from the schema."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = json.loads((ROOT / "config/schemas/config.schema.json").read_text(encoding="utf-8"))
BEGIN, END = "<!-- table from the schema: make docs -->", "<!-- end of table -->"
HEAD = ["| key | meaning | type and allowed values | default |", "|---|---|---|---|"]
NAMES = {"object": "mapping", "array": "list", "string": "text", "null": "`null`"}
LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "multipleOf": "a multiple of {}",
}
Schema = dict[str, Any]


def allowed(entry: Schema) -> str:
    """Return in words what a value may be."""
    if "anyOf" in entry:
        return " or ".join(allowed(choice) for choice in entry["anyOf"])
    if "const" in entry:
        return f"`{entry['const']}`"
    if "enum" in entry:
        return "one of " + ", ".join(f"`{value}`" for value in entry["enum"])
    given: Any = entry["type"]
    kinds: list[str] = given if isinstance(given, list) else [given]
    words = [" or ".join(NAMES.get(kind, kind) for kind in kinds)]
    if "items" in entry:
        words.append(f"each {allowed(entry['items'])}")
    words += [text.format(entry[name]) for name, text in LIMITS.items() if name in entry]
    words += ["odd"] * ("not" in entry)
    words += [f"{entry[n]} or more entries" for n in ("minItems", "minProperties") if n in entry]
    words += ["none twice"] * ("uniqueItems" in entry)
    if "propertyNames" in entry:
        words.append(f"names match `{entry['propertyNames']['pattern']}`")
    return ", ".join(words)


def rows(path: str, entry: Schema, default: str, seen: set[str]) -> list[str]:
    """Return the lines of one key and of all keys below it; each $ref is spelt out once."""
    target = entry.get("$ref", "").rsplit("/", 1)[-1]
    full = SCHEMA["$defs"][target] | entry if target else entry
    if "default" in full:
        default = f"`{json.dumps(full['default'])}`"
    again = f" Keys as in `{target}` above." if target in seen else ""
    meaning = full.get("description", "One entry, under its name." if path[-1] == "*" else "")
    cells = [f"`{path}`", meaning + again, allowed(full), default]
    lines = ["| " + " | ".join(cell.strip().replace("|", "\\|") for cell in cells) + " |"]
    if again:
        return lines
    seen |= {target} - {""}
    others = full.get("additionalProperties")
    below = full.get("properties", {}) | ({"*": others} if isinstance(others, dict) else {})
    for key, child in below.items():
        unset = "required" if key in full.get("required", ()) else "see above" if target else ""
        lines += rows(f"{path}/{key}", child, unset, seen)
    return lines


def table() -> str:
    """Return one section with a table for each block of the configuration."""
    lines: list[str] = []
    seen: set[str] = set()
    for key, entry in SCHEMA["properties"].items():
        unset = "required" if key in SCHEMA["required"] else ""
        lines += ["", f"### `{key}`", "", *HEAD, *rows(key, entry, unset, seen)]
    return "\n".join(lines) + "\n\n"


def filled(page: str) -> str:
    """Return the page with the table between its markers made anew."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{table()}{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    path = ROOT / "config/README.md"
    path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
