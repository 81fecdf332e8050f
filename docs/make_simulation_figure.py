"""Measure how the knobs of the simulation set its difficulty, and draw a figure of it.

    python docs/make_simulation_figure.py        (make knobs; about a quarter of an hour)

Each point is an experiment of its own, simulated in memory with chromosomes of half the default
length: a random forest and the oracle on the ATAC V-plot, scored on the last two chromosomes
against both replicates of the labels. The numbers go to docs/simulation_knobs.tsv.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from chrompute.classifiers import forest_probabilities  # noqa: E402
from chrompute.features import binned_features  # noqa: E402
from chrompute.figures import new_figure  # noqa: E402
from chrompute.fragments import Fragments  # noqa: E402
from chrompute.palette import INK, PALETTE  # noqa: E402
from chrompute.simulate.design import STATES, Design  # noqa: E402
from chrompute.simulate.experiment import draw_sample  # noqa: E402
from chrompute.simulate.genome import draw_genome, draw_loci, locus_centres  # noqa: E402
from chrompute.simulate.labels import draw_labels, state_frequency  # noqa: E402
from chrompute.simulate.oracle import (  # noqa: E402
    choose_power,
    label_limit,
    label_probabilities,
    state_priors,
)
from chrompute.simulate.templates import (  # noqa: E402
    learn_templates,
    state_likelihoods,
    window_images,
)

DESIGN = replace(Design(), chromosome_length=750_000)
#: Values of each knob; the default stands in each.
KNOBS = {
    "depth": (2.0, 4.0, 8.0, 16.0, 33.0, 66.0, 132.0),
    "agreement": (0.6, 0.7, 0.8, 0.88, 0.94, 1.0),
    "overlap": (0.0, 0.5, 1.0, 1.45, 2.0, 3.0),
}
TITLES = {
    "depth": "ATAC fragments a kb, each of two samples",
    "agreement": "agreement of label replicates",
    "overlap": "overlap of footprints",
}
FOREST = {"trees": 500, "min_leaf": 3, "seed": 1, "threads": 2}
EDGES, POSITION_BIN = [0, 100, 160, 240, 400], 100


def designs() -> Iterator[tuple[str, float, Design]]:
    """Yield each knob, its value and the design."""
    for knob, values in KNOBS.items():
        for value in values:
            changed = {**DESIGN.depth, "ATAC": value} if knob == "depth" else value
            yield knob, value, replace(DESIGN, **{knob: changed})


def simulate(design: Design) -> tuple[pd.DataFrame, dict[str, Fragments]]:
    """Draw the windows of all cell types, and the pooled fragments of two ATAC samples each."""
    loci = draw_loci(design)
    genome, _ = draw_genome(design, loci)
    tables, stores = [], {}
    for cell_type in design.factors:
        rows = []
        for sample in ("1", "2"):
            drawn = draw_sample(design, genome, cell_type, "ATAC", sample)
            for code, (starts, ends) in enumerate(drawn.values()):
                rows.append((np.full(len(starts), code), starts + 4, ends - 4))
        joined = (np.concatenate(column) for column in zip(*rows, strict=True))
        stores[cell_type] = Fragments.from_intervals(design.sizes, *joined)
        table = pd.DataFrame({"chrom": loci["chrom"], "centre": locus_centres(loci)})
        for replicate in ("1", "2"):
            table[replicate] = draw_labels(loci, cell_type, replicate, design)
        tables.append(table.assign(cell_type=cell_type))
    windows = pd.concat(tables, ignore_index=True)
    windows["start"], windows["end"] = windows["centre"] - 1000, windows["centre"] + 1001
    return windows, stores


def measure(design: Design) -> dict[str, float]:
    """Score majority, forest and oracle on the last two chromosomes."""
    windows, stores = simulate(design)
    chromosomes = list(design.sizes)
    train = windows["chrom"].isin(chromosomes[:-3]).to_numpy()
    test = windows["chrom"].isin(chromosomes[-2:]).to_numpy()
    codes = np.stack([pd.Index(STATES).get_indexer(windows[name]) for name in ("1", "2")])
    soft = np.eye(len(STATES), dtype=np.float32)[codes].mean(axis=0)
    depth = float(np.mean([len(store) for store in stores.values()]))
    features = binned_features(stores, windows, EDGES, POSITION_BIN, depth)
    forest = forest_probabilities(features, soft, train, **FOREST)[test]
    held_out = windows[test].reset_index(drop=True)
    images = {"vplot": window_images(stores, held_out, "vplot")}
    frequency = state_frequency(draw_loci(design), design)
    templates = learn_templates(design, ["vplot"])
    power = choose_power(templates, design, ["vplot"], sequence=False)
    likelihoods = power * state_likelihoods(templates, images, frequency)
    priors = state_priors(design, held_out, sequence=False)
    oracle = label_probabilities(likelihoods, priors, design)
    majority = np.tile(soft[train].mean(axis=0), (len(held_out), 1))
    scores = {"majority": majority, "forest": forest, "oracle": oracle}
    return {
        name: float((values.argmax(axis=1) == codes[:, test]).mean())
        for name, values in scores.items()
    } | {
        "agreement": float((codes[0, test] == codes[1, test]).mean()),
        "limit": label_limit(design),
    }


def draw(table: pd.DataFrame) -> None:
    """Draw the accuracy of each against each knob."""
    figure = new_figure(7.2, 2.6)
    panels = figure.subplots(1, len(KNOBS), sharey=True)
    lines = {
        "limit": ("knowing the truth", "#999999", ":"),
        "oracle": ("oracle on the V-plot", PALETTE[0], "-"),
        "forest": ("random forest on the V-plot", PALETTE[1], "-"),
        "majority": ("majority", INK, "--"),
    }
    for panel, (knob, values) in zip(panels, KNOBS.items(), strict=True):
        own = table[table["knob"] == knob]
        for name, (title, colour, style) in lines.items():
            marker = "o" if style == "-" else None
            panel.plot(
                own["value"], own[name], style, color=colour, label=title, marker=marker, ms=3
            )
        default = {"depth": DESIGN.depth["ATAC"]}.get(knob) or getattr(DESIGN, knob)
        panel.axvline(default, color="#dddddd", zorder=0)
        panel.set_xlabel(TITLES[knob])
        if knob == "depth":
            panel.set_xscale("log")
            panel.set_xticks(values, [f"{value:g}" for value in values], minor=False)
            panel.minorticks_off()
    panels[0].set_ylabel("accuracy against the labels")
    panels[0].set_ylim(0.3, 1.02)
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, frameon=False
    )
    figure.suptitle("Simulated data; grey line: the default", fontsize=8, y=-0.02)
    figure.savefig(ROOT / "docs/images/simulation_knobs.png", dpi=160, metadata={"Software": None})


def main() -> None:
    """Measure all points, write the table and draw it."""
    rows = []
    for knob, value, design in designs():
        scores = measure(design)
        rows.append({"knob": knob, "value": value, **scores})
        print(knob, value, {name: round(score, 3) for name, score in scores.items()}, flush=True)
    table = pd.DataFrame(rows).round(4)
    table.to_csv(ROOT / "docs/simulation_knobs.tsv", sep="\t", index=False)
    draw(table)


if __name__ == "__main__":
    main()
