"""What the browser of a report is given: loci, signal and segments, from files made here."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyBigWig
import pytest

from chrompute.browser_loci import (
    STEPS,
    BrowserTrack,
    browser_content,
    loci_of_classes,
)
from chrompute.igv_script import igv_script

SIZES = {"chr1": 20_000, "chr2": 5_000}
RED, BLUE = (255, 0, 0), (0, 0, 255)


def windows() -> pd.DataFrame:
    rows = [
        ("c", "chr1", 100, 300, "train", "on"), ("c", "chr1", 1000, 1200, "test", "on"),
        ("c", "chr1", 2000, 2200, "test", "on"), ("c", "chr2", 3000, 3200, "test", "on"),
        ("c", "chr2", 4000, 4200, "test", None), ("d", "chr1", 500, 700, "train", "off"),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["cell_type", "chrom", "start", "end", "split", "state"])


def test_one_window_stands_for_each_class() -> None:
    titles = {"on": "open", "off": "closed"}
    found = loci_of_classes(windows(), "state", titles, "c", "test")
    assert found.values.tolist() == [["open", "chr1", 2000, 2200]]
    other = loci_of_classes(windows(), "state", titles, "d", "test")
    assert other.values.tolist() == [["closed", "chr1", 500, 700]]
    assert loci_of_classes(windows(), "state", titles, "none", "test").empty


@pytest.fixture
def signal(tmp_path: Path) -> Path:
    path = tmp_path / "a.cuts.bw"
    with pyBigWig.open(str(path), "w") as handle:
        handle.addHeader(list(SIZES.items()))
        handle.addEntries(["chr1"] * 2, [0, 2000], ends=[1000, 3000], values=[1.0, 3.0])
    return path


def test_tracks_are_cut_at_the_loci(signal: Path, tmp_path: Path) -> None:
    bed = tmp_path / "labels.bed"
    bed.write_text("chr1\t0\t900\ton\nchr1\t900\t5000\tother\nchr1\t9000\t9100\ton\n")
    loci = pd.DataFrame(
        [("one", "chr1", 1000, 2000), ("two", "chr2", 4900, 4950)],
        columns=["title", "chrom", "start", "end"],
    )
    tracks = [
        BrowserTrack(signal, "cuts", RED, {}),
        BrowserTrack(bed, "labels", BLUE, {"on": RED}),
        BrowserTrack(signal, "p", RED, {}, is_share=True),
    ]
    content = browser_content(loci, tracks, SIZES, 500)
    assert content["chromosomes"] == SIZES
    one, two = content["loci"]
    assert one == {
        "title": "one", "chrom": "chr1", "start": 500, "end": 2500, "from": 1000, "to": 2000,
    }  # fmt: skip
    assert (two["start"], two["end"]) == (4400, 5000)
    cuts, labels, share = content["tracks"]
    values = np.array(cuts["values"][0])
    assert len(values) == STEPS
    # 2 bp a step: 500 bp of 1, 1,000 of nothing, 500 of 3.
    assert values.tolist() == [1.0] * 250 + [0.0] * 500 + [3.0] * 250
    assert cuts["values"][1] == [0.0] * 600  # one step a base, where there are fewer bases
    assert (cuts["limits"], share["limits"]) == (None, [0, 1])
    assert [(f["start"], f["end"], f["name"], f["colour"]) for f in labels["features"]] == [
        (0, 900, "on", "rgb(255,0,0)"), (900, 5000, "other", "rgb(0,0,255)"),
    ]  # fmt: skip
    json.dumps(content)
    twice = browser_content(pd.concat([loci, loci]), tracks, SIZES, 500)["tracks"][1]
    assert twice == labels
    assert browser_content(loci.iloc[:0], tracks, SIZES, 500)["tracks"] == []


def test_the_script_of_the_browser_cannot_end_the_page() -> None:
    text = igv_script()
    assert "createBrowser" in text
    assert "</script" not in text
