"""A run that lacks most parts: its pages say in a sentence what is missing."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from browser_tools import Page
from workflow_tools import change_config, run_snakemake

SENTENCES = {
    "no MNase": "No MNase sample, so no nucleosome is called.",
    "one replicate": "Replicate agreement: not available, since the labels have one replicate.",
    "one cell type": "No other cell type has labels of this task, so nothing is known of that.",
    "one model": "Nothing tells what a model used",
    "no other depth": "No network of this task was scored on fewer fragments",
    "no test window of a class": "replicates agree on: terminator.",
}


def _keep_lines(path: Path, word: str) -> None:
    """Leave the header of a sheet and the lines of one cell type."""
    header, *lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([header, *(line for line in lines if word in line.split("\t"))]))


def _keep_one_model(config: dict[str, Any]) -> None:
    config["models"] = {"vplot": config["models"]["vplot"]}
    del config["motifs"], config["predictions"]
    config["interpret"] = {"models": []}
    config["depth"] = {"models": []}


@pytest.fixture(scope="module")
def reports(yeast_slice: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages of one ATAC sample, labels of one replicate and one network."""
    folder = Path(shutil.copytree(yeast_slice, tmp_path_factory.mktemp("missing") / "work"))
    _keep_lines(folder / "samples.tsv", "two")
    _keep_lines(folder / "labels.tsv", "two")
    change_config(folder, _keep_one_model)
    states = (folder / "states.bed").read_text().splitlines(keepends=True)
    kept = [s for s in states if not (s.startswith("chrIII\t") and "Terminator" in s)]
    (folder / "states.bed").write_text("".join(kept))
    result = run_snakemake(folder)
    assert result.returncode == 0, result.stdout[-5000:]
    return folder / "results/reports"


@pytest.mark.parametrize("missing", SENTENCES)
def test_the_report_says_what_is_missing(reports: Path, missing: str) -> None:
    assert SENTENCES[missing] in (reports / "two.html").read_text()


def test_no_page_complains(reports: Path, page: Page) -> None:
    found = sorted(reports.glob("*.html"))
    assert [path.name for path in found] == ["index.html", "two.html", "windows.html"]
    for path in found:
        page.open(path)
        assert page.complaints() == [], path.name
        broken = page.run("return [...document.images].filter((i) => !i.naturalWidth).length")
        assert broken == 0, path.name
