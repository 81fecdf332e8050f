"""Tasks: what is predicted of a window, as the configuration describes it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from chrompute.presets import PRESETS

#: Classes of a marks task.
NOT_BOUND, BOUND = "not_bound", "bound"


@dataclass(frozen=True)
class Keep:
    """Which lines of a label file count.

    Attributes
    ----------
    column
        Column of the BED, from 1.
    values
        {cell type: texts of that column}; the key None stands for cell types not named.
    """

    column: int
    values: Mapping[str | None, tuple[str, ...]]

    @classmethod
    def from_config(cls, entry: Mapping[str, Any] | None) -> "Keep | None":
        """Read the block `keep` of a task."""
        if entry is None:
            return None
        values = entry["values"]
        by_type = values if isinstance(values, Mapping) else {None: values}
        return cls(entry["column"], {name: tuple(texts) for name, texts in by_type.items()})

    def texts(self, cell_type: str) -> tuple[str, ...]:
        """Return the texts that count in a cell type; none where it is not named."""
        return self.values.get(cell_type, self.values.get(None, ()))


@dataclass(frozen=True)
class Task:
    """One thing to predict of each window.

    Attributes
    ----------
    name, title
        Name in the configuration, and how figures and reports call it.
    kind
        "segmentation" (one of K classes), "marks" (bound or not) or "signal" (a number).
    metric
        The metric that leads in reports.
    classes
        Class names, in the order of a model's outputs; none for a signal.
    titles
        {class: how figures and reports call it}.
    class_of
        {state in the label file: class}, None for states that are excluded explicitly.
    column
        Column of the label file that names the state, from 1.
    assign, core, min_overlap, overlaps, margin, min_score
        How a window gets its label: the options of these names (config/README.md).
    keep
        Which lines of the label files count; None for all.
    """

    name: str
    kind: str
    title: str
    metric: str
    classes: tuple[str, ...]
    titles: Mapping[str, str]
    class_of: Mapping[str, str | None] = field(default_factory=dict)
    assign: str = "centre"
    core: int = 200
    min_overlap: float = 0.5
    overlaps: str = "fault"
    margin: int = 200
    min_score: float | None = None
    keep: Keep | None = None
    column: int = 4

    @property
    def reach(self) -> int:
        """Bases around a window's centre that decide its label, bp."""
        if self.kind == "segmentation" and self.assign == "centre":
            return 1
        return self.core + 2 * self.margin if self.kind == "marks" else self.core

    @classmethod
    def from_config(cls, name: str, entry: Mapping[str, Any]) -> "Task":
        """Read one entry of the `tasks` block; absent options have the schema's defaults."""
        titles: dict[str, str] = {}
        class_of: dict[str, str | None] = {}
        if entry["kind"] == "marks":
            titles = {NOT_BOUND: "not bound", BOUND: "bound"}
        elif entry["kind"] == "segmentation":
            mapping = class_mapping(entry)
            class_of = dict.fromkeys(mapping["exclude"])
            for class_name, block in mapping["classes"].items():
                titles[class_name] = block.get("title", class_name)
                class_of |= dict.fromkeys(block["states"], class_name)
        rules = ("column", "assign", "core", "min_overlap", "overlaps", "margin", "min_score")
        return cls(
            name,
            entry["kind"],
            entry.get("title", name),
            entry.get("metric", "accuracy"),
            tuple(titles),
            titles,
            class_of,
            **{rule: entry[rule] for rule in rules if rule in entry},
            keep=Keep.from_config(entry.get("keep")),
        )


def class_mapping(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `classes` and `exclude` of a segmentation task, those of its preset among them."""
    own = {"classes": entry.get("classes", {}), "exclude": entry.get("exclude", [])}
    if entry.get("preset") is None:
        return own
    preset = PRESETS[entry["preset"]]
    return {"classes": preset["classes"], "exclude": [*preset["exclude"], *own["exclude"]]}


#: Options of a task that belong to some kinds only, and their defaults.
_OWN_OPTIONS: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "preset": (None, ("segmentation",)),
    "classes": (None, ("segmentation",)),
    "exclude": ([], ("segmentation",)),
    "column": (4, ("segmentation",)),
    "assign": ("centre", ("segmentation",)),
    "min_overlap": (0.5, ("segmentation",)),
    "overlaps": ("fault", ("segmentation",)),
    "margin": (200, ("marks",)),
    "min_score": (None, ("marks",)),
    "keep": (None, ("segmentation", "marks")),
    "metric": ("accuracy", ("segmentation", "marks")),
}
#: Options of a segmentation that belong to some values of 'assign' only, and their defaults.
_OWN_OF_ASSIGN: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "core": (200, ("majority", "overlap")),
    "min_overlap": (0.5, ("overlap",)),
}


def task_faults(name: str, entry: Mapping[str, Any]) -> list[str]:
    """List what is wrong with one entry of the `tasks` block, one sentence each."""
    kind = entry["kind"]
    faults = [
        f"tasks/{name}: {option!r} is for tasks of kind {' or '.join(kinds)}; remove it"
        for option, (default, kinds) in _OWN_OPTIONS.items()
        if entry.get(option, default) != default and kind not in kinds
    ]
    if kind != "segmentation":
        return faults
    assign = entry.get("assign", "centre")
    faults += [
        f"tasks/{name}: {option!r} is for 'assign' {' or '.join(rules)}, and it is {assign}; "
        "remove it"
        for option, (default, rules) in _OWN_OF_ASSIGN.items()
        if entry.get(option, default) != default and assign not in rules
    ]
    if entry.get("preset") and entry.get("classes"):
        faults.append(f"tasks/{name}: has both 'preset' and 'classes'; keep one")
    if not entry.get("preset") and not entry.get("classes"):
        faults.append(f"tasks/{name}: a segmentation needs 'classes', or a 'preset'")
    if entry.get("overlaps") == "unknown" and assign != "centre":
        faults.append(
            f"tasks/{name}: with 'overlaps' unknown a window has the class at its centre; set "
            "'assign' to centre"
        )
    return faults + mapping_faults(name, class_mapping(entry))


def mapping_faults(name: str, entry: Mapping[str, Any]) -> list[str]:
    """List the states that a task's mapping sends to two places."""
    owner: dict[str, str] = {}
    faults = []
    places = {"exclude": entry.get("exclude", ())}
    places |= {key: block["states"] for key, block in entry.get("classes", {}).items()}
    for place, states in places.items():
        for state in states:
            if state in owner:
                faults.append(
                    f"tasks/{name}: state {state!r} is mapped to {owner[state]!r} and to "
                    f"{place!r}; keep one"
                )
            owner[state] = place
    return faults


def unmapped_states(task: Task, states: Iterable[str]) -> dict[str, str]:
    """Return {state of a label file that the task maps to nothing: what to do}."""
    remedies = {}
    for state in sorted(set(states) - set(task.class_of)):
        near = get_close_matches(state, task.class_of, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        remedies[state] = (
            f"state {state!r} has no class in tasks/{task.name}{hint}; "
            "add it to a class or to 'exclude'"
        )
    return remedies
