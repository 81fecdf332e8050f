"""The paper set: figures at the widths of a journal's columns, each with the numbers it shows."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chrompute.depth_figures import draw_depth
from chrompute.figures import draw_confusion, paper_style
from chrompute.layer_figures import draw_layers
from chrompute.model_figures import draw_model_comparison, draw_reliability
from chrompute.motif_figures import draw_patterns
from chrompute.nucleosome_figures import draw_dyad_profiles
from chrompute.phasing import read_profiles
from chrompute.score_tables import read_table
from chrompute.transfer_figures import draw_transfer
from chrompute.vplot_figures import draw_vplot_panel, smoothed_vplot
from chrompute.vplots import read_vplot

#: Widths of one and two columns of Nature (formatting guide for final submission), mm.
WIDTHS = {"single": 89.0, "double": 183.0}
#: Pixels of V-plots in tables, bp of length and of position: what the smoothing leaves.
_LENGTHS, _POSITIONS = 5, 10

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
            figure.savefig(png, dpi=450, metadata={"Software": None})
            no_dates = {"CreationDate": None, "Producer": None, "Creator": None}
            figure.savefig(pdf, metadata=no_dates)
    numbers.to_csv(table, sep="\t", index=False, float_format="%.6g")


def _vplots(files: Sequence[str], given: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    vplots = [read_vplot(path) for path in files]
    titles = given["titles"]
    parts = []
    for title, vplot in zip(titles, vplots, strict=True):
        image = smoothed_vplot(vplot)
        rows, columns = image.shape[0] // _LENGTHS, image.shape[1] // _POSITIONS
        whole = image[: rows * _LENGTHS, : columns * _POSITIONS]
        pooled = whole.reshape(rows, _LENGTHS, columns, _POSITIONS).mean(axis=(1, 3))
        length, position = np.indices(pooled.shape)
        parts.append(
            pd.DataFrame(
                {
                    "class": title,
                    "sites": vplot.n_sites,
                    "min_length": vplot.lengths[0] + _LENGTHS * length.ravel(),
                    "first_position": vplot.positions[0] + _POSITIONS * position.ravel(),
                    "fragments_per_site_and_million": pooled.ravel(),
                }
            )
        )
    return draw_vplot_panel(list(zip(titles, vplots, strict=True))), pd.concat(parts)


def _nucleosomes(files: Sequence[str], given: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    table, summary = files
    figure = draw_dyad_profiles(read_profiles(table, summary), given["title"])
    return figure, pd.read_csv(table, sep="\t")


def _layers(files: Sequence[str], given: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Draw the first locus that the network was not trained on."""
    with np.load(files[0]) as stored:
        arrays = dict(stored)
    titles = given["titles"]
    title = f"{given['title']}, {arrays['places'][0]}"
    names = arrays["classes"].tolist()
    answers = pd.DataFrame({"class": names, "probability": arrays["probabilities"][0]})
    parts = [answers.assign(shows="probability")]
    for name in arrays["inputs"].tolist():
        position, length = arrays[f"points:{name}:0"]
        points = pd.DataFrame({"input": name, "position": position, "length": length})
        parts.append(points.assign(shows="fragment"))
    numbers = pd.concat(parts)[["shows", "class", "probability", "input", "position", "length"]]
    whole = {"position": "Int64", "length": "Int64"}
    return draw_layers(arrays, 0, titles, title), numbers.astype(whole)


def _motifs(files: Sequence[str], given: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    logos, patterns, matches = (pd.read_csv(path, sep="\t") for path in files)
    return draw_patterns(logos, patterns, matches, given["title"]), logos


def _models(files: Sequence[str], given: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    scores, agreement = (_here(path, given) for path in files)
    scores = scores[scores["model"].isin(given["titles"])]
    figure = draw_model_comparison(
        scores, given["titles"], given["title"], given["leading"], agreement, given["groups"]
    )
    references = agreement.assign(model="replicate agreement")
    return figure, pd.concat([scores, references]).dropna(axis=1, how="all")


def _confusion(files: Sequence[str], given: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    cells = _here(files[0], given)
    titles = given["titles"]
    return draw_confusion(cells, list(titles), list(titles.values()), given["title"]), cells


def _calibration(files: Sequence[str], given: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    bins, calibration = (_here(path, given) for path in files)
    figure = draw_reliability(bins, calibration, given["titles"], given["title"])
    return figure, bins[bins["model"].isin(given["titles"])]


def _transfer(files: Sequence[str], given: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    rows = _here(files[0], given)
    figure = draw_transfer(rows, given["titles"], given["title"], given["leading"])
    return figure, rows[rows["metric"] == given["leading"]]


def _depth(files: Sequence[str], given: Mapping[str, Any]) -> tuple[Figure, pd.DataFrame]:
    rows, agreement = (_here(path, given) for path in files)
    rows = rows[rows["model"].isin(given["titles"])]
    figure = draw_depth(rows, agreement, given["titles"], given["title"], given["leading"])
    return figure, rows


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
