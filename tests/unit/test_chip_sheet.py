"""The ChIP sheet, the block `chromhmm`, and the check of the alignments that they name."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from chip_tools import MARKS, lay_out_chip
from chrompute.check import input_paths, inspect_inputs, made_paths
from chrompute.check_chip import inspect_chip, program_faults
from chrompute.chip_sheet import chromhmm_faults, read_chip
from chrompute.chromhmm import ChipFile
from chrompute.configuration import load_settings
from chrompute.findings import Findings
from chrompute.settings import Settings
from chrompute.sheets import read_samples
from helpers import ROOT, MakeBam, pair
from workflow_tools import change_config

SCHEMA = ROOT / "config/schemas/config.schema.json"


def edited(folder: Path, name: str, old: str, new: str, count: int = 1) -> None:
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, count))


def settings_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Settings, list[str]]:
    monkeypatch.chdir(folder)
    return load_settings(yaml.safe_load((folder / "config.yaml").read_text()), SCHEMA)


def test_a_sound_configuration_has_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, faults = settings_of(lay_out_chip(tmp_path), monkeypatch)
    assert faults == []
    assert len(settings.chips) == 2 * 2 * len(MARKS)
    first = settings.chips[0]
    assert first.paths == ("results/chip/simulation/marks/sim_A.CTCF.1.bam",)
    assert first.controls == ("results/chip/simulation/marks/sim_A.input.1.bam",)
    made = made_paths(settings)
    assert "results/chip/chromhmm/sim_B.2.bed" in made
    assert "results/chip/simulation/marks/sim_B.input.2.bam" in made
    assert "chip.tsv" in input_paths(settings)
    assert "chip.tsv" not in made
    assert inspect_inputs(settings, None).faults == []


Change = Callable[[Path], Any]


def in_sheet(old: str, new: str) -> Change:
    return lambda folder: edited(folder, "chip.tsv", old, new)


def in_labels(old: str, new: str) -> Change:
    return lambda folder: edited(folder, "labels.tsv", old, new)


def in_config(change: Callable[[dict[str, Any]], object]) -> Change:
    return lambda folder: change_config(folder, change)


CTCF = "sim_A\tCTCF\t1\t"
FAULTS: dict[str, tuple[Change, str]] = {
    "unknown cell type": (
        in_sheet(CTCF, "HeLa\tCTCF\t1\t"),
        "chip.tsv, line 2: cell_type 'HeLa' has no sample in the sample sheet",
    ),
    "bad name of a mark": (in_sheet(CTCF, "sim_A\tH3 K4\t1\t"), "line 2: mark 'H3 K4' must begin"),
    "no path": (
        in_sheet("results/chip/simulation/marks/sim_A.CTCF.1.bam", ""),
        "line 2: the path is empty; give the BAM of the ChIP",
    ),
    "address": (
        in_sheet("results/chip/simulation/marks/sim_A.CTCF.1.bam", "https://x.org/a.bam"),
        "line 2: https://x.org/a.bam: ChIP alignments are not fetched",
    ),
    "line twice": (
        in_sheet("sim_A\tH3K27ac\t1\t", CTCF),
        "line 3: sim_A CTCF 1 is already on line 2; separate several BAMs of one mark by ';'",
    ),
    "file twice": (
        in_sheet("sim_A.H3K27ac.1.bam", "sim_A.CTCF.1.bam"),
        "marks/sim_A.CTCF.1.bam is already on line 2",
    ),
    "missing mark": (
        in_sheet("sim_B\tH3K36me3\t2", "sim_B\tH3K9me3\t2"),
        "replicate '2' of 'sim_B' has no line of mark 'H3K36me3'; every replicate of every cell",
    ),
    "no column mark": (in_sheet("\tmark\t", "\tmarks\t"), "there is no column 'mark'"),
    "unknown mark": (
        in_config(lambda c: c["chromhmm"]["names"].update(repressed=["H3K9me3"])),
        "chromhmm/names/repressed: mark 'H3K9me3' is not in chip.tsv, which has CTCF, H3K27ac",
    ),
    "same marks": (
        in_config(lambda c: c["chromhmm"]["names"].update(repressed=["CTCF"])),
        "chromhmm/names: 'insulator' and 'repressed' have the same marks; keep one of them",
    ),
    "few states": (
        in_config(lambda c: c["chromhmm"].update(states=11)),
        "chromhmm/states: 11 states cannot have 12 names; learn 12 states or more",
    ),
    "name without a class": (
        in_config(lambda c: c["tasks"]["state"]["classes"]["insulator"].update(states=["x"])),
        "chromhmm/names: state 'insulator' has no class in tasks/state",
    ),
    "another cell type's file": (
        in_labels("chip/chromhmm/sim_A.1.bed", "chip/chromhmm/other.bed"),
        "labels of 'sim_A', replicate '1': results/chip/chromhmm/other.bed is not what ChromHMM "
        "makes of it; give results/chip/chromhmm/sim_A.1.bed",
    ),
    "unknown replicate": (
        in_labels("sim_A\tstate\tsegmentation\t1", "sim_A\tstate\tsegmentation\t3"),
        "labels of 'sim_A', replicate '3': chip.tsv has no such replicate of this cell type; it "
        "has sim_A 1, sim_A 2, sim_B 1, sim_B 2",
    ),
    "no block": (
        in_config(lambda c: c.update(chromhmm=None)),
        "results/chip/chromhmm/sim_A.1.bed would be made by ChromHMM, and there is no block",
    ),
    "no such sheet": (
        in_config(lambda c: c["chromhmm"].update(sheet="other.tsv")),
        "other.tsv: there is no such sheet; correct its path",
    ),
    "a sample among the marks": (
        in_sheet("marks/sim_A.CTCF.1.bam", "sim_B_atac.bam"),
        "labels of 'sim_A', replicate '1': ChromHMM reads sample 'sim_B_atac'; name it in derived",
    ),
    "not simulated": (
        in_sheet("sim_A.CTCF.1.bam", "sim_A.CTCF.9.bam"),
        "ChIP of CTCF in 'sim_A', replicate '1': results/chip/simulation/marks/sim_A.CTCF.9.bam is "
        "not what the simulation makes; give results/chip/simulation/marks/sim_A.CTCF.1.bam",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_of_sheet_and_block_are_told(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, words = FAULTS[name]
    folder = lay_out_chip(tmp_path)
    change(folder)
    _, faults = settings_of(folder, monkeypatch)
    assert any(words in fault for fault in faults), faults


def test_marks_that_are_not_simulated_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lay_out_chip(tmp_path)
    edited(folder, "chip.tsv", "\tCTCF\t", "\tRNAPII\t", count=4)
    change_config(folder, lambda c: c["chromhmm"]["names"].update(insulator=["RNAPII"]))
    _, faults = settings_of(folder, monkeypatch)
    assert faults[0].startswith("chip.tsv: mark 'RNAPII' is not simulated; there are H3K4me3, H3")


def test_lists_controls_and_replicates_are_read(tmp_path: Path) -> None:
    (tmp_path / "s.tsv").write_text("sample\tcell_type\tassay\tpath\nx\tK562\tATAC\tx.bam\n")
    samples, _ = read_samples(str(tmp_path / "s.tsv"))
    text = "cell_type\tmark\tpath\nK562\tH3K4me3\ta.bam; b.bam\n"
    (tmp_path / "chip.tsv").write_text(text)
    chips, faults = read_chip(str(tmp_path / "chip.tsv"), samples)
    assert faults == []
    assert chips == [ChipFile("K562", "H3K4me3", "1", ("a.bam", "b.bam"), ())]


def test_files_of_one_name_are_told() -> None:
    parts = [("a", "b.c"), ("a.b", "c")]
    chips = [ChipFile(cell, "m", replicate, ("x",), ()) for cell, replicate in parts]
    block = {"sheet": "chip.tsv", "states": 2, "names": {"on": ["m"], "off": []}}
    faults = chromhmm_faults({"chromhmm": block}, [], chips, [])
    assert faults == [
        "chip.tsv: two cell types and replicates share the name of a file, cell type and "
        "replicate joined by a point; rename a replicate"
    ]


# Alignments


SIZES = {"chr1": 1000, "chr2": 500}


def test_alignments_are_compared_with_the_genome(make_bam: MakeBam, tmp_path: Path) -> None:
    path = make_bam(pair("a", "chr1", 10, 200), SIZES)
    found = Findings(sizes=dict(SIZES))
    inspect_chip(str(path), [], found)
    assert found.faults == []
    assert found.files == {str(path): {"kind": "ChIP alignments"}}
    for sizes, words in (
        ({"chr1": 999, "chr2": 500}, "1 chromosome(s) have another length than in the genome"),
        ({"1": 1000}, "no chromosome name agrees with the genome (BAM: chr1, chr2; genome: 1)"),
    ):
        other = Findings(sizes=sizes)
        inspect_chip(str(path), [], other)
        assert len(other.faults) == 1
        assert words in other.faults[0]
    cut = tmp_path / "cut.bam"
    cut.write_bytes(path.read_bytes()[:-30])
    (tmp_path / "text.bam").write_text("no BAM")
    (tmp_path / "a.cram").write_bytes(b"CRAM\x03\x00" + bytes(40))
    for name, words in (
        ("cut.bam", "is truncated"),
        ("text.bam", "text.bam: "),
        ("a.cram", "is CRAM, and ChromHMM reads BAM; convert it with samtools view -b"),
    ):
        found = Findings(sizes=dict(SIZES))
        inspect_chip(str(tmp_path / name), [], found)
        assert len(found.faults) == 1
        assert words in found.faults[0]


def test_the_program_is_asked_for_only_where_segments_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lay_out_chip(tmp_path)
    change_config(folder, lambda c: c["chromhmm"].update(command="no-such-program"))
    settings, faults = settings_of(folder, monkeypatch)
    assert faults == []
    assert "there is no program 'no-such-program'" in program_faults(settings)[0]
    (folder / "results/chip/chromhmm").mkdir(parents=True)
    for pair_of in itertools.product(("sim_A", "sim_B"), "12"):
        (folder / f"results/chip/chromhmm/{'.'.join(pair_of)}.bed").touch()
    assert program_faults(settings) == []
