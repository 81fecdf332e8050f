"""Predicting from the command line."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch

import chrompute
from chrompute.__main__ import main
from helpers import ROOT, write_bed
from toy_models import Toy, make_toy
from toy_predictions import Case, bits, of


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


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--batch-size", "0", "'0' must be a whole number of at least 1"),
        ("--threads", "two", "'two' must be a whole number of at least 1"),
        ("--fraction", "0", "'0' must be a number above 0 and at most 1"),
        ("--fraction", "nan", "'nan' must be a number above 0 and at most 1"),
        ("--fraction", "half", "'half' must be a number above 0 and at most 1"),
    ],
)
def test_wrong_options_are_told_in_words(
    capsys: pytest.CaptureFixture[str], option: str, value: str, message: str
) -> None:
    with pytest.raises(SystemExit):
        main(["predict", "m", "--windows", "w.bed", "--output", "o.tsv", option, value])
    assert f"argument {option}: {message}" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["predict", "export"])
def test_an_output_that_cannot_be_written_is_told_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    for output, message in (
        (tmp_path, "is a folder; name a file in it"),
        (tmp_path / "none/out.tsv", "its folder is not there; make it"),
    ):
        named = ["--windows", "w.bed", "--output"] if command == "predict" else []
        assert main([command, "nowhere", *named, str(output)]) == 1
        assert f"ERROR: {output}: {message}" in capsys.readouterr().err


def test_cuda_that_is_not_there_is_told_by_the_option(
    case: Case, images_only: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    bed = write_bed(tmp_path / "w.bed", case.held_out[["chrom", "start", "end"]].to_numpy())
    given = ["--fragments", f"ATAC={case.atac}", "--windows", str(bed), "--device", "cuda"]
    assert main(["predict", str(images_only), *given, "--output", str(tmp_path / "o.tsv")]) == 1
    told = capsys.readouterr().err
    assert "--device" in told
    assert "training/device" not in told


def test_the_command_line_keeps_a_fraction(case: Case, images_only: Path, tmp_path: Path) -> None:
    bed = write_bed(tmp_path / "w.bed", case.held_out[["chrom", "start", "end"]].to_numpy())
    output = tmp_path / "out.parquet"
    given = ["--fragments", f"ATAC={case.atac}", "--windows", str(bed), "--fraction", "0.1"]
    assert main(["predict", str(images_only), *given, "--output", str(output)]) == 0
    expected = chrompute.predict(images_only, {"ATAC": case.atac}, None, bed, fraction=0.1)
    assert bits(pd.read_parquet(output)) == bits(expected)


def test_the_command_line_explains_itself() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "chrompute", "predict", "--help"],
        cwd=ROOT / "scripts", capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "--allow-changed" in result.stdout
