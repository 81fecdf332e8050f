"""What the sheets may say: formats, layouts, pools and addresses; replicates of labels."""

from pathlib import Path

import pytest

from chrompute.configuration import load_settings
from chrompute.downloads import Download
from chrompute.label_sheet import read_labels
from chrompute.sheets import Sample, read_samples
from helpers import ROOT

SCHEMA = ROOT / "config/schemas/config.schema.json"
COLUMNS = ("sample", "cell_type", "assay", "path")
DIGEST = "0123456789ab" + "c" * 52
OTHER = "d" * 64


def sheet(tmp_path: Path, *rows: dict[str, str]) -> str:
    columns = [*COLUMNS, *sorted({name for row in rows for name in row} - {*COLUMNS})]
    lines = ["\t".join(row.get(name, "") for name in columns) for row in rows]
    (tmp_path / "s.tsv").write_text("\n".join(["\t".join(columns), *lines]) + "\n")
    return str(tmp_path / "s.tsv")


def row(name: str, assay: str = "ATAC", path: str = "", **others: str) -> dict[str, str]:
    given = {"sample": name, "cell_type": "c", "assay": assay, "path": path or f"{name}.bam"}
    return given | others


def only(tmp_path: Path, **others: str) -> Sample:
    samples, faults = read_samples(sheet(tmp_path, row("a", **others)))
    assert faults == []
    return samples[0]


@pytest.mark.parametrize(
    ("assay", "path", "shift", "dedup"),
    [
        ("ATAC", "x.bam", "+4/-4", True),
        ("ATAC", "x.cram", "+4/-4", True),
        ("ATAC", "x.bedpe.gz", "+4/-4", True),
        ("ATAC", "x.fragments.tsv.gz", "+0/+1", False),
        ("MNase", "x.bam", "none", False),
        ("MNase", "x.tsv", "none", False),
    ],
)
def test_defaults_go_by_assay_and_format(
    tmp_path: Path, assay: str, path: str, shift: str, dedup: bool
) -> None:
    sample = only(tmp_path, assay=assay, path=path)
    assert (str(sample.shift), sample.dedup) == (shift, dedup)
    assert (sample.layout, sample.pool, sample.extend) == ("paired", True, None)


def test_single_end_reads_of_mnase_are_extended(tmp_path: Path) -> None:
    assert only(tmp_path, assay="MNase", layout="single").extend == 0
    assert only(tmp_path, assay="MNase", layout="single", fragment_length="150").extend == 150
    assert only(tmp_path, layout="single").extend is None


def test_an_address_has_a_name_that_its_digest_begins(tmp_path: Path) -> None:
    url = "https://example.org/d/x.fragments.tsv.gz?download=1"
    sample = only(tmp_path, path=url, sha256=DIGEST.upper())
    assert sample.digest(url) == DIGEST.upper()
    download = Download(url, sample.digest(url))
    assert download.name == "0123456789ab-x.fragments.tsv.gz"
    assert str(sample.shift) == "+0/+1"


def test_one_file_serves_several_cell_types(tmp_path: Path) -> None:
    rows = [row(f"s{c}", path="f.tsv.gz", barcodes="b.tsv") | {"cell_type": c} for c in "BT"]
    samples, faults = read_samples(sheet(tmp_path, *rows))
    assert faults == []
    assert [s.barcodes for s in samples] == ["b.tsv", "b.tsv"]
    rows[1]["cell_type"] = "B"
    assert "reads would count twice" in read_samples(sheet(tmp_path, *rows))[1][0]


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ({"layout": "both"}, "layout 'both' must be one of paired, single"),
        ({"pool": "maybe"}, "pool 'maybe' must be yes, no or empty"),
        ({"layout": "single", "path": "x.tsv.gz"}, "hold both ends; leave layout empty"),
        ({"fragment_length": "150"}, "for single-end MNase only"),
        ({"fragment_length": "long", "layout": "single"}, "must be a whole number from 50"),
        ({"barcodes": "b.tsv"}, "barcodes belong to fragment files"),
        ({"path": "x.bam;y.tsv"}, "different formats"),
        ({"path": "ftp://example.org/x.bam", "sha256": DIGEST}, "must begin with https://"),
        ({"path": "https://example.org/a b.bam", "sha256": DIGEST}, "no usable file name"),
        ({"path": "http://example.org/a.bam"}, "anyone on the way may send another file"),
        ({"path": "http://localhost.example.org/a.bam"}, "give the https address"),
        ({"sha256": "abc"}, "64 hexadecimal digits"),
    ],
)
def test_what_a_sheet_must_not_say(tmp_path: Path, others: dict[str, str], words: str) -> None:
    faults = read_samples(sheet(tmp_path, row("a", **others)))[1]
    assert any(words in fault and "s.tsv, line 2" in fault for fault in faults), faults


