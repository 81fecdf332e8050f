"""Write the tables and learning curves of a long comparison that are kept in docs/experiments.

    python docs/make_experiments.py results/experiments [PAGE]     (make experiments-tables)

The page is called as the results folder is, or PAGE, so that scores of other windows stand beside.
It reads what the run has finished so far, model by model, and can be called at any time: models
without scores are left out, and tables of all models that are not there yet are named.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from chrompute.calibration_report import verdict_text  # noqa: E402
from chrompute.label_columns import TRUTH  # noqa: E402
from chrompute.metric_titles import MAIN_METRIC_TITLES  # noqa: E402
from chrompute.model_figures import draw_learning_curve  # noqa: E402
from chrompute.model_groups import GROUPS, INPUT_TITLES, group_of  # noqa: E402
from chrompute.predictions import read_scores  # noqa: E402
from chrompute.seeds import over_seeds  # noqa: E402

#: Tables of all models: what the page calls them, and which columns tell rows apart.
WHOLE = {
    "gap": ("Gap closed from the best forest to the agreement of the replicates", ["model"]),
    "modalities": ("What each input adds to the others", ["added", "beside", "model"]),
    "oracles": ("Oracle minus model", ["model", "oracle"]),
}
#: Rows that differ in one of these are never taken together.
_PLACE = ["windows", "task", "cell_type", "split"]
#: Rows of the agreement below the models: what they are called, and their columns.
_AGREEMENT = {
    "replicate agreement": ["value", "low", "high"],
    "limit that independent noise implies (estimate)": ["limit", "limit_low", "limit_high"],
}

Run = tuple[str, int]
Cards = dict[Run, dict[str, Any]]


def named_runs(results: Path) -> set[Run] | None:
    """Return model and seed of all runs that the newer list of the results names.

    The lists are `provenance.json` and `evaluation/metrics.tsv`, which are written when all
    models are there; None without them. Other runs are of models that were configured once.
    """
    lists = [results / "provenance.json", results / "evaluation/metrics.tsv"]
    there = [path for path in lists if path.is_file()]
    if not there:
        return None
    newest = max(there, key=lambda path: path.stat().st_mtime_ns)
    if newest.suffix == ".tsv":
        runs = read_scores(newest)[["model", "seed"]].drop_duplicates()
        return {(str(model), int(seed)) for model, seed in runs.itertuples(index=False)}
    names = json.loads(newest.read_text())["models"]
    return {(model, int(seed)) for model, _, seed in (name.partition("/seed-") for name in names)}


def read_cards(results: Path) -> Cards:
    """Return {model and seed: card} of all runs that trained, in the order of reports."""
    paths = sorted((results / "models").glob("*/seed-*/card.json"))
    cards = {
        (path.parent.parent.name, int(path.parent.name.removeprefix("seed-"))): json.loads(
            path.read_text()
        )
        for path in paths
    }

    def place(run: Run) -> tuple[int, Run]:
        card = cards[run]
        group = group_of(card["kind"], card["inputs"], bool(card.get("permute")))
        return GROUPS.index(group), run

    return {run: cards[run] for run in sorted(cards, key=place)}


def window_set(results: Path, run: Run, card: dict[str, Any]) -> str:
    """Return the window set that a run predicts: by its card, else by the windows themselves.

    A card without it is compared with the window sets that lie in the results: the predictions
    are of the one that holds all their places. It is an error when not exactly one does.
    """
    for key in ("applied_to", "windows"):
        if "set" in card.get(key, {}):
            return str(card[key]["set"])
    (model, seed), names = run, ["cell_type", "chrom", "centre"]
    path = results / f"models/{model}/seed-{seed}/predictions.parquet"
    predicted = pd.MultiIndex.from_frame(pd.read_parquet(path, columns=names).astype(str))
    found = []
    for other in sorted((results / "windows").glob("*.parquet")):
        places = pd.MultiIndex.from_frame(pd.read_parquet(other, columns=names).astype(str))
        found += [other.stem] * bool(predicted.isin(places).all())
    if len(found) != 1:
        sets = " and ".join(found) or "no window set"
        raise SystemExit(f"{path}: {sets} of {results}/windows holds these; predict them again")
    return found[0]


def read_parts(results: Path, name: str, sets: dict[Run, str]) -> pd.DataFrame:
    """Join the tables of some runs, as far as they are scored; without any it is empty.

    The column `windows` is the window set of each run, {model and seed: its name} being given.
    """
    paths = {
        results / f"evaluation/{model}.seed-{seed}.{name}.tsv": windows
        for (model, seed), windows in sets.items()
    }
    parts = [read_scores(path).assign(windows=w) for path, w in paths.items() if path.is_file()]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def models_of(cards: Cards) -> dict[str, dict[str, Any]]:
    """Return {model: the card of its first seed}."""
    models: dict[str, dict[str, Any]] = {}
    for (model, _), card in cards.items():
        models.setdefault(model, card)
    return models


def score_text(row: pd.Series) -> str:
    """Return a mean over seeds with its interval, and the spread of the seeds."""
    if pd.isna(row["value"]):
        return "–"
    ends = "" if pd.isna(row["low"]) else f" ({row['low']:.3f} to {row['high']:.3f})"
    spread = "" if pd.isna(row.get("spread")) else f" ± {row['spread']:.3f}"
    return f"{row['value']:.3f}{spread}{ends}"


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table."""
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def score_tables(scores: pd.DataFrame, agreement: pd.DataFrame, cards: Cards) -> list[str]:
    """Write the scores of all models, one table a window set, task, cell type and split."""
    lines: list[str] = []
    header = ["model", "kind", "inputs", "seeds", *MAIN_METRIC_TITLES.values()]
    for place, own in scores.groupby(_PLACE, sort=False):
        windows, task, cell_type, split = place
        lines += ["", f"## Scores: {task}, {cell_type} ({split} windows of {windows})", ""]
        means = over_seeds(own, ["model", "metric"]).set_index(["model", "metric"])
        rows = []
        for model, card in models_of(cards).items():
            if model in means.index:
                values = means.loc[model]
                inputs = " + ".join(INPUT_TITLES[name] for name in card["inputs"]) or "–"
                seeds = str(int(values["seeds"].iloc[0]))
                texts = [score_text(values.loc[name]) for name in MAIN_METRIC_TITLES]
                name = f"{model} (tests on {card['fold']})" if card.get("fold") else model
                rows.append([name, card["kind"], inputs, seeds, *texts])
        lines += markdown(header, rows + agreement_rows(agreement, place))
    return lines


