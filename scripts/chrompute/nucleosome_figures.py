"""Figures of nucleosomes: dyads around sites, and the phasogram."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chrompute.figures import new_figure
from chrompute.palette import INK, PALETTE
from chrompute.phasing import DyadProfile
from chrompute.phasogram import Phasogram

#: How the panels of a profile call what they show.
_PROFILE_LABELS = {"MNase": "MNase dyads", "ATAC": "mono-nucleosomal\nATAC midpoints"}


def draw_dyad_profiles(profiles: Mapping[str, DyadProfile], title: str) -> Figure:
    """Draw the dyad density around sites, a panel an assay, and mark the nucleosomes.

    Parameters
    ----------
    profiles
        {assay: its profile}; without any the figure says so.
    title
        Of the figure.
    """
    figure = new_figure(5.0, 0.4 + 2.2 * max(len(profiles), 1))
    panels = figure.subplots(max(len(profiles), 1), 1, sharex=True, squeeze=False)[:, 0]
    if not profiles:
        panels[0].text(0.5, 0.5, "no nucleosome-sized fragments", ha="center", va="center")
        panels[0].set_axis_off()
    for number, (axes, (assay, profile)) in enumerate(zip(panels, profiles.items(), strict=False)):
        _draw_profile(axes, profile, PALETTE[number])
        axes.set_ylabel(f"{_PROFILE_LABELS[assay]}\n/ genome mean")
        axes.set_title(f"{assay}: {profile.n_sites:,} sites", fontsize=7, fontweight="normal")
    panels[-1].set_xlabel("position relative to site (bp)")
    figure.suptitle(title, fontsize=9, fontweight="bold")
    return figure


def _draw_profile(axes: Axes, profile: DyadProfile, colour: str) -> None:
    axes.fill_between(profile.positions, profile.density, color="#DDDDDD", lw=0, step="mid")
    axes.plot(profile.positions, profile.smoothed, color=colour, lw=1.3)
    for peak in profile.peaks:
        height = profile.smoothed[peak - profile.positions[0]]
        axes.annotate(
            f"{peak:+d}" if peak else "0", (peak, height), xytext=(0, 4),
            textcoords="offset points", ha="center", fontsize=6, color=INK,
        )  # fmt: skip
    axes.axhline(1, color="#888888", lw=0.7, ls=":")
    # Single bases may stand far above the curve; the axis is there for the curve.
    top = max(1.35 * float(profile.smoothed.max()), float(np.quantile(profile.density, 0.99)), 1.2)
    axes.set(xlim=(profile.positions[0], profile.positions[-1]), ylim=(0, top))


def draw_phasogram(found: Phasogram, title: str) -> Figure:
    """Draw the distances between dyads, and the line that gives the repeat length."""
    figure = new_figure(6.4, 2.6)
    left, right = figure.subplots(1, 2, width_ratios=(2.2, 1))
    distances = found.distances
    left.plot(distances, found.counts, color="#CCCCCC", lw=0.5)
    left.plot(distances, found.trend, color="#888888", lw=0.7, ls=":")
    left.plot(distances, found.smoothed, color=PALETTE[0], lw=1.3)
    # The pairs within one nucleosome would press everything else down.
    beyond = slice(min(50, distances.size - 1), None)
    top = max(float(found.smoothed[beyond].max()), float(np.quantile(found.counts, 0.95)), 1.0)
    left.set(xlim=(0, distances[-1]), ylim=(0, 1.15 * top))
    left.set(xlabel="distance between dyads (bp)", ylabel="pairs of dyads")
    for peak in found.peaks:
        height = min(float(found.smoothed[round(peak) - 1]), 1.05 * top)
        left.annotate(
            f"{peak:.0f}", (peak, height), xytext=(0, 4), textcoords="offset points",
            ha="center", fontsize=6, color=INK,
        )  # fmt: skip
    _draw_line(right, found)
    figure.suptitle(title, fontsize=9, fontweight="bold")
    return figure


def _draw_line(axes: Axes, found: Phasogram) -> None:
    axes.set(xlabel="number of the peak", ylabel="distance (bp)")
    if found.repeat_length is None:
        axes.set_axis_off()
        text = "repeat length\nnot available"
        axes.text(0.5, 0.5, text, ha="center", va="center", transform=axes.transAxes)
        return
    number = np.arange(len(found.peaks) + 1)
    axes.plot(number, found.repeat_length * number, color="#888888", lw=1)
    axes.plot(number[1:], found.peaks, "o", color=PALETTE[0], ms=4)
    text = f"{found.repeat_length:.1f} bp"
    if found.interval:
        text += f"\n{found.interval[0]:.1f} to {found.interval[1]:.1f}"
    axes.text(0.05, 0.95, text, va="top", transform=axes.transAxes)
    axes.set(xlim=(0, number[-1] + 0.5), ylim=(0, None))
    axes.set_xticks(number)