def test_samples_out_of_the_pool_stay_out_of_it(tmp_path: Path) -> None:
    rows = [row("a"), row("b"), row("c", pool="no"), row("d", layout="single")]
    rows += [row("m", "MNase"), row("n", "MNase", pool="no")]
    config = {"samples": sheet(tmp_path, *rows), "genome": {"fasta": "g.fa"}}
    settings, faults = load_settings(config, SCHEMA)
    assert faults == []

    def names(samples: list[Sample]) -> list[str]:
        return [sample.name for sample in samples]

    assert names(settings.pooled_samples("c", "ATAC")) == ["a", "b", "d"]
    assert names(settings.pooled_samples("c", "ATAC", "paired")) == ["a", "b"]
    assert settings.pooled_tracks == [("c", "ATAC")]  # of MNase one sample is left


def test_a_length_at_which_no_dyad_counts_is_told(tmp_path: Path) -> None:
    rows = [row("m", "MNase", layout="single", fragment_length="200")]
    config = {"samples": sheet(tmp_path, *rows), "genome": {"fasta": "g.fa"}}
    faults = load_settings(config, SCHEMA)[1]
    assert len(faults) == 1
    assert "fragment_length 200 lies outside" in faults[0]


def test_places_of_fetched_files_are_shared(tmp_path: Path) -> None:
    url = "https://example.org/f.tsv.gz"
    rows = [row(f"s{c}", path=url, sha256=OTHER, barcodes="b.tsv") | {"cell_type": c} for c in "BT"]
    config = {"samples": sheet(tmp_path, *rows), "genome": {"fasta": "g.fa"}}
    settings, faults = load_settings(config, SCHEMA)
    assert faults == []
    place = "results/inputs/dddddddddddd-f.tsv.gz"
    assert settings.downloads == {place: Download(url, OTHER)}
    assert {settings.local_path(sample, url) for sample in settings.samples} == {place}


def labels_of(tmp_path: Path, *rows: tuple[str, str, str]) -> tuple[list[str], list[str]]:
    """Read a label sheet of (cell type, replicate, path); return replicates and faults."""
    lines = [f"{cell}\tstate\tsegmentation\t{name}\t{path}" for cell, name, path in rows]
    header = "cell_type\ttask\tkind\treplicate\tpath"
    (tmp_path / "l.tsv").write_text("\n".join([header, *lines]) + "\n")
    samples = [only(tmp_path), only(tmp_path, cell_type="d")]
    labels, faults = read_labels(
        str(tmp_path / "l.tsv"), {"state": {"kind": "segmentation"}}, samples
    )
    return [label.replicate for label in labels], faults


def test_replicates_of_labels_may_differ_between_cell_types(tmp_path: Path) -> None:
    rows = [("c", "truth", "t.bed"), ("c", "1", "a.bed"), ("c", "B-2", "b.bed"), ("d", "", "a.bed")]
    assert labels_of(tmp_path, *rows) == (["truth", "1", "B-2", "1"], [])


@pytest.mark.parametrize(
    ("rows", "lines", "words"),
    [
        (
            [("c", "1", "a"), ("c", "1", "b")],
            [3],
            "replicate '1' of task 'state' of 'c' is already",
        ),
        ([("c", "1", "a"), ("c", "2", "a")], [3], "path 'a' of task 'state' of 'c' is already"),
        ([("c", "1", "a"), ("c", "", "b")], [3], "several lines; name the replicate"),
        ([("c", "", "a"), ("c", "truth", "b")], [2], "several lines; name the replicate"),
        ([("c", "truth", "a"), ("d", "1", "b")], [2], "only the truth, which no model is trained"),
        ([("c", "a b", "a"), ("c", "2", "b")], [2], "replicate 'a b' must begin with a letter"),
    ],
)
def test_what_replicates_must_not_be(
    tmp_path: Path, rows: list[tuple[str, str, str]], lines: list[int], words: str
) -> None:
    faults = labels_of(tmp_path, *rows)[1]
    assert len(faults) == len(lines)
    for line, fault in zip(lines, faults, strict=True):
        assert f"l.tsv, line {line}: " in fault
        assert words in fault
