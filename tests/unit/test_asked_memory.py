"""What jobs ask for, with samples of known sizes."""

import runpy
from types import SimpleNamespace
from typing import Any

import pytest

from chrompute.fragment_files import ALIGNMENTS, format_of
from chrompute.sheets import is_url
from helpers import ROOT

#: MB of a file, by its name.
SIZES = {"a.bam": 1000, "b.bam": 2000, "m.bam": 500, "b.tsv.gz": 100}
SAMPLES = {
    "a": ("one", "ATAC", ["a.bam"]),
    "m": ("one", "MNase", ["m.bam"]),
    "b": ("two", "ATAC", ["b.bam"]),
    "cells": ("two", "ATAC", ["b.tsv.gz"]),
    "far": ("three", "ATAC", ["https://example.org/far.bam"]),
}


@pytest.fixture(scope="module")
def functions() -> dict[str, Any]:
    """The functions of the rules that ask for memory."""
    samples = {
        name: SimpleNamespace(name=name, cell_type=cell_type, assay=assay, paths=paths)
        for name, (cell_type, assay, paths) in SAMPLES.items()
    }

    def samples_of(cell_type: str, assay: str | None = None) -> list[SimpleNamespace]:
        own = [s for s in samples.values() if s.cell_type == cell_type]
        return [s for s in own if assay in (None, s.assay)]

    known: dict[str, Any] = {
        "settings": SimpleNamespace(
            samples=[*samples.values()], sample=samples.__getitem__, samples_of=samples_of
        ),
        "SNAKEMAKE_MB": 400,
        "genome_mb": lambda: 100,
        "megabytes": lambda paths: sum(SIZES.get(path, 0) for path in paths),
        "format_of": format_of,
        "ALIGNMENTS": ALIGNMENTS,
        "is_url": is_url,
    }
    for name in ("assays", "models"):
        known |= runpy.run_path(str(ROOT / f"rules/functions/{name}.smk"), known)
    return known


@pytest.mark.parametrize(
    ("cell_type", "millions"), [("one", 10 + 5), ("two", 20 + 10), ("three", 20)]
)
def test_a_cell_type_asks_for_its_own_samples(
    functions: dict[str, Any], cell_type: str, millions: int
) -> None:
    """A BAM holds 10,000 pairs in 1 MB, a packed text 100,000; of an address nobody knows."""
    job = SimpleNamespace(cell_type=cell_type)
    assert functions["quality_mb"](job, 1) == 1900 + 2 * 100 + 150 * millions
    assert functions["applying_mb"](job, 1) == 2200 + 2 * 100 + 80 * millions
    assert functions["applying_mb"](job, 3) == 3 * functions["applying_mb"](job, 1)


def test_one_sample_asks_for_itself(functions: dict[str, Any]) -> None:
    job = SimpleNamespace(sample="a")
    assert functions["quality_mb"](job, 1) == 1900 + 2 * 100 + 150 * 10


def test_dyads_are_those_of_mnase(functions: dict[str, Any]) -> None:
    assert functions["pool_mb"](SimpleNamespace(cell_type="one"), 1) == 1400 + 100 * 5


def test_a_training_asks_for_all_samples(functions: dict[str, Any]) -> None:
    millions = 10 + 5 + 20 + 10 + 20
    assert functions["training_mb"](SimpleNamespace(), 1) == 2200 + 2 * 100 + 80 * millions
