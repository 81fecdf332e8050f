"""Interpretation of a network that was trained on toy windows, its figures, quiz, map and list."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from chrompute.attribution_figures import draw_attributions
from chrompute.configuration import load_settings
from chrompute.embedding import embed
from chrompute.embedding_figures import draw_map
from chrompute.errors import InputError
from chrompute.figures import save_figure
from chrompute.interpretation import Interpretation, Question, interpret
from chrompute.interpreted import interpret_faults, interpreted_models
from chrompute.layer_figures import write_locus_figures
from chrompute.layers import features
from chrompute.mistakes import confident_mistakes
from chrompute.quiz import quiz_content
from chrompute.report import render
from chrompute.subject import Subject, SubjectFiles
from helpers import ROOT
from toy_models import TRAINING, make_toy, recipe_of
from toy_predictions import Case

pytestmark = pytest.mark.slow

CLASSES = ("closed", "open")
TITLES = {"closed": "closed chromatin", "open": "open <chromatin>"}
PLACE = "chr3:650"


class Toy:
    """A network of V-plots and DNA, what it predicts, and what is found out about it."""

    def __init__(self, folder: Path) -> None:
        self.case = Case(folder, make_toy())
        training = {**TRAINING, "epochs": 8}
        trained = self.case.train("net", "vplot", "sequence", training=training)
        self.case.windows.to_parquet(folder / "windows.parquet")
        self.files = SubjectFiles(
            trained / "model.safetensors", trained / "card.json", folder / "windows.parquet",
            [self.case.atac], self.case.genome,
        )  # fmt: skip
        self.recipe = replace(recipe_of("vplot", "sequence"), training=training)
        self.predictions = self.case.expected["net1"]
        self.asked = Question("state", CLASSES, "cells", "test", 20, [PLACE])

    def subject(self, *loci: str) -> Subject:
        return Subject.read(self.recipe, self.files, loci, "cells")

    def find(self) -> Interpretation:
        subject = self.subject(PLACE)
        with subject.calculating():
            return interpret(subject, self.predictions, self.asked, subject.mean_images())


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    return Toy(tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="module")
def found(toy: Toy) -> Interpretation:
    return toy.find()


@pytest.fixture(scope="module")
def loci(found: Interpretation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Arrays and figures of the loci."""
    folder = tmp_path_factory.mktemp("loci")
    np.savez_compressed(folder / "loci.npz", **found.loci)
    write_locus_figures(folder / "loci.npz", TITLES, "cells, net", folder / "figures")
    return folder


def test_fragment_lengths_at_the_centre_make_windows_open_or_closed(found: Interpretation) -> None:
    """Planted within 15 bp of the centre: 30 to 79 bp in open windows, 140 to 179 in others."""
    first = found.bands[found.bands["rank"] == 1]
    assert set(first["class"]) == set(CLASSES)
    assert (first["distance_high"] == 50).all()
    assert (first["attribution"] > 0).all()
    middle = found.bands[found.bands["distance_high"] == 50]
    for name, there in (("open", "short"), ("closed", "long")):
        own = middle[middle["class"] == name]
        groups = {"short": own[own["length_high"] <= 100], "long": own[own["length_low"] == 140]}
        for which, part in groups.items():
            # What is missing speaks for a class, too.
            assert part["attribution"].sum() > 0
            assert (part["fragments"].sum() > 5) == (which == there)


def test_attributions_are_complete_and_have_their_places(toy: Toy, found: Interpretation) -> None:
    table = found.completeness
    assert (table["error"] < 0.01).all()
    change = table["score"] - table["baseline"]
    assert np.abs(change).mean() > 0.3
    assert np.abs(table["attributed"] - change).max() < 0.01 * np.maximum(np.abs(change), 1).max()
    assert set(table["strand"]) == {"+", "-"}
    windows = toy.case.windows
    places = set(zip(windows["chrom"], windows["centre"], strict=True)) | {("chr3", 649)}
    assert set(zip(table["chrom"], table["centre"], strict=True)) <= places


