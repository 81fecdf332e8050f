"""The tiny configuration on a SLURM that is started here: the same results, and nothing left."""

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chrompute.same_results import result_differences, result_digests
from helpers import need_program
from simulation_tools import RESULTS, lay_out
from slurm_tools import ACCOUNTING, PROGRAMS, SETTINGS, can_start, cluster
from workflow_tools import start_snakemake

#: One node of few cores that is asked often, in place of a cluster's patience.
HERE = (
    *("--slurm-init-seconds-before-status-checks", "1", "--seconds-between-status-checks", "2"),
    *("--latency-wait", "5", "--cores", "2"),
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
    # Twelve seconds a job: as far as one network and its scores.
    targets = (
        f"{RESULTS}/evaluation/chrompute.seed-1.scores.tsv",
        f"{RESULTS}/tracks/B_mnase.dyads.bw",
    )
    gpu = ("--set-resources", "train:gpu=1", "train:slurm_partition=gpu", "--")
    with cluster(folder):
        process = start_snakemake(unsimulated, *HERE, *gpu, *targets, profile="slurm")
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
    first, second = (result_digests(run / RESULTS) for run in (simulated, unsimulated))
    assert set(targets) <= {f"{RESULTS}/{name}" for name in second}
    assert result_differences({name: first[name] for name in second}, second) == {}
    assert not (SETTINGS / "slurm.conf").exists()


def test_jobs_are_accounted_for(tmp_path: Path, folder: Path) -> None:
    """With accounting: sacct tells what a job used, and Snakemake asks it."""
    need_slurm(accounting=True)
    work = lay_out(tmp_path / "work")
    target = f"{RESULTS}/simulation/A_atac_1.bam"
    with cluster(folder, accounting=True):
        asked = ("--slurm-status-command", "sacct", target)
        process = start_snakemake(work, *HERE, *asked, profile="slurm")
        output, _ = process.communicate()
        told = jobs_told_by(["sacct", "-n", "-P", "-X", "-o", "JobID,State,ReqMem"])
    assert process.returncode == 0, output[-5000:]
    assert (work / target).is_file()
    assert len(told) == 1
    assert {state for _, state, _ in told} == {"COMPLETED"}
    assert all(re.match(r"\d+", memory) for _, _, memory in told)
