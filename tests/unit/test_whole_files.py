"""Files that are there whole or not at all, and that all are written so."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chrompute.whole_files import (
    write_arrays,
    write_frame,
    write_parquet,
    write_text,
    written_whole,
)
from helpers import ROOT

TABLE = pd.DataFrame({"a": [1, 2], "b": [0.5, np.nan]})
#: What writes under the name that it is given.
DIRECT = re.compile(
    r"\.to_csv\((?!sep=|part\b|handle\b)|\.to_parquet\((?!part\b)|np\.savez\w*\((?!handle\b)|np\.save\("
    r"|\.savefig\((?!part\b)|(?<!part)\.write_(?:text|bytes)\("
    r"|(?<!part\.)\bopen\([^)\n]*\"[wa]b?\""
)
#: Scratch folders of ChromHMM and of the processes of a training, and downloads, which have
#: a name of their own until they are whole.
SCRATCH = {"chromhmm.py", "training_job.py", "fetch.py", "whole_files.py"}


def test_what_is_written_is_there_whole(tmp_path: Path) -> None:
    write_text(tmp_path / "t.txt", "text")
    write_frame(TABLE, tmp_path / "t.tsv")
    write_parquet(TABLE, tmp_path / "t.parquet")
    write_arrays(tmp_path / "t.npz", a=np.arange(3))
    assert (tmp_path / "t.txt").read_text() == "text"
    assert (tmp_path / "t.tsv").read_text() == "a\tb\n1\t0.5\n2\t\n"
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), TABLE)
    assert np.load(tmp_path / "t.npz")["a"].tolist() == [0, 1, 2]
    assert len([*tmp_path.iterdir()]) == 4


def test_a_failure_leaves_what_stood_there(tmp_path: Path) -> None:
    write_text(tmp_path / "t.txt", "old")
    failing = ({}[name] for name in "a")
    with pytest.raises(KeyError), written_whole(tmp_path / "t.txt") as part:
        part.write_text("half" + next(failing))
    assert [path.name for path in tmp_path.iterdir()] == ["t.txt"]
    assert (tmp_path / "t.txt").read_text() == "old"


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    """But not what another one is writing, on this machine or elsewhere."""
    script = (
        "import sys, time; from chrompute.whole_files import written_whole\n"
        "with written_whole(sys.argv[1]) as part:\n"
        "    part.write_text('half'); print('ready', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "t.txt")]
    env = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (left,) = tmp_path.iterdir()
        elsewhere = tmp_path / ".t.txt.another-machine.1.part"
        elsewhere.touch()
        write_text(tmp_path / "t.txt", "one")
        assert left.exists()
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert socket.gethostname() in left.name
    assert left.exists()
    write_text(tmp_path / "t.txt", "two")
    assert {path.name for path in tmp_path.iterdir()} == {"t.txt", elsewhere.name}
    assert time.time() - (tmp_path / "t.txt").stat().st_mtime < 60


def test_everything_is_written_beside_and_renamed() -> None:
    found = [
        f"{path.name}: {line.strip()}"
        for path in sorted((ROOT / "scripts").rglob("*.py"))
        if path.name not in SCRATCH
        for line in path.read_text().splitlines()
        if DIRECT.search(line)
    ]
    assert found == []


def test_memory_follows_inputs_and_attempts() -> None:
    """In every rule; Snakemake tries again with a larger attempt."""
    fixed = [
        f"{path.name}: {line.strip()}"
        for path in sorted((ROOT / "rules").glob("*.smk"))
        for line in path.read_text().splitlines()
        if re.search(r"(?:mem_mb|runtime)=\d", line)
    ]
    assert fixed == []
