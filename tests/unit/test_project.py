"""Figures, reports, the digest of the code, and files of the project that must agree."""

import ast
import os
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import setuptools
import yaml

from chrompute import figures, manifest, vplot_figures
from chrompute.errors import ChromputeError, InputError
from chrompute.metric_titles import METRIC_TITLES
from chrompute.model_report import class_table, headline, model_rows, reference_table
from chrompute.predictions import read_scores
from chrompute.programs import put_own_programs_first
from chrompute.report import filter_rows, render
from chrompute.runlog import run_log
from chrompute.vplots import Vplot
from helpers import ROOT

CONDA_NAMES = {"pytorch": "torch", "matplotlib-base": "matplotlib", "python-isal": "isal"}
#: MACS3 has no wheel, and ChromHMM is a Java program.
NOT_LOCKED = {"python", "macs3", "chromhmm"}
ASSAY_MODULES = (
    *("alignments", "fragments", "tracks", "vplots", "nucleosomes", "quality", "windows"),
    *("labels", "splits", "sites", "check", "intervals", "sheets", "settings", "peaks"),
    *("chip_sheet", "check_chip", "chromhmm", "chromatin_states", "segmentation"),
    *("annotations", "motifs", "motif_scan", "vplot_images", "vplot_figures"),
    *("phasing", "phasogram", "complexity", "composition", "ladder", "replicates", "verdicts"),
    *("cell_type_quality", "alignments", "records", "pairing", "collecting", "fragment_files"),
    *("split_faults", "partitions", "leaks", "sample_leaks", "identical", "balance"),
)
MODEL_MODULES = (
    *("dataset", "networks", "fit", "inference", "recipe", "runs", "baselines", "metrics"),
    *("scores", "bootstrap", "losses", "agreement", "gap"),
    *("model_files", "predicting", "derived", "export"),
)


def library_modules() -> list[str]:
    library = ROOT / "scripts/chrompute"
    paths = [path.relative_to(library).with_suffix("") for path in library.rglob("*.py")]
    parts = [path.parts[:-1] if path.name == "__init__" else path.parts for path in paths]
    return sorted(".".join(each) for each in parts if each)


def small_vplot() -> Vplot:
    counts = np.random.default_rng(0).poisson(0.3, (60, 101))
    return Vplot(counts, np.arange(20, 80), np.arange(-50, 51), 7, 1000, counts.sum(1))


def test_equal_data_give_equal_figures(tmp_path: Path) -> None:
    for name in ("a", "b"):
        figure = vplot_figures.draw_vplot(small_vplot(), "sites")
        figures.save_figure(figure, tmp_path / f"{name}.png", tmp_path / f"{name}.pdf")
    for end in ("png", "pdf"):
        assert (tmp_path / f"a.{end}").read_bytes() == (tmp_path / f"b.{end}").read_bytes()


def test_the_vplot_image_is_drawn_the_right_way_up() -> None:
    counts = np.zeros((60, 101), dtype=int)
    counts[5, 90] = 1000  # length 25, 40 bp downstream
    vplot = Vplot(counts, np.arange(20, 80), np.arange(-50, 51), 1, 1_000_000, counts.sum(1))
    figure = vplot_figures.draw_vplot(vplot, "x")
    (image,) = figure.axes[0].images
    row, column = np.unravel_index(np.argmax(image.get_array()), counts.shape)
    left, right, bottom, top = image.get_extent()
    assert image.origin == "lower"
    assert left + (column + 0.5) * (right - left) / 101 == pytest.approx(40)
    assert bottom + (row + 0.5) * (top - bottom) / 60 == pytest.approx(25)


def test_panel_and_other_figures_are_drawn(tmp_path: Path) -> None:
    cells = pd.DataFrame(
        [(t, p, n) for t, p, n in (("a", "a", 3), ("a", "b", 1), ("b", "a", 0), ("b", "b", 4))],
        columns=["label", "predicted", "windows"],
    )
    drawn = figures.draw_confusion(cells, ["a", "b"], ["A", "B"], "t")
    texts = [text.get_text() for text in drawn.axes[0].texts]
    assert texts == ["75\n3", "25\n1", "0\n0", "100\n4"]
    panel = vplot_figures.draw_vplot_panel([(f"class {i}", small_vplot()) for i in range(5)])
    assert [axes.get_title() for axes in panel.axes[:5]] == [f"class {i}\n(7)" for i in range(5)]


