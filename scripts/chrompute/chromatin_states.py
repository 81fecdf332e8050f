"""States that ChromHMM learnt: aligned between replicates, and named by their marks."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from chrompute.errors import InputError
from chrompute.manifest import write_json
from chrompute.whole_files import write_frame

logger = logging.getLogger(__name__)

#: Decimals to which differences from two names are compared: equal ones are a tie.
_DIGITS = 6
#: A mark that no state has in this share of its bins tells states apart by noise.
_SEEN = 0.2


@dataclass(frozen=True)
class Model:
    """What one replicate's model says of its states, which ChromHMM numbers from 1.

    Attributes
    ----------
    emissions
        Chance that a bin of a state (row) has a mark (column).
    transitions
        Chance that a bin of a state (row) is followed by one of another (column).
    program
        Program and version that learnt it.
    """

    emissions: pd.DataFrame
    transitions: pd.DataFrame
    program: str


def read_model(folder: str | Path) -> Model:
    """Read the tables that `chrompute.chromhmm.learn` left; marks are sorted by name.

    Raises
    ------
    InputError
        When a table is missing.
    """
    tables = []
    for name in ("emissions", "transitions"):
        paths = sorted(Path(folder).glob(f"{name}_*.txt"))
        if len(paths) != 1:
            raise InputError(f"{folder}: holds no table of {name}; learn the model again")
        tables.append(pd.read_csv(paths[0], sep="\t", index_col=0, float_precision="round_trip"))
    emissions, transitions = tables
    transitions.columns = transitions.columns.astype(int)
    program = (Path(folder) / "version.txt").read_text().strip()
    return Model(emissions.sort_index(axis=1), transitions, program)


def align_states(first: pd.DataFrame, other: pd.DataFrame) -> dict[int, int]:
    """Pair the states of two models so that their emissions differ least in all.

    Parameters
    ----------
    first, other
        Emissions of the same marks and as many states.

    Returns
    -------
    dict
        {state of `other`: state of `first`}, one to one: of all such pairings the one with the
        smallest sum of squared Euclidean distances (Kuhn 1955, Naval Research Logistics 2:83).
    """
    one, two = first.to_numpy(), other[first.columns].to_numpy()
    cost = ((two[:, None, :] - one[None, :, :]) ** 2).sum(axis=2)
    rows, columns = linear_sum_assignment(cost)
    pairs = zip(other.index[rows].tolist(), first.index[columns].tolist(), strict=True)
    return dict(pairs)


def marks_apart(
    emissions: pd.DataFrame, names: Mapping[str, Sequence[str]], relative: bool = True
) -> pd.DataFrame:
    """Return by how many marks each state (row) differs from each name (column).

    The difference is the sum over marks of 1 - emission where the name has the mark and of the
    emission where it has not. Squared Euclidean distances to the name's marks, as 0 and 1, rank
    names alike.

    Parameters
    ----------
    emissions
        States by marks.
    names
        {name: marks that a state of that name has}.
    relative
        Whether to take emissions as shares of the mark's largest emission in any state (0.2 at
        least): an antibody that finds its mark in half of the bins still tells states apart.
    """
    shares = emissions / emissions.max().clip(lower=_SEEN) if relative else emissions
    columns = {}
    for name, marks in names.items():
        wanted = np.isin(shares.columns, [*marks]).astype(float)
        columns[name] = np.abs(shares.to_numpy() - wanted).sum(axis=1)
    return pd.DataFrame(columns, index=emissions.index)


def describe_states(
    replicate: str,
    emissions: pd.DataFrame,
    first: pd.DataFrame,
    names: Mapping[str, Sequence[str]],
) -> pd.DataFrame:
    """Give the states of one replicate their aligned numbers and their names.

    Each state is named by its own emissions, not by those of the states it is aligned with:
    replicates that settled their names together would agree more than they do.

    Parameters
    ----------
    replicate
        Its name, for messages.
    emissions, first
        Emissions of this replicate and of the first one.
    names
        {name: marks that a state of that name has}.

    Returns
    -------
    DataFrame
        A row a state of this replicate, in the order of the aligned number: aligned, name,
        marks_apart (from its name), next_name, next_marks_apart, distance (Euclidean) and
        correlation (Pearson's, NaN of constant emissions) of its emissions and those of the first
        replicate's state of that number.

    Raises
    ------
    InputError
        Where a state is as much like one name as like another.
    """
    table = _nearest_names(replicate, emissions, names)
    table.insert(0, "aligned", pd.Series(align_states(first, emissions)))
    partner = first.loc[table["aligned"], emissions.columns].to_numpy()
    own = emissions.to_numpy()
    table["distance"] = np.sqrt(((own - partner) ** 2).sum(axis=1))
    table["correlation"] = [_correlation(*pair) for pair in zip(own, partner, strict=True)]
    return table.sort_values("aligned")


def _nearest_names(
    replicate: str, emissions: pd.DataFrame, names: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Find the nearest and the second name of each state, as `describe_states` tells."""
    apart = marks_apart(emissions, names).round(_DIGITS)
    # Where a state has the largest emissions of two marks, these decide as they are.
    absolute = marks_apart(emissions, names, relative=False).round(_DIGITS)
    order = np.lexsort((absolute.to_numpy(), apart.to_numpy()), axis=1)[:, :2]
    nearest, second = (apart.columns[column] for column in order.T)
    table = pd.DataFrame({"name": nearest, "next_name": second}, index=emissions.index)
    for column, source in (("marks_apart", apart), ("absolute", absolute)):
        both = np.take_along_axis(source.to_numpy(), order, axis=1)
        table[column], table[f"next_{column}"] = both.T
    tied = (table["marks_apart"] == table["next_marks_apart"]) & (
        table["absolute"] == table["next_absolute"]
    )
    faults = [
        f"configuration: chromhmm/names: state {state} of replicate {replicate!r} "
        f"({_in_words(emissions.loc[state])}) is as much like {row['name']!r} as like "
        f"{row['next_name']!r}; add a name with its marks"
        for state, row in table[tied].iterrows()
    ]
    if faults:
        raise InputError(faults)
    return table[["name", "marks_apart", "next_name", "next_marks_apart"]]


def _correlation(one: np.ndarray, two: np.ndarray) -> float:
    constant = np.ptp(one) == 0 or np.ptp(two) == 0
    return float("nan") if constant else float(np.corrcoef(one, two)[0, 1])


def _in_words(emissions: pd.Series) -> str:
    return ", ".join(f"{mark} {value:.2f}" for mark, value in emissions.items())


def notes_on_states(
    tables: Mapping[str, pd.DataFrame],
    models: Mapping[str, Model],
    names: Mapping[str, Sequence[str]],
) -> dict[str, list[str]]:
    """Say what is worth knowing of named states: {replicate: sentences}.

    These are marks that hardly any bin has, names that no state got, and states that got another
    name than the state of the first replicate with which they are aligned.
    """
    first = next(iter(tables.values())).set_index("aligned")["name"]
    notes: dict[str, list[str]] = {}
    for replicate, table in tables.items():
        emissions = models[replicate].emissions
        largest = emissions.max()
        own = [
            f"mark {mark} is in {value:.1%} of the bins of any state at most; it hardly counts"
            for mark, value in largest[largest < _SEEN].items()
        ]
        unused = [name for name in names if name not in set(table["name"])]
        if unused:
            shown = "; ".join(f"{state}: {_in_words(row)}" for state, row in emissions.iterrows())
            own.append(f"no state is called {', '.join(unused)}; the states are {shown}")
        own += [
            f"state {state} is called {row['name']!r} ({_in_words(emissions.loc[state])}), and the "
            f"state of the first replicate that it is aligned with {first[row['aligned']]!r}"
            for state, row in table.iterrows()
            if row["name"] != first[row["aligned"]]
        ]
        notes[replicate] = own
        for note in own:
            logger.warning("note: replicate %s: %s", replicate, note)
    return notes


def write_states(table: pd.DataFrame, model: Model, notes: Sequence[str], path: str | Path) -> None:
    """Write what `describe_states` found, with emissions and notes, as JSON."""
    rows = table.astype(object).where(table.notna(), None)
    states = [
        {
            "state": int(number),
            **{key: _plain(value) for key, value in row.items()},
            "emissions": {
                mark: _plain(value) for mark, value in model.emissions.loc[number].items()
            },
        }
        for number, row in rows.iterrows()
    ]
    content = {"program": model.program, "states": states, "notes": [*notes]}
    write_json(content, path)


def _plain(value: object) -> object:
    return round(float(value), 6) if isinstance(value, float) else value


def write_tables(
    table: pd.DataFrame, model: Model, emissions: str | Path, transitions: str | Path
) -> None:
    """Write both tables of a model with rows and columns in the order of aligned numbers."""
    heads = table[["aligned", "name"]].rename_axis("state")
    order = table.index
    one = heads.join(model.emissions)
    two = heads.join(model.transitions.loc[:, order].set_axis(table["aligned"], axis=1))
    for each, path in ((one, emissions), (two, transitions)):
        write_frame(each, path, index=True, float_format="%.6f")