def agreement_rows(agreement: pd.DataFrame, place: Sequence[str]) -> list[list[str]]:
    """Return what replicates agree on, and the limit of that, as rows below the models."""
    if agreement.empty:
        return []
    own = agreement.set_index([*_PLACE, "metric"])
    rows = []
    for title, columns in _AGREEMENT.items():
        names = dict(zip(columns, ("value", "low", "high"), strict=True))
        cells = own[columns].rename(columns=names)
        texts = [
            score_text(cells.loc[(*place, metric)]) if (*place, metric) in cells.index else "–"
            for metric in MAIN_METRIC_TITLES
        ]
        rows.append([title, "–", "–", "–", *texts])
    return rows if any({*row[4:]} != {"–"} for row in rows) else []


def calibration_table(calibration: pd.DataFrame, cards: Cards) -> list[str]:
    """Write the calibration errors, means over seeds and replicates, and how many pass."""
    if calibration.empty:
        return []
    own = calibration[calibration["labels"] != TRUTH]
    rows = []
    for model in models_of(cards):
        for place, part in own[own["model"] == model].groupby(_PLACE, sort=False):
            mean = part[["ece", "low", "high", "perfect", "limit"]].mean()
            error = f"{mean['ece']:.3f} ({mean['low']:.3f} to {mean['high']:.3f})"
            verdict = verdict_text(part["within"], part["shift"])
            beside = [f"{mean['perfect']:.3f}", f"{mean['limit']:.3f}", verdict]
            rows.append([*place, model, error, *beside])
    header = ["model", "calibration error", "perfect (95 % point)", "limit", "within it"]
    header = [*(name.replace("_", " ") for name in _PLACE), *header]
    return ["", "## Calibration", "", *markdown(header, rows)]


def whole_table(table: pd.DataFrame, title: str, names: Sequence[str]) -> list[str]:
    """Write a table of all models: its metrics side by side."""
    keys = [*_PLACE, *names]
    if "seed" not in table:
        table = table.assign(seed=1)
    means = over_seeds(table, [*keys, "metric"])
    metrics = [name for name in MAIN_METRIC_TITLES if name in set(means["metric"])]
    rows = []
    for place, own in means.groupby(keys, sort=False):
        values = own.set_index("metric")
        rows.append([*place, *(score_text(values.loc[name]) for name in metrics)])
    header = [*(key.replace("_", " ") for key in keys), *(MAIN_METRIC_TITLES[m] for m in metrics)]
    return ["", f"## {title}", "", *markdown(header, rows)]