SCORES = pd.DataFrame(
    [
        (model, 1, "state", "c", "test", metric, value, value - 0.01, value + 0.01)
        for model, value in (("m", 0.25), ("n", 0.75))
        for metric in METRIC_TITLES
    ],
    columns=["model", "seed", "task", "cell_type", "split", "metric", "value", "low", "high"],
)


def test_model_table_marks_the_best_and_the_headline_names_it() -> None:
    rows = model_rows(SCORES, {"m": "majority", "n": "net"}, "kappa", ["m", "n"])
    assert [row["best"] for row in rows] == [False, True]
    cell = {"value": "0.750", "interval": "0.740 to 0.760", "spread": ""}
    assert rows[1]["cells"][0] == cell
    assert rows[1]["seeds"] == 1
    text = headline(rows, "kappa", 1234)
    assert text == (
        "Best of 2 models on 1,234 windows: net, kappa 0.750 (0.740 to 0.760); "
        "next is majority with 0.250."
    )


def test_an_oracle_stands_beside_the_models_and_is_never_the_best() -> None:
    rows = model_rows(SCORES, {"m": "majority", "n": "oracle"}, "kappa", ["m"])
    assert [row["best"] for row in rows] == [True, False]
    text = headline(rows, "kappa", 10)
    assert text.startswith("Best of 1 models on 10 windows: majority, kappa 0.250")
    assert text.endswith("; for reference: oracle 0.750.")


def test_class_table_tells_recall_and_precision_against_each_reference() -> None:
    table = pd.DataFrame(
        {
            "model": "n",
            "seed": 1,
            "labels": ["replicate 1", "replicate 1", "truth", "truth"],
            "class": ["a", "b", "a", "b"],
            "windows": [1200, 0, 3, 4],
            "recall": [0.5, float("nan"), 0.25, 1],
            "precision": [1, 0, 0.125, 0.75],
        }
    )
    found = class_table(table, "n", {"b": "B", "a": "A"})
    assert found["columns"] == ["replicate 1", "truth"]
    assert [row["title"] for row in found["rows"]] == ["B", "A"]
    assert found["rows"][0]["cells"][0] == {"recall": "–", "precision": "0.00", "windows": "0"}
    assert found["rows"][1]["cells"][0]["windows"] == "1,200"


def test_references_fill_their_table() -> None:
    parts = [SCORES.assign(labels="replicate 1"), SCORES.assign(labels="truth", value=0.5)]
    table = reference_table(pd.concat(parts), {"n": "net", "m": "majority"}, "kappa")
    assert table["columns"] == ["replicate 1", "truth"]
    assert [row["title"] for row in table["rows"]] == ["net", "majority"]
    assert [cell["value"] for cell in table["rows"][0]["cells"]] == ["0.750", "0.500"]
    parts[1] = parts[1][parts[1]["model"] == "m"]
    table = reference_table(pd.concat(parts), {"n": "net", "m": "majority"}, "kappa")
    assert [cell["value"] for cell in table["rows"][0]["cells"]] == ["0.750", "–"]


def test_filter_table_leaves_out_what_never_happened() -> None:
    samples = [{"filters": {"mapq": 1, "length": 0}}, {"filters": {"mapq": 0, "kept_x": 2}}]
    assert filter_rows(samples) == [
        {"name": "mapq", "cells": [1, 0]},
        {"name": "kept x", "cells": [0, 2]},
    ]


