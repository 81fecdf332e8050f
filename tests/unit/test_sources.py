"""Files that stand for two things are told in the first minute: copies, links, replicates."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from chrompute.check_sources import inspect_sources
from chrompute.configuration import load_settings
from chrompute.findings import Findings
from helpers import ROOT

SCHEMA = ROOT / "config/schemas/config.schema.json"


@pytest.fixture
def case(tmp_path: Path) -> dict[str, Any]:
    """Two cell types with a sample and two replicates of labels each, all of different bytes."""
    samples, labels = [], []
    for cell_type in "AB":
        (tmp_path / f"{cell_type}.bam").write_text(f"reads of {cell_type}")
        (tmp_path / f"{cell_type}_mnase.bam").write_text(f"dyads in {cell_type}")
        samples.append(f"atac_{cell_type}\t{cell_type}\tATAC\t{tmp_path}/{cell_type}.bam\t")
        mnase = f"{tmp_path}/{cell_type}_mnase.bam"
        samples.append(f"mnase_{cell_type}\t{cell_type}\tMNase\t{mnase}\tno")
        for replicate in "12":
            path = tmp_path / f"{cell_type}{replicate}.bed"
            path.write_text(f"chr1\t0\t{ord(cell_type)}{replicate}\tx\n")
            labels.append(f"{cell_type}\tt\tsegmentation\t{replicate}\t{path}\tmnase_{cell_type}")
    header = "sample\tcell_type\tassay\tpath\tpool\n"
    (tmp_path / "samples.tsv").write_text(header + "\n".join(samples) + "\n")
    header = "cell_type\ttask\tkind\treplicate\tpath\tderived_from\n"
    (tmp_path / "labels.tsv").write_text(header + "\n".join(labels) + "\n")
    return {
        "samples": f"{tmp_path}/samples.tsv",
        "labels": f"{tmp_path}/labels.tsv",
        "genome": {"sizes": f"{tmp_path}/sizes"},
        "tasks": {
            "t": {
                "kind": "segmentation",
                "classes": {"x": {"states": ["x"]}, "y": {"states": ["y"]}},
            }
        },
        "windows": {
            "w": {
                "tasks": ["t"],
                "candidates": {"from": "segments"},
                "split": {"valid": ["chr2"], "test": ["chr3"]},
            }
        },
        "models": {"m": {"kind": "forest", "windows": "w", "inputs": ["vplot"]}},
    }


def faults_of(case: dict[str, Any]) -> list[str]:
    settings, faults = load_settings(case, SCHEMA)
    assert faults == []
    found = Findings()
    inspect_sources(settings, found)
    return found.faults


def test_different_files_are_no_faults(case: dict[str, Any]) -> None:
    assert faults_of(case) == []
    case["models"]["m"]["train_on"] = ["A"]
    case["windows"]["w"]["split"]["unseen"] = ["B"]
    assert faults_of(case) == []


@pytest.mark.parametrize("how", [shutil.copy, Path.symlink_to])
def test_one_file_is_no_two_replicates(case: dict[str, Any], tmp_path: Path, how: Any) -> None:
    one, two = tmp_path / "A1.bed", tmp_path / "A2.bed"
    two.unlink()
    how(*((one, two) if how is shutil.copy else (two, one)))
    (fault,) = faults_of(case)
    assert fault == (
        f"{two}: replicate '2' of task 't' of 'A' is the same file as replicate '1', so that they "
        "would agree in everything; give each its own labels"
    )


def test_a_copy_of_what_labels_were_derived_from_is_not_read(
    case: dict[str, Any], tmp_path: Path
) -> None:
    shutil.copy(tmp_path / "A_mnase.bam", tmp_path / "copy.bam")
    with (tmp_path / "samples.tsv").open("a") as sheet:
        sheet.write(f"extra\tA\tATAC\t{tmp_path}/copy.bam\t\n")
    (fault,) = faults_of(case)
    assert fault == (
        f"configuration: models/m: reads extra, whose file {tmp_path}/copy.bam has the content of "
        "one of sample mnase_A, from which the labels of task 't' were derived; list other "
        "'samples'"
    )
    case["models"]["m"]["samples"] = ["atac_A", "atac_B"]
    assert faults_of(case) == []


@pytest.mark.parametrize("held_out_by", ["split", "model"])
def test_a_copy_of_held_out_data_does_not_train(
    case: dict[str, Any], tmp_path: Path, held_out_by: str
) -> None:
    """Also where only one model holds the cell type out, and reads a sample that is not pooled."""
    shutil.copy(tmp_path / "B.bam", tmp_path / "A_too.bam")
    with (tmp_path / "samples.tsv").open("a") as sheet:
        sheet.write(f"more\tA\tATAC\t{tmp_path}/A_too.bam\tno\n")
    if held_out_by == "split":
        case["windows"]["w"]["split"]["unseen"] = ["B"]
        place = "windows/w"
    else:
        assert faults_of(case) == []
        case["models"]["m"] |= {"train_on": ["A"], "samples": ["atac_A", "atac_B", "more"]}
        place = "models/m"
    faults = faults_of(case)
    assert len(faults) == 1
    assert faults[0].startswith(f"configuration: {place}: {tmp_path}/B.bam: sample 'atac_B' of 'B'")
    assert f"is the same file as {tmp_path}/A_too.bam, sample 'more' of 'A'" in faults[0]


def test_what_tunes_shares_nothing_with_what_tests(case: dict[str, Any], tmp_path: Path) -> None:
    """By cell types the places are shared, and so a copied label file holds the answers."""
    sheet = tmp_path / "labels.tsv"
    third = tmp_path / "C.bed"
    third.write_text("chr1\t0\t9\tx\n")
    (tmp_path / "C.bam").write_text("reads of C")
    with (tmp_path / "samples.tsv").open("a") as samples:
        samples.write(f"atac_C\tC\tATAC\t{tmp_path}/C.bam\t\n")
    sheet.write_text(sheet.read_text() + f"C\tt\tsegmentation\t1\t{third}\t\n")
    case["windows"]["w"]["split"] = {"by": "cell_types", "valid": ["B"], "test": ["C"]}
    assert faults_of(case) == []
    shutil.copy(third, tmp_path / "B1.bed")
    (fault,) = faults_of(case)
    assert fault.startswith(f"configuration: windows/w: {third}: replicate '1' of task 't' of 'C'")
