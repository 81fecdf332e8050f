"""What pages say of interpreted networks, and V-plots to look into, from arrays made here."""

import base64
import json
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chrompute.interpretation_report import (
    completeness_sentence,
    mistakes_content,
    speaking_bands,
)
from chrompute.quality_report import verdict_words
from chrompute.vplot_viewer import pooled_counts, viewer_content

CLASSES = {"on": "open", "off": "closed"}


def bands() -> pd.DataFrame:
    rows = [
        ("on", "vplot", 60, 100, 0, 50, 0.5, 9), ("off", "vplot", 60, 100, 0, 50, -0.5, 1),
        ("on", "mnase", 140, 180, 0, 50, 2.0, 3), ("off", "mnase", 140, 180, 0, 50, 1.9, 5),
        ("on", "vplot", 140, 180, 0, 50, 0.125, 1), ("off", "vplot", 140, 180, 0, 50, 0.375, 2),
        ("on", "vplot", 0, 60, 0, 50, -0.1, 1), ("off", "vplot", 0, 60, 0, 50, -0.9, 1),
    ]  # fmt: skip
    names = ["class", "input", "length_low", "length_high", "distance_low", "distance_high"]
    return pd.DataFrame(rows, columns=[*names, "attribution", "fragments"])


def test_bands_that_spoke_for_a_class_more_than_for_others_are_named() -> None:
    found = speaking_bands(bands(), CLASSES)
    assert [row["class"] for row in found] == ["open", "closed"]
    parts = found[0]["speaking"].split("; ")
    assert parts == [
        "more ATAC fragments of 60 to 99 bp, 0 to 50 bp from the centre (+0.50, on average +0.00)",
        "fewer MNase fragments of 140 to 179 bp, 0 to 50 bp from the centre (+2.00, on average "
        "+1.95)",
    ]
    assert found[1]["speaking"].startswith("more ATAC fragments of 140 to 179 bp")
    alone = speaking_bands(bands().query("`class` == 'on'"), {"on": "open"})
    assert alone[0]["speaking"] == "nothing more than for others"


def test_completeness_in_words() -> None:
    table = pd.DataFrame({"error": [0.001, 0.002, 0.003, 0.01]})
    text = completeness_sentence(table)
    assert "2 windows, each read on both strands" in text
    assert "0.25 % in the median and 1 % at most" in text
    assert "none is explained" in completeness_sentence(table.iloc[:0])


def test_mistakes_are_places_to_look_at(tmp_path: Path) -> None:
    folder = tmp_path / "interpretation/net"
    folder.mkdir(parents=True)
    rows = [
        ("state", "c", "chr1", 999, 3000, "on/off", "on", 0.98765, "d=on;e=off", "1234"),
        ("state", "c", "chr1", 5000, 7001, "on", "off", 0.9, "", ""),
        ("state", "other", "chr1", 1, 2, "on", "off", 0.9, "", ""),
    ]
    names = ["task", "cell_type", "chrom", "start", "end", "label", "prediction", "confidence"]
    table = pd.DataFrame(rows, columns=[*names, "label_elsewhere", "nearest_of_prediction"])
    table.to_csv(folder / "mistakes.tsv", sep="\t", index=False)
    plan = {"titles": {"net": "network"}, "classes": {"state": CLASSES}}
    content = mistakes_content("net", "state", plan, tmp_path, "c")
    assert content["rows"] == [
        {
            "place": "chr1:1,000-3,000", "label": "open / closed", "prediction": "open",
            "confidence": "0.988", "elsewhere": "d=on, e=off", "nearest": "1,234",
        },
        {
            "place": "chr1:5,001-7,001", "label": "open", "prediction": "closed",
            "confidence": "0.900", "elsewhere": "–", "nearest": "–",
        },
    ]  # fmt: skip
    assert content["file"] == "../interpretation/net/mistakes.tsv"


def test_pixels_of_the_viewer_add_up(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    counts = rng.integers(0, 100_000, (7, 13))
    pooled = pooled_counts(counts, 2, 4)
    assert pooled.shape == (4, 4)
    assert pooled[1, 2] == counts[2:4, 8:12].sum()
    assert pooled[3, 3] == counts[6, 12]
    assert pooled.sum() == counts.sum()
    metadata = {"n_sites": 1, "n_fragments": 9}
    np.savez(
        tmp_path / "tss.npz", counts=counts, lengths=np.arange(30, 37),
        positions=np.arange(-6, 7), length_counts=counts.sum(1), metadata=json.dumps(metadata),
    )  # fmt: skip
    found = viewer_content({"tss": "TSS"}, tmp_path)["tss"]
    data = zlib.decompress(base64.b64decode(found.pop("data")))
    assert (np.frombuffer(data, "<u4").reshape(4, 4) == pooled).all()
    assert found == {
        "title": "TSS", "sites": "1 site", "rows": 4, "columns": 4, "first_length": 30,
        "first_position": -6, "length_bin": 2, "position_bin": 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "found", "words"),
    [
        ("pass", [], "every figure that is available passes"),
        ("not available", [], "not available"),
        ("warn", [("warn", "few.")], "1 of the figures asks for a look (a: few)"),
        (
            "fail",
            [("fail", "bad"), ("warn", "few"), ("warn", "so")],
            "1 of the figures fails and 2 of the figures ask for a look (first, a: bad)",
        ),
    ],
)
def test_the_verdict_in_words(verdict: str, found: list[tuple[str, str]], words: str) -> None:
    reasons = [{"sample": "a", "verdict": v, "reason": r} for v, r in found]
    assert verdict_words(verdict, reasons) == words
