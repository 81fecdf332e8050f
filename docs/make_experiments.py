"""Write the tables and learning curves of a long comparison that are kept in docs/experiments.

    python docs/make_experiments.py results/experiments     (make experiments-tables)

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

from chrompute.comparison_report import INPUT_TITLES  # noqa: E402
from chrompute.figures import METRIC_TITLES  # noqa: E402
from chrompute.label_columns import TRUTH  # noqa: E402
from chrompute.model_figures import draw_learning_curve  # noqa: E402
from chrompute.model_groups import GROUPS, group_of  # noqa: E402
from chrompute.predictions import read_scores  # noqa: E402
from chrompute.seeds import over_seeds  # noqa: E402

#: Tables of all models: what the page calls them, and which columns tell rows apart.
WHOLE = {
    "gap": ("Gap closed from the best forest to the agreement of the replicates", ["model"]),
    "modalities": ("What each input adds to the others", ["added", "beside", "model"]),
    "oracles": ("Oracle minus model", ["model", "oracle"]),
}
_PLACE = ["task", "cell_type"]


def read_parts(results: Path, name: str) -> pd.DataFrame:
    """Join the tables of the runs that are scored already; without any it is empty."""
    paths = sorted((results / "evaluation").glob(f"*.seed-*.{name}.tsv"))
    return pd.concat([read_scores(path) for path in paths]) if paths else pd.DataFrame()


def read_cards(results: Path) -> dict[str, dict[str, Any]]:
    """Return {model: the card of one of its seeds}, in the order of reports."""
    paths = sorted((results / "models").glob("*/seed-*/card.json"), reverse=True)
    cards = {path.parent.parent.name: json.loads(path.read_text()) for path in paths}

    def place(model: str) -> tuple[int, str]:
        card = cards[model]
        group = group_of(card["kind"], card["inputs"], bool(card.get("permute")))
        return GROUPS.index(group), model

    return {model: cards[model] for model in sorted(cards, key=place)}


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


def score_tables(scores: pd.DataFrame, cards: dict[str, dict[str, Any]]) -> list[str]:
    """Write the scores of all models, one table a task and cell type."""
    lines: list[str] = []
    for (task, cell_type), own in scores.groupby(_PLACE, sort=False):
        split = ", ".join(own["split"].unique())
        lines += ["", f"## Scores: {task}, {cell_type} ({split} windows)", ""]
        means = over_seeds(own, ["model", "metric"]).set_index(["model", "metric"])
        rows = []
        for model, card in cards.items():
            if model in means.index:
                values = means.loc[model]
                inputs = " + ".join(INPUT_TITLES[name] for name in card["inputs"]) or "–"
                seeds = str(int(values["seeds"].iloc[0]))
                texts = [score_text(values.loc[name]) for name in METRIC_TITLES]
                rows.append([model, card["kind"], inputs, seeds, *texts])
        lines += markdown(["model", "kind", "inputs", "seeds", *METRIC_TITLES.values()], rows)
    return lines


def calibration_table(calibration: pd.DataFrame, cards: dict[str, dict[str, Any]]) -> list[str]:
    """Write the calibration errors, means over seeds and replicates, and how many pass."""
    own = calibration[calibration["labels"] != TRUTH]
    keys = [*_PLACE, "model", "shift"]
    means = own.groupby(keys, sort=False)[["ece", "low", "high", "perfect", "limit"]].mean()
    means["passed"] = (own["within"] == "yes").groupby([own[key] for key in keys]).sum()
    means["number"] = own.groupby(keys).size()
    means = means.reset_index()
    rows = [
        [
            row.task, row.cell_type, model, f"{row.ece:.3f} ({row.low:.3f} to {row.high:.3f})",
            f"{row.perfect:.3f}", f"{row.limit:.3f}", f"{row.passed} of {row.number}", row.shift,
        ]
        for model in cards
        for row in means[means["model"] == model].itertuples()
    ]  # fmt: skip
    header = ["task", "cell type", "model", "calibration error", "perfect (95 % point)", "limit"]
    return ["", "## Calibration", "", *markdown([*header, "within it", "shift"], rows)]


def whole_table(table: pd.DataFrame, title: str, names: Sequence[str]) -> list[str]:
    """Write a table of all models: its metrics side by side."""
    keys = [*_PLACE, *names]
    if "seed" not in table:
        table = table.assign(seed=1)
    means = over_seeds(table, [*keys, "metric"])
    metrics = [name for name in METRIC_TITLES if name in set(means["metric"])]
    rows = []
    for place, own in means.groupby(keys, sort=False):
        values = own.set_index("metric")
        rows.append([*place, *(score_text(values.loc[name]) for name in metrics)])
    header = [*(key.replace("_", " ") for key in keys), *(METRIC_TITLES[m] for m in metrics)]
    return ["", f"## {title}", "", *markdown(header, rows)]


def learning_curves(
    results: Path, images: Path, name: str, cards: dict[str, dict[str, Any]]
) -> list[str]:
    """Draw the learning curve of each network that has trained any seed."""
    lines = ["", "## Learning curves", ""]
    for model, card in cards.items():
        paths = sorted((results / f"models/{model}").glob("seed-*/history.tsv"))
        histories = {
            int(path.parent.name.removeprefix("seed-")): pd.read_csv(path, sep="\t")
            for path in paths
        }
        if histories:
            titles = {task: task for task in card["tasks"]}
            seeds = ", ".join(map(str, sorted(histories)))
            figure = draw_learning_curve(histories, titles, f"{model} (seeds {seeds})")
            place = images / f"learning_{name}_{model}.png"
            figure.savefig(place, dpi=110, metadata={"Software": None})
            lines.append(f"![Learning curves of {model}](../images/{place.name})")
    return lines if len(lines) > 3 else []


def write_page(results: Path, docs: Path, command: str) -> Path:
    """Write the page of one run, its tidy table, and its learning curves.

    Parameters
    ----------
    results
        The results folder; its name is that of the page.
    docs
        Folder that holds `experiments` and `images`.
    command
        What wrote the page, told on it.
    """
    name = results.name
    for folder in ("experiments", "images"):
        (docs / folder).mkdir(parents=True, exist_ok=True)
    cards, scores = read_cards(results), read_parts(results, "scores")
    if scores.empty:
        raise SystemExit(f"{results}/evaluation: no model is scored yet; run it first")
    lines = [
        f"# Long comparison: {name}",
        "",
        f"Written by `{command}` from what the run had finished. Means over seeds ± standard "
        "deviation between seeds (95 % interval of one fitted model, mean over the seeds).",
    ]
    lines += score_tables(scores, cards)
    lines += calibration_table(read_parts(results, "calibration"), cards)
    for table, (title, names) in WHOLE.items():
        path = results / f"evaluation/{table}.tsv"
        rows = read_scores(path, ["windows"]) if path.is_file() else pd.DataFrame()
        if len(rows):
            lines += whole_table(rows, title, names)
        elif not path.is_file():
            lines += [
                "",
                f"## {title}",
                "",
                f"`{table}.tsv` needs all models, and is not there yet.",
            ]
    lines += learning_curves(results, docs / "images", name, cards)
    page = docs / f"experiments/{name}.md"
    page.write_text("\n".join(lines) + "\n")
    keys = ["model", *_PLACE, "split", "metric"]
    tidy = over_seeds(scores, keys).round(6)
    tidy.to_csv(page.with_suffix(".tsv"), sep="\t", index=False)
    return page


if __name__ == "__main__":
    given = Path(sys.argv[1] if len(sys.argv) > 1 else "results/experiments")
    print(write_page(given, ROOT / "docs", f"make experiments-tables RESULTS={given}"))
