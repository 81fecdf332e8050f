"""Figures of what networks read in the DNA: logos of patterns, and maps of substitutions."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chrompute.figures import empty_figure, new_figure
from chrompute.genome import BASES
from chrompute.motif_names import known_motifs
from chrompute.palette import INK

#: Colours of the bases that colour-blind readers tell apart.
_COLOURS = {"A": "#009E73", "C": "#0072B2", "G": "#E69F00", "T": "#D55E00"}
#: Most patterns that are drawn, and bp that are looked at closely.
_MOST, _CLOSE = 12, 100


def draw_patterns(
    logos: pd.DataFrame, patterns: pd.DataFrame, matches: pd.DataFrame, title: str
) -> Figure:
    """Draw the mean attributions of patterns as logos, with what they look like.

    Parameters
    ----------
    logos, patterns
        As `chrompute.motif_patterns` returns them (`pattern_logos`, `pattern_table`); the first 12
        patterns are drawn.
    matches
        As `chrompute.motif_matches.match_patterns` returns them; may be empty.
    title
        Of the figure.
    """
    if patterns.empty:
        return empty_figure(title, "no pattern: too few stretches of large attributions are alike")
    shown = patterns.head(_MOST)
    widest = int(logos.loc[logos["pattern"].isin(shown["pattern"]), "position"].max()) + 1
    figure = new_figure(2.6 + 0.16 * widest, 0.4 + 0.75 * len(shown))
    panels = figure.subplots(len(shown), 1, squeeze=False)[:, 0]
    for axes, one in zip(panels, shown.itertuples(), strict=True):
        own = logos[logos["pattern"] == one.pattern]
        _draw_logo(axes, own[[*BASES]].to_numpy(np.float64), 0)
        axes.set_xlim(-0.5, widest - 0.5)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.set_title(
            f"{one.pattern}: {one.seqlets} seqlets; {known_motifs(matches, one.pattern)}",
            fontsize=7, fontweight="normal", loc="left",
        )  # fmt: skip
        axes.tick_params(labelsize=6)
    figure.supylabel("mean attribution", fontsize=7)
    figure.suptitle(title, fontsize=9)
    return figure


def draw_mutations(table: pd.DataFrame, names: Sequence[str], title: str) -> Figure:
    """Draw the effects of all substitutions: the whole window, and its strongest 100 bp closely.

    Parameters
    ----------
    table
        As `chrompute.mutagenesis.mutate` returns it.
    names
        What each locus is called.
    title
        Of the figure.

    Returns
    -------
    Figure
        Three panels a locus: the mean effect of the three substitutions of each base; as a logo,
        what the base itself is worth (the mean effect, turned round); and all effects.
    """
    if table.empty:
        return empty_figure(title, "no locus: no window of this class has a known label")
    figure = new_figure(7.2, 3.3 * len(names))
    ratios = [1, 1, 1] * len(names)
    panels = figure.subplots(3 * len(names), 1, height_ratios=ratios, squeeze=False)[:, 0]
    for number, name in enumerate(names, 1):
        own = table[table["locus"] == number]
        _draw_locus([*panels[3 * number - 3 : 3 * number]], own, name)
    figure.suptitle(title, fontsize=9)
    return figure


def _draw_locus(panels: Sequence[Axes], own: pd.DataFrame, name: str) -> None:
    start, codes, effects = _matrix(own)
    mean = effects.sum(0) / (len(BASES) - 1)
    inside = np.convolve(np.abs(mean), np.ones(min(_CLOSE, len(mean))), "valid")
    first = int(inside.argmax())
    end = min(first + _CLOSE, len(mean))
    whole, logo, heat = panels
    whole.plot(start + np.arange(len(mean)), mean, color=INK, lw=0.6)
    whole.axvspan(start + first, start + end, color="#DDDDDD", lw=0, zorder=0)
    whole.set(title=name, ylabel="mean effect", xlim=(start, start + len(mean)))
    whole.ticklabel_format(axis="x", style="plain", useOffset=False)
    worth = np.where(np.arange(len(BASES))[:, None] == codes, -mean, 0.0)
    _draw_logo(logo, worth[:, first:end].T, start + first)
    logo.set(ylabel="worth", xlim=(start + first - 0.5, start + end - 0.5), xticks=[])
    limit = max(float(np.abs(effects[:, first:end]).max()), 1e-9)
    mesh = heat.imshow(
        effects[:, first:end], cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto",
        extent=(start + first - 0.5, start + end - 0.5, len(BASES) - 0.5, -0.5),
        interpolation="nearest",
    )  # fmt: skip
    heat.set_yticks(range(len(BASES)), [*BASES])
    heat.set_xlabel("position (bp, 0-based)")
    heat.ticklabel_format(axis="x", style="plain", useOffset=False)
    heat.figure.colorbar(mesh, ax=heat, label="effect", pad=0.01, fraction=0.03)


def _matrix(
    own: pd.DataFrame,
) -> tuple[int, npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Return the first position, the bases (width,) and effects (4, width) of a locus."""
    start = int(own["position"].min())
    place = own["position"].to_numpy() - start
    codes = np.zeros(place.max() + 1, dtype=np.intp)
    codes[place] = own["reference"].map(BASES.index)
    effects = np.zeros((len(BASES), len(codes)))
    effects[own["base"].map(BASES.index), place] = own["effect"]
    return start, codes, effects


def _draw_logo(axes: Axes, values: npt.NDArray[np.float64], start: int) -> None:
    """Draw letters of heights (width, 4), those below 0 upside down."""
    import logomaker

    table = pd.DataFrame(values, columns=[*BASES], index=np.arange(start, start + len(values)))
    logomaker.Logo(table, ax=axes, color_scheme=_COLOURS)
    axes.axhline(0, color=INK, lw=0.4)
