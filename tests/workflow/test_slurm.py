"""The tiny configuration on a SLURM that is started here: the same results, and nothing left.

`make test-faults` runs all of it, CI a part.
"""

import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from chrompute.same_results import result_differences, result_digests
from helpers import need_program
from simulation_tools import RESULTS
from slurm_tools import ACCOUNTING, PROGRAMS, SETTINGS, can_start, cluster
from workflow_tools import WHOLE, change_config, start_snakemake

#: One node of few cores that is asked often, in place of a cluster's patience.
HERE = (
    *("--slurm-init-seconds-before-status-checks", "1", "--seconds-between-status-checks", "2"),
    *("--latency-wait", "5", "--cores", "2"),
)


#: Twelve seconds a job: as far as one network and its scores, and all tracks.
TARGETS = (
    f"{RESULTS}/evaluation/chrompute.seed-1.scores.tsv",
    *(f"{RESULTS}/tracks/{name}.dyads.bw" for name in ("A_mnase", "B_mnase")),
    *(f"{RESULTS}/tracks/{name}.cuts.bw" for name in ("A_atac_1", "A_atac_2", "B_atac")),
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A scratch folder with a short path: sockets lie in it."""
    path = Path(tempfile.mkdtemp(prefix="slurm.", dir="/tmp"))
    path.chmod(0o755)  # munged is another user
    yield path
    shutil.rmtree(path, ignore_errors=True)


def need_slurm(accounting: bool) -> None:
    for name in PROGRAMS + (ACCOUNTING if accounting else ()):
        need_program(name)
    if not can_start(accounting):
        pytest.skip("starting a SLURM needs root and no other one on this machine")


def jobs_told_by(command: list[str]) -> list[list[str]]:
    """Run squeue or sacct, and split its lines."""
    told = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    return [line.split("|") for line in told.stdout.splitlines() if line]


def all_jobs() -> list[dict[str, str]]:
    """Ask the controller for all jobs, ended ones too."""
    told = subprocess.run(
        ["scontrol", "-o", "show", "jobs"], capture_output=True, text=True, timeout=20, check=True
    )
    lines = [line.split() for line in told.stdout.splitlines()]
    return [dict(word.split("=", 1) for word in line if "=" in word) for line in lines]


def cancel_one(process: subprocess.Popen[str]) -> str:
    """Cancel the first job that is seen running; return its number."""
    while process.poll() is None:
        for number, state in jobs_told_by(["squeue", "-h", "-o", "%i|%T"]):
            if state == "RUNNING":
                subprocess.run(["scancel", number], check=True)
                return number
        time.sleep(0.3)
    raise AssertionError("no job was ever running")


def test_a_run_on_a_cluster_ends_in_the_same_bytes(
    simulated: Path, unsimulated: Path, folder: Path
) -> None:
    """Without accounting; a job is cancelled on the way, and one partition pretends a GPU."""
    need_slurm(accounting=False)
    targets = () if WHOLE else TARGETS
    change_config(unsimulated, lambda config: config.update(gpus=1))
    with cluster(folder):
        process = start_snakemake(unsimulated, *HERE, *targets, profile="slurm")
        cancelled = cancel_one(process)
        output, _ = process.communicate()
        told = all_jobs()
    assert process.returncode == 0, output[-5000:]
    states = {job["JobId"]: job["JobState"] for job in told}
    assert states[cancelled] == "CANCELLED"
    assert set(states.values()) == {"CANCELLED", "COMPLETED"}
    # Jobs of the GPU's partition asked for one, and no others did.
    asked = {(job["Partition"], job.get("TresPerJob", "").endswith("gpu:1")) for job in told}
    assert asked == {("cpu", False), ("gpu", True)}
    # The tracks of all samples go in one job where they are ready together.
    assert len(re.findall(r"^    rule tracks_\w+:$", output, re.M)) >= 5
    assert WHOLE or len(re.findall(r"^\[.*\] Group job tracks ", output, re.M)) == 1
    first, second = (result_digests(run / RESULTS) for run in (simulated, unsimulated))
    assert set(targets) <= {f"{RESULTS}/{name}" for name in second}
    # Reports hold the configuration, which asks for a GPU here.
    second = {name: digest for name, digest in second.items() if not name.startswith("reports/")}
    assert result_differences({name: first[name] for name in second}, second) == {}
    assert not (SETTINGS / "slurm.conf").exists()


def test_two_gpus_are_two_processes_and_accounted_for(
    simulated: Path, tmp_path: Path, folder: Path
) -> None:
    """With accounting: a network that shares its batches asks for two GPUs, and sacct tells so."""
    need_slurm(accounting=True)
    work = Path(shutil.copytree(simulated, tmp_path / "work"))
    change_config(work, lambda config: config.update(gpus=1))
    change_config(work, lambda config: config["training"].update(devices=2))
    model = work / RESULTS / "models/chrompute/seed-1"
    alone = load_file(model / "model.safetensors")
    with cluster(folder, accounting=True):
        asked = ("--slurm-status-command", "sacct", str((model / "card.json").relative_to(work)))
        process = start_snakemake(work, *HERE, *asked, profile="slurm")
        output, _ = process.communicate()
        told = jobs_told_by(["sacct", "-n", "-P", "-X", "-o", "Partition,State,ReqTRES"])
    assert process.returncode == 0, output[-5000:]
    assert len(told) == 1
    partition, state, resources = told[0]
    assert (partition, state) == ("gpu", "COMPLETED")
    assert "gres/gpu=2" in resources.split(",")
    card = json.loads((model / "card.json").read_text())
    assert card["training"]["devices"] == 2
    # The batch is that of both together: the same network, but for the order of its sums.
    shared = load_file(model / "model.safetensors")
    other = load_file(simulated / RESULTS / "models/chrompute/seed-2/model.safetensors")

    def distance(one: dict[str, Any], two: dict[str, Any]) -> float:
        return max(float((one[name] - two[name]).abs().max()) for name in one)

    assert distance(alone, shared) < 0.1 * distance(alone, other)