def test_reports_escape_what_comes_from_data(tmp_path: Path) -> None:
    row = {"cell_type": "a", "samples": 1, "fragments": 5, "best": ["<b>&"]}
    content = {"rows": [row], "scored": True, "windows": True, "simulated": False}
    render(ROOT / "report/index.html.j2", content, tmp_path / "i.html")
    text = (tmp_path / "i.html").read_text()
    assert "&lt;b&gt;&amp;" in text
    assert "<b>&" not in text
    assert "Simulated data" not in text
    render(ROOT / "report/index.html.j2", content | {"simulated": True}, tmp_path / "i.html")
    text = (tmp_path / "i.html").read_text()
    banner = text.index("Simulated data: nothing on this page was measured in cells.")
    assert text.index("<body>") < banner < text.index("<h1>")


def test_code_hash_follows_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    track = ROOT / "scripts/track.py"
    assert {"tracks", "fragments", "errors"} <= manifest.modules_behind(track)
    assert "networks" not in manifest.modules_behind(track)
    (tmp_path / "a.py").write_text("from chrompute.b import x\n")
    (tmp_path / "b.py").write_text("x = 1\n")
    (tmp_path / "c.py").write_text("y = 1\n")
    monkeypatch.setattr(manifest, "_LIBRARY", tmp_path)
    source = tmp_path / "script.py"
    source.write_text("from chrompute.a import x\n")
    before = manifest.code_hash(source)
    (tmp_path / "c.py").write_text("y = 2\n")
    assert manifest.code_hash(source) == before
    (tmp_path / "b.py").write_text("x = 2\n")
    assert manifest.code_hash(source) != before


@pytest.mark.parametrize(
    "statement",
    [
        "from chrompute.p.m import x",
        "from chrompute.p import m",
        "import chrompute.p.m",
        "def late():\n    from chrompute.p.m import x",
    ],
)
def test_code_hash_follows_imports_into_subpackages(
    statement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p").mkdir()
    for name, text in (("p/__init__", ""), ("p/m", "from chrompute.a import y"), ("a", "y = 1")):
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "p/other.py").write_text("z = 1")
    monkeypatch.setattr(manifest, "_LIBRARY", tmp_path)
    source = tmp_path / "script.py"
    source.write_text(statement)
    assert manifest.modules_behind(source) == {"p", "p.m", "a"}
    hashes = [manifest.code_hash(source)]
    for name in ("p/other", "p/m", "p/__init__", "a"):
        (tmp_path / f"{name}.py").write_text((tmp_path / f"{name}.py").read_text() + "\nw = 2\n")
        hashes.append(manifest.code_hash(source))
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 4


def test_modules_import_no_circles() -> None:
    for name in library_modules():
        behind = manifest.modules_behind(manifest.module_file(name))
        assert name not in behind, f"{name} imports itself, by way of others"


def test_the_package_holds_every_module() -> None:
    library = ROOT / "scripts/chrompute"
    find = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    packages = setuptools.find_packages(
        ROOT / find["find"]["where"][0], (), find["find"]["include"]
    )
    folders = {path.parent.relative_to(ROOT / "scripts") for path in library.rglob("*.py")}
    assert {".".join(folder.parts) for folder in folders} == set(packages)


def test_dependencies_point_one_way() -> None:
    imports = {name: manifest.module_file(name).read_text() for name in library_modules()}
    simulators = [name for name in library_modules() if name.startswith("simulate")]
    for module in (*ASSAY_MODULES, *simulators):
        behind = {module, *manifest.modules_behind(manifest.module_file(module))}
        assert not any(
            re.search(r"^(import|from) (torch|lightning)", imports[m], re.M) for m in behind
        ), module
    for module in MODEL_MODULES:
        behind = manifest.modules_behind(manifest.module_file(module))
        assert "alignments" not in behind, module
    assert not any(re.search(r"^(import|from) snakemake", text, re.M) for text in imports.values())


def test_conda_environments_have_the_locks_versions() -> None:
    lines = (ROOT / "envs/requirements.txt").read_text().splitlines()
    lock: dict[str, set[str]] = {}
    for line in lines:
        name, version = re.match(r"([^=]+)==([^ ;]+)", line).groups()
        lock.setdefault(name.lower(), set()).add(version)
    for path in (ROOT / "envs").glob("*.yaml"):
        for entry in yaml.safe_load(path.read_text())["dependencies"]:
            name, version = entry.split(" =")
            if name not in NOT_LOCKED:
                assert version in lock[CONDA_NAMES.get(name, name)], f"{path.name}: {entry}"