def test_class_means_are_those_of_correct_windows(toy: Toy, found: Interpretation) -> None:
    table, windows = toy.predictions, toy.case.windows
    held_out = windows[windows["split"] != "train"].reset_index(drop=True)
    test = (table["split"] == "test").to_numpy()
    for code, name in enumerate(CLASSES):
        answer = np.where(table["p:state:open"] > table["p:state:closed"], "open", "closed")
        right = test & (held_out["state.1"] == name).to_numpy() & (answer == name)
        number = min(int(right.sum()), 20)
        assert found.arrays["windows"][code] == number > 0
        image = found.arrays["image:vplot"][code]
        # 12 fragments a window, scaled by one: the depth is that of the only store.
        assert image.sum() == pytest.approx(12, rel=0.15)
        np.testing.assert_allclose(image.sum(0)[:4].sum(), image.sum(0)[-4:].sum(), atol=0.5)


def test_loci_are_the_surest_and_those_asked_for(toy: Toy, found: Interpretation) -> None:
    arrays = found.loci
    assert arrays["names"].tolist() == ["closed", "open", "chr3-650"]
    assert arrays["places"][2] == "chr3:450-850"
    assert arrays["splits"].tolist() == ["test", "test", "locus"]
    table = toy.predictions[(toy.predictions["split"] == "test")]
    own = table[table["label:state:1"] == "open"]
    best = own.sort_values("p:state:open").iloc[-1]
    assert arrays["places"][1] == f"{best['chrom']}:{best['centre'] - 199}-{best['centre'] + 201}"
    assert arrays["probabilities"][1, 1] == pytest.approx(best["p:state:open"], abs=1e-6)
    start, end = toy.case.store.intervals("chr3")
    middle = (start + end - 1) // 2
    inside = (middle >= 449) & (middle < 850)
    points = sorted(zip(middle[inside] - 649, (end - start)[inside], strict=True))
    assert sorted(map(tuple, arrays["points:vplot:2"].T.tolist())) == points


def test_figures_have_equal_bytes_twice(
    toy: Toy, found: Interpretation, loci: Path, tmp_path: Path
) -> None:
    again = toy.find()
    for name, values in found.loci.items():
        np.testing.assert_array_equal(values, again.loci[name])
    for name, own in (("a", found), ("b", again)):
        figure = draw_attributions(own.arrays, TITLES, "cells")
        save_figure(figure, tmp_path / f"{name}.png", tmp_path / f"{name}.pdf")
    for end in ("png", "pdf"):
        assert (tmp_path / f"a.{end}").read_bytes() == (tmp_path / f"b.{end}").read_bytes()
    write_locus_figures(loci / "loci.npz", TITLES, "cells, net", tmp_path / "figures")
    names = sorted(path.name for path in (loci / "figures").iterdir())
    assert len(names) == 3 * 4
    for name in names:
        first = (loci / "figures" / name).read_bytes()
        assert first == (tmp_path / "figures" / name).read_bytes()


def test_attributions_of_a_class_without_windows_say_so(found: Interpretation) -> None:
    arrays = {name: values.copy() for name, values in found.arrays.items()}
    arrays["windows"][0] = 0
    for kind in ("image", "attribution"):
        arrays[f"{kind}:vplot"][0] = np.nan
    figure = draw_attributions(arrays, TITLES, "cells")
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert texts.count("no correct window") == 2


