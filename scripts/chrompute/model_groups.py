"""How tables and figures show models: many of them in groups, and what their inputs are called."""

from collections.abc import Collection, Mapping, Sequence

#: How titles, tables and figures call the inputs of models, in the order to show them.
INPUT_TITLES = {
    "vplot": "ATAC V-plot",
    "mnase": "MNase V-plot",
    "mnase_profile": "MNase dyads",
    "sequence": "DNA",
}
#: In the order to show them.
GROUPS = (
    "no assay",
    "fitted to features",
    "networks of one input",
    "networks of several inputs",
    "ensembles",
    "applied to these windows",
    "controls",
    "oracles",
)
_GROUP_OF_KIND = {
    "majority": GROUPS[0],
    "place": GROUPS[0],
    "logistic": GROUPS[1],
    "forest": GROUPS[1],
    "boosting": GROUPS[1],
    "ensemble": GROUPS[4],
    "applied": GROUPS[5],
    "oracle": GROUPS[7],
}


def group_of(kind: str, inputs: Collection[str], control: bool) -> str:
    """Return the group of a model.

    Parameters
    ----------
    kind, inputs
        As in its block of the configuration.
    control
        Whether something was permuted before it was trained.
    """
    if control:
        return GROUPS[6]
    if kind == "network":
        return GROUPS[2] if len(inputs) == 1 else GROUPS[3]
    return _GROUP_OF_KIND[kind]


def in_groups(models: Sequence[str], groups: Mapping[str, str]) -> list[str]:
    """Sort models by their group; those of one group stay in their order."""
    return [name for group in GROUPS for name in models if groups[name] == group]
