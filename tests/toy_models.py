"""A toy experiment on which models are trained within seconds, and recipes for it."""

from typing import Any

import numpy as np
import pandas as pd

from chrompute.fragments import Fragments
from chrompute.genome import encode
from chrompute.recipe import Recipe, Stores

SIZES = {"chr1": 60_000, "chr2": 30_000, "chr3": 30_000}
WIDTH = 401
SMALL = {
    "position_bin": 16,
    "channels": 16,
    "blocks": 2,
    "motif_width": 7,
    "motifs": 8,
    "dropout": 0.1,
}
TRAINING = {
    "epochs": 3, "batch_size": 16, "learning_rate": 5e-3, "weight_decay": 0.01,
    "label_smoothing": 0.0, "jitter": 5, "threads": 1, "device": "cpu",
}  # fmt: skip
IMAGES: dict[str, Any] = {
    "min_length": 0, "max_length": 200, "length_bin": 20, "position_bin": 8, "normalise": "depth",
    "profile": [120, 181],
}  # fmt: skip
FEATURES = {
    "length_edges": [0, 100, 200], "position_bin": 50, "spans": [50, 200], "kmer": 3,
    "kmer_bin": 100,
}  # fmt: skip
FOREST = {"trees": 100, "min_leaf": 3}

Genome = dict[str, np.ndarray]
Toy = tuple[pd.DataFrame, Stores, Genome]


def recipe_of(*inputs: str, **training: object) -> Recipe:
    return Recipe(
        model="net",
        kind="network",
        tasks={"state": ("closed", "open")},
        windows="w",
        width=WIDTH,
        inputs=inputs,
        samples=(("a", "cells", "ATAC"),),
        train_on=("cells",),
        images=dict(IMAGES),
        network=SMALL,
        training={**TRAINING, **training},
        features={},
        baseline={},
    )


def make_toy() -> Toy:
    """Return windows, of which the open ones hold short fragments and a motif at the centre.

    The task "mark" does not depend on that: bound windows have another motif beside the centre.
    """
    rng = np.random.default_rng(0)
    genome = {name: rng.integers(0, 4, size).astype(np.uint8) for name, size in SIZES.items()}
    rows, chroms, starts, lengths = [], [], [], []
    for index, (chrom, size) in enumerate(SIZES.items()):
        for centre in range(300, size - 300, 350):
            is_open = rng.random() < 0.5
            rows.append((chrom, centre, "open" if is_open else "closed"))
            number = 12
            middle = centre + rng.normal(0, 15, number).round().astype(int)
            size_of = rng.integers(30, 80, number) if is_open else rng.integers(140, 180, number)
            chroms += [index] * number
            starts += [*(middle - size_of // 2)]
            lengths += [*size_of]
            if is_open:
                genome[chrom][centre - 4 : centre + 4] = encode("CCGGTTAA")
    store = Fragments.from_intervals(SIZES, chroms, starts, np.add(starts, lengths))
    windows = pd.DataFrame(rows, columns=["chrom", "centre", "state"])
    windows["state.1"] = windows["state"]
    windows["mark"] = np.random.default_rng(5).choice(["not_bound", "bound"], len(windows))
    windows["mark.1"] = windows["mark"]
    for chrom, centre in windows.loc[windows["mark"] == "bound", ["chrom", "centre"]].to_numpy():
        genome[chrom][centre + 30 : centre + 40] = encode("GATTACAGAT")
    windows["cell_type"] = "cells"
    windows["start"] = windows["centre"] - WIDTH // 2
    windows["end"] = windows["start"] + WIDTH
    windows["split"] = windows["chrom"].map({"chr1": "train", "chr2": "valid", "chr3": "test"})
    return windows, {"vplot": {"cells": store}}, genome