def test_the_quiz_asks_before_it_tells_and_needs_no_network(loci: Path, tmp_path: Path) -> None:
    own = {"title": "state", "titles": TITLES, "loci": loci / "loci.npz"}
    content = quiz_content({"state": own | {"folder": loci / "figures"}}, "net", "cells", True)
    render(ROOT / "report/quiz.html.j2", content, tmp_path / "quiz.html")
    text = (tmp_path / "quiz.html").read_text()
    assert not re.search(r"src=\"(?!data:)", text)
    assert not re.search(r"href=\"(?:\w+:)?//", text)  # links lead to files beside it
    assert "<chromatin>" not in text
    assert "Simulated data" in text
    articles = text.split("<article>")[1:]
    assert len(articles) == 3
    for article in articles:
        before, after = article.split("<details>")
        assert before.count("<img") == after.count("<img") == 1
        assert all(len(alt) > 20 for alt in re.findall(r'alt="([^"]*)"', article))
        assert "Network: <strong>" not in before
        assert ".pdf" not in before  # PDFs are called like the class
        assert "Network: <strong>" in after
    places = re.findall(r"<small>([^<]*)</small>", text)
    assert places == sorted(places)
    empty = quiz_content({}, "net", "cells", False)
    render(ROOT / "report/quiz.html.j2", empty | {"tasks": [{"title": "s", "questions": []}]},
           tmp_path / "empty.html")  # fmt: skip
    assert "No locus to show" in (tmp_path / "empty.html").read_text()


def test_the_map_is_a_principal_component_analysis(toy: Toy, tmp_path: Path) -> None:
    subject = toy.subject()
    table, explained = embed(subject, "test")
    rows = np.flatnonzero(subject.windows["split"] == "test")
    values = features(subject.network, subject.data, subject.ids(rows)).astype(float)
    spread = values.std(0)
    values = (values - values.mean(0)) / np.where(spread > 0, spread, 1)
    left, size, _ = np.linalg.svd(values, full_matrices=False)
    for index in range(2):
        points = left[:, index] * size[index]
        turned = np.sign(points @ table[f"pc{index + 1}"])
        np.testing.assert_allclose(table[f"pc{index + 1}"], turned * points, atol=1e-5)
        assert explained[index] == pytest.approx((size**2 / (size**2).sum())[index])
    assert table["state"].tolist() == subject.windows["state.1"].iloc[rows].tolist()
    figure = draw_map(table, "state", TITLES, explained, "net")
    save_figure(figure, tmp_path / "m.png", tmp_path / "m.pdf")
    assert [axes.get_title() for axes in figure.axes] == ["by class", "by cell type"]
    with pytest.raises(InputError, match="a map needs three windows"):
        embed(subject, "nowhere")


def test_places_outside_the_genome_and_other_models_are_refused(toy: Toy) -> None:
    for place in ("chr3:30001", "chr9:5", "chr3:0"):
        with pytest.raises(InputError, match=f"interpret/loci: '{place}' is no place"):
            toy.subject(place)


def test_mistakes_are_the_surest_wrong_windows() -> None:
    rows = [
        ("a", "chr1", 1000, "x", "x"),
        ("a", "chr1", 5000, "x", "y"),
        ("a", "chr1", 9000, "y", "y"),
        ("a", "chr2", 5000, "y", "y"),
        ("b", "chr1", 5000, "y", "y"),
        ("b", "chr1", 7000, "x", "x"),
        ("b", "chr2", 7000, None, None),
    ]
    windows = pd.DataFrame(rows, columns=["cell_type", "chrom", "centre", "state.1", "state.2"])
    windows = windows.assign(start=windows["centre"] - 200, end=windows["centre"] + 201)
    windows["split"] = "test"
    table = windows[["cell_type", "chrom", "centre", "split"]].assign(
        **{
            "p:state:x": [0.2, 0.1, 0.6, 0.9, 0.3, 0.05, 0.9],
            "p:state:y": [0.7, 0.2, 0.3, 0.05, 0.6, 0.15, 0.05],
            "p:state:z": [0.1, 0.7, 0.1, 0.05, 0.1, 0.8, 0.05],
        }
    )
    found = confident_mistakes(windows, {"state": table}, {"state": ["x", "y", "z"]}, "test", 3)
    columns = ["cell_type", "chrom", "start", "label", "prediction", "confidence"]
    assert found[columns].values.tolist() == [
        ["a", "chr2", 4800, "y", "x", 0.9],
        ["a", "chr1", 800, "x", "y", 0.7],
        ["a", "chr1", 4800, "x/y", "z", 0.7],
        ["b", "chr1", 6800, "x", "z", 0.8],
    ]
    assert found["replicates_agree"].tolist() == ["yes", "yes", "no", "yes"]
    assert found["label_probability"].tolist() == [0.05, 0.2, 0.2, 0.05]
    assert found["label_elsewhere"].tolist() == ["", "", "b=y", ""]
    assert found["nearest_of_prediction"].fillna(-1).tolist() == [-1, 8000, -1, -1]
    right = table.assign(
        **{"p:state:x": [1.0, 1, 0, 0, 0, 1, 1], "p:state:y": [0.0, 0, 1, 1, 1, 0, 0]}
    )
    none = confident_mistakes(windows, {"state": right}, {"state": ["x", "y", "z"]}, "test")
    assert none.empty
    assert list(none) == list(found)


