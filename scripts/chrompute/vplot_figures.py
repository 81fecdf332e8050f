"""Figures of V-plots: aggregates, their correction, all classes, and one locus."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from scipy.ndimage import gaussian_filter

from chrompute.errors import InputError
from chrompute.figures import new_figure
from chrompute.fragments import Fragments
from chrompute.palette import INK, PALETTE
from chrompute.vplots import Vplot

_AREA = "#BBBBBB"
#: Standard deviation of the smoothing that V-plot figures show, in bp of length and position.
_SMOOTHING = (3, 6)
#: Pixels are grey where fewer fragments than this are expected within the smoothing's reach: a
#: ratio of such small numbers says nothing.
_FEWEST = 5.0


def draw_vplot(vplot: Vplot, title: str) -> Figure:
    """Draw one aggregate V-plot with both marginals."""
    image = smoothed_vplot(vplot)
    norm = Normalize(0, _top(image))
    label = "fragments / site / million (smoothed)"
    return _draw_with_marginals(vplot, image, title, label, "magma", norm)


def draw_corrected(vplot: Vplot, title: str) -> Figure:
    """Draw log2 of observed over expected fragments, both smoothed, with both marginals.

    Blue is fewer fragments of that length than the store has elsewhere, red is more; grey is where
    too few are expected to tell.
    """
    expected = gaussian_filter(vplot.expected, _SMOOTHING, mode="constant")
    observed = gaussian_filter(vplot.counts.astype(float), _SMOOTHING, mode="constant")
    # The noise of a Gaussian mean is that of a plain mean over 4 pi s1 s2 pixels.
    pixels = 4 * np.pi * _SMOOTHING[0] * _SMOOTHING[1]
    told = expected * pixels >= _FEWEST
    ratio = np.full(expected.shape, np.nan)
    floor = expected[told] / 2**6  # no fragment at all is drawn as the lowest colour
    ratio[told] = np.log2(np.maximum(observed[told], floor) / expected[told])
    top = float(np.clip(np.quantile(np.abs(ratio[told]), 0.995), 0.5, 4)) if told.any() else 1.0
    norm = Normalize(-top, top)
    label = "log2 (observed / expected) (smoothed)"
    return _draw_with_marginals(vplot, ratio, title, label, "RdBu_r", norm, extend="both")


def _draw_with_marginals(
    vplot: Vplot,
    image: npt.NDArray[np.float64],
    title: str,
    label: str,
    colours: str,
    norm: Normalize,
    extend: str = "neither",
) -> Figure:
    figure = new_figure(5.4, 4.2)
    grid = figure.add_gridspec(2, 2, width_ratios=(5, 1), height_ratios=(1, 4))
    main = figure.add_subplot(grid[1, 0])
    mesh = _show_vplot(main, vplot, image, norm, colours)
    main.set_facecolor("#CCCCCC")
    main.set(xlabel="midpoint relative to site (bp)", ylabel="fragment length (bp)")
    above = figure.add_subplot(grid[0, 0], sharex=main)
    per_base = vplot.scaled.sum(axis=0)
    above.fill_between(vplot.positions, per_base, color=_AREA, lw=0, step="mid")
    above.plot(vplot.positions, _moving_mean(per_base, 25), color=INK, lw=0.8)
    above.set(ylim=(0, None), ylabel="all\nlengths")
    above.tick_params(labelbottom=False)
    above.set_title(f"{title} ({vplot.n_sites:,} sites)")
    right = figure.add_subplot(grid[1, 1], sharey=main)
    right.plot(vplot.scaled.sum(axis=1), vplot.lengths, color=INK, lw=0.8)
    right.set(xlim=(0, None), xlabel="all\npositions")
    right.tick_params(labelleft=False)
    if extend == "both":
        share = vplot.length_counts / max(int(vplot.length_counts.sum()), 1)
        right.plot(share * vplot.scaled.sum(), vplot.lengths, color=PALETTE[1], lw=0.8, ls=":")
        right.annotate(
            "dotted:\nexpected", (1, 1), xycoords="axes fraction", ha="right", va="top",
            fontsize=6, color=PALETTE[1],
        )  # fmt: skip
    figure.colorbar(mesh, ax=right, shrink=0.8, label=label, extend=extend)
    return figure


def smoothed_vplot(vplot: Vplot) -> npt.NDArray[np.float64]:
    """Smooth the scaled V-plot for the eye; the arrays on disk stay as they are."""
    return gaussian_filter(vplot.scaled, _SMOOTHING, mode="constant")


def _top(image: npt.NDArray[np.float64]) -> float:
    return float(max(np.quantile(image, 0.999), 1e-12))


def _show_vplot(
    axes: Axes,
    vplot: Vplot,
    image: npt.NDArray[np.float64],
    norm: Normalize,
    colours: str = "magma",
) -> Any:
    extent = (
        vplot.positions[0] - 0.5,
        vplot.positions[-1] + 0.5,
        vplot.lengths[0] - 0.5,
        vplot.lengths[-1] + 0.5,
    )
    return axes.imshow(
        image, origin="lower", aspect="auto", extent=extent, cmap=colours, norm=norm,
        interpolation="nearest",
    )  # fmt: skip


def _moving_mean(values: npt.NDArray[np.float64], width: int) -> npt.NDArray[np.float64]:
    weights = np.convolve(np.ones_like(values), np.ones(width), mode="same")
    return np.convolve(values, np.ones(width), mode="same") / weights


def draw_vplot_panel(vplots: Sequence[tuple[str, Vplot]]) -> Figure:
    """Draw several V-plots beside each other on one colour scale.

    Parameters
    ----------
    vplots
        (title, V-plot) pairs, all of one shape.
    """
    columns = min(len(vplots), 4)
    rows = -(-len(vplots) // columns)
    figure = new_figure(2.1 * columns, 1.9 * rows + 0.3)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    images = [smoothed_vplot(vplot) for _, vplot in vplots]
    # Classes differ by orders of magnitude: a logarithmic scale shows the faint ones too.
    top = max(map(_top, images))
    norm = LogNorm(top / 100, top)
    for axes in grid.flat[len(vplots) :]:
        axes.set_axis_off()
    for axes, (title, vplot), image in zip(grid.flat, vplots, images, strict=False):
        mesh = _show_vplot(axes, vplot, np.maximum(image, top / 100), norm)
        axes.set_title(f"{title}\n({vplot.n_sites:,})", fontsize=7)
    figure.supxlabel("midpoint relative to window centre (bp)", fontsize=8)
    figure.supylabel("fragment length (bp)", fontsize=8)
    figure.colorbar(
        mesh, ax=grid, shrink=0.7, label="fragments / site / million\n(smoothed, log scale)"
    )
    return figure


def draw_locus(
    fragments: Fragments,
    chrom: str,
    start: int,
    end: int,
    *,
    nucleosomes: Fragments | None = None,
    sites: Sequence[tuple[int, str]] = (),
    max_length: int = 400,
    title: str | None = None,
) -> Figure:
    """Draw one locus: every fragment as a point, with cuts, coverage and dyads.

    Parameters
    ----------
    fragments
        A store of ATAC fragments.
    chrom, start, end
        The locus, 0-based half-open, bp.
    nucleosomes
        A store of MNase fragments of nucleosome size (`Fragments.with_lengths`), whose dyads are
        drawn below, or None.
    sites
        (position, name) of places to mark.
    max_length
        End of the length axis, bp; longer fragments still count as cuts and coverage.
    title
        Title; the place by default.

    Raises
    ------
    InputError
        When there is no such chromosome or the locus is no interval of it.
    """
    size = fragments.sizes.get(chrom, 0)
    if not 0 <= start < end <= size:
        raise InputError(
            f"{chrom}:{start}-{end} is no place in the store ({chrom} has {size:,} bp); "
            "give a 0-based half-open interval of one of its chromosomes"
        )
    heights = (1, 1, 3.2) if nucleosomes is None else (1, 1, 3.2, 1)
    figure = new_figure(6.4, sum(heights) * 0.85 + 0.5)
    panels = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    bases = np.arange(start, end)
    left, right = _overlapping(fragments, chrom, start, end)
    _draw_bars(panels[0], bases, np.concatenate([left, right - 1]), "cuts", INK)
    steps = np.zeros(end - start + 1, dtype=np.int64)
    np.add.at(steps, np.maximum(left, start) - start, 1)
    np.add.at(steps, np.minimum(right, end) - start, -1)
    panels[1].fill_between(bases, np.cumsum(steps)[:-1], color=_AREA, lw=0, step="mid")
    panels[1].set(ylim=(0, None), ylabel="coverage")
    panels[1].yaxis.set_major_locator(MaxNLocator(3, integer=True))
    length = right - left
    panels[2].scatter(
        (left + right - 1) / 2, length, s=6, color=PALETTE[0], alpha=0.6, lw=0, rasterized=True
    )
    panels[2].set(ylim=(0, max_length), ylabel="fragment length (bp)")
    if nucleosomes is not None:
        lows, highs = _overlapping(nucleosomes, chrom, start, end)
        _draw_bars(panels[3], bases, (lows + highs - 1) // 2, "MNase\ndyads", PALETTE[1])
    for position, name in sites:
        for axes in panels:
            axes.axvline(position, color=PALETTE[2], lw=0.8, ls="--", zorder=0)
        panels[0].annotate(
            name, (position, 1), xycoords=("data", "axes fraction"), xytext=(2, 1),
            textcoords="offset points", fontsize=7, color=PALETTE[2],
        )  # fmt: skip
    panels[-1].set(xlim=(start - 0.5, end - 0.5), xlabel=f"{chrom} (bp, 0-based)")
    panels[-1].xaxis.set_major_formatter(FuncFormatter(_thousands))
    figure.align_ylabels(panels)
    figure.suptitle(title or f"{chrom}:{start:,}-{end:,}", fontsize=9, fontweight="bold")
    return figure


def _thousands(value: float, _: int | None = None) -> str:
    return f"{value:,.0f}"


def _draw_bars(
    axes: Axes, bases: npt.NDArray[np.int64], places: npt.NDArray[np.int64], label: str, colour: str
) -> None:
    inside = places[(places >= bases[0]) & (places <= bases[-1])]
    counts = np.bincount(inside - bases[0], minlength=bases.size)
    axes.vlines(bases[counts > 0], 0, counts[counts > 0], color=colour, lw=0.7)
    axes.set(ylim=(0, max(1.05 * counts.max(), 1)), ylabel=label)
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))


def _overlapping(
    fragments: Fragments, chrom: str, start: int, end: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return starts and ends of the fragments that share a base with [start, end)."""
    rows = fragments.rows(chrom)
    lengths = fragments.lengths[rows]
    longest = int(lengths.max()) if lengths.size else 0
    # A fragment's doubled midpoint lies within `longest` of twice any base it holds.
    edges = np.array([2 * start - longest, min(2 * end + longest, np.iinfo(np.int32).max)])
    first, last = np.searchsorted(fragments.midpoints[rows], edges.astype(np.int32))
    midpoints = fragments.midpoints[rows][first:last].astype(np.int64)
    near = lengths[first:last].astype(np.int64)
    left, right = (midpoints - near) // 2, (midpoints + near) // 2
    shared = (left < end) & (right > start)
    return left[shared], right[shared]
