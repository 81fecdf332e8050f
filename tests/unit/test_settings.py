"""Configuration, sheets and the check: every fault is told, with place and remedy."""

import copy
import gzip
import hashlib
import json
import re
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pysam
import pytest
import yaml

from chrompute.check import check_inputs, inspect_inputs
from chrompute.configuration import load_settings
from chrompute.errors import InputError
from chrompute.sheets import read_samples
from chrompute.simulate.design import Design
from chrompute.simulate.marks import PeakRules
from chrompute.simulate.reads import ReadRules
from helpers import ROOT, MakeBam, Read, pair

SCHEMA = ROOT / "config/schemas/config.schema.json"
SIZES = {"chr1": 10_000, "chr2": 5_000, "chr3": 5_000}
SAMPLES = "sample\tcell_type\tassay\tpath\tshift\tdedup\tsha256\n"
LABELS = "cell_type\ttask\tkind\treplicate\tpath\tderived_from\n"

Case = dict[str, Any]


@pytest.fixture
def case(tmp_path: Path, make_bam: MakeBam) -> Case:
    """Return a small configuration whose every file is in order."""
    (tmp_path / "g.fa").write_text(
        "".join(f">{n}\n{'ACGT' * (s // 4)}\n" for n, s in SIZES.items())
    )
    reads = [r for i in range(5) for r in pair(f"p{i}", "chr1", 100 * i, 100 * i + 200)]
    reads += pair("q", "chr2", 300, 500)
    for name in ("atac", "mnase"):
        pysam.index(str(make_bam(reads, SIZES, f"{name}.bam")))
    (tmp_path / "black.bed").write_text("chr1\t9000\t9100\n")
    (tmp_path / "states.bed").write_text("chr1\t0\t500\tP\nchr2\t0\t500\tG\n")
    (tmp_path / "tss.bed").write_text("chr1\t100\t101\tx\t0\t+\n")
    (tmp_path / "samples.tsv").write_text(
        SAMPLES
        + f"a\tcells\tATAC\t{tmp_path}/atac.bam\t\t\t\n"
        + f"m\tcells\tMNase\t{tmp_path}/mnase.bam\tnone\tno\t\n"
    )
    (tmp_path / "labels.tsv").write_text(
        LABELS + f"cells\tstate\tsegmentation\t1\t{tmp_path}/states.bed\t\n"
    )
    return {
        "samples": f"{tmp_path}/samples.tsv",
        "labels": f"{tmp_path}/labels.tsv",
        "genome": {"fasta": f"{tmp_path}/g.fa", "blacklist": f"{tmp_path}/black.bed"},
        "sites": {"tss": {"title": "TSS", "path": f"{tmp_path}/tss.bed"}},
        "tasks": {
            "state": {
                "kind": "segmentation",
                "classes": {"open": {"states": ["P"]}, "body": {"states": ["G"]}},
            }
        },
        "windows": {
            "w": {
                "tasks": ["state"],
                "candidates": {"from": "segments"},
                "split": {"valid": ["chr1"], "test": ["chr2"]},
            }
        },
        "models": {"net": {"kind": "network", "windows": "w", "inputs": ["vplot", "mnase"]}},
    }


def faults_of(case: Case) -> list[str]:
    return load_settings(case, SCHEMA)[1]


def inspected(case: Case, tmp_path: Path) -> list[str]:
    settings, faults = load_settings(case, SCHEMA)
    assert faults == []
    return inspect_inputs(settings, tmp_path / "index").faults


def test_the_case_is_in_order(case: Case, tmp_path: Path) -> None:
    assert inspected(case, tmp_path) == []


def test_defaults_are_filled_in_and_the_given_configuration_is_left_alone(case: Case) -> None:
    before = copy.deepcopy(case)
    settings, _ = load_settings(case, SCHEMA)
    assert case == before
    assert settings.config["fragments"]["min_mapq"] == 30
    assert settings.config["models"]["net"]["seeds"] == [1]
    assert [(str(s.shift), s.dedup) for s in settings.samples] == [("+4/-4", True), ("none", False)]


