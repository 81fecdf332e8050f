"""What pages say of window sets, agreement, limits and gaps, from tables and facts made here."""

import json
import re
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image

from chrompute.agreement_report import (
    NONE_SHARED,
    ONE_REPLICATE,
    agreement_rows,
    agreement_sentence,
    gap_table,
    reference_text,
)
from chrompute.confusion_report import confusion_matrices
from chrompute.figures import save_figure
from chrompute.metric_titles import METRIC_TITLES
from chrompute.model_figures import draw_model_comparison
from chrompute.model_report import class_score_table, headline, model_rows
from chrompute.report import index_content, render, windows_page
from chrompute.report_pictures import Picture
from chrompute.run_report import run_content
from chrompute.task_report import cell_type_windows, task_content
from chrompute.window_figures import draw_composition
from chrompute.windows_report import (
    composition,
    leak_sentences,
    overlap_sentence,
    split_text,
)
from helpers import ROOT

NAN = float("nan")
BLOCKS = 40
TILES = {"from": "tiles", "width": 200, "stride": None, "sites": None, "task": None, "path": None}


def agreement() -> pd.DataFrame:
    rows = [
        ("accuracy", 0.646, 0.63, 0.66, 0.79, 0.78, 0.80),
        ("balanced_accuracy", 0.645, 0.63, 0.66, 0.789, 0.78, 0.80),
        ("kappa", 0.47, 0.45, 0.49, 0.686, 0.67, 0.70),
    ]
    columns = ["metric", "value", "low", "high", "limit", "limit_low", "limit_high"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(
        windows="tiles", task="occupancy", cell_type="c", split="test", blocks=BLOCKS
    )


def test_agreement_and_limit_stand_below_the_models_the_leading_metric_first() -> None:
    rows = agreement_rows(agreement(), "kappa")
    assert rows[0]["title"] == "replicate agreement"
    assert rows[0]["cells"][0] == {"value": "0.470", "interval": "0.450 to 0.490"}
    assert [cell["value"] for cell in rows[1]["cells"][:3]] == ["0.686", "0.790", "0.789"]
    # Of what probabilities are scored by, labels have nothing; overlaps are told of models alone.
    assert rows[0]["cells"][3:] == [None] * 6
    assert agreement_rows(agreement().iloc[:0], "kappa") == []


def test_agreement_in_words() -> None:
    text = agreement_sentence(agreement(), "kappa", ["1", "2"])
    places = [text.index(part) for part in ("kappa 0.470", "accuracy 0.646", "kappa 0.686")]
    assert places == sorted(places)
    assert "not a cap" in text
    none = agreement().iloc[:0]
    assert agreement_sentence(none, "kappa", ["1", "truth"]) == ONE_REPLICATE
    assert agreement_sentence(none, "kappa", ["1", "2"]) == NONE_SHARED
    low = agreement().assign(limit=NAN)
    assert "implies no limit" in agreement_sentence(low, "kappa", ["1", "2"])


def gaps(note: str = "") -> pd.DataFrame:
    value = NAN if note else 0.25
    rows = [("net", 1, m, value, value, value, "forest", note) for m in ("accuracy", "kappa")]
    rows.append(("net", 1, "balanced_accuracy", NAN, NAN, NAN, "forest", note or "no room"))
    columns = ["model", "seed", "metric", "value", "low", "high", "forest", "note"]
    return pd.DataFrame(rows, columns=columns).assign(task="occupancy", cell_type="c")


def test_gaps_are_told_or_why_there_is_none() -> None:
    titles = {"forest": "random forest", "net": "network"}
    table = gap_table(gaps(), titles, "kappa")
    assert table["metrics"] == ["kappa", "accuracy", "balanced accuracy"]
    cells = table["rows"][0]["cells"]
    assert [cell["value"] for cell in cells] == ["0.250", "0.250", "not available"]
    assert cells[2]["interval"] == "no room"
    assert table["rows"][0]["forest"] == "random forest"
    closed = gap_table(gaps("why not"), titles, "kappa")
    assert closed["rows"] == []
    assert closed["sentence"] == "Gap closed: not available (why not)."
    assert gap_table(gaps().iloc[:0], titles, "kappa")["sentence"] == ""
    text = reference_text(agreement(), gaps(), "net", "kappa")
    assert "agree with kappa 0.470" in text
    assert "is 0.686" in text
    assert "closes 0.250" in text
    assert "closes" not in reference_text(agreement(), gaps("why"), "net", "kappa")


def scores(undefined: str = "") -> pd.DataFrame:
    rows = [
        (model, 1, metric, NAN if metric == undefined else value, value - 0.1, value + 0.1)
        for (model, value), metric in product((("forest", 0.3), ("net", 0.5)), METRIC_TITLES)
    ]
    table = pd.DataFrame(rows, columns=["model", "seed", "metric", "value", "low", "high"])
    return table.assign(task="occupancy", cell_type="c", split="test")


def test_the_leading_metric_comes_first_and_what_is_undefined_is_a_dash(tmp_path: Path) -> None:
    titles = {"forest": "forest", "net": "network"}
    table = scores("kappa")
    table.loc[(table["metric"] == "kappa") & (table["model"] == "forest"), "value"] = 0.1
    rows = model_rows(table, titles, "kappa", titles)
    assert [row["cells"][0]["value"] for row in rows] == ["0.100", "–"]
    assert [row["best"] for row in rows] == [True, False]
    assert headline(rows, "kappa", 9).startswith("Best of 2 models on 9 windows: forest, kappa 0.1")
    groups = {"forest": "fitted", "net": "networks"}
    figure = draw_model_comparison(scores(), titles, "t", "kappa", agreement(), groups)
    assert figure.axes[0].get_title() == "kappa"
    # Two lines of references in the panels of predicted classes, none in those of probabilities.
    lines = [sum(line.get_linestyle() in ("--", ":") for line in a.lines) for a in figure.axes]
    assert lines == [2, 2, 2, 0, 0, 0]
    empty = draw_model_comparison(scores().iloc[:0], titles, "t", "kappa", agreement(), groups)
    save_figure(empty, tmp_path / "a.png", tmp_path / "a.pdf")
    assert "no score" in empty.texts[0].get_text()


def calibration() -> pd.DataFrame:
    rows = [
        ("net", 1, "replicate 1", 0.030, "yes", "none"),
        ("net", 1, "replicate 2", 0.050, "no", "none"),
        ("net", 1, "truth", 0.200, "no", "none"),
        ("forest", 1, "replicate 1", 0.010, "yes", "none"),
    ]
    table = pd.DataFrame(rows, columns=["model", "seed", "labels", "ece", "within", "shift"])
    place = {"task": "occupancy", "cell_type": "c", "split": "test", "windows": 100}
    return table.assign(**place, low=0.02, high=0.06, perfect=0.025, limit=0.045)


def class_scores() -> pd.DataFrame:
    rows = [
        (model, seed, name, metric, value + 0.1 * seed, value, value + 0.3)
        for model, seed in (("net", 1), ("net", 2), ("forest", 1))
        for name, value in (("low", 0.25), ("high", 0.5))
        for metric in ("auroc", "auprc", "f1")
    ]
    columns = ["model", "seed", "class", "metric", "value", "low", "high"]
    table = pd.DataFrame(rows, columns=columns)
    table.loc[(table["class"] == "low") & (table["metric"] == "auprc"), columns[4:]] = NAN
    return table.assign(task="occupancy", cell_type="c", split="test")


def test_scores_of_classes_are_means_over_seeds() -> None:
    found = class_score_table(class_scores(), "net", {"high": "many", "low": "few"})
    assert found["columns"] == ["auROC", "auPRC", "F1"]
    assert [row["title"] for row in found["rows"]] == ["many", "few"]
    cell = found["rows"][0]["cells"][0]
    assert cell == {"value": "0.650", "interval": "0.500 to 0.800", "spread": "± 0.071"}
    assert [c["value"] for c in found["rows"][1]["cells"]] == ["0.400", "–", "0.400"]


def confusion() -> pd.DataFrame:
    """Of 40 low and 60 high windows; of the network a second seed, which is not shown."""
    rows = [
        ("forest", 1, "low", "low", 30), ("forest", 1, "low", "high", 10),
        ("forest", 1, "high", "low", 0), ("forest", 1, "high", "high", 60),
        ("net", 1, "low", "low", 40), ("net", 1, "high", "high", 59.5),
        ("net", 1, "high", "low", 0.5), ("net", 2, "low", "high", 40),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["model", "seed", "label", "predicted", "windows"])
    return table.assign(task="occupancy", cell_type="c", split="test")


def test_confusion_matrices_say_what_a_cell_holds() -> None:
    titles, classes = {"forest": "forest", "net": "network"}, {"low": "few", "high": "many"}
    first, second = confusion_matrices(confusion(), titles, classes, "net")
    assert [first["title"], second["title"]] == ["network", "forest"]
    assert [row["number"] for row in first["rows"]] == ["40", "60"]
    assert [cell["percent"] for row in first["rows"] for cell in row["cells"]] == [
        *("100", "0", "1", "99")
    ]
    assert first["rows"][1]["cells"][0]["words"] == (
        "Of 60 windows labelled many, 0.5 (0.8 %) are predicted to be few: "
        "1.2 % of the 40.5 predicted so."
    )
    none = confusion().assign(label="high")
    row = confusion_matrices(none, {"forest": "forest"}, classes, "net")[0]["rows"][0]
    assert [cell["percent"] for cell in row["cells"]] == ["–", "–"]
    assert row["cells"][1]["words"].startswith("Of 0 windows labelled few, 0 are predicted")
    assert confusion_matrices(confusion().iloc[:0], titles, classes, "net") == []


def differences(**names: str) -> pd.DataFrame:
    values = {"accuracy": 0.1, "balanced_accuracy": 0.2, "kappa": -0.05, "mcc": 0.2, "f1": 0.2}
    values |= {"auroc": 0.3, "auprc": 0.4}
    table = pd.DataFrame({"metric": list(values), "value": list(values.values())})
    place = {"windows": "tiles", "task": "occupancy", "cell_type": "c", "split": "test"}
    return table.assign(low=-0.1, high=0.5, **place, **names)


def modalities() -> pd.DataFrame:
    return differences(added="sequence", beside="vplot+mnase", model="net", without="less")


def comparisons() -> pd.DataFrame:
    place = {"windows": "tiles", "task": "occupancy", "cell_type": "c", "split": "test"}
    score = {"metric": "kappa", "value": -0.25, "low": -0.5, "high": 0.125}
    pair = {"first": "forest", "second": "net", "p": 0.1, "p_holm": 0.3, "blocks": BLOCKS}
    return pd.DataFrame([place | pair | score])


def oracles() -> pd.DataFrame:
    return differences(model="net", oracle="oracle")


def task_facts(kind: str, classes: dict[str, str], test: list[int]) -> dict[str, Any]:
    names = list(classes) or ["known"]
    splits = {"train": [n * 10 for n in test], "valid": test, "test": test}
    counts = {split: dict(zip(names, numbers, strict=True)) for split, numbers in splits.items()}
    facts: dict[str, Any] = {
        "kind": kind, "title": f"the {kind}", "metric": "kappa", "classes": classes,
        "replicates": {"c": ["1", "2"], "d": ["1"]}, "counts": {"c": counts, "d": counts},
        "unknown": {name: dict.fromkeys(splits, 0) for name in "cd"}, "balance": None,
    }  # fmt: skip
    if classes:
        facts["disagree"] = {"c": {"train": 7, "valid": 3, "test": 2}}
        facts["disagree"]["d"] = dict.fromkeys(splits, 0)
    return facts


FACTS = {
    "width": 2001,
    "candidates": {"from": "tiles", "number": 12_345},
    "dropped": {"chromosome_end": 45},
    "windows": 12_300,
    "split": {"by": "chromosomes", "unseen": ["d"], "train": [], "valid": ["v"], "test": ["t"]},
    "notes": ["task 'mark' in split 'test': no window is bound"],
    "overlaps": {"train": {"windows": 200, "overlapping": 50}},
    "leaks": {
        "places": [],
        "identical": {"length": 200, "excluded": True, "training": 31, "valid": 5, "test": 17},
        "fragments": [
            {"held_out": "d", "other": "c", "assay": "ATAC", "share": 0.0123, "expected": 0.01}
        ],
    },
    "tasks": {
        "occupancy": task_facts("segmentation", {"low": "low", "high": "high"}, [40, 60]),
        "mark": task_facts("marks", {"not_bound": "not bound", "bound": "bound"}, [100, 0]),
        "signal": task_facts("signal", {}, [100]),
    },
}


def test_intervals_from_few_blocks_are_marked(results: Path) -> None:
    warning = "The intervals come from 2 blocks of the genome, fewer than 10"
    few = agreement().assign(blocks=2)
    assert warning in agreement_sentence(few, "kappa", ["1", "2"])
    assert "fewer" not in agreement_sentence(few.assign(blocks=10), "kappa", ["1", "2"])
    cells = [row["cells"][0]["interval"] for row in agreement_rows(few.assign(blocks=1), "kappa")]
    ends = ("0.450 to 0.490", "0.670 to 0.700")
    assert cells == [f"{text}, too narrow: 1 block" for text in ends]
    assert content_of("occupancy", plan(), results, "c")["few"] == ""
    path = results / "evaluation/replicates.tsv"
    table = pd.read_csv(path, sep="\t")
    table.loc[table["labels"] == "replicate 2", "blocks"] = 2
    # A model of another window set has windows of its own.
    other = table.assign(model="other", blocks=1)
    pd.concat([table, other]).to_csv(path, sep="\t", index=False)
    told = content_of("occupancy", plan(), results, "c")
    assert told["few"].startswith(warning)
    assert f"all pairs of models). {warning}" in told["headline"]


def test_overlaps_in_words() -> None:
    apart = {"windows": 228, "overlapping": 0}
    none = overlap_sentence({"train": apart, "test": apart})
    assert none == "No window shares bases with another of its own split and cell type."
    some = overlap_sentence({"train": {"windows": 2000, "overlapping": 1}, "test": apart})
    assert "1 of 2,000 in train (0%), 0 of 228 in test (0%). They are not independent" in some


def test_cell_types_and_splits_without_windows_have_no_row() -> None:
    facts = json.loads(json.dumps(FACTS["tasks"]["mark"]))
    for numbers in (facts["counts"]["d"]["train"], facts["counts"]["d"]["valid"]):
        numbers.update(not_bound=0, bound=0)
    facts["disagree"]["d"]["valid"] = 1
    rows = composition(facts, ["d", "no labels"])["rows"]
    assert [(row["cell_type"], row["split"]) for row in rows] == [("d", "valid"), ("d", "test")]
    axes = draw_composition(facts, "t").axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        *("c, train", "c, valid", "c, test", "d, valid", "d, test")
    ]


