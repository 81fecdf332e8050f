"""Numbers beside figures are those that the figures show."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from chrompute.figure_numbers import learning_numbers, locus_numbers, write_numbers
from chrompute.quality_figures import draw_quality
from chrompute.quality_numbers import COLUMNS, quality_numbers

BASES = "ACGT"


def sample(name: str, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(4), 5)
    return {
        "sample": name, "assay": "ATAC", "reads": 1000, "fragments": 400,
        "length_histogram": rng.integers(0, 9, 60).tolist(),
        "filters": {"kept": 800, "unmapped": 150, "mapq": 50},
        "tss_profile": rng.random(81).tolist(), "tss_enrichment": 4.2,
        "motif": {
            "positions": [-2, -1, 0, 1, 2], "background": [0.3, 0.2, 0.2, 0.3], "centre": None,
            "bits": 0.1,
            "frequencies": {base: shares[:, i].tolist() for i, base in enumerate(BASES)},
        },
        "gc_histogram": rng.integers(1, 9, 101).tolist(),
        "gc_expected_histogram": rng.integers(1, 9, 101).tolist(),
    }  # fmt: skip


SAMPLES = [sample("one", 1), sample("two", 2)]
SUMMARY = {
    "assays": {
        "ATAC": {
            "samples": ["one", "two"],
            "correlation": {
                "bin_size": 1000, "pearson": [[1, 0.5], [0.5, 1]],
                "spearman": [[1, 0.25], [0.25, 1]],
            },
        },
        "MNase": {"samples": ["three"], "correlation": None},
    }
}  # fmt: skip


@pytest.mark.parametrize("figure", ["lengths", "tss", "gc"])
def test_lines_of_quality_are_in_their_table(figure: str) -> None:
    axes = draw_quality(figure, SAMPLES, SUMMARY, 80).axes[0]
    table = quality_numbers(figure, SAMPLES, SUMMARY, 80)
    assert table.columns.tolist() == list(COLUMNS[figure])
    keys = ["sample", "of"] if figure == "gc" else ["sample"]
    parts = [own for _, own in table.groupby(keys, sort=False)]
    lines = [line for line in axes.lines if len(line.get_xdata()) > 2]
    assert len(lines) == len(parts) == (4 if figure == "gc" else 2)
    names = {"lengths": ("length", "percent"), "tss": ("position", "cuts_over_flanks")}
    x, y = names.get(figure, ("gc_percent", "percent"))
    for line, own in zip(lines, parts, strict=True):
        number = len(own)  # the line of lengths goes on at 0 to the end of the axis
        assert np.allclose(np.asarray(line.get_xdata())[:number], own[x])
        assert np.allclose(np.asarray(line.get_ydata())[:number], own[y])
        assert not np.asarray(line.get_ydata())[number:].any()


def test_bars_and_cells_of_quality_are_in_their_tables() -> None:
    reads = quality_numbers("reads", SAMPLES, SUMMARY, 80)
    bars = draw_quality("reads", SAMPLES, SUMMARY, 80).axes[0].containers
    widths = sorted(patch.get_width() for bar in bars for patch in bar)
    assert widths == pytest.approx(sorted(reads["percent"]))
    assert reads.groupby("sample")["percent"].sum().tolist() == [100, 100]
    motif = quality_numbers("motif", SAMPLES, SUMMARY, 80)
    axes = draw_quality("motif", SAMPLES, SUMMARY, 80).axes
    for panel, (_, own) in zip(axes, motif.groupby("sample", sort=False), strict=True):
        drawn = sum(patch.get_height() for patch in panel.patches)
        assert drawn == pytest.approx(own["bits"].sum())
    cells = quality_numbers("correlation", SAMPLES, SUMMARY, 80)
    assert cells["value"].tolist() == [1, 0.5, 0.5, 1, 1, 0.25, 0.25, 1]
    assert set(cells["assay"]) == {"ATAC"}


def test_what_is_not_there_has_a_header_alone() -> None:
    nothing = {"length_histogram": None, "tss_profile": None, "motif": None}
    empty = SAMPLES[0] | nothing | {"gc_histogram": None, "gc_expected_histogram": None}
    for figure in ("lengths", "tss", "motif", "gc"):
        table = quality_numbers(figure, [empty], SUMMARY, 80)
        assert (len(table), table.columns.tolist()) == (0, list(COLUMNS[figure]))


def test_every_panel_of_a_locus_has_its_numbers() -> None:
    rng = np.random.default_rng(0)
    arrays = {
        "inputs": np.array(["vplot"]), "classes": np.array(["on", "off"]),
        "probabilities": np.array([[0.75, 0.25]]), "lengths:vplot": np.array([0, 20, 40]),
        "positions:vplot": np.array([-6, -2, 2, 6]),
        "points:vplot:0": np.array([[-5, 3], [10, 30]], dtype=np.int32),
        "attribution:vplot": rng.normal(size=(1, 2, 3)),
        "layer:early:vplot": rng.normal(size=(1, 4, 3)), "layer:middle": rng.normal(size=(1, 5, 2)),
    }  # fmt: skip
    found = dict(iter(locus_numbers(arrays, 0).groupby("shows")))
    assert {name: len(own) for name, own in found.items()} == {
        "fragment": 2, "attribution": 6, "early layer": 12, "middle layer": 10, "probability": 2,
    }  # fmt: skip
    pixel = found["attribution"].query("position == 2 and length == 20")["value"]
    assert pixel.tolist() == [arrays["attribution:vplot"][0, 1, 2]]
    cell = found["middle layer"].query("channel == 5 and position == 0")["value"]
    assert cell.tolist() == [arrays["layer:middle"][0, 4, 1]]
    assert found["probability"].set_index("class")["value"].to_dict() == {"on": 0.75, "off": 0.25}


def test_numbers_are_written_in_equal_bytes(tmp_path: Path) -> None:
    table = learning_numbers({2: pd.DataFrame({"epoch": [1, 2], "train_loss": [0.5, 0.25]})})
    assert table.columns.tolist() == ["seed", "epoch", "train_loss"]
    packed = []
    for name in ("a.tsv.gz", "b.tsv.gz"):
        write_numbers(table, tmp_path / name)
        packed.append((tmp_path / name).read_bytes())
    write_numbers(table, tmp_path / "c.tsv")
    assert packed[0] == packed[1]
    assert packed[0][4:8] == bytes(4)  # no time of writing
    assert not packed[0][3] & 8  # no name of a file
    text = gzip.decompress(packed[0])
    assert text == (tmp_path / "c.tsv").read_bytes()
    assert text.splitlines()[1] == b"2\t1\t0.5"