def test_a_models_training_comes_before_the_runs_before_the_defaults(case: Case) -> None:
    case["training"] = {"epochs": 5, "jitter": 3}
    case["models"]["net"]["training"] = {"epochs": 7}
    training = load_settings(case, SCHEMA)[0].training("net")
    assert (training["epochs"], training["jitter"], training["batch_size"]) == (7, 3, 32)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("genom", {}, "top level: unknown key 'genom'; did you mean 'genome'?"),
        (
            "fragments",
            {"min_mapk": 1},
            "fragments: unknown key 'min_mapk'; did you mean 'min_mapq'?",
        ),
        ("fragments", {"min_mapq": "x"}, "fragments/min_mapq: 'x' is not of type 'integer'"),
        ("quality", {"tss": "tsss"}, "quality/tss: unknown site set 'tsss'; did you mean 'tss'?"),
        (
            "quality",
            {"thresholds": {"ATAC": {"tss_enrichment": {"warn": 4}}}},
            "quality/thresholds/ATAC/tss_enrichment: fail 5 must lie below warn 4",
        ),
        (
            "quality",
            {"thresholds": {"MNase": {"frp": None}}},
            "quality/thresholds/MNase: unknown key 'frp'",
        ),
        (
            "peaks",
            {"files": {"cels": "p.bed"}},
            "peaks/files: unknown cell type 'cels'; did you mean 'cells'?",
        ),
        ("vplots", {"sites": ["no"]}, "vplots/sites: unknown site set 'no'"),
        ("images", {"min_length": 500}, "images: min_length must be below max_length"),
        ("nucleosomes", {"min_length": 200}, "nucleosomes: min_length must be below max_length"),
        ("nucleosomes", {"atac_min_length": 300}, "atac_min_length must be below atac_max_length"),
        ("nucleosomes", {"call_suport": 1}, "did you mean 'call_support'?"),
        ("evaluation", {"block": 2000}, "evaluation/block: 2000 bp are less than windows/w are"),
        (
            "depth",
            {"models": ["nets"]},
            "depth/models: unknown network that reads fragments 'nets'; did you mean 'net'?",
        ),
        ("depth", {"fractions": [1]}, "depth/fractions/0: 1 is greater than or equal to"),
    ],
)
def test_configuration_faults_name_the_key(
    case: Case, place: str, value: object, message: str
) -> None:
    case[place] = value
    (fault,) = faults_of(case)
    assert message in fault


@pytest.mark.parametrize("name", ["classes", "pooled"])
def test_names_of_figures_are_no_site_sets(case: Case, name: str) -> None:
    case["sites"][name] = case["sites"]["tss"]
    (fault,) = faults_of(case)
    assert f"sites: {name!r} is the name of a figure" in fault


@pytest.mark.parametrize("name", ["m.bed.gz", "a.json", "m.phasing.png"])
def test_no_cell_type_is_called_a_file_of_a_sample(case: Case, name: str, tmp_path: Path) -> None:
    for sheet in ("samples.tsv", "labels.tsv"):
        text = (tmp_path / sheet).read_text()
        (tmp_path / sheet).write_text(text.replace("cells", name))
    (fault,) = faults_of(case)
    assert f"cell type {name!r} is also called a file of a sample" in fault


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"windows": "v"}, "unknown window set 'v'"),
        ({"inputs": []}, "names no 'inputs'"),
        ({"kind": "logistic", "inputs": ["sequence"]}, "reads counts of fragments only; remove"),
        ({"kind": "majority"}, "a majority model reads nothing"),
        ({"kind": "place"}, "a place model reads nothing"),
        ({"kind": "majority", "inputs": [], "permute": ["labels"]}, "is the same with permuted"),
        ({"permute": ["labels", "sequence"]}, "permute: 'sequence' is not among its 'inputs'"),
        ({"permute": ["label"]}, "models/net/permute/0: 'label' is not one of"),
        ({"samples": ["m"]}, "input 'vplot' needs paired-end ATAC samples"),
        ({"samples": ["q"]}, "unknown sample 'q'"),
        ({"train_on": ["cell"]}, "unknown cell type 'cell'; did you mean 'cells'?"),
        ({"network": {"position_bin": 24}}, "must be a multiple of images/"),
    ],
)
def test_model_faults(case: Case, change: Case, message: str) -> None:
    case["models"]["net"] |= change
    assert any(message in fault for fault in faults_of(case))


def test_all_faults_are_told_at_once(case: Case) -> None:
    case["vplots"] = {"sites": ["no"]}
    case["models"]["net"]["train_on"] = ["cell"]
    case["tasks"]["state"]["exclude"] = ["P"]
    assert len(faults_of(case)) == 3


