"""The paper set: figures at the widths of a journal's columns, each with the numbers it shows."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chrompute.depth_figures import depth_metrics, draw_depth
from chrompute.figure_numbers import locus_numbers, vplot_numbers, write_numbers
from chrompute.figures import draw_confusion, paper_style, write_figure
from chrompute.layer_figures import draw_layers
from chrompute.model_figures import (
    calibration_means,
    compared_metrics,
    draw_model_comparison,
    draw_reliability,
)
from chrompute.motif_figures import draw_patterns
from chrompute.nucleosome_figures import draw_dyad_profiles
from chrompute.phasing import read_profiles
from chrompute.score_tables import read_table
from chrompute.transfer_figures import draw_transfer
from chrompute.vplot_figures import draw_vplot_panel
from chrompute.vplots import read_vplot

#: Widths of one and two columns of Nature (formatting guide for final submission), mm.
WIDTHS = {"single": 89.0, "double": 183.0}
#: What rows of the agreement of replicates are called among those of models.
AGREEMENT_NAME = "replicate agreement"

#: Paths of the inputs, and what the figure needs to know, to the figure and its numbers.
Draw = Callable[[Sequence[str], Mapping[str, Any]], tuple[Figure, pd.DataFrame]]


def write_paper_figure(
    kind: str,
    width: str,
    files: Sequence[str],
    given: Mapping[str, Any],
    png: str | Path,
    pdf: str | Path,
    table: str | Path,
) -> None:
    """Draw one figure of the paper set; equal inputs give equal bytes.

    Parameters
    ----------
    kind
        One of `KINDS`.
    width
        One of `WIDTHS`.
    files
        Paths of its inputs.
    given
        What it needs to know beside them: `titles` always, and more by kind.
    png, pdf
        The figure: 450 dots per inch, and vectors with text as text.
    table
        TSV of what the figure shows.
    """
    with paper_style(WIDTHS[width]):
        figure, numbers = KINDS[kind](files, given)
        with mpl.rc_context({"savefig.bbox": "standard"}):
            write_figure(figure, png, "png", dpi=450)
            write_figure(figure, pdf, "pdf")
    write_numbers(numbers, table)


def _vplots(files: Sequence[str], given: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    vplots = list(zip(given["titles"], map(read_vplot, files), strict=True))
    figure = draw_vplot_panel(vplots)
    figure.suptitle(given["title"], fontsize=8)
    return figure, vplot_numbers(vplots)


def _nucleosomes(files: Sequence[str], given: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    table, summary = files
    figure = draw_dyad_profiles(read_profiles(table, summary), given["title"])
    return figure, pd.read_csv(table, sep="\t")


def _layers(files: Sequence[str], given: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Draw the first locus that the network was not trained on."""
    with np.load(files[0]) as stored:
        arrays = dict(stored)
    title = f"{given['title']}, {arrays['places'][0]}"
    return draw_layers(arrays, 0, given["titles"], title), locus_numbers(arrays, 0)


def _motifs(files: Sequence[str], given: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    logos, patterns, matches = (pd.read_csv(path, sep="\t") for path in files)
    return draw_patterns(logos, patterns, matches, given["title"]), logos


def _models(files: Sequence[str], given: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    scores, agreement = (_here(path, given) for path in files)
    scores = scores[scores["model"].isin(given["titles"])]
    figure = draw_model_comparison(
        scores, given["titles"], given["title"], given["leading"], agreement, given["groups"]
    )
    return figure, _with_agreement(scores, agreement, compared_metrics(scores, given["leading"]))


def _with_agreement(
    scores: pd.DataFrame, agreement: pd.DataFrame, metrics: Sequence[str]
) -> pd.DataFrame:
    """Put the agreement of replicates below scores, of the metrics that a figure shows."""
    table = pd.concat([scores, agreement.assign(model=AGREEMENT_NAME)])
    return table[table["metric"].isin(metrics)].dropna(axis=1, how="all")


def _confusion(files: Sequence[str], given: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    cells = _here(files[0], given)
    titles = given["titles"]
    return draw_confusion(cells, list(titles), list(titles.values()), given["title"]), cells


def _calibration(files: Sequence[str], given: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    bins, calibration = (_here(path, given) for path in files)
    figure = draw_reliability(bins, calibration, given["titles"], given["title"])
    printed = calibration_means(calibration).reset_index()
    shown = bins[bins["model"].isin(given["titles"])]
    return figure, shown.merge(printed, on="model", how="left")


def _transfer(files: Sequence[str], given: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    rows = _here(files[0], given)
    figure = draw_transfer(rows, given["titles"], given["title"], given["leading"])
    return figure, rows[rows["metric"] == given["leading"]]


def _depth(files: Sequence[str], given: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    rows, agreement = (_here(path, given) for path in files)
    rows = rows[rows["model"].isin(given["titles"])]
    figure = draw_depth(rows, agreement, given["titles"], given["title"], given["leading"])
    return figure, _with_agreement(rows, agreement, depth_metrics(given["leading"]))


def _here(path: str, given: Mapping[str, Any]) -> pd.DataFrame:
    """Read the rows of a table that are of the figure's window set, task and cell type."""
    table = read_table(path)
    for column, value in given["place"].items():
        # A column of this name that is not the first one counts windows.
        if column in table and (column != "windows" or table.columns[0] == column):
            table = table[table[column] == value]
    return table


#: How each kind of figure is drawn.
KINDS: dict[str, Draw] = {
    "vplots": _vplots,
    "nucleosomes": _nucleosomes,
    "layers": _layers,
    "motifs": _motifs,
    "models": _models,
    "confusion": _confusion,
    "calibration": _calibration,
    "transfer": _transfer,
    "depth": _depth,
}
