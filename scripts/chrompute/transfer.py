"""The transfer matrix: models trained on some cell types, scored in each cell type."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from chrompute.model_pairs import Candidate
from chrompute.seeds import over_seeds

_KEYS = ["model", "task", "cell_type", "split", "metric"]
TRANSFER_COLUMNS = (
    *("windows", "task", "cell_type", "split", "family", "kind", "model", "trained_on", "seen"),
    *("chromosomes", "metric", "value", "low", "high", "spread", "seeds"),
)
#: Kinds that are fitted to the labels of the cell types that they are trained on.
_TRAINED = ("majority", "logistic", "forest", "boosting", "network")
#: Kinds that every other family is compared with.
REFERENCES = ("majority", "forest")


def transfer_families(candidates: Sequence[Candidate]) -> dict[str, str]:
    """Return {model: its family}: models that differ in the cell types they are trained on alone.

    A family is called like the first of its models in the configuration. Controls are in none.
    """
    names: dict[tuple[str, str, tuple[str, ...]], str] = {}
    found = {}
    for one in candidates:
        if one.kind in _TRAINED and not one.control:
            setup = {name: value for name, value in one.setup.items() if name != "train_on"}
            alike = replace(one, setup=setup)
            key = (one.kind, alike.twin_key, tuple(sorted(one.inputs)))
            found[one.model] = names.setdefault(key, one.model)
    return found


def transfer_table(
    scores: pd.DataFrame, candidates: Sequence[Candidate], unseen: Mapping[str, bool]
) -> pd.DataFrame:
    """Return how models do in cell types that they are and are not trained on.

    Parameters
    ----------
    scores
        `metrics.tsv`.
    candidates
        All models; `setup` holds `train_on`.
    unseen
        {window set: whether its test windows lie on chromosomes that none of its windows that
        train lies on}.

    Returns
    -------
    DataFrame
        Columns `TRANSFER_COLUMNS`: in the rows of the matrix `trained_on`, cell types joined by
        "+", in its columns `cell_type`, which is `seen` ("yes" or "no") in training or not. Values
        are means over the seeds (`chrompute.seeds.over_seeds`).
    """
    families = transfer_families(candidates)
    own = {one.model: one for one in candidates if one.model in families}
    means = over_seeds(scores[scores["model"].isin(own)], _KEYS)
    rows = []
    for values in means.to_dict("records"):
        one = own[values["model"]]
        trained = one.setup["train_on"]
        place = {
            "windows": one.windows,
            "family": families[one.model],
            "kind": one.kind,
            "trained_on": "+".join(trained),
            "seen": "yes" if values["cell_type"] in trained else "no",
            "chromosomes": "unseen" if unseen[one.windows] else "shared",
        }
        rows.append({**place, **values})
    table = pd.DataFrame(rows, columns=[*TRANSFER_COLUMNS])
    return table.astype({"seeds": int}).round(6)


def families_to_show(rows: pd.DataFrame) -> list[str]:
    """Return the families of which a matrix has more than one row, references first.

    Parameters
    ----------
    rows
        Of `transfer.tsv`, of one window set and task.
    """
    number = rows.groupby("family", sort=False)["trained_on"].nunique()
    kinds = rows.drop_duplicates("family").set_index("family")["kind"]
    shown = [name for name in number.index if number[name] > 1]
    rank = {kind: place for place, kind in enumerate(REFERENCES)}
    return sorted(shown, key=lambda name: rank.get(kinds[name], len(rank)))