def test_inputs_that_labels_were_derived_from_stop_the_run(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "labels.tsv"
    path.write_text(LABELS + f"cells\tstate\tsegmentation\t1\t{tmp_path}/states.bed\tm\n")
    (fault,) = faults_of(case)
    assert "models/net: reads m, from which the labels of task 'state' were derived" in fault
    case["models"]["net"] |= {"inputs": ["vplot"]}
    assert faults_of(case) == []


def test_replicates_and_truth_are_one_cell_type_to_train_on(case: Case, tmp_path: Path) -> None:
    for name in ("two", "truth"):
        own = (tmp_path / "states.bed").read_text() + f"chr3\t0\t{50 + len(name)}\tP\n"
        (tmp_path / f"{name}.bed").write_text(own)
    lines = [
        f"cells\tstate\tsegmentation\t{replicate}\t{tmp_path}/{name}.bed\t\n"
        for replicate, name in (("truth", "truth"), ("1", "states"), ("2", "two"))
    ]
    (tmp_path / "labels.tsv").write_text(LABELS + "".join(lines))
    assert inspected(case, tmp_path) == []
    case["models"]["net"]["permute"] = ["mnase", "labels"]
    settings = load_settings(case, SCHEMA)[0]
    assert settings.recipe("net").train_on == ("cells",)
    assert settings.recipe("net").permute == ("mnase", "labels")
    assert [label.replicate for label in settings.labels_of("state")] == ["truth", "1", "2"]
    (tmp_path / "two.bed").write_text("chr1\t0\t500\tPP\n")
    (fault,) = inspected(case, tmp_path)
    assert "two.bed, line 1: state 'PP' has no class" in fault


def test_sheet_faults_name_the_line(tmp_path: Path) -> None:
    path = tmp_path / "s.tsv"
    path.write_text(
        SAMPLES
        + "a\tc\tATAC\tx.bam\t\t\t\n"
        + "a\tc\tDNase\tx.bam\t4\tmaybe\t\n"
        + "b b\tc\tATAC\t\t\t\tabc\n"
        + "\n# a comment\n"
        + "d\tindex\tATAC\ty.bam\t\t\t\textra\n"
    )
    samples, faults = read_samples(str(path))
    assert [sample.name for sample in samples] == ["a"]
    words = ["DNase", "maybe", "'4'", "already on line 2", "'b b'", "path is empty", "one digest"]
    words += ["'index'", "has 8 columns", "x.bam is already on line 2"]
    for word in words:
        assert any(word in fault for fault in faults), word
    assert {re.search(r"line (\d)", fault).group(1) for fault in faults} == {"3", "4", "7"}


def test_sheet_header_faults(tmp_path: Path) -> None:
    path = tmp_path / "s.tsv"
    assert "there is no such sheet" in read_samples(str(path))[1][0]
    path.write_text("sample\tcelltype\tassay\tpath\n")
    faults = read_samples(str(path))[1]
    assert any("no column 'cell_type'" in fault for fault in faults)
    assert any("unknown column 'celltype'" in fault for fault in faults)
    path.write_text(SAMPLES)
    assert "no line below its header" in read_samples(str(path))[1][0]


def test_lanes_and_digests_are_split(tmp_path: Path) -> None:
    path = tmp_path / "s.tsv"
    path.write_text(
        SAMPLES + "a\tc\tATAC\tx.bam; y.bam\t+4/-5\tno\t" + "a" * 64 + ";" + "B" * 64 + "\n"
    )
    (sample,), faults = read_samples(str(path))
    assert faults == []
    assert (sample.paths, str(sample.shift), sample.dedup) == (("x.bam", "y.bam"), "+4/-5", False)
    assert sample.sha256 == ("a" * 64, "B" * 64)


# Files


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-28])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f, _: (f / "atac.bam").unlink(), "atac.bam: there is no such file"),
        (lambda f, _: cut(f / "atac.bam"), "atac.bam: is truncated, the BGZF end"),
        (lambda f, _: (f / "atac.bam").write_text("@HD\n"), "atac.bam: is neither BAM nor CRAM"),
        (lambda f, _: shutil.copy(f / "black.bed", f / "g.fa"), "g.fa: holds no sequence"),
        (
            lambda f, _: (f / "g.fa").write_text(">chr1\nACGT\n>chr2\nAC\n"),
            "2 chromosome(s) have another length than in the genome (chr1 10,000 against 4, chr2",
        ),
        (
            lambda f, _: (f / "g.fa").write_text(">1\nACGT\n"),
            "no chromosome name agrees with the genome (BAM: chr1, chr2, chr3; genome: 1)",
        ),
        (
            lambda f, _: (f / "g.fa").write_text(">chr1\n" + "A" * 10_000),
            "has reads on 1 chromosome(s) that the genome lacks (chr2",
        ),
        (
            lambda f, _: (f / "states.bed").write_text("chr1\t0\t500\tP\nchr2\t0\t5001\tG\n"),
            "states.bed, line 2: end 5,001 lies beyond the end of chr2 (5,000 bp)",
        ),
        (
            lambda f, _: (f / "states.bed").write_text("chr1\t0\t500\tPP\nchr2\t0\t50\tG\n"),
            "states.bed, line 1: state 'PP' has no class in tasks/state (did you mean 'P'?)",
        ),
        (lambda f, _: (f / "black.bed").write_text(""), "black.bed: holds no interval"),
        (lambda f, _: (f / "tss.bed").write_text(""), "tss.bed: holds no site"),
        (lambda f, _: (f / "tss.bed").write_bytes(b"\xff\xfe\x00"), "tss.bed: cannot be read"),
        (lambda f, _: (f / "g.fa").write_text(">p\nMEEPQSDPSV\n"), "g.fa: 'p' is no DNA sequence"),
        (
            lambda f, _: (f / "states.bed").write_text("chr1\t0\t500\tP\nchr1\t499\t600\tG\n"),
            "states.bed, line 2: the segment shares bases with that of line 1",
        ),
        (lambda f, _: (f / "tss.bed").write_text("chr1\t9\n"), "tss.bed, line 1: has 2 tab-sep"),
        (
            lambda f, make: make(pair("a", "chr1", 1, 90), SIZES, "atac.bam", order="queryname"),
            "atac.bam: is sorted as 'queryname', not by coordinate",
        ),
        (
            lambda f, make: make(
                [*pair("b", "chr1", 500, 700), *pair("a", "chr1", 1, 90)],
                SIZES, "atac.bam", sort=False,
            ),
            "atac.bam: is not sorted by coordinate",
        ),
        (
            lambda f, make: make([Read("a", "chr1", 5, 0)], SIZES, "atac.bam"),
            "atac.bam: its reads are single-end",
        ),
        (lambda f, make: make([], SIZES, "atac.bam"), "atac.bam: holds no read"),
    ],
)  # fmt: skip
def test_file_faults(
    case: Case, tmp_path: Path, make_bam: MakeBam, spoil: Any, message: str
) -> None:
    spoil(tmp_path, make_bam)
    faults = inspected(case, tmp_path)
    assert any(message in fault for fault in faults), faults


