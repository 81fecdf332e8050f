"""Which models are compared in pairs: with and without an input, with their oracle, and all."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chrompute.recipe import ASSAY_OF_INPUT


@dataclass(frozen=True)
class Candidate:
    """A model that may be compared with others.

    Attributes
    ----------
    model, kind
        Its name; "network", "ensemble", "oracle", ...
    inputs
        What it reads.
    windows, fold, tasks
        Window set, test fold, and names of its tasks.
    setup
        Everything else that the configuration says of it.
    control
        Whether something was permuted before training.
    """

    model: str
    kind: str
    inputs: tuple[str, ...]
    windows: str
    fold: str | None
    tasks: tuple[str, ...]
    setup: Mapping[str, Any]
    control: bool = False

    @property
    def twin_key(self) -> str:
        """Tell apart what must not differ where inputs alone shall."""
        return json.dumps([self.windows, self.fold, self.tasks, self.setup], sort_keys=True)

    @property
    def sources(self) -> set[str]:
        """Assays (and "sequence") that it reads, however they are drawn."""
        return {ASSAY_OF_INPUT.get(name, name) for name in self.inputs}


@dataclass(frozen=True)
class Pair:
    """Two models of which the scores of the second are taken from those of the first.

    Attributes
    ----------
    first, second
        The models.
    facts
        Columns of the table that tell what the pair is.
    windows, tasks
        Their window set, and the tasks of both.
    """

    first: str
    second: str
    facts: Mapping[str, str]
    windows: str
    tasks: tuple[str, ...]


def modality_pairs(candidates: Sequence[Candidate]) -> list[Pair]:
    """Return the networks that differ in one input and in nothing else, the larger one first."""
    networks = [c for c in candidates if c.kind == "network" and not c.control]
    pairs = []
    for large in networks:
        for small in networks:
            added = [name for name in large.inputs if name not in small.inputs]
            nested = set(small.inputs) < set(large.inputs) and len(added) == 1
            if nested and small.twin_key == large.twin_key:
                facts = {
                    "added": added[0],
                    "beside": "+".join(name for name in large.inputs if name != added[0]),
                    "model": large.model,
                    "without": small.model,
                }
                pairs.append(Pair(large.model, small.model, facts, large.windows, large.tasks))
    return pairs


def oracle_pairs(candidates: Sequence[Candidate]) -> list[Pair]:
    """Return each network and ensemble with its oracle, the oracle first.

    That is the oracle of the same window set and fold that reads what the model reads, and of
    several the one that reads least besides; a model without one is in no pair.
    """
    oracles = [c for c in candidates if c.kind == "oracle"]
    pairs = []
    for model in candidates:
        if model.kind not in ("network", "ensemble") or model.control:
            continue
        above = [
            oracle
            for oracle in oracles
            if (oracle.windows, oracle.fold) == (model.windows, model.fold)
            and oracle.sources >= model.sources
        ]
        if above:
            oracle = min(above, key=lambda one: len(one.sources))
            facts = {"model": model.model, "oracle": oracle.model}
            shared = tuple(task for task in model.tasks if task in oracle.tasks)
            pairs.append(Pair(oracle.model, model.model, facts, model.windows, shared))
    return pairs


def all_pairs(candidates: Sequence[Candidate]) -> list[Pair]:
    """Return every two models that predict a task on the same windows, each pair once.

    The later one of the configuration comes first, so that a difference tells what it gains over
    the earlier one, which is the baseline more often than not.
    """
    pairs = []
    for place, first in enumerate(candidates):
        for second in candidates[:place]:
            tasks = tuple(task for task in first.tasks if task in second.tasks)
            same = (first.windows, first.fold) == (second.windows, second.fold)
            if same and tasks:
                facts = {"first": first.model, "second": second.model}
                pairs.append(Pair(first.model, second.model, facts, first.windows, tasks))
    return pairs
