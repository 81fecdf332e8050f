"""Names that would do harm are refused, and text that is shown comes out as text."""

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from snakemake.iocontainers import Namedlist
from snakemake.utils import format as snakemake_format

from chrompute.configuration import load_settings
from chrompute.errors import InputError
from chrompute.figures import new_figure, save_figure
from chrompute.igv_session import SessionTrack, write_session
from chrompute.label_sheet import read_labels
from chrompute.report import render
from chrompute.report_pictures import Picture
from chrompute.sheets import read_samples
from helpers import ROOT

SCHEMA = ROOT / "config/schemas/config.schema.json"
HOSTILE = (
    *("../up", "a/b", "$(touch x)", "`id`", "a;b", "a b", "<b>x</b>", "a'b", 'a"b', "-rf", "."),
    "x" * 65,
)


def faults_of(config: dict[str, Any]) -> list[str]:
    """Say what the configuration's reader finds wrong."""
    try:
        return load_settings(config, SCHEMA)[1]
    except InputError as error:
        return error.faults


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("column", ["sample", "cell_type"])
def test_names_of_samples_and_cell_types_are_names(tmp_path: Path, name: str, column: str) -> None:
    row = {"sample": "s", "cell_type": "c", "assay": "ATAC", "path": "x.bam"} | {column: name}
    (tmp_path / "s.tsv").write_text("\t".join(row) + "\n" + "\t".join(row.values()) + "\n")
    _, faults = read_samples(str(tmp_path / "s.tsv"))
    assert len(faults) >= 1
    assert any(column in fault and "line 2" in fault for fault in faults), faults


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("column", ["task", "replicate"])
def test_names_of_tasks_and_replicates_are_names(tmp_path: Path, name: str, column: str) -> None:
    sheet = tmp_path / "s.tsv"
    sheet.write_text("sample\tcell_type\tassay\tpath\ns\tc\tATAC\tx.bam\n")
    samples, _ = read_samples(str(sheet))
    row = {"cell_type": "c", "task": "t", "kind": "segmentation", "replicate": "1", "path": "x.bed"}

    def faults(own: dict[str, str]) -> list[str]:
        (tmp_path / "l.tsv").write_text("\t".join(own) + "\n" + "\t".join(own.values()) + "\n")
        return read_labels(str(tmp_path / "l.tsv"), {"t": {"kind": "segmentation"}}, samples)[1]

    assert faults(row) == []
    told = faults(row | {column: name})
    assert any(f"line 2: {column} {name!r}" in fault for fault in told), told


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("block", ["models", "windows", "tasks", "sites", "predictions"])
def test_names_in_the_configuration_are_names(name: str, block: str) -> None:
    config = yaml.safe_load((ROOT / "config/tiny.yaml").read_text())
    own = config.setdefault(block, {"x": {}})
    config[block] = {name: next(iter(own.values()))}
    start = f"configuration: {block}: {name!r} does not match"
    assert any(fault.startswith(start) for fault in faults_of(config))


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_classes_are_names(name: str) -> None:
    config = yaml.safe_load((ROOT / "config/tiny.yaml").read_text())
    classes = config["tasks"]["state"]["classes"]
    classes[name] = classes.pop("insulator")
    assert any(f"{name!r} does not match" in fault for fault in faults_of(config))


@pytest.mark.parametrize("title", ["$(touch x) $HOME", r"$\foo$", "$$`id`$$ & # %", "a_b^c $x$"])
def test_titles_of_figures_are_text(tmp_path: Path, title: str) -> None:
    """A pair of dollar signs is no formula, in which half of these would fail."""
    figure = new_figure(3, 2)
    figure.subplots().set(title=title, xlabel=title)
    save_figure(figure, tmp_path / "f.png", tmp_path / "f.pdf")
    assert figure.axes[0].title.get_text() == title
    assert (tmp_path / "f.pdf").stat().st_size > 1000


def test_titles_come_out_as_text(tmp_path: Path) -> None:
    """Titles are free: a page shows them, and runs nothing of them."""
    evil = "</figcaption></script><script>alert('x')</script><img src=x onerror=alert(1)>"
    (tmp_path / "t.html.j2").write_text(
        '{% from "picture.html.j2" import picture %}{{ picture(item) }}'
        '<script type="application/json">{{ data|tojson }}</script>'
    )
    (tmp_path / "picture.html.j2").write_text((ROOT / "report/picture.html.j2").read_text())
    item = Picture("", evil, evil, "", "")
    render(tmp_path / "t.html.j2", {"item": item, "data": {"title": evil}}, tmp_path / "t.html")
    text = (tmp_path / "t.html").read_text()
    assert re.findall(r"<script[^>]*>", text) == ['<script type="application/json">']
    assert "<img src=x" not in text
    stored = re.search(r'json">(.*)</script>', text)
    assert stored is not None
    assert json.loads(stored[1]) == {"title": evil}


def test_titles_of_tracks_come_out_as_text(tmp_path: Path) -> None:
    evil = '"/><Track onload="x" name="'
    write_session([SessionTrack("a.bw", evil)], "hg38", tmp_path / "s.xml")
    tracks = ElementTree.parse(tmp_path / "s.xml").getroot().iter("Track")
    assert [(track.get("name"), track.get("onload")) for track in tracks] == [(evil, None)]


def test_paths_are_quoted_for_the_shell(tmp_path: Path) -> None:
    """Every value that rules hand to a shell bears :q, which quotes it."""
    shells = []
    for path in sorted((ROOT / "rules").glob("*.smk")):
        for block in re.findall(
            r'\n    shell:\n(?: {8}#[^\n]*\n)*        """\n(.*?)"""', path.read_text(), re.S
        ):
            shells.append(block)
            bare = re.findall(r"(?<!\{)\{([a-z_.]+)\}", block)
            numbers = {
                "threads",
                "params.bin_size",
                "params.mapq",
                "params.genome_size",
                "params.qvalue",
            }
            assert set(bare) <= numbers, (path.name, bare)
    assert len(shells) == 4
    evil = str(tmp_path / 'a\'b $(touch harm) "c".bam')
    line = snakemake_format("echo {input:q}", input=Namedlist([evil]))
    told = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert told.stdout.strip() == evil
    assert shlex.split(line) == ["echo", evil]
    assert not (tmp_path / "harm").exists()