def whole_tables(results: Path, sets: dict[Run, str]) -> list[str]:
    """Write the tables of all models, of those that have a window set here."""
    windows = {model: name for (model, _), name in sets.items()}
    lines = []
    for table, (title, names) in WHOLE.items():
        path = results / f"evaluation/{table}.tsv"
        if not path.is_file():
            lines += ["", f"## {title}", "", f"`{table}.tsv` needs all models: not there yet."]
            continue
        rows = read_scores(path, ["windows"])
        rows = rows[rows["model"].isin(windows)].dropna(subset=["value"])
        if len(rows):
            rows = rows.assign(windows=rows["model"].map(windows))
            lines += whole_table(rows, title, names)
    return lines


def learning_curves(results: Path, images: Path, name: str, cards: Cards) -> list[str]:
    """Draw the learning curve of each network that has trained any seed."""
    lines = ["", "## Learning curves", ""]
    for model, card in models_of(cards).items():
        paths = {
            seed: results / f"models/{model}/seed-{seed}/history.tsv"
            for other, seed in cards
            if other == model
        }
        histories = {
            seed: pd.read_csv(path, sep="\t") for seed, path in paths.items() if path.is_file()
        }
        if histories:
            titles = {task: task for task in card["tasks"]}
            seeds = ", ".join(map(str, sorted(histories)))
            figure = draw_learning_curve(histories, titles, f"{model} (seeds {seeds})")
            place = images / f"learning_{name}_{model}.png"
            figure.savefig(place, dpi=110, metadata={"Software": None})
            lines.append(f"![Learning curves of {model}](../images/{place.name})")
    return lines if len(lines) > 3 else []


def write_page(results: Path, docs: Path, command: str, name: str | None = None) -> Path:
    """Write the page of one run, its tidy table, and its learning curves.

    Parameters
    ----------
    results, name
        The results folder, and the name of the page where it is not that of the folder.
    docs
        Folder that holds `experiments` and `images`.
    command
        What wrote the page, told on it.
    """
    name = name or results.name
    for folder in ("experiments", "images"):
        (docs / folder).mkdir(parents=True, exist_ok=True)
    cards, named = read_cards(results), named_runs(results)
    stale = [] if named is None else sorted({*cards} - named)
    cards = {run: card for run, card in cards.items() if named is None or run in named}
    sets = {run: window_set(results, run, card) for run, card in cards.items()}
    scores = read_parts(results, "scores", sets)
    if scores.empty:
        raise SystemExit(f"{results}/evaluation: no model is scored yet; run it first")
    lines = [
        f"# Long comparison: {name}",
        "",
        f"Written by `{command}` from what the run had finished. Means over seeds ± standard "
        "deviation between seeds (95 % interval of one fitted model, mean over the seeds).",
    ]
    if stale:
        kept = models_of(cards)
        gone = dict.fromkeys(f"{m} (seed {s})" if m in kept else m for m, s in stale)
        lines += ["", f"Left out, as the finished run does not name them: {', '.join(gone)}."]
    path = results / "evaluation/agreement.tsv"
    agreement = read_scores(path, ["windows"]) if path.is_file() else pd.DataFrame()
    lines += score_tables(scores, agreement, cards)
    lines += calibration_table(read_parts(results, "calibration", sets), cards)
    lines += whole_tables(results, sets)
    lines += learning_curves(results, docs / "images", results.name, cards)
    page = docs / f"experiments/{name}.md"
    page.write_text("\n".join(lines) + "\n")
    tidy = over_seeds(scores, ["model", *_PLACE, "metric"]).round(6)
    tidy.to_csv(page.with_suffix(".tsv"), sep="\t", index=False)
    return page


if __name__ == "__main__":
    given = Path(sys.argv[1] if len(sys.argv) > 1 else "results/experiments")
    page = sys.argv[2] if len(sys.argv) > 2 else given.name
    told = f"make experiments-tables RESULTS={given} PAGE={page}"
    print(write_page(given, ROOT / "docs", told, page))