def test_the_lock_asks_for_no_cuda() -> None:
    text = (ROOT / "envs/requirements.txt").read_text()
    assert not re.search(r"^(nvidia|cuda|triton)", text, re.M)
    assert re.search(r"^torch==", text, re.M)


def test_programs_of_the_environment_are_found_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    for _ in range(2):
        put_own_programs_first()
        assert os.environ["PATH"] == f"{Path(sys.executable).parent}{os.pathsep}/usr/bin"


def test_every_rule_has_its_script_and_every_script_its_rule() -> None:
    rules = "".join(path.read_text() for path in (ROOT / "rules").glob("*.smk"))
    named = set(re.findall(r'"\.\./scripts/(\w+)\.py"', rules))
    there = {path.stem for path in (ROOT / "scripts").glob("*.py")}
    assert named == there
    assert named <= set(re.findall(r"^rule (\w+):", rules, re.M))


def test_the_container_is_built_from_the_lock() -> None:
    lines = (ROOT / "Containerfile").read_text()
    assert "--requirement /opt/chrompute/envs/requirements.txt" in lines
    python = re.search(r"^FROM python:(\d+\.\d+)-", lines, re.M)
    assert python is not None
    environments = [path.read_text() for path in (ROOT / "envs").glob("*.yaml")]
    assert all(f"python ={python[1]}\n" in text for text in environments if "python =" in text)


def documented_paths() -> set[str]:
    """Return what docs/output.md names: a row's first path, and what follows it in short."""
    found = set()
    text = (ROOT / "docs/output.md").read_text()
    for row in re.findall(r"^\| (`<.*?) \|", text, re.M):
        first, *others = (name.rstrip("/") for name in re.findall(r"`([^`]+)`", row))
        folder, _, name = first.rpartition("/")
        parts = name.split(".")
        stems = [".".join(parts[:n]) for n in range(1, len(parts))]
        found |= {first, *(f"{folder}/{other}" for other in others)}
        found |= {f"{folder}/{stem}{o}" for o in others for stem in stems if o.startswith(".")}
    return found


def test_every_file_that_a_rule_writes_is_documented() -> None:
    documented = documented_paths()
    rules = "".join(path.read_text() for path in sorted((ROOT / "rules").glob("*.smk")))
    blocks = re.findall(r"^    (?:output|log|benchmark):\n((?: {8}.*\n|\n)+)", rules, re.M)
    kept = re.sub(r"temp\([^)]*\)", "", "".join(blocks))
    written = sorted(set(re.findall(r'"(<\w+>/[^"]+)"', kept)))
    assert len(written) > 180
    for path in written:
        parts = re.split(r"\{+[^{}]*\}+", path)
        pattern = re.compile(r"[^/.]*".join(re.escape(part) for part in parts))
        assert any(pattern.fullmatch(name) for name in documented), path


def test_conda_environments_hold_what_their_scripts_import() -> None:
    rules = "".join(path.read_text() for path in (ROOT / "rules").glob("*.smk"))
    imported_as = {"scikit-learn": "sklearn", "pytorch": "torch", "matplotlib-base": "matplotlib"}
    imported_as |= {
        "pybigwig": "pyBigWig",
        "python-isal": "isal",
        "pyyaml": "yaml",
        "pillow": "PIL",
    }
    third_party = re.compile(r"^(?:import|from) (\w+)", re.M)
    blocks = re.findall(r"^rule \w+:.*?(?=^rule|\Z)", rules, re.M | re.S)
    pairs = [
        (re.search(r"envs/(\w+)\.yaml", block), re.search(r"scripts/(\w+)\.py", block))
        for block in blocks
    ]
    named = [(env[1], script[1]) for env, script in pairs if env and script]
    assert len(named) > 12
    for env, script in named:
        entries = yaml.safe_load((ROOT / f"envs/{env}.yaml").read_text())["dependencies"]
        names = {entry.split(" =")[0] for entry in entries}
        there = {imported_as.get(name, name) for name in names} | {"chrompute"}
        text = (ROOT / f"scripts/{script}.py").read_text()
        behind = manifest.modules_behind(ROOT / f"scripts/{script}.py")
        texts = [text, *(manifest.module_file(m).read_text() for m in behind)]
        wanted = {name for each in texts for name in third_party.findall(each)}
        wanted -= set(sys.stdlib_module_names) | {"snakemake"}
        assert wanted <= there, f"{script} in {env}: {wanted - there}"