def test_faults_of_all_files_are_told_in_one_run(case: Case, tmp_path: Path) -> None:
    cut(tmp_path / "atac.bam")
    (tmp_path / "mnase.bam").unlink()
    (tmp_path / "states.bed").write_text("chr1\t5\t1\tP\nchr1\t0\t9\tZ\n")
    case["windows"]["w"]["split"]["test"] = ["chr9"]
    settings, _ = load_settings(case, SCHEMA)
    with pytest.raises(InputError) as caught:
        check_inputs(settings, tmp_path / "check")
    text = str(caught.value)
    for word in ("atac.bam", "mnase.bam", "line 1", "'Z'", "'chr9'"):
        assert word in text
    assert not (tmp_path / "check/inputs.json").exists()


def test_own_peaks_are_checked_like_other_beds(case: Case, tmp_path: Path) -> None:
    peaks = tmp_path / "peaks.bed"
    case["peaks"] = {"files": {"cells": str(peaks)}}
    assert any("peaks.bed: there is no such file" in f for f in inspected(case, tmp_path))
    peaks.write_text("chr1\t1\t90\nchr9\t1\t9\n")
    assert any("peaks.bed, line 2: chromosome 'chr9'" in f for f in inspected(case, tmp_path))
    peaks.write_text("chr1\t1\t90\n")
    assert inspected(case, tmp_path) == []


def test_what_the_check_saw_is_written_down(case: Case, tmp_path: Path) -> None:
    check_inputs(load_settings(case, SCHEMA)[0], tmp_path / "check")
    facts = json.loads((tmp_path / "check/inputs.json").read_text())
    assert facts["chromosomes"] == SIZES
    assert facts["files"][f"{tmp_path}/atac.bam"]["mapped_reads"] == 12
    assert len(facts["files"]) == 8


