"""The figure of the transfer matrix."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from chrompute.figures import empty_figure, new_figure
from chrompute.metric_titles import METRIC_TITLES
from chrompute.palette import INK
from chrompute.transfer import families_to_show

NO_TRANSFER = "no two models differ in the cell types that they are trained on alone"


def draw_transfer(
    rows: pd.DataFrame, titles: Mapping[str, str], title: str, leading: str
) -> Figure:
    """Draw a matrix for each family of models: trained on the row, tested on the column.

    Parameters
    ----------
    rows
        Of `transfer.tsv`, of one window set and task.
    titles
        {model: how to call it}.
    title
        Of the figure.
    leading
        The metric to draw.

    Returns
    -------
    Figure
        One scale of colour for all matrices. Below each score stands its interval; frames mark
        cell types that the model was trained on.
    """
    rows = rows[rows["metric"] == leading]
    shown = families_to_show(rows)
    if not shown:
        return empty_figure(title, NO_TRANSFER)
    # Models that differ in nothing but their names or seeds have one cell, that of the first.
    drawn = rows[rows["family"].isin(shown)]
    drawn = drawn.drop_duplicates(["family", "trained_on", "cell_type"])
    tested = [*dict.fromkeys(drawn["cell_type"])]
    trained = sorted(drawn["trained_on"].unique(), key=lambda name: _row_place(name, tested))
    width = 1.3 + len(shown) * (0.75 * len(tested) + 0.5)
    figure = new_figure(max(width, 4), 1.5 + 0.45 * len(trained))
    panels = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
    limits = drawn["value"].min(), drawn["value"].max()
    for axes, family in zip(panels, shown, strict=True):
        own = drawn[drawn["family"] == family].set_index(["trained_on", "cell_type"])
        mesh = _draw_matrix(axes, own, trained, tested, limits)
        axes.set_title(family_title(drawn, family, titles), fontsize=7)
        axes.set_xlabel("tested on")
    panels[0].set_ylabel("trained on")
    figure.colorbar(mesh, ax=panels, shrink=0.8, label=METRIC_TITLES[leading])
    figure.suptitle(title, fontsize=9)
    return figure


def _draw_matrix(
    axes: Axes,
    own: pd.DataFrame,
    trained: list[str],
    tested: list[str],
    limits: tuple[float, float],
) -> AxesImage:
    """Draw one family; cells without a score stay empty."""
    values = own["value"].unstack().reindex(index=trained, columns=tested)
    mesh = axes.imshow(values, cmap="cividis", vmin=limits[0], vmax=limits[1], aspect="auto")
    middle = sum(limits) / 2
    for row, column in np.argwhere(values.notna().to_numpy()):
        cell = own.loc[(trained[row], tested[column])]
        axes.text(
            column, row, f"{cell['value']:.3f}\n{cell['low']:.3f}–{cell['high']:.3f}",
            ha="center", va="center", fontsize=5.5, linespacing=1.2,
            color=INK if cell["value"] > middle else "white",
        )  # fmt: skip
        if cell["seen"] == "yes":
            frame = Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, fill=False, ec="#D55E00")
            axes.add_patch(frame)
    axes.set_xticks(range(len(tested)), tested, rotation=30, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(trained)), trained)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return mesh


def _row_place(trained_on: str, tested: list[str]) -> tuple[int, list[int], str]:
    """Put rows of one cell type in the order of the columns, and those of more below."""
    names = trained_on.split("+")
    return len(names), [tested.index(name) for name in names if name in tested], trained_on


def family_title(rows: pd.DataFrame, family: str, titles: Mapping[str, str]) -> str:
    """Return what the titles of a family's models begin with alike, or else the first one."""
    models = rows.loc[rows["family"] == family, "model"].unique()
    words = [[word.rstrip(",:") for word in titles[model].split()] for model in models]
    same = [one[0] for one in zip(*words, strict=False) if len({*one}) == 1]
    if len(same) < len(words[0]) and same[-2:] == ["trained", "on"]:
        same = same[:-2]
    return " ".join(same) or titles[family]