def test_the_configuration_table_is_up_to_date() -> None:
    made = runpy.run_path(str(ROOT / "docs/make_config_table.py"))
    text = (ROOT / "config/README.md").read_text()
    assert made["filled"](text) == text


def test_names_in_tables_of_scores_stay_names(tmp_path: Path) -> None:
    row = SCORES.iloc[:1].assign(cell_type="293", model="NA", low=None)
    row.to_csv(tmp_path / "s.tsv", sep="\t", index=False)
    read = read_scores(tmp_path / "s.tsv").iloc[0]
    assert (read["cell_type"], read["model"], read["value"]) == ("293", "NA", 0.25)
    assert np.isnan(read["low"])


def test_errors_of_the_user_are_one_message_in_terminal_and_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught, run_log(tmp_path / "logs/x.log"):
        raise InputError(["first", "second"])
    assert caught.value.code == 1
    log = (tmp_path / "logs/x.log").read_text()
    for text in (log, capsys.readouterr().err):
        assert "2 faults were found:\n  1. first\n  2. second" in text
        assert "Traceback" not in text
    with pytest.raises(SystemExit), run_log(tmp_path / "y.log"):
        raise ZeroDivisionError
    assert "Traceback" in (tmp_path / "y.log").read_text()
    assert issubclass(InputError, ChromputeError)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(28, "No space left on device", "x.bw"), "the disk is full: x.bw (No space left"),
        (RuntimeError("[Errno 28] writing: No space left on device"), "the disk is full (No space"),
        (MemoryError("Unable to allocate 7 TiB"), "the memory is used up (Unable to allocate 7"),
    ],
)
def test_what_a_machine_lacks_is_one_message(tmp_path: Path, error: Exception, told: str) -> None:
    with pytest.raises(SystemExit) as caught, run_log(tmp_path / "x.log"):
        raise error
    assert caught.value.code == 1
    log = (tmp_path / "x.log").read_text()
    assert f"ERROR: {told}" in log
    assert "Traceback" not in log


#: Functions that were longer before there was a limit; the list only ever gets shorter.
LONG_FUNCTIONS = {
    *("inspect_inputs", "_walk", "_pair", "multiqc_files", "draw_locus", "name_faults"),
    "_write_records",
}


def lines_of(function: ast.FunctionDef) -> int:
    """Count the lines of a function, those of its docstring left out."""
    first = function.body[0]
    told = ast.get_docstring(function) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if told else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def test_no_function_needs_scrolling() -> None:
    paths = [path for name in ("scripts", "bench", "docs") for path in (ROOT / name).rglob("*.py")]
    assert len(paths) > 150
    functions = [
        node
        for path in paths
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    ]
    assert {node.name for node in functions if lines_of(node) > 45} <= LONG_FUNCTIONS


def test_scripts_beside_the_library_have_at_most_300_lines() -> None:
    paths = [path for name in ("bench", "docs") for path in (ROOT / name).glob("*.py")]
    lengths = {path.name: len(path.read_text().splitlines()) for path in paths}
    assert {name: length for name, length in lengths.items() if length > 300} == {}


def test_make_knows_every_name_it_uses_and_creates_the_environment_first() -> None:
    targets = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.M)
    assert targets
    command = ["make", "--warn-undefined-variables", "--dry-run", "--always-make"]
    names = [name for name in targets.group(1).split() if name not in ("data", "clean")]
    for name in names:
        shown = subprocess.run(
            [*command, name], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert "undefined variable" not in shown.stderr
        assert "-m venv .venv" in shown.stdout, name