def test_the_configuration_names_what_is_interpreted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    schema = ROOT / "config/schemas/config.schema.json"
    settings, faults = load_settings(config, schema)
    assert not faults
    assert interpreted_models(settings.config) == ["chrompute"]
    del config["interpret"]
    settings, _ = load_settings(config, schema)
    assert interpreted_models(settings.config) == ["chrompute"]
    config["interpret"] = {"models": ["chromput", "forest"], "loci": ["chr1"]}
    _, faults = load_settings(config, schema)
    assert len(faults) == 1
    assert "interpret/loci" in faults[0]
    config["interpret"]["loci"] = []
    _, faults = load_settings(config, schema)
    assert len(faults) == 2
    assert "interpret/models: unknown model 'chromput'; did you mean 'chrompute'" in faults[0]
    assert "'forest' is a model of kind 'forest'" in faults[1]
    settings.config["interpret"]["models"] = ["chrompute"]
    settings.config["models"]["chrompute"]["inputs"] = ["sequence"]
    assert "reads no V-plot" in interpret_faults(settings.config)[0]


def test_without_a_correct_window_and_a_locus_nothing_is_found(toy: Toy, tmp_path: Path) -> None:
    wrong = toy.predictions.copy()
    columns = [f"p:state:{name}" for name in CLASSES]
    wrong[columns] = 1 - pd.get_dummies(wrong["label:state:1"])[[*CLASSES]].to_numpy(np.float32)
    subject = toy.subject()
    with subject.calculating():
        asked = replace(toy.asked, places=[])
        found = interpret(subject, wrong, asked, subject.mean_images())
    assert found.arrays["windows"].tolist() == [0, 0]
    assert np.isnan(found.arrays["attribution:vplot"]).all()
    assert found.completeness.empty
    assert found.loci["names"].size == 0
    figure = draw_attributions(found.arrays, TITLES, "cells")
    save_figure(figure, tmp_path / "a.png", tmp_path / "a.pdf")
    np.savez_compressed(tmp_path / "loci.npz", **found.loci)
    write_locus_figures(tmp_path / "loci.npz", TITLES, "cells, net", tmp_path / "figures")
    own = {"title": "state", "titles": TITLES, "loci": tmp_path / "loci.npz"}
    content = quiz_content({"state": own | {"folder": tmp_path / "figures"}}, "net", "cells", True)
    assert content["tasks"][0]["questions"] == []


def test_samples_of_one_cell_type_are_enough_for_its_windows(toy: Toy) -> None:
    """With the mean images of all, attributions need no sample of another cell type."""
    recipe = replace(
        recipe_of("vplot", "mnase"),
        samples=(
            ("a", "one", "ATAC"), ("m", "one", "MNase"), ("b", "two", "ATAC"), ("c", "two", "ATAC"),
        ),
    )  # fmt: skip
    assert recipe.of_cell_type("one").samples == recipe.samples[:2]
    # The second cell type has no MNase: the input stays, and its windows have none of it.
    assert recipe.of_cell_type("two").samples == recipe.samples[1:]
    listed = replace(recipe, samples=tuple([*sample] for sample in recipe.samples))
    assert [*map(tuple, listed.of_cell_type("two").samples)] == [*recipe.samples[1:]]
