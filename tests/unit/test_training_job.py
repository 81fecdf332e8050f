"""Training from files to files, in one process and in several that share each batch."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from chrompute import training_job
from chrompute.errors import InputError
from chrompute.genome import BASES
from chrompute.store_files import write_fragments
from chrompute.training_job import TrainingJob, train
from chrompute.window_files import write_windows
from toy_models import SMALL, make_toy, recipe_of

pytestmark = pytest.mark.slow

BOTH = {"state": ("closed", "open"), "mark": ("not_bound", "bound")}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of windows, fragments and genome; 45 train, and one task knows a third."""
    folder = tmp_path_factory.mktemp("inputs")
    windows, stores, genome = make_toy()
    train = windows[windows["split"] == "train"].index
    windows = windows.drop(index=train[45:]).reset_index(drop=True)
    windows["mark.1"] = windows["mark"].where(windows.index % 3 == 1)
    write_windows(windows, {}, {}, folder / "windows.parquet", folder / "windows.json")
    facts = {"sample": "a", "cell_type": "cells", "assay": "ATAC"}
    write_fragments(stores["vplot"]["cells"], folder / "a.parquet", facts)
    records = [f">{name}\n{''.join(BASES[c] for c in codes)}\n" for name, codes in genome.items()]
    (folder / "genome.fa").write_text("".join(records))
    return folder


def job_of(inputs: Path, folder: Path, **training: object) -> TrainingJob:
    own = {"epochs": 2, "batch_size": 8, "auxiliary": 0.5, **training}
    recipe = replace(
        recipe_of("vplot", "sequence", **{"devices": 1, **own}),
        tasks=BOTH,
        network={**SMALL, "dropout": 0.0},
    )
    folder.mkdir()
    return TrainingJob(
        recipe=asdict(recipe),
        windows=str(inputs / "windows.parquet"),
        fragments=[str(inputs / "a.parquet")],
        genome=str(inputs / "genome.fa"),
        seed=1,
        checkpoints=str(folder / "checkpoints"),
        code="code",
        weights=str(folder / "model.safetensors"),
        card=str(folder / "card.json"),
        history=str(folder / "history.tsv"),
        predictions=str(folder / "predictions.parquet"),
        logs=str(folder / "logs"),
    )


def test_two_processes_are_one_with_the_batches_of_both(
    inputs: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """45 windows in batches of 8: the last one does not divide into two equal parts."""
    settings = {
        "task_weights": "learned", "accumulate": 2, "patience": 2, "learning_rate": 1e-3,
    }  # fmt: skip
    one = job_of(inputs, tmp_path / "one", **settings)
    two = job_of(inputs, tmp_path / "two", devices=2, **settings)
    train(one)
    with caplog.at_level(logging.INFO):
        train(two)
    assert "training and" in caplog.text  # what the first process tells
    weights = [load_file(job.weights) for job in (one, two)]
    assert weights[0].keys() == weights[1].keys()
    for name, value in weights[0].items():
        assert torch.allclose(value, weights[1][name], atol=2e-4), name
    # It did train: another seed is far away.
    other = replace(job_of(inputs, tmp_path / "other", **settings), seed=2)
    train(other)
    assert not torch.allclose(load_file(other.weights)["join.weight"], weights[0]["join.weight"])
    histories = [pd.read_csv(job.history, sep="\t") for job in (one, two)]
    pd.testing.assert_frame_equal(*histories, rtol=1e-3)
    tables = [pd.read_parquet(job.predictions) for job in (one, two)]
    pd.testing.assert_frame_equal(*tables, atol=0.05)
    assert not any(Path(two.checkpoints).iterdir())
    card = json.loads(Path(two.card).read_text())
    assert card["training"]["devices"] == 2
    assert card["epochs"]["run"] == len(histories[1])
    assert set(card["temperature"]) == set(BOTH)


def test_a_fault_of_the_input_in_a_process_is_told_as_such(inputs: Path, tmp_path: Path) -> None:
    job = job_of(inputs, tmp_path / "job", devices=2, task_weights={"colour": 1.0})
    with pytest.raises(InputError, match="'colour' is no task of the model"):
        train(job)
    assert not Path(job.weights).exists()


def test_what_processes_log_keeps_its_level(caplog: pytest.LogCaptureFixture) -> None:
    lines = ["chrompute: WARNING far from sure", "chrompute: INFO epoch 1", "of another library"]
    command = ["printf", r"%s\n", *lines]
    with (
        caplog.at_level(logging.INFO),
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child,
    ):
        others = training_job._relay(child)
    told = [(record.levelno, record.getMessage()) for record in caplog.records]
    assert told == [(logging.WARNING, "far from sure"), (logging.INFO, "epoch 1")]
    assert [*others] == ["of another library"]


def started(job: TrainingJob, before: str = "", **environment: str) -> subprocess.Popen[bytes]:
    """Start a job in another interpreter, that runs some lines before it."""
    program = f"import json, sys\nfrom chrompute.training_job import *\n{before}\n" \
        "train(TrainingJob(**json.loads(sys.argv[1])))"  # fmt: skip
    own = {"PYTHONPATH": os.pathsep.join(sys.path), **environment}
    command = [sys.executable, "-c", program, json.dumps(asdict(job))]
    return subprocess.Popen(command, env={**os.environ, **own})


#: Ends a training as a kill from outside does, between its second epoch and its third.
KILL = """
import os, signal
from chrompute.window_training import WindowTraining
start = WindowTraining.on_train_epoch_start
def killed(self):
    if self.current_epoch == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    start(self)
WindowTraining.on_train_epoch_start = killed
"""


def test_a_job_that_was_killed_resumes_bit_for_bit(
    inputs: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = {"epochs": 3, "patience": 2}
    whole = job_of(inputs, tmp_path / "whole", **settings)
    cut = job_of(inputs, tmp_path / "cut", **settings)
    train(whole)
    assert started(cut, KILL).wait(60) == -signal.SIGKILL
    assert [each.name for each in Path(cut.weights).parent.iterdir()] == ["checkpoints"]
    with caplog.at_level(logging.INFO):
        train(cut)
    assert "resuming after epoch 2" in caplog.text
    for name in ("weights", "history", "predictions"):
        one, two = (Path(getattr(job, name)).read_bytes() for job in (whole, cut))
        assert one == two, name
    assert not any(Path(cut.checkpoints).iterdir())


def processes_with(text: str) -> list[str]:
    """Return the running processes whose command line holds a text."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (entry / "cmdline").read_bytes():
                found.append(entry.name)
        except OSError:  # it has just ended
            continue
    return found


def wait_for(condition, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.1)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")
def test_processes_end_when_the_one_that_started_them_is_killed(
    inputs: Path, tmp_path: Path
) -> None:
    job = job_of(inputs, tmp_path / "job", devices=2, epochs=5000)
    (tmp_path / "scratch").mkdir()
    parent = started(job, TMPDIR=str(tmp_path / "scratch"))
    try:
        wait_for(lambda: [*Path(job.checkpoints).rglob("last.ckpt")], 60)
        assert len(processes_with(str(tmp_path / "scratch"))) >= 2
    finally:
        parent.kill()
        parent.wait()
    wait_for(lambda: not processes_with(str(tmp_path / "scratch")), 20)