def test_missing_index_is_made_elsewhere(case: Case, tmp_path: Path) -> None:
    (tmp_path / "atac.bam.bai").unlink()
    before = sorted(path.name for path in tmp_path.iterdir())
    assert inspected(case, tmp_path) == []
    assert [path.name for path in (tmp_path / "index").iterdir()] == ["a.0.csi"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*before, "index"])


def test_a_broken_index_is_replaced_not_blamed_on_the_bam(case: Case, tmp_path: Path) -> None:
    (tmp_path / "atac.bam.bai").write_bytes(b"")
    assert inspected(case, tmp_path) == []
    assert [path.name for path in (tmp_path / "index").iterdir()] == ["a.0.csi"]


def test_gzipped_regions_that_are_cut_are_told(case: Case, tmp_path: Path) -> None:
    whole = gzip.compress(b"chr1\t9000\t9100\n" * 500)
    (tmp_path / "black.bed.gz").write_bytes(whole[: len(whole) // 2])
    case["genome"]["blacklist"] = f"{tmp_path}/black.bed.gz"
    assert any("black.bed.gz: cannot be read" in fault for fault in inspected(case, tmp_path))


def test_regions_are_compared_with_a_bam_where_the_genome_is_unreadable(
    case: Case, tmp_path: Path
) -> None:
    (tmp_path / "g.fa").unlink()
    (tmp_path / "states.bed").write_text("chr1\t0\t500\tP\nchr2\t0\t5001\tG\n")
    faults = inspected(case, tmp_path)
    assert len(faults) == 2
    assert "states.bed, line 2" in faults[1]


def test_a_misspelt_key_does_not_hide_other_faults(case: Case, tmp_path: Path) -> None:
    case["fragmnets"] = {}
    case["vplots"] = {"sites": ["no"]}
    sheet = tmp_path / "samples.tsv"
    sheet.write_text(sheet.read_text().replace("MNase", "MNas"))
    settings, faults = load_settings(case, SCHEMA)
    assert [*map(bool, (faults, settings.samples))] == [True, True]
    for word in ("'fragmnets'", "site set 'no'", "'MNas'"):
        assert any(word in fault for fault in faults), word


def test_digest_of_the_sheet_is_compared(case: Case, tmp_path: Path) -> None:
    digest = hashlib.sha256((tmp_path / "atac.bam").read_bytes()).hexdigest()
    sheet = tmp_path / "samples.tsv"
    line = f"a\tcells\tATAC\t{tmp_path}/atac.bam\t\t\t"
    sheet.write_text(sheet.read_text().replace(line, line + digest))
    assert inspected(case, tmp_path) == []
    sheet.write_text(sheet.read_text().replace(digest, "0" * 64))
    assert f"sha256 is {digest}, the sheet says 000" in inspected(case, tmp_path)[0]


def test_excluded_chromosomes_need_not_agree(case: Case, tmp_path: Path) -> None:
    (tmp_path / "g.fa").write_text(
        ">chr1\n" + "A" * 10_000 + "\n>chr3\n" + "A" * 5_000 + "\n>chr4\nACGT\n"
    )
    (tmp_path / "states.bed").write_text("chr1\t0\t500\tP\n")
    case["genome"]["exclude"] = ["chr2"]
    case["windows"]["w"]["split"]["test"] = ["chr3"]
    assert inspected(case, tmp_path) == []


def test_a_pattern_that_excludes_nothing_is_worth_a_note(case: Case, tmp_path: Path) -> None:
    case["genome"]["exclude"] = ["chrM"]
    found = inspect_inputs(load_settings(case, SCHEMA)[0], tmp_path / "index")
    assert found.faults == []
    assert any("'chrM' matches no chromosome" in note for note in found.notes)


def test_aliases_reconcile_names(case: Case, tmp_path: Path) -> None:
    (tmp_path / "g.fa").write_text(f">1\n{'A' * 10_000}\n>2\n{'A' * 5_000}\n>3\n{'A' * 5_000}\n")
    (tmp_path / "aliases.tsv").write_text("chr1\t1\nchr2\t2\nchr3\t3\n")
    case["genome"]["aliases"] = f"{tmp_path}/aliases.tsv"
    case["windows"]["w"]["split"] = {"valid": ["1"], "test": ["2"]}
    assert inspected(case, tmp_path) == []


def with_third_sample(case: Case, name: str) -> None:
    sheet = Path(case["samples"])
    bam = shutil.copy(sheet.parent / "atac.bam", sheet.parent / "third.bam")
    sheet.write_text(f"{sheet.read_text()}{name}\tcells\tATAC\t{bam}\t\t\t\n")


def test_a_sample_is_not_called_like_a_pool_that_is_made(case: Case) -> None:
    with_third_sample(case, "cells.ATAC")
    (fault,) = faults_of(case)
    assert "sample 'cells.ATAC' is called like the pooled tracks of cell type 'cells'" in fault
    case["tracks"] = {"pooled": False}
    assert faults_of(case) == []
    assert load_settings(case, SCHEMA)[0].pooled_tracks == []


def test_a_sample_may_be_called_like_a_pool_that_is_not_made(case: Case) -> None:
    """One MNase sample is no pool: its tracks would be there twice."""
    with_third_sample(case, "cells.MNase")
    assert faults_of(case) == []
    assert load_settings(case, SCHEMA)[0].pooled_tracks == [("cells", "ATAC")]


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"mono_nucleosome": {"min_length": 300}}, "min_length must be below max_length"),
        ({"assays": {"ATAC": ["coverag"]}}, "'coverag' is not one of"),
        ({"assays": {"CUTnRUN": ["cuts"]}}, "unknown key 'CUTnRUN'"),
        ({"scales": []}, "tracks/scales: "),
        ({"footprint": 146}, "146 is not allowed"),
        ({"smoothing": 0}, "tracks/smoothing: "),
        ({"bin_size": 0}, "tracks/bin_size: "),
    ],
)
def test_faults_of_tracks_are_told(case: Case, block: Any, said: str) -> None:
    case["tracks"] = block
    (fault,) = faults_of(case)
    assert fault.startswith("configuration: tracks")
    assert said in fault


