"""Predicting with trained networks from Python, without the workflow."""

import json
import logging
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
from chrompute import devices
from chrompute.ensembles import run_ensemble
from chrompute.errors import InputError
from chrompute.fragments import Fragments
from chrompute.networks import ChromatinNetwork
from chrompute.store_files import write_fragments
from helpers import ROOT, write_bed
from toy_models import IMAGES, SIZES, Toy, make_toy, recipe_of
from toy_predictions import COLUMNS, Case, bits, of


@pytest.fixture(scope="module")
def toy() -> Toy:
    return make_toy()


@pytest.fixture(scope="module")
def case(toy: Toy, tmp_path_factory: pytest.TempPathFactory) -> Case:
    case = Case(tmp_path_factory.mktemp("models"), toy)
    case.train("net", "vplot", "sequence")
    case.train("net", "vplot", "sequence", seed=2)
    return case


@pytest.fixture(scope="module")
def images_only(case: Case) -> Path:
    return case.train("images", "vplot")


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


def ensemble_of(case: Case, name: str = "mean") -> tuple[Path, pd.DataFrame]:
    """Write the card of an ensemble of both networks; return its folder and its predictions."""
    recipe = replace(recipe_of("vplot", "sequence"), model=name, kind="ensemble")
    tables = [case.expected[f"net{seed}"] for seed in (1, 2)]
    cards = [json.loads((of(case, "net", seed) / "card.json").read_text()) for seed in (1, 2)]
    found, card = run_ensemble(recipe, 1, tables, cards)
    folder = case.folder / name / "seed-1"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "card.json").write_text(json.dumps(card))
    return folder, found


def test_the_folder_of_an_ensemble_predicts_as_the_ensemble_bit_by_bit(case: Case) -> None:
    folder, expected = ensemble_of(case)
    arguments = ({"ATAC": case.atac}, case.genome, case.held_out)
    found = chrompute.predict(folder, *arguments)
    assert bits(found) == bits(expected)
    # It is calibrated, and so no plain mean of its networks.
    plain = chrompute.predict([of(case, "net", seed) for seed in (1, 2)], *arguments)
    assert np.abs(found[COLUMNS].to_numpy() - plain[COLUMNS].to_numpy()).max() > 1e-3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"members": []}, "does not name its networks; run the workflow"),
        ({"members": ["net"]}, "does not name its networks"),
        ({"members": [["net", 1], ["net", 7]]}, "seed-7: is no folder"),
        ({"weights": ["x", "y"]}, "made from networks with other weights"),
        ({"tasks": {"state": ["open", "closed"]}}, "has other tasks or classes than its networks"),
        ({"temperature": None}, "lacks the temperature of its tasks"),
        ({"temperature": {"state": 0}}, "lacks the temperature of its tasks"),
    ],
)
def test_faulty_cards_of_ensembles_are_told(
    case: Case, changes: dict[str, Any], message: str
) -> None:
    folder, _ = ensemble_of(case, "faulty")
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | changes))
    with pytest.raises(InputError, match=message):
        chrompute.predict(folder, {"ATAC": case.atac}, case.genome, case.held_out)


def kept(n: int, fraction: float) -> np.ndarray:
    """Mark the fragments of a store that are kept: lowbias32 of their numbers, in numpy."""
    x = np.arange(n, dtype=np.uint32)
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    return x.view(np.int32) < fraction * 2**32 - 2**31


def test_a_fraction_of_the_fragments_is_a_shallower_sample(case: Case, images_only: Path) -> None:
    def found(fragments: Any, **options: Any) -> pd.DataFrame:
        return chrompute.predict(images_only, {"ATAC": fragments}, None, case.held_out, **options)

    whole = found(case.store)
    assert bits(found(case.store, fraction=1.0)) == bits(whole)
    before = np.ones(len(case.store), bool)
    for fraction in (0.5, 0.2):
        chosen = kept(len(case.store), fraction)
        assert not (chosen & ~before).any()  # nested
        before = chosen
        thin = found(case.store, fraction=fraction)
        assert bits(found(case.store, fraction=fraction)) == bits(thin)
        # Counts are those of the kept ones, scaled up by 1 / fraction: the store of these alone
        # is scaled by its own size, which is the fraction up to chance.
        alone = found(case.store.select(chosen))
        assert thin[COLUMNS].to_numpy() == pytest.approx(alone[COLUMNS].to_numpy(), abs=0.02)
        assert np.abs(thin[COLUMNS].to_numpy() - whole[COLUMNS].to_numpy()).max() > 0.05
    for fraction in (0.0, 1.5, -1, float("nan")):
        with pytest.raises(InputError, match="must be above 0 and at most 1"):
            found(case.store, fraction=fraction)


def test_a_fraction_shows_the_very_fragments_that_are_kept(case: Case) -> None:
    """Where images are scaled to one sum, the depth cannot tell them apart."""
    folder = case.train("sums", "vplot", images={**IMAGES, "normalise": "window"})
    thin = chrompute.predict(folder, {"ATAC": case.store}, None, case.held_out, fraction=0.3)
    alone = case.store.select(kept(len(case.store), 0.3))
    expected = chrompute.predict(folder, {"ATAC": alone}, None, case.held_out)
    assert bits(thin) == bits(expected)


def test_memory_that_ends_is_told(
    case: Case, images_only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ChromatinNetwork, "forward", lambda *_: torch.empty(1 << 60))
    with pytest.raises(InputError, match="this machine is used up; lower batch_size") as told:
        chrompute.predict(images_only, {"ATAC": case.atac}, None, case.held_out)
    assert isinstance(told.value.__cause__, RuntimeError)


def test_the_device_calculates_as_in_training(
    case: Case, images_only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What training sets on its device is set while a network predicts, and then given back."""
    cuda, cudnn, seen = torch.device("cuda"), torch.backends.cudnn, []
    real, forward = devices.make_deterministic, ChromatinNetwork.forward
    monkeypatch.setattr(devices, "make_deterministic", lambda device: real(cuda))

    def spied(self: ChromatinNetwork, batch: Any) -> Any:
        strict = torch.are_deterministic_algorithms_enabled()
        seen.append((strict, cudnn.allow_tf32, torch.get_float32_matmul_precision()))
        return forward(self, batch)

    monkeypatch.setattr(ChromatinNetwork, "forward", spied)
    monkeypatch.setattr(cudnn, "allow_tf32", True)
    torch.set_float32_matmul_precision("high")
    try:
        chrompute.predict(images_only, {"ATAC": case.atac}, None, case.held_out.head(2))
        assert {*seen} == {(True, False, "highest")}
        assert not torch.are_deterministic_algorithms_enabled()
        assert cudnn.allow_tf32
        assert torch.get_float32_matmul_precision() == "high"
    finally:
        torch.set_float32_matmul_precision("highest")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_predictions_on_cuda_are_those_of_the_training_run(case: Case) -> None:
    training = recipe_of("vplot", "sequence", epochs=2, device="cuda").training
    folder = case.train("fast", "vplot", "sequence", training=training)
    torch.backends.cudnn.allow_tf32 = True  # torch's default, which training does not leave on
    found = chrompute.predict(
        folder, {"ATAC": case.atac}, case.genome, case.held_out, device="cuda"
    )
    assert bits(found) == bits(case.expected["fast1"])


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
        "store missing": (
            {"fragments": {"ATAC": case.folder / "none.parquet"}},
            "there is no such file",
        ),
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
    "no model", "no folder", "strange assay", "unread assay", "no store", "no stores",
    "store missing", "single-end", "empty store", "no genome", "genome missing", "no windows",
    "windows missing", "no Parquet",
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