def test_composition_counts_what_there_is() -> None:
    found = composition(FACTS["tasks"]["occupancy"], ["c"])
    assert found["columns"] == ["low", "high", "replicates disagree"]
    assert [row["cells"] for row in found["rows"]] == [[400, 600, 7], [40, 60, 3], [40, 60, 2]]
    assert composition(FACTS["tasks"]["mark"], ["d"])["columns"] == ["not bound", "bound"]
    signal = composition(FACTS["tasks"]["signal"], ["c"])
    assert (signal["columns"], signal["rows"][2]["cells"]) == (["known"], [100])
    drawn = draw_composition(FACTS["tasks"]["occupancy"], "t").axes[0]
    assert [text.get_text() for text in drawn.texts] == [
        "1,007",
        "103",
        "102",
        "1,000",
        "100",
        "100",
    ]
    first = [round(patch.get_width(), 4) for patch in drawn.containers[0]]
    assert first[:3] == [round(100 * n, 4) for n in (400 / 1007, 40 / 103, 40 / 102)]
    assert (
        draw_composition(FACTS["tasks"]["signal"], "t").axes[0].containers[0][0].get_width() == 100
    )


@pytest.mark.parametrize(
    ("split", "words"),
    [
        (FACTS["split"], "Whole chromosomes; valid: v; test: t; train: all others; unseen cell"),
        (
            {
                **{"by": "folds", "number": 5, "seed": 3, "unseen": []},
                **{"train": [], "valid": ["fold2"], "test": ["fold1"]},
            },
            "5 folds of whole chromosomes; valid: fold2; test: fold1; train: all others.",
        ),
        (
            {
                **{"by": "blocks", "unseen": [], "size": 100_000, "buffer": 4002},
                **{"valid_share": 0.1, "test_share": 0.2, "seed": 4},
            },
            "Blocks of 100,000 bp, 10% of them for validation and 20% for test, drawn with seed 4",
        ),
        (
            {"by": "cell_types", "unseen": [], "train": [], "valid": ["a"], "test": ["b"]},
            "Whole cell types, at the same places; valid: a; test: b",
        ),
    ],
)
def test_splits_in_words(split: dict[str, Any], words: str) -> None:
    assert split_text(split).startswith(words)