def merged(base: Any, over: Any) -> Any:
    """Lay one configuration over another, as Snakemake does with several --configfile."""
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    return {**base, **{key: merged(base.get(key), value) for key, value in over.items()}}


SHIPPED = [
    ["config"], ["tiny"], ["motifs"], ["worm"], ["gm12878"], ["yeast"], ["yeast", "experiments"],
    ["yeast", "yeast_motifs"],
]  # fmt: skip


def test_no_shipped_configuration_is_forgotten() -> None:
    there = {path.stem for path in (ROOT / "config").glob("*.yaml")}
    assert there == {name for names in SHIPPED for name in names}


@pytest.mark.parametrize("names", SHIPPED)
def test_the_shipped_configurations_are_valid(
    names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    config: Any = {}
    for name in names:
        config = merged(config, yaml.safe_load((ROOT / f"config/{name}.yaml").read_text()))
    settings, faults = load_settings(config, SCHEMA)
    assert faults == []
    assert faults_of(dict(settings.config)) == []  # defaults filled in, it is as good


def test_the_simulation_has_the_same_defaults_everywhere() -> None:
    """A design without any setting is the one that the schema fills in."""
    config = {"samples": "s.tsv", "genome": {"fasta": "g.fa"}, "simulation": {}}
    settings, _ = load_settings(config, SCHEMA)
    filled, design = dict(settings.config["simulation"]), asdict(Design())
    for name, rules in (("reads", ReadRules()), ("peaks", PeakRules())):
        assert filled.pop(name) == asdict(rules)
        assert design.pop(name) == {}
    design["factors"] = {name: [*factors] for name, factors in design["factors"].items()}
    assert filled == design


def test_simulated_files_are_checked_once_they_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before, splits are compared with the genome that will be made."""
    monkeypatch.chdir(tmp_path)  # where no run has made them
    text = (ROOT / "config/tiny.yaml").read_text()
    config = yaml.safe_load(text.replace("config/", f"{ROOT}/config/"))
    for windows in config["windows"].values():
        windows["split"]["test"] = ["chr9"]
    config["simulation"]["motifs"] = str(ROOT / "config/demo/motifs.meme")
    settings, faults = load_settings(config, SCHEMA)
    assert faults == []
    found = inspect_inputs(settings, tmp_path)
    assert found.faults == [
        f"configuration: windows/{name}: split: test chromosome 'chr9' is not in the genome (or "
        "is excluded); correct it"
        for name in ("states", "tiles")
    ]
    later = inspect_inputs(settings, tmp_path, simulated=True).faults
    assert any("results/tiny/simulation/genome.fa: there is no such file" in f for f in later)
