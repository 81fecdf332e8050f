"""Predicting with trained networks from Python and from the command line, without the workflow."""

import json
import logging
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import chrompute
from chrompute.__main__ import main
from chrompute.errors import InputError
from chrompute.fragments import Fragments, write_fragments
from chrompute.model_files import sample_facts, save_network
from chrompute.runs import run_recipe
from helpers import ROOT, write_bed
from toy_models import IMAGES, SIZES, Toy, make_toy, recipe_of

COLUMNS = ["p:state:closed", "p:state:open"]


@pytest.fixture(scope="module")
def toy() -> Toy:
    return make_toy()


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


@pytest.fixture(scope="module")
def case(toy: Toy, tmp_path_factory: pytest.TempPathFactory) -> Case:
    case = Case(tmp_path_factory.mktemp("models"), toy)
    case.train("net", "vplot", "sequence")
    case.train("net", "vplot", "sequence", seed=2)
    return case


def bits(table: pd.DataFrame) -> list[list[int]]:
    return [table[name].to_numpy(np.float32).view(np.int32).tolist() for name in COLUMNS]


def of(case: Case, name: str, seed: int = 1) -> Path:
    return case.folder / name / f"seed-{seed}"


def test_the_library_is_imported_without_torch() -> None:
    code = "import sys, chrompute; assert 'torch' not in sys.modules; print(chrompute.predict)"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "scripts", capture_output=True, text=True
    )
    assert "function predict" in result.stdout, result.stderr
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        chrompute.nothing  # noqa: B018


def test_predictions_are_those_of_the_training_run_bit_by_bit(case: Case) -> None:
    found = chrompute.predict(of(case, "net"), {"ATAC": case.atac}, case.genome, case.held_out)
    expected = case.expected["net1"]
    assert bits(found) == bits(expected)
    assert [*found] == ["chrom", "start", "end", "centre", "state", *COLUMNS]
    assert [*found["centre"]] == [*expected["centre"]]
    called = np.where(expected[COLUMNS[1]] > expected[COLUMNS[0]], "open", "closed")
    assert [*found["state"]] == [*called]
    # The temperature is among what makes them equal.
    card = json.loads((of(case, "net") / "card.json").read_text())
    assert card["temperature"]["state"] != 1


def test_scaling_to_the_window_is_taken_from_the_card(case: Case) -> None:
    images = {**IMAGES, "normalise": "window"}
    folder = case.train("scaled", "vplot", images=images)
    found = chrompute.predict(folder, {"vplot": [case.store]}, None, case.held_out)
    assert bits(found) == bits(case.expected["scaled1"])
    assert json.loads((folder / "card.json").read_text())["typical_sum"]["vplot"] > 0


def test_several_models_are_averaged_in_probability(case: Case) -> None:
    folders = [of(case, "net", seed) for seed in (1, 2)]
    found = chrompute.predict(folders, {"ATAC": case.atac}, case.genome, case.held_out)
    one, two = (case.expected[f"net{seed}"][COLUMNS].to_numpy(np.float64) for seed in (1, 2))
    assert np.abs(one - two).max() > 0.01
    assert found[COLUMNS].to_numpy() == pytest.approx((one + two) / 2, abs=1e-7)


def test_a_bed_a_parquet_and_a_table_give_the_same(case: Case, tmp_path: Path) -> None:
    table = case.held_out[["chrom", "start", "end"]].head(30)
    wide = table.assign(start=table["start"] + 150, end=table["end"] - 150)  # the same centres
    bed = write_bed(tmp_path / "w.bed", wide.to_numpy().tolist())
    wide.to_parquet(tmp_path / "w.parquet")
    one, two, three = (
        chrompute.predict(of(case, "net"), {"ATAC": case.atac}, case.genome, windows)
        for windows in (bed, tmp_path / "w.parquet", table)
    )
    pd.testing.assert_frame_equal(one, two)
    assert [*one["start"]] == [*wide["start"]]
    assert bits(one) == bits(three)
    assert [*three["centre"]] == [*case.held_out["centre"].head(30)]


def test_samples_are_pooled_and_depth_is_scaled_away(case: Case) -> None:
    """Twice the same fragments are twice the depth, and nothing else."""
    once, twice = (
        chrompute.predict(of(case, "net"), {"ATAC": given}, case.genome, case.held_out)
        for given in (case.store, [case.store, case.store])
    )
    assert twice[COLUMNS].to_numpy() == pytest.approx(once[COLUMNS].to_numpy(), abs=1e-5)


