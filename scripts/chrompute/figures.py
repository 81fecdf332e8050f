"""Figures: the style of all, and saving so that equal data give equal bytes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chrompute.palette import INK
from chrompute.whole_files import written_whole

_STYLE: dict[Any, Any] = {
    "font.size": 8,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "pdf.fonttype": 42,
    "savefig.bbox": "tight",
    "axes.linewidth": 0.8,
    "figure.titlesize": "large",
    # Titles come from configurations: a $ there is a sign like others.
    "text.parse_math": False,
}
#: What the paper set has otherwise: letters and lines of a journal's figures.
_PAPER: dict[Any, Any] = {
    "font.size": 6.5,
    "axes.titlesize": 7,
    "axes.linewidth": 0.6,
    "figure.titlesize": 7,
}
#: Width of the column that figures are drawn for, inches; None outside the paper set.
_COLUMN: ContextVar[float | None] = ContextVar("column", default=None)


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches, in the project's style.

    Inside `paper_style` the width is that of the column, and the height follows.
    """
    column = _COLUMN.get()
    if column is None:
        mpl.rcParams.update(_STYLE)
        return Figure(figsize=(width, height), layout="constrained")
    mpl.rcParams.update(_STYLE | _PAPER)
    # Letters shrink less than wide figures do; what stands above each other needs its room.
    return Figure(figsize=(column, height * max(column / width, 0.65)), layout="constrained")


#: What files of each kind would tell of their making, left out.
_UNDATED = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
}


@contextmanager
def paper_style(width: float) -> Iterator[None]:
    """Draw new figures as wide as a column, with letters of 5 to 7 points.

    Parameters
    ----------
    width
        Of the column, mm.
    """
    token = _COLUMN.set(width / 25.4)
    try:
        yield
    finally:
        _COLUMN.reset(token)
        mpl.rcParams.update(_STYLE)


def save_figure(figure: Figure, png: str | Path, pdf: str | Path) -> None:
    """Write a figure as PNG (160 dpi) and PDF, with no time stamp inside."""
    with mpl.rc_context(_STYLE):
        write_figure(figure, png, "png", dpi=160)
        figure.set_layout_engine("none")  # what is laid out stays so: a quarter of the time
        write_figure(figure, pdf, "pdf")


def write_figure(figure: Figure, path: str | Path, kind: str, **options: Any) -> None:
    """Write a figure as it is, of kind "png" or "pdf", with no time stamp inside."""
    with written_whole(path) as part:
        figure.savefig(part, format=kind, metadata=_UNDATED[kind], **options)


def draw_confusion(
    cells: pd.DataFrame, classes: Sequence[str], titles: Sequence[str], title: str
) -> Figure:
    """Draw a confusion matrix: per cent of each true class, with the numbers of windows.

    Parameters
    ----------
    cells
        Columns `label`, `predicted`, `windows`; the last need not be whole.
    classes, titles
        Class names in order, and how to call them.
    title
        Of the figure.
    """
    if cells.empty:
        return empty_figure(title, "no window with a known label")
    table = cells.pivot(index="label", columns="predicted", values="windows")
    matrix = table.loc[list(classes), list(classes)].to_numpy()
    share = 100 * matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    side = 1.9 + 0.42 * len(classes)
    figure = new_figure(side + 0.6, side)
    axes = figure.subplots()
    mesh = axes.imshow(share, cmap="Blues", vmin=0, vmax=100)
    for row, column in np.ndindex(*matrix.shape):
        axes.text(
            column, row, f"{share[row, column]:.0f}\n{matrix[row, column]:,.0f}", ha="center",
            va="center", fontsize=5.5, color="white" if share[row, column] > 55 else INK,
            linespacing=0.95,
        )  # fmt: skip
    ticks = np.arange(len(classes))
    axes.set_xticks(ticks, titles, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, titles)
    axes.set(xlabel="predicted", ylabel="label", title=title)
    axes.spines[:].set_visible(False)
    figure.colorbar(mesh, ax=axes, shrink=0.7, label="% of the label's windows")
    return figure


def empty_figure(title: str, sentence: str) -> Figure:
    """Say in a figure why it shows nothing."""
    figure = new_figure(4.5, 1.2)
    figure.text(0.5, 0.4, sentence, ha="center", va="center", color=INK)
    figure.suptitle(title, fontsize=9)
    return figure
