"""Figures of quality: lengths, reads, TSS enrichment, cut-site motif, GC, replicates."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chrompute.figures import new_figure
from chrompute.palette import INK, PALETTE
from chrompute.tss import TSS_FLANK

#: Colours of A, C, G, T in motifs.
_BASE_COLOURS = {"A": PALETTE[2], "C": PALETTE[0], "G": PALETTE[4], "T": PALETTE[1]}
Sample = Mapping[str, Any]


def draw_quality(
    figure: str, samples: Sequence[Sample], summary: Mapping[str, Any], max_length: int
) -> Figure:
    """Draw one figure of a cell type by name.

    Parameters
    ----------
    figure
        "lengths", "reads", "tss", "motif", "gc" or "correlation".
    samples
        What `chrompute.quality.sample_quality` returned, with `sample` and `assay`.
    summary
        The cell type's, for the correlations.
    max_length
        End of the axis of lengths, bp.
    """
    drawings: dict[str, Callable[[Sequence[Sample]], Figure]] = {
        "lengths": lambda chosen: draw_length_ladder(chosen, max_length),
        "reads": draw_reads,
        "tss": draw_tss_profiles,
        "motif": draw_motifs,
        "gc": draw_gc,
        "correlation": lambda _: draw_correlation(summary["assays"]),
    }
    return drawings[figure](samples)


def draw_length_ladder(samples: Sequence[Sample], max_length: int) -> Figure:
    """Draw the fragment lengths of samples, one panel an assay.

    Parameters
    ----------
    samples
        What `chrompute.quality.sample_quality` returned, with `sample` and `assay`.
    max_length
        End of the axis, bp.
    """
    assays = sorted({sample["assay"] for sample in samples})
    figure = new_figure(3.6 * len(assays), 2.6)
    for axes, assay in zip(figure.subplots(1, len(assays), squeeze=False)[0], assays, strict=True):
        own = [sample for sample in samples if sample["assay"] == assay]
        chosen = [sample for sample in own if sample["length_histogram"]]
        if not chosen:
            axes.text(0.5, 0.5, "single-end", transform=axes.transAxes, ha="center", color=INK)
        for sample, colour in zip(chosen, _colours(len(chosen)), strict=True):
            histogram = np.zeros(max_length)
            counts = np.array(sample["length_histogram"][:max_length])
            histogram[: counts.size] = 100 * counts / max(sample["fragments"], 1)
            axes.plot(np.arange(max_length), histogram, color=colour, lw=1, label=sample["sample"])
        for multiple, place in (("1 nucleosome", 147), ("2 nucleosomes", 147 + 165)):
            if place < max_length:
                axes.axvline(place, color="#BBBBBB", lw=0.8, ls=":", zorder=0)
                axes.annotate(
                    multiple, (place, 1), xycoords=("data", "axes fraction"), xytext=(2, -2),
                    textcoords="offset points", fontsize=6, color="#888888", va="top",
                )  # fmt: skip
        axes.set(title=assay, xlabel="fragment length (bp)", ylabel="fragments (%)")
        axes.set(xlim=(0, max_length), ylim=(0, None))
        if chosen:
            axes.legend(frameon=False, fontsize=6, loc="center right")
    return figure


def _colours(number: int) -> list[str]:
    return [PALETTE[index % len(PALETTE)] for index in range(number)]


def _say_nothing_is_there(axes: Axes, text: str) -> None:
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", color="#888888")


def draw_reads(samples: Sequence[Sample]) -> Figure:
    """Draw where the reads went, one bar a sample, per cent of its reads."""
    headings = [
        name
        for name in dict.fromkeys(key for sample in samples for key in sample["filters"])
        if any(sample["filters"].get(name) for sample in samples)
    ]
    headings.sort(key=lambda name: name not in ("kept", "second_mate"))
    figure = new_figure(6.4, 1.3 + 0.3 * len(samples))
    axes = figure.subplots()
    left = np.zeros(len(samples))
    for name, colour in zip(headings, _colours(len(headings)), strict=True):
        share = [100 * s["filters"].get(name, 0) / max(s["reads"], 1) for s in samples]
        axes.barh(range(len(samples)), share, left=left, color=colour, label=name.replace("_", " "))
        left += share
    axes.set_yticks(range(len(samples)), [sample["sample"] for sample in samples])
    axes.set(xlabel="reads (%)", xlim=(0, 100), ylim=(len(samples) - 0.5, -0.5))
    axes.legend(frameon=False, fontsize=6, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def draw_tss_profiles(samples: Sequence[Sample]) -> Figure:
    """Draw the cut density around TSS over that of the flanks."""
    figure = new_figure(4.2, 2.6)
    axes = figure.subplots()
    chosen = [sample for sample in samples if sample["tss_profile"]]
    if not chosen:
        _say_nothing_is_there(axes, "no TSS enrichment")
        return figure
    for sample, colour in zip(chosen, _colours(len(chosen)), strict=True):
        profile = sample["tss_profile"]
        positions = np.linspace(-TSS_FLANK, TSS_FLANK, len(profile))
        label = f"{sample['sample']}: {sample['tss_enrichment']:.2f}"
        axes.plot(positions, profile, color=colour, lw=1.2, label=label)
    axes.axhline(1, color="#888888", lw=0.7, ls=":")
    axes.set(xlabel="distance from TSS (bp)", ylabel="cuts / flanks")
    axes.set(xlim=(-TSS_FLANK, TSS_FLANK), ylim=(0, None), title="TSS enrichment")
    axes.legend(frameon=False, fontsize=6)
    return figure


def draw_motifs(samples: Sequence[Sample]) -> Figure:
    """Draw the information of each base around the cuts as letters, one panel a sample."""
    figure = new_figure(6.4, 1.9 * len(samples) + 0.2)
    for axes, sample in zip(
        figure.subplots(len(samples), squeeze=False)[:, 0], samples, strict=True
    ):
        motif = sample["motif"]
        if motif is None:
            _say_nothing_is_there(axes, f"{sample['sample']}: no sequence")
            continue
        _draw_logo(axes, motif)
        centre = motif["centre"]
        where = "not symmetric" if centre is None else f"centre at {centre:g} bp"
        axes.set_title(f"{sample['sample']} ({motif['bits']:.2f} bits, {where})")
        if centre is not None:
            axes.axvline(centre, color="#888888", lw=0.8, ls="--")
    axes.set_xlabel("distance from the cut (bp); positive is inside the fragment")
    return figure


def _draw_logo(axes: Axes, motif: Mapping[str, Any]) -> None:
    """Draw bars of the enriched bases upwards and of the depleted ones downwards, in bits."""
    positions = np.array(motif["positions"])
    table = np.array([motif["frequencies"][base] for base in _BASE_COLOURS])
    background = np.array(motif["background"])[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(table > 0, table * np.log2(table / background), 0.0)
    for sign in (1, -1):
        part = np.where(sign * terms > 0, terms, 0.0)
        order = np.argsort(np.abs(part), axis=0)
        base_line = np.zeros(positions.size)
        for rank in range(len(part)):
            rows = order[rank]
            heights = part[rows, np.arange(positions.size)]
            colours = [list(_BASE_COLOURS.values())[row] for row in rows]
            axes.bar(positions, heights, bottom=base_line, width=0.9, color=colours)
            base_line += heights
        if sign == 1:
            _name_tallest(axes, positions, terms, base_line)
    axes.axhline(0, color=INK, lw=0.6)
    for base, colour in _BASE_COLOURS.items():
        axes.bar(0, 0, color=colour, label=base)
    axes.set(ylabel="bits", xlim=(positions[0] - 0.6, positions[-1] + 0.6))
    axes.margins(y=0.15)
    axes.legend(frameon=False, fontsize=6, loc="center left", bbox_to_anchor=(1, 0.5))


def _name_tallest(axes: Axes, positions: Any, terms: Any, tops: Any) -> None:
    """Write the most enriched base over each position, so that colour is not needed."""
    for place, best, top in zip(positions, terms.argmax(axis=0), tops, strict=True):
        axes.annotate(
            list(_BASE_COLOURS)[best], (place, top), xytext=(0, 1), textcoords="offset points",
            ha="center", fontsize=6, color=INK,
        )  # fmt: skip


def draw_gc(samples: Sequence[Sample]) -> Figure:
    """Draw the GC content of the fragments and, dashed, of the genome at the same lengths."""
    figure = new_figure(4.2, 2.6)
    axes = figure.subplots()
    chosen = [sample for sample in samples if sample["gc_histogram"]]
    if not chosen:
        _say_nothing_is_there(axes, "no sequence")
        return figure
    for sample, colour in zip(chosen, _colours(len(chosen)), strict=True):
        for key, style, label in (
            ("gc_histogram", "-", sample["sample"]),
            ("gc_expected_histogram", "--", "genome, same lengths"),
        ):
            counts = np.array(sample[key], dtype=float)
            share = 100 * counts / max(counts.sum(), 1)
            axes.plot(range(101), share, style, color=colour, lw=1, label=label)
    axes.set(xlabel="GC of the fragment (%)", ylabel="fragments (%)", title="GC content")
    axes.set(xlim=(0, 100), ylim=(0, None))
    axes.legend(frameon=False, fontsize=6)
    return figure


def draw_correlation(assays: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Draw the correlations of the samples of each assay, numbers in every cell."""
    chosen = {name: own for name, own in assays.items() if own["correlation"]}
    largest = max((len(own["samples"]) for own in chosen.values()), default=2)
    side = 1.6 + 0.5 * largest
    figure = new_figure(2 * side, max(side * len(chosen), 1.5))
    if not chosen:
        _say_nothing_is_there(figure.subplots(), "no two samples of one assay")
        return figure
    grid = figure.subplots(len(chosen), 2, squeeze=False)
    for row, (assay, own) in zip(grid, chosen.items(), strict=True):
        titles = {"pearson": "Pearson, log2(count + 1)", "spearman": "Spearman"}
        for axes, (kind, title) in zip(row, titles.items(), strict=True):
            matrix = own["correlation"][kind]
            values = np.array(matrix, dtype=float)
            axes.imshow(values, cmap="Blues", vmin=0, vmax=1)
            for i, j in np.ndindex(*values.shape):
                axes.text(
                    j, i, "" if np.isnan(values[i, j]) else f"{values[i, j]:.2f}", ha="center",
                    va="center", fontsize=7, color="white" if values[i, j] > 0.55 else INK,
                )  # fmt: skip
            ticks = range(len(own["samples"]))
            axes.set_xticks(ticks, own["samples"], rotation=45, ha="right", rotation_mode="anchor")
            axes.set_yticks(ticks, own["samples"] if kind == "pearson" else [])
            axes.set_title(f"{assay}: {title}")
            axes.spines[:].set_visible(False)
    return figure