def test_windows_at_chromosome_ends_are_padded(case: Case) -> None:
    places = pd.DataFrame({"chrom": ["chr2", "chr2"], "start": [0, 29_990], "end": [10, 30_000]})
    found = chrompute.predict(of(case, "net"), {"ATAC": case.atac}, case.genome, places)
    assert found[COLUMNS].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-6)


def test_the_number_of_threads_is_given_back(case: Case) -> None:
    torch.set_num_threads(2)
    chrompute.predict(of(case, "net"), {"ATAC": case.atac}, case.genome, case.held_out.head(2))
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)


def changed(store: Fragments) -> Fragments:
    lengths = store.lengths.copy()
    lengths[7] += 2
    return replace(store, lengths=lengths)


def test_a_sample_that_changed_since_training_is_refused(
    case: Case, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = tmp_path / "other.parquet"
    write_fragments(changed(case.store), other, {"sample": "a"})
    arguments = ({"ATAC": other}, case.genome, case.held_out.head(5))
    with pytest.raises(InputError, match="sample a changed since net was trained on it"):
        chrompute.predict(of(case, "net"), *arguments)
    with caplog.at_level(logging.WARNING):
        found = chrompute.predict(of(case, "net"), *arguments, allow_changed=True)
    assert len(found) == 5
    assert "sample a changed" in caplog.text
    # The same fragments under another name are those of a new sample, and no fault.
    write_fragments(changed(case.store), other, {"sample": "new"})
    chrompute.predict(of(case, "net"), *arguments)
    # A store that does not say its sample goes by the name of its file.
    write_fragments(changed(case.store), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="sample a changed"):
        chrompute.predict(of(case, "net"), {"ATAC": tmp_path / "a.parquet"}, *arguments[1:])


def test_a_genome_that_changed_since_training_is_refused(case: Case, tmp_path: Path) -> None:
    text = case.genome.read_text().split("\n")
    where = text.index(">chr3") + 1
    text[where] = (
        text[where][:100] + "ACGT"[(("ACGT".index(text[where][100])) + 1) % 4] + (text[where][101:])
    )
    other = tmp_path / "other.fa"
    other.write_text("\n".join(text))
    chr3 = case.windows[case.windows["chrom"] == "chr3"].head(3)
    with pytest.raises(InputError, match="genome changed since net was trained on it: chr3 has"):
        chrompute.predict(of(case, "net"), {"ATAC": case.atac}, other, chr3)
    chrompute.predict(of(case, "net"), {"ATAC": case.atac}, other, chr3, allow_changed=True)
    # Only chromosomes that windows lie on count, and new ones may be predicted.
    chr2 = case.windows[case.windows["chrom"] == "chr2"].head(3)
    chrompute.predict(of(case, "net"), {"ATAC": case.atac}, other, chr2)
    longer = Fragments.from_intervals({**SIZES, "chrN": 5000}, [3] * 9, [*range(9)], [90] * 9)
    other.write_text("\n".join(text) + "\n>chrN\n" + "ACGTT" * 1000 + "\n")
    new = pd.DataFrame({"chrom": ["chrN"], "start": [100], "end": [300]})
    assert len(chrompute.predict(of(case, "net"), {"ATAC": longer}, other, new)) == 1


def test_a_missing_assay_needs_modality_dropout(
    case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    windows = case.held_out.head(4)
    with pytest.raises(InputError, match="trained with network/modality_dropout"):
        chrompute.predict(of(case, "net"), {}, case.genome, windows)
    recipe = recipe_of("vplot", "sequence")
    network = {**recipe.network, "modality_dropout": 0.3}
    folder = case.train("robust", "vplot", "sequence", network=network)
    with caplog.at_level(logging.WARNING):
        found = chrompute.predict(folder, {}, case.genome, windows)
    assert "reads vplot, and fragments of it are not given; it predicts without" in caplog.text
    both = chrompute.predict(folder, {"ATAC": case.atac}, case.genome, windows)
    assert not np.allclose(found[COLUMNS], both[COLUMNS])


def single_end(store: Fragments) -> Fragments:
    return replace(store, strands=np.ones(len(store), np.int8))


def wrong_arguments(case: Case) -> dict[str, tuple[dict[str, Any], str]]:
    empty = case.store.select(np.zeros(len(case.store), bool))
    windows = case.held_out.head(3)
    other = windows.assign(cell_type=[*"aab"])
    return {
        "no model": ({"model": []}, "no folder is given"),
        "no folder": ({"model": case.folder / "none"}, "is no folder"),
        "strange assay": ({"fragments": {"RNA": case.atac}}, "RNA is nothing that the model reads"),
        "unread assay": ({"fragments": {"MNase": case.atac}}, "it reads ATAC or vplot"),
        "no store": ({"fragments": {"ATAC": case.genome}}, "is no fragment store"),
        "no stores": ({"fragments": {"ATAC": []}}, "names no store"),
        "single-end": ({"fragments": {"ATAC": single_end(case.store)}}, "single-end reads"),
        "empty store": ({"fragments": {"ATAC": empty}}, "holds no fragment"),
        "no genome": ({"genome": None}, "net reads DNA; give the FASTA"),
        "genome missing": ({"genome": case.folder / "none.fa"}, "cannot be read as FASTA"),
        "no windows": ({"windows": windows.head(0)}, "holds no window"),
        "windows missing": ({"windows": case.folder / "none.bed"}, "is no file"),
        "no Parquet": ({"windows": case.folder / "none.parquet"}, "is no file"),
        "no columns": ({"windows": windows[["chrom"]]}, "has no column start, end"),
        "cell types": ({"windows": other}, "several cell types"),
        "half bases": ({"windows": windows.assign(start=0.5)}, "whole numbers"),
        "strange chromosome": ({"windows": windows.assign(chrom="2")}, "are not in the genome"),
        "outside": ({"windows": windows.assign(centre=30_000)}, "are not in the genome"),
        "turned": ({"windows": windows.assign(end=0)}, "are not in the genome"),
    }


@pytest.mark.parametrize("name", [
    "no model", "no folder", "strange assay", "unread assay", "no store", "no stores", "single-end",
    "empty store", "no genome", "genome missing", "no windows", "windows missing", "no Parquet",
    "no columns", "cell types", "half bases", "strange chromosome", "outside", "turned",
])  # fmt: skip
def test_wrong_arguments_are_told(case: Case, name: str) -> None:
    arguments: dict[str, Any] = {
        "model": of(case, "net"), "fragments": {"ATAC": case.atac}, "genome": case.genome,
        "windows": case.held_out.head(3),
    }  # fmt: skip
    changes, message = wrong_arguments(case)[name]
    with pytest.raises(InputError, match=message):
        chrompute.predict(**(arguments | changes))


def test_models_of_other_tasks_are_not_averaged(case: Case) -> None:
    folder = case.train("marks", "vplot", tasks={"mark": ("not_bound", "bound")})
    with pytest.raises(InputError, match="predicts other tasks or classes"):
        chrompute.predict(
            [of(case, "net"), folder], {"ATAC": case.atac}, case.genome, case.held_out
        )


def test_a_card_without_what_prediction_needs_is_told(case: Case, tmp_path: Path) -> None:
    for name in ("model.safetensors", "card.json"):
        (tmp_path / name).write_bytes((of(case, "net") / name).read_bytes())
    card = json.loads((tmp_path / "card.json").read_text())
    del card["temperature"]
    (tmp_path / "card.json").write_text(json.dumps(card))
    with pytest.raises(InputError, match="lacks temperature; train the model again"):
        chrompute.predict(tmp_path, {"ATAC": case.atac}, case.genome, case.held_out)


def test_the_command_line_writes_the_same_table(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bed = write_bed(tmp_path / "w.bed", case.held_out[["chrom", "start", "end"]].to_numpy())
    output = tmp_path / "out.tsv"
    folders = [of(case, "net", seed) for seed in (1, 2)]
    code = main(
        ["predict", *map(str, folders), "--fragments", f"ATAC={case.atac}", "--genome",
         str(case.genome), "--windows", str(bed), "--output", str(output)]
    )  # fmt: skip
    told = capsys.readouterr().err
    assert code == 0, told
    assert "168 of 168 windows" in told  # progress
    expected = chrompute.predict(folders, {"ATAC": case.atac}, case.genome, bed)
    found = pd.read_csv(output, sep="\t")
    assert bits(found) == bits(expected)
    assert [*found["state"]] == [*expected["state"]]
    assert len([*tmp_path.iterdir()]) == 2  # nothing is left beside it


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict", "nowhere"], "nowhere: is no folder"),
        (["predict", "nowhere", "--fragments", "a.parquet"], "must be ASSAY=STORE"),
        (["export", "nowhere", "out.onnx"], "nowhere: is no folder|needs onnx"),
    ],
)
def test_the_command_line_tells_errors_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    output = tmp_path / "out.tsv"
    if arguments[0] == "predict":
        arguments = [*arguments, "--windows", "none.bed", "--output", str(output)]
    assert main(arguments) == 1
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert re.search(f"ERROR: .*({message})", told)
    assert not output.exists()


def test_the_command_line_explains_itself() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "chrompute", "predict", "--help"],
        cwd=ROOT / "scripts", capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "--allow-changed" in result.stdout
