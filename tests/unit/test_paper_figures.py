"""The paper set: widths, equal bytes, and tables that hold what is drawn."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from chrompute.figures import new_figure, paper_style
from chrompute.paper_figures import KINDS, WIDTHS, write_paper_figure
from chrompute.phasing import DyadProfile, read_profiles, write_profiles

TITLES = {"forest": "random forest", "net": "network"}
CLASSES = {"on": "open", "off": "closed"}
PLACE = {"windows": "states", "task": "state", "cell_type": "c"}
GIVEN: dict[str, Any] = {
    "place": PLACE, "titles": TITLES, "leading": "accuracy", "title": "c, state",
    "groups": {"forest": "fitted", "net": "networks"},
}  # fmt: skip


def table(path: Path, rows: list[dict[str, Any]], **constant: object) -> str:
    frame = pd.DataFrame(rows).assign(**{"task": "state", "cell_type": "c"} | constant)
    # Of another cell type, which no figure may show.
    pd.concat([frame, frame.assign(cell_type="other")]).to_csv(path, sep="\t", index=False)
    return str(path)


def scores(folder: Path) -> str:
    rows = [
        {"model": m, "seed": 1, "metric": metric, "value": v, "low": v - 0.1, "high": v + 0.1}
        for m, v in (("forest", 0.5), ("net", 0.7), ("unknown", 0.1))
        for metric in ("accuracy", "auroc")
    ]
    return table(folder / "metrics.tsv", rows, split="test")


def agreement(folder: Path) -> str:
    row = {"metric": "accuracy", "value": 0.8, "low": 0.7, "high": 0.9, "limit": 0.95}
    rows = [{"windows": name} | row for name in ("states", "tiles")]
    return table(folder / "agreement.tsv", rows, split="test")


def vplots(folder: Path) -> tuple[list[str], dict[str, Any]]:
    rng = np.random.default_rng(0)
    paths = []
    for name in CLASSES:
        counts = rng.poisson(3, (60, 101))
        np.savez(
            folder / f"{name}.npz", counts=counts, lengths=np.arange(60),
            length_counts=counts.sum(1), positions=np.arange(-50, 51),
            metadata=json.dumps({"n_sites": 5, "n_fragments": 999}),
        )  # fmt: skip
        paths.append(str(folder / f"{name}.npz"))
    return paths, {"titles": list(CLASSES.values()), "title": "c: V-plots"}


def nucleosomes(folder: Path) -> tuple[list[str], dict[str, Any]]:
    positions = np.arange(-300, 301)
    density = 1 + np.cos(positions / 27)
    profile = DyadProfile(positions, density, density, (-170, 0, 170), 7, 999)
    write_profiles({"MNase": profile}, folder / "p.tsv", folder / "p.json")
    return [str(folder / "p.tsv"), str(folder / "p.json")], {"title": "c: TSS"}


def layers(folder: Path) -> tuple[list[str], dict[str, Any]]:
    rng = np.random.default_rng(0)
    arrays = {
        "inputs": np.array(["vplot"]), "classes": np.array(list(CLASSES)),
        "places": np.array(["chr1:1,001"]), "labels": np.array(["on"]), "names": np.array(["on"]),
        "probabilities": np.array([[0.75, 0.25]]), "lengths:vplot": np.arange(0, 401, 20),
        "positions:vplot": np.arange(-1000, 1001, 40),
        "points:vplot:0": np.array([[-5, 7], [100, 180]], dtype=np.int32),
        "attribution:vplot": rng.normal(size=(1, 20, 50)),
        "layer:early:vplot": rng.normal(size=(1, 12, 50)),
        "layer:middle": rng.normal(size=(1, 12, 50)),
    }  # fmt: skip
    np.savez(folder / "loci.npz", **arrays)
    return [str(folder / "loci.npz")], {"titles": CLASSES, "title": "c, network"}


def confusion(folder: Path) -> tuple[list[str], dict[str, Any]]:
    cells = [
        {"model": "net", "seed": 1, "label": a, "predicted": b, "windows": 10 * (a == b) + 1}
        for a in CLASSES
        for b in CLASSES
    ]
    return [table(folder / "confusion.tsv", cells)], GIVEN | {"titles": CLASSES}


def calibration(folder: Path) -> tuple[list[str], dict[str, Any]]:
    bins = [
        {"model": m, "seed": 1, "labels": "1", "confidence": x, "accuracy": x, "windows": 50}
        for m in TITLES
        for x in (0.4, 0.8)
    ]
    whole = [{"model": m, "seed": 1, "labels": "1", "ece": 0.02, "limit": 0.05} for m in TITLES]
    files = [table(folder / "bins.tsv", bins), table(folder / "calibration.tsv", whole)]
    return files, GIVEN


def transfer(folder: Path) -> tuple[list[str], dict[str, Any]]:
    rows = [
        {"windows": "states", "family": "net", "model": f"net_{on}", "kind": "network",
         "trained_on": on, "value": 0.5,
         "cell_type": at, "seen": "yes" if on == at else "no", "metric": "accuracy", "low": 0.4,
         "high": 0.6}
        for on in "ab"
        for at in "ab"
    ]  # fmt: skip
    pd.DataFrame(rows).assign(task="state").to_csv(folder / "transfer.tsv", sep="\t", index=False)
    place = {"windows": "states", "task": "state"}
    titles = {"net_a": "network trained on a", "net_b": "network trained on b", "net": "network"}
    return [str(folder / "transfer.tsv")], GIVEN | {"place": place, "titles": titles}


def depth(folder: Path) -> tuple[list[str], dict[str, Any]]:
    rows = [
        {"model": "net", "seed": 1, "fraction": f, "metric": m, "value": f, "low": 0, "high": 1}
        for f in (0.1, 1.0)
        for m in ("accuracy", "auroc")
    ]
    return [table(folder / "depth.tsv", rows), agreement(folder)], GIVEN


def motifs(folder: Path) -> tuple[list[str], dict[str, Any]]:
    logo = {"pattern": "for1", "position": range(3), "A": [0, 1, 0], "C": 0.5, "G": -0.25, "T": 0}
    patterns = {"pattern": ["for1"], "seqlets": [21]}
    matches = {"pattern": ["for1"], "motif": ["REB1"], "q_value": [0.001]}
    for name, rows in {"logos": logo, "motifs": patterns, "matches": matches}.items():
        pd.DataFrame(rows).to_csv(folder / f"{name}.tsv", sep="\t", index=False)
    names = ("logos", "motifs", "matches")
    return [str(folder / f"{name}.tsv") for name in names], {"title": "network, c: on"}


def models(folder: Path) -> tuple[list[str], dict[str, Any]]:
    return [scores(folder), agreement(folder)], GIVEN


MAKERS: dict[str, Callable[[Path], tuple[list[str], dict[str, Any]]]] = {
    "vplots": vplots, "nucleosomes": nucleosomes, "layers": layers, "models": models,
    "confusion": confusion, "calibration": calibration, "transfer": transfer, "depth": depth,
    "motifs": motifs,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_figures_are_as_wide_as_a_column_and_equal_twice(
    kind: str, width: str, tmp_path: Path
) -> None:
    files, given = MAKERS[kind](tmp_path)
    paths = [tmp_path / f"{n}.{end}" for n in "ab" for end in ("png", "pdf", "tsv")]
    write_paper_figure(kind, width, files, given, *paths[:3])
    write_paper_figure(kind, width, files, given, *paths[3:])
    for first, second in zip(paths[:3], paths[3:], strict=True):
        assert first.read_bytes() == second.read_bytes()
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", paths[1].read_bytes())
    assert box is not None
    assert float(box[1]) * 25.4 / 72 == pytest.approx(WIDTHS[width], abs=0.1)
    assert float(box[2]) * 25.4 / 72 < 247  # the height of a page of Nature
    with Image.open(paths[0]) as image:
        assert image.width == pytest.approx(WIDTHS[width] / 25.4 * 450, abs=2)
    assert b"/FontType 42" in paths[1].read_bytes() or b"/CIDFontType2" in paths[1].read_bytes()


def numbers_of(kind: str, folder: Path) -> pd.DataFrame:
    files, given = MAKERS[kind](folder)
    write_paper_figure(
        kind, "double", files, given, folder / "x.png", folder / "x.pdf", folder / "x.tsv"
    )
    return pd.read_csv(folder / "x.tsv", sep="\t")


def test_tables_hold_what_is_drawn_and_nothing_of_other_places(tmp_path: Path) -> None:
    found = numbers_of("models", tmp_path)
    assert set(found["model"]) == {"forest", "net", "replicate agreement"}
    assert set(found["cell_type"]) == {"c"}
    assert len(found[found["model"] == "replicate agreement"]) == 1
    assert set(found["metric"]) == {"accuracy", "auroc"}
    found = numbers_of("calibration", tmp_path)
    assert set(found["cell_type"]) == {"c"}
    assert (
        found.groupby("model")[["ece", "limit"]].first().to_numpy().tolist() == [[0.02, 0.05]] * 2
    )
    assert len(numbers_of("confusion", tmp_path)) == 4
    assert set(numbers_of("transfer", tmp_path)["cell_type"]) == {"a", "b"}
    found = numbers_of("depth", tmp_path)
    assert found["fraction"].dropna().tolist() == [0.1, 0.1, 1.0, 1.0]
    assert found[found["model"] == "replicate agreement"]["value"].tolist() == [0.8]


def test_the_table_of_a_locus_has_its_fragments_and_its_answer(tmp_path: Path) -> None:
    found = numbers_of("layers", tmp_path)
    points = found[found["shows"] == "fragment"]
    assert points[["position", "length"]].to_numpy(int).tolist() == [[-5, 100], [7, 180]]
    answers = found[found["shows"] == "probability"].set_index("class")["value"]
    assert answers.to_dict() == {"on": 0.75, "off": 0.25}


def test_pixels_of_vplots_keep_their_sum(tmp_path: Path) -> None:
    found = numbers_of("vplots", tmp_path)
    with np.load(tmp_path / "on.npz") as stored:
        whole = stored["counts"].sum() / (5 * 999 / 1e6)
    own = found[found["class"] == "open"]
    assert len(own) == 12 * 10
    # Smoothing loses what it pushes over the borders; the last column of 101 is left out.
    total = 50 * own["fragments_per_site_and_million"].sum()
    assert 0.75 * whole < total < whole
    assert own["first_position"].min() == -50


def test_profiles_come_back_as_they_were_written(tmp_path: Path) -> None:
    nucleosomes(tmp_path)
    profile = read_profiles(tmp_path / "p.tsv", tmp_path / "p.json")["MNase"]
    assert profile.peaks == (-170, 0, 170)
    assert (profile.n_sites, profile.n_dyads) == (7, 999)
    assert np.allclose(profile.density, 1 + np.cos(np.arange(-300, 301) / 27), atol=1e-6)


def test_the_style_of_papers_ends_with_them() -> None:
    with paper_style(89):
        assert new_figure(4, 3).get_size_inches()[0] == pytest.approx(89 / 25.4)
        assert mpl.rcParams["font.size"] == 6.5
    assert new_figure(4, 3).get_size_inches().tolist() == [4, 3]
    assert mpl.rcParams["font.size"] == 8
