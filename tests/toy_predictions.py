"""Trained toy networks in a folder, and the files that they were trained from."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chrompute.model_files import sample_facts, save_network
from chrompute.runs import run_recipe
from chrompute.store_files import write_fragments
from toy_models import Toy, recipe_of

COLUMNS = ["p:state:closed", "p:state:open"]


class Case:
    """A folder with trained networks, and the files that they were trained from."""

    def __init__(self, folder: Path, toy: Toy) -> None:
        self.folder = folder
        windows, stores, self.codes = toy
        # A quarter of the labels is wrong, so that no model is sure of itself.
        wrong = np.random.default_rng(3).random(len(windows)) < 0.25
        other = windows["state"].map({"open": "closed", "closed": "open"})
        self.windows = windows.assign(**{"state.1": windows["state"].where(~wrong, other)})
        self.store = stores["vplot"]["cells"]
        self.atac = folder / "a.parquet"
        write_fragments(self.store, self.atac, {"sample": "a", "cell_type": "cells"})
        self.genome = folder / "genome.fa"
        text = {name: "".join("ACGTN"[code] for code in own) for name, own in self.codes.items()}
        self.genome.write_text("".join(f">{name}\n{own}\n" for name, own in text.items()))
        self.expected: dict[str, pd.DataFrame] = {}

    def train(self, name: str, *inputs: str, seed: int = 1, **changes: Any) -> Path:
        recipe = replace(recipe_of(*inputs, epochs=2), model=name, **changes)
        stores = {key: {"cells": self.store} for key in inputs if key != "sequence"}
        genome = self.codes if "sequence" in inputs else None
        trained = run_recipe(recipe, self.windows, stores, genome, seed, self.folder, "code")
        trained.discard_checkpoints()
        folder = self.folder / name / f"seed-{seed}"
        folder.mkdir(parents=True)
        card = trained.card | {"stores": sample_facts([self.atac])}
        save_network(trained.network, card, folder / "model.safetensors", folder / "card.json")
        self.expected[f"{name}{seed}"] = trained.predictions
        return folder

    @property
    def held_out(self) -> pd.DataFrame:
        return self.windows[self.windows["split"] != "train"]


def bits(table: pd.DataFrame) -> list[list[int]]:
    return [table[name].to_numpy(np.float32).view(np.int32).tolist() for name in COLUMNS]


def of(case: Case, name: str, seed: int = 1) -> Path:
    return case.folder / name / f"seed-{seed}"