def test_leaks_in_words() -> None:
    place = {"splits": ["train", "test"], "overlapping": 3, "near": 4, "examples": []}
    found = leak_sentences({"places": [place], "identical": None, "fragments": []})
    assert found[0].startswith("3 windows of split train overlap windows of split test, and 4 more")
    assert "not looked for" in found[1]
    assert "No cell type is held out" in found[2]
    clean = leak_sentences(FACTS["leaks"])
    assert clean[0].startswith("No window overlaps")
    assert "5 validation and 17 test windows" in clean[1]
    assert "the 31 training windows that hold one were dropped" in clean[1]
    assert len(clean) == 2


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Write a results folder with what the pages read."""
    for name in ("windows", "evaluation", "figures", "reports", "quality"):
        (tmp_path / name).mkdir()
    numbers = {"not_bound": (900, 200, 150.0), "bound": (100, 100, 150.0)}
    keys = ("windows", "used", "weight")
    facts = json.loads(json.dumps(FACTS))
    facts["tasks"]["mark"]["balance"] = {
        "classes": {"c": {name: dict(zip(keys, n, strict=True)) for name, n in numbers.items()}},
        "disagree": {"c": {"windows": 1007, "used": 1006}},
        "negatives": {"c": {"kept": 200, "left_out": 700, "not_found": 6}},
    }
    (tmp_path / "windows/tiles.json").write_text(json.dumps(facts))
    lit = {"cell_type": "c", "pixels": 600_300, "mean": 99, "median": 9, "low": 1, "high": 300}
    pd.DataFrame([lit]).to_csv(tmp_path / "windows/tiles.pixels.tsv", sep="\t", index=False)
    classes = pd.DataFrame(
        [("low", 55, 0.8, 0.7, 0.9), ("high", 66, 0.9, 0.8, 0.95)],
        columns=["class", "either", "value", "low", "high"],
    ).assign(windows="tiles", task="occupancy", cell_type="c", split="test", blocks=[BLOCKS, 3])
    recall = pd.DataFrame(
        [
            ("net", 1, labels, name, 42, 0.5, 0.25)
            for labels, name in product(("replicate 1", "replicate 2"), ("low", "high"))
        ],
        columns=["model", "seed", "labels", "class", "windows", "recall", "precision"],
    ).assign(task="occupancy", cell_type="c", split="test")
    references = pd.concat([scores().assign(labels=f"replicate {n}", blocks=BLOCKS) for n in "12"])
    for name, table in (
        ("agreement", agreement()), ("agreement_classes", classes), ("classes", recall),
        ("metrics", scores()), ("replicates", references), ("gap", gaps()),
        ("class_scores", class_scores()),
        ("calibration", calibration()), ("modalities", modalities()), ("oracles", oracles()),
        ("confusion", confusion()), ("comparisons", comparisons()),
    ):  # fmt: skip
        table.to_csv(tmp_path / f"evaluation/{name}.tsv", sep="\t", index=False)
    figures = [f"composition.tiles.{task}" for task in FACTS["tasks"]]
    figures += ["models.tiles.occupancy.c", "learning.net", "reliability.tiles.occupancy.c"]
    figures.append("modalities.tiles.occupancy.c")
    for name in figures:
        Image.new("RGB", (4, 3)).save(tmp_path / f"figures/{name}.png")
    return tmp_path


def page_text(template: str, content: dict[str, Any], path: Path) -> str:
    render(ROOT / f"report/{template}.html.j2", content, path)
    text = re.sub(r"<small>|</small>", " ", path.read_text())
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def test_the_page_of_windows_tells_everything(results: Path) -> None:
    page = results / "reports/windows.html"
    content = windows_page({"tiles": {"candidates": TILES}}, results, simulated=False)
    text = page_text("windows", content, page)
    for words in (
        "12,300 windows of 2,001 bp, from 12,345 candidates: tiles along the genome (200 bp",
        "chromosome end 45", "Whole chromosomes; valid: v; test: t", "5 validation and 17 test",
        "d c ATAC 1.23 % 1.00 %", "c train 400 600 7", "low 55 0.800 0.700 to 0.900",
        "Replicates agree with kappa 0.470", ONE_REPLICATE,
        "c not bound 900 200 50.0%",
        "c replicates disagree 1,007 1,006 in its classes",
        "200 of 900 windows that are not bound train; 6 more were",
        "every training window of this task weighs the same",
        "Worth knowing of the labels", ": no window is bound", "50 of 200 in train (25%)",
        "high 66 0.900 0.800 to 0.950, too narrow: 3 blocks",
        "Share of each class; in grey that of windows on which the replicates disagree",
        "Share of the windows on which a label file has a number; in grey that of the others",
        "Task: the signal (signal)",
    ):  # fmt: skip
        assert words in text, words
    raw = page.read_text()
    assert re.findall(r'src="(?!data:)', raw) == []
    assert "http" not in raw


def plan() -> dict[str, Any]:
    runs = [("forest", 1), ("net", 1)]
    tasks = {
        name: {"runs": [], "scored": True, "depth": False, "transfer": False}
        for name in FACTS["tasks"]
    }
    tasks["occupancy"]["runs"] = runs
    return {
        "windows": {"tiles": {"candidates": TILES, "tasks": tasks}},
        "evaluation": {"split": "test", "block": 20_000, "draws": 1000},
        "titles": {"forest": "random forest", "net": "network"},
        "networks": ["net"],
        "applied": {},
        "oracles": [],
        "folds": {"net": "fold2"},
        "rivals": ["forest", "net"],
    }


def content_of(task: str, given: dict[str, Any], results: Path, cell_type: str) -> dict[str, Any]:
    def picture(place: str, alt: str, caption: str) -> Picture:
        return Picture.read(results / place, results / "reports", alt, caption)

    return task_content("tiles", task, given, results, cell_type, picture)


def test_a_cell_type_tells_of_each_task_or_why_not(results: Path) -> None:
    given = plan()
    told = content_of("occupancy", given, results, "c")
    assert told["why"] == ""
    # 40 + 60 windows on which the replicates agree, and 2 on which they do not.
    assert told["headline"].startswith(
        "the segmentation: Best of 2 models on 102 windows: network, kappa 0.500 (0.400 to 0.600); "
        "next is random forest with 0.300."
    )
    assert "closes 0.250" in told["headline"]
    assert "the best is 0.250 ahead of the next (-0.125 to 0.500; p = 0.3" in told["headline"]
    assert told["metric_titles"][0] == "kappa"
    assert [m["model"] for m in told["matrices"]] == ["net", "forest"]
    assert told["absent"] == ""
    assert told["folds"].startswith("Scored on the windows of a fold of their own: network (fold2)")
    assert "minus the best model, kappa: -0.050 (-0.100 to 0.500)." in told["headline"]
    assert told["calibration"]["rows"][1]["within"] == "1 of 2"
    assert told["modalities"]["rows"][0]["added"] == "DNA"
    assert "No model predicts" in content_of("mark", given, results, "c")["why"]
    assert "signal" in content_of("signal", given, results, "c")["why"]
    given["windows"]["tiles"]["tasks"]["occupancy"]["scored"] = False
    assert "not scored here" in content_of("occupancy", given, results, "c")["why"]
    given["windows"]["tiles"]["tasks"]["mark"]["runs"] = [("net", 1)]
    assert "nothing is scored" in content_of("mark", given, results, "c")["why"]
    sets = cell_type_windows(given["windows"], results, "c")
    assert sets[0]["lit"]["mean"] == 99
    assert [task["title"] for task in sets[0]["tasks"]] == [
        *("the segmentation", "the marks", "the signal")
    ]


def models_page(told: dict[str, Any], path: Path) -> str:
    """Return the text of the three sections that tell of models."""
    content = {"tasks": [told], "cell_type": "c", "used": [], "motifs": []}
    content |= {"mistakes": [], "untold": []}
    return " ".join(page_text(name, content, path) for name in ("models", "used", "wrong"))


def test_the_section_on_models_shows_everything(results: Path, tmp_path: Path) -> None:
    given = plan()
    pair = {"of": "net", "title": "network", "windows": "other", "of_windows": "tiles"}
    given["applied"] = {"forest": pair}
    told = content_of("occupancy", given, results, "c")
    text = models_page(told, tmp_path / "models.html")
    for words in (
        "How far can the probabilities be believed?",
        "network 0.040 0.020 to 0.060 0.025 0.045 1 of 2",
        "What does each input add to the others?", "DNA ATAC V-plot + MNase V-plot network -0.050",
        "How far is the oracle?", "network 0.500 0.400 to 0.600 tiles 0.300",
        "Gap closed", "calibration error", "log loss",
    ):  # fmt: skip
        assert words in text, words


def test_the_section_on_models_does_with_what_there_is(results: Path, tmp_path: Path) -> None:
    """No network, no replicates, nothing to compare: a forest of two seeds and nothing else."""
    for name in ("agreement", "gap", "modalities", "oracles", "calibration"):
        path = results / f"evaluation/{name}.tsv"
        pd.read_csv(path, sep="\t").iloc[:0].to_csv(path, sep="\t", index=False)
    forest = scores()[scores()["model"] == "forest"]
    both = pd.concat([forest, forest.assign(seed=2, value=0.5)])
    both.to_csv(results / "evaluation/metrics.tsv", sep="\t", index=False)
    given = plan() | {"networks": [], "folds": {}, "rivals": ["forest"]}
    given["windows"]["tiles"]["tasks"]["occupancy"]["runs"] = [("forest", 1), ("forest", 2)]
    classes = pd.read_csv(results / "evaluation/classes.tsv", sep="\t").assign(model="forest")
    classes.to_csv(results / "evaluation/classes.tsv", sep="\t", index=False)
    told = content_of("occupancy", given, results, "c")
    assert told["curves"] == []
    assert [m["model"] for m in told["matrices"]] == ["forest"]
    text = models_page(told, tmp_path / "models.html")
    assert "random forest 2 0.400 0.200 to 0.400 ± 0.141" in text
    for words in (
        "believed?",
        "each input",
        "oracle?",
        "centred elsewhere",
        "0 is the best forest",
    ):
        assert words not in text, words
    for words in ("Gap closed: no network predicts this task", "no training to look at"):
        assert words in text, words


def test_a_mark_that_is_never_bound_is_told(results: Path) -> None:
    for name in ("metrics", "replicates", "classes", "class_scores"):
        path = results / f"evaluation/{name}.tsv"
        table = pd.read_csv(path, sep="\t")
        table["task"] = "mark"
        if "class" in name:
            table["class"] = table["class"].map({"low": "not_bound", "high": "bound"})
        table.to_csv(path, sep="\t", index=False)
    for name in (
        "models.tiles.mark.c",
        "reliability.tiles.mark.c",
    ):
        Image.new("RGB", (4, 3)).save(results / f"figures/{name}.png")
    given = plan()
    given["windows"]["tiles"]["tasks"]["mark"]["runs"] = [("forest", 1), ("net", 1)]
    told = content_of("mark", given, results, "c")
    assert told["absent"].startswith("On no test window do the replicates agree on: bound.")


def test_the_index_names_the_best_model_of_each_task(results: Path) -> None:
    (results / "quality/s.json").write_text('{"fragments": 1234}')
    tasks = [
        {"windows": "tiles", "task": name, "title": name, "leading": "kappa", "models": models}
        for name, models in (("occupancy", {"forest": "forest", "net": "network"}), ("signal", {}))
    ]
    content = index_content(
        [("s", "c")], [results / "quality/s.json"], results / "evaluation/metrics.tsv",
        tasks, ["forest", "net"], windows=True,
    )  # fmt: skip
    assert content["rows"][0]["best"] == [
        "occupancy (tiles): network, kappa 0.500 (0.400 to 0.600)"
    ]
    text = page_text("index", content, results / "reports/index.html")
    assert "occupancy (tiles): network, kappa 0.500" in text
    assert 'href="windows.html"' in (results / "reports/index.html").read_text()


def test_the_run_is_told_exactly(tmp_path: Path) -> None:
    provenance = {
        "code": "0.1.0 abc", "python": "3.11.7", "platform": "Linux",
        "packages": {"torch": "2.13.0"}, "inputs": {"a.bam": "12ab", "g.fa": "34cd"},
        "addresses": {"g.fa": "https://example.org/g.fa"},
        "models": {
            "net/seed-1": {"seed": 1, "device": "cpu"}, "other/seed-1": {"seed": 1, "device": "x"},
        },
        "configuration": {"training": {"epochs": 3}, "title": "é"},
    }  # fmt: skip
    content = run_content(provenance, ["net"])
    assert content["inputs"][1] == {
        "path": "g.fa", "digest": "34cd", "address": "https://example.org/g.fa",
    }  # fmt: skip
    assert [model["name"] for model in content["models"]] == ["net/seed-1"]
    assert content["configuration"] == "training:\n  epochs: 3\ntitle: é\n"
    text = page_text("run", {"run": content}, tmp_path / "run.html")
    for words in ("Chrompute 0.1.0 abc", "a.bam 12ab", "torch 2.13.0", "epochs: 3", "net/seed-1 1"):
        assert words in text, words


def test_what_is_missing_is_told(results: Path, tmp_path: Path) -> None:
    """No assay, no label, no model: each part says what it would need."""
    nothing: dict[str, Any] = {
        "tasks": [], "used": [], "motifs": [], "mistakes": [], "untold": [], "cell_type": "c",
    }  # fmt: skip
    parts: dict[str, Any] = {
        **{"vplots": [], "panels": [], "viewer": {}, "calls": [], "planted": None},
        **{"phasograms": [], "profiles": [], "browser": None},
    }
    chromatin = page_text("chromatin", parts | nothing, tmp_path / "page.html")
    for words in ("No V-plot: it needs a paired-end ATAC", "No MNase sample", "No locus to show"):
        assert words in chromatin, words
    assert (
        "nothing tells what a model used"
        in page_text("used", nothing, tmp_path / "page.html").lower()
    )
    assert "No model was scored in this cell type" in page_text(
        "wrong", nothing, tmp_path / "page.html"
    )
    unscored = nothing | {"tasks": [content_of("mark", plan(), results, "c")]}
    assert "No model was scored" in page_text("wrong", unscored, tmp_path / "page.html")
    perfect = nothing | {"mistakes": [{"task": "t", "title": "network", "rows": [], "file": "x"}]}
    assert "None: every window" in page_text("wrong", perfect, tmp_path / "page.html")


def test_a_network_that_was_interpreted_tells_what_it_used(tmp_path: Path) -> None:
    item = {
        "task": "state", "title": "network", "completeness": "They add up.", "quiz": "../q.html",
        "bands": [{"class": "open", "speaking": "ATAC fragments of 60 to 99 bp"}], "figures": [],
    }  # fmt: skip
    item["locus"] = [Picture("", "the layers", "One window on its way.", "")]
    content = {"tasks": [], "used": [item], "motifs": [], "untold": ["mark"]}
    text = page_text("used", content, tmp_path / "page.html")
    assert "For mark no network was interpreted" in text
    assert re.search("One window on its way. Guess the element : one such window", text)
    for words in ("state: which fragments, and where (network)", "open ATAC fragments", "add up"):
        assert words in text, words
    assert "Nothing tells" not in text


def test_motifs_that_a_network_reads_are_told(tmp_path: Path) -> None:
    row = {
        "pattern": "for1", "sign": "for", "seqlets": "1,200", "consensus": "CCGGGTAA",
        "known": "REB1 (q = 0.0001)",
    }  # fmt: skip
    found = {
        "title": "network, c: promoter", "windows": "600 windows.", "rows": [row], "figures": [],
        "file": "../x.tsv",
    }  # fmt: skip
    content = {"tasks": [], "used": [], "motifs": [found, found | {"rows": []}], "untold": []}
    text = page_text("used", content, tmp_path / "page.html")
    for words in ("network, c: promoter", "600 windows.", "CCGGGTAA REB1 (q = 0.0001)"):
        assert words in text, words
    assert "No pattern: too few stretches" in text
    assert "Nothing tells" not in text
