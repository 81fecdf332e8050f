"""Faults on the tiny configuration: each ends in the same bytes as an undisturbed run.

`make test-faults` runs every fault on the whole run, as often as docs/reliability.md says; CI runs
a short form, of some faults on the run as far as the windows, a forest and V-plots.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chrompute.same_results import result_differences, result_digests
from simulation_tools import RESULTS, lay_out
from workflow_tools import WHOLE, change_config, run_snakemake, start_snakemake

KILLS = 20 if WHOLE else 3
#: What is made: everything, or what takes a minute.
TARGETS = (
    ()
    if WHOLE
    else (
        f"{RESULTS}/models/forest/seed-1/predictions.parquet",
        f"{RESULTS}/vplots/sim_A/tss.png",
        f"{RESULTS}/tracks/B_mnase.dyads.bw",
    )
)
#: What docs/reliability.md says to do after a clock was set back.
PRESENT = 'find results -newermt now -exec touch -d "$(date)" {} +'
only_whole = pytest.mark.skipif(not WHOLE, reason="several whole runs; only in make test-faults")
#: A run that is killed loses at most what its jobs were doing; so many attempts are never needed.
MOST_RUNS = 60


def finish(folder: Path, *arguments: str) -> str:
    """Run to the end, and return what was printed."""
    result = run_snakemake(folder, *(arguments or TARGETS))
    assert result.returncode == 0, result.stdout[-5000:]
    return result.stdout


def assert_same(simulated: Path, folder: Path) -> None:
    """Compare with the undisturbed run, byte by byte; nothing half-written is left."""
    first, second = (result_digests(each / RESULTS) for each in (simulated, folder))
    if not WHOLE:
        first = {name: digest for name, digest in first.items() if name in second}
    assert result_differences(first, second) == {}
    assert list((folder / RESULTS).rglob(".*.part")) == []


def scripts_of(folder: Path) -> list[int]:
    """Return the processes of running jobs, by their script below the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(part.startswith(f"{folder}/.snakemake/scripts/".encode()) for part in command):
            found.append(int(entry.name))
    return found


def kill_one_after(folder: Path, process: subprocess.Popen[str], seconds: float, seed: int) -> bool:
    """Kill one running job, so many seconds after the first has begun; tell whether one was."""
    while process.poll() is None and not scripts_of(folder):
        time.sleep(0.02)
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    while process.poll() is None:
        running = scripts_of(folder)
        if running:
            try:
                os.kill(random.Random(seed).choice(running), signal.SIGKILL)
            except ProcessLookupError:
                continue
            return True
        time.sleep(0.02)
    return False


def test_killed_jobs_are_done_again(simulated: Path, unsimulated: Path) -> None:
    """kill -9 of a job at random moments, each of a run that then goes on from there."""
    moments, killed = random.Random(1), 0
    for number in range(MOST_RUNS):
        process = start_snakemake(unsimulated, *TARGETS)
        if killed < KILLS:
            killed += kill_one_after(unsimulated, process, moments.uniform(0, 8), number)
        output, _ = process.communicate()
        if process.returncode == 0:
            break
        assert "Traceback" not in output, output[-5000:]
    assert killed == KILLS
    assert_same(simulated, unsimulated)


def test_a_killed_run_goes_on_after_unlocking(simulated: Path, unsimulated: Path) -> None:
    """kill -9 of Snakemake and all its jobs, as when a machine loses its power."""
    moments = random.Random(2)
    for _ in range(5 if WHOLE else 1):
        process = start_snakemake(unsimulated, *TARGETS)
        while process.poll() is None and not scripts_of(unsimulated):
            time.sleep(0.05)
        time.sleep(moments.uniform(1, 15) if WHOLE else 5)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        for job in scripts_of(unsimulated):
            os.kill(job, signal.SIGKILL)
        told = run_snakemake(unsimulated)
        assert told.returncode != 0
        assert "--unlock" in told.stdout
        assert run_snakemake(unsimulated, "--unlock").returncode == 0
    finish(unsimulated)
    assert_same(simulated, unsimulated)


def test_a_second_run_in_the_same_folder_refuses(unsimulated: Path) -> None:
    process = start_snakemake(unsimulated)
    while process.poll() is None and not scripts_of(unsimulated):
        time.sleep(0.05)
    second = run_snakemake(unsimulated)
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert second.returncode != 0
    assert "lock" in second.stdout.lower()
    assert not re.search(r"^(?:local)?rule ", second.stdout, re.M)


@only_whole
def test_ctrl_c_stops_everything_within_ten_seconds(unsimulated: Path) -> None:
    process = start_snakemake(unsimulated)
    while process.poll() is None and len(scripts_of(unsimulated)) < 2:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    begun = time.monotonic()
    process.communicate(timeout=60)
    while scripts_of(unsimulated):
        time.sleep(0.05)
    assert time.monotonic() - begun < 10
    assert process.returncode != 0
    assert list((unsimulated / RESULTS).rglob(".*.part")) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A disk of a given number of MB, which a second call makes larger."""
    place = tmp_path / "disk"
    place.mkdir()

    def resized(megabytes: int) -> Path:
        again = ["remount"] if place.is_mount() else []
        options = ",".join([*again, f"size={megabytes}m"])
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        if told.returncode:
            pytest.skip(f"mounting a small disk needs root: {told.stderr.strip()}")
        return place

    yield resized
    if place.is_mount():
        subprocess.run(["umount", str(place)], check=True)


@only_whole
def test_a_full_disk_is_told_and_forgotten(
    simulated: Path, unsimulated: Path, small_disk: Callable[[int], Path]
) -> None:
    """Results on a disk that is full again and again, wherever the run has come to."""
    shutil.rmtree(unsimulated / "results", ignore_errors=True)
    size = 4
    (unsimulated / "results").symlink_to(small_disk(size))
    stopped: list[str] = []
    while True:
        result = run_snakemake(unsimulated)
        if result.returncode == 0:
            break
        said = result.stdout
        assert "No space left on device" in said or "disk is full" in said, said[-5000:]
        stopped += re.findall(r"^Error in rule (\w+):", said, re.M)
        assert list((unsimulated / RESULTS).rglob(".*.part")) == []
        size = int(size * 1.25) + 1
        assert size < 2000
        small_disk(size)
    print(f"full at {len(set(stopped))} rules: {', '.join(dict.fromkeys(stopped))}")
    assert stopped
    assert_same(simulated, unsimulated)


@only_whole
def test_a_lost_input_is_told_and_made_again(simulated: Path, tmp_path: Path) -> None:
    """A store vanishes while a job that reads it waits for its turn."""
    folder = Path(shutil.copytree(simulated, tmp_path / "work"))
    store = folder / RESULTS / "fragments/A_atac_1.parquet"
    target = f"{RESULTS}/vplots/sim_A/tss.npz"
    process = start_snakemake(folder, "--forcerun", "motif_sites", "vplot", "--", target)
    while process.poll() is None and not scripts_of(folder):
        time.sleep(0.01)
    store.unlink()
    output, _ = process.communicate()
    if process.returncode:
        assert "A_atac_1.parquet" in output
    finish(folder)
    assert_same(simulated, folder)


@only_whole
def test_paths_may_be_strange_and_inputs_read_only(simulated: Path, tmp_path: Path) -> None:
    name = "Zellen & Söhne, größer als je ('neu')" + 120 * "x"
    folder = lay_out(tmp_path / name / "work")
    for path in (folder / "config").rglob("*"):
        if path.is_file():
            path.chmod(0o444)
    finish(folder)
    assert_same(simulated, folder)


@only_whole
def test_a_clock_that_is_set_back_costs_nothing_but_time(
    simulated: Path, unsimulated: Path
) -> None:
    """What was made before lies in the future, after which Snakemake refuses to go on."""
    finish(unsimulated, f"{RESULTS}/windows/states.parquet")
    for path in (unsimulated / RESULTS).rglob("*"):
        if path.is_file():
            there = path.stat().st_mtime + 3600
            os.utime(path, (there, there))
    told = run_snakemake(unsimulated)
    assert told.returncode != 0
    assert "clock" in told.stdout
    subprocess.run(["bash", "-c", PRESENT], cwd=unsimulated, check=True)
    finish(unsimulated)
    assert_same(simulated, unsimulated)


@only_whole
def test_training_that_needs_too_much_memory_says_so(simulated: Path, tmp_path: Path) -> None:
    """A limit on the memory of a process, above what training needs and below an absurd batch."""
    folder = Path(shutil.copytree(simulated, tmp_path / "work"))
    target = f"{RESULTS}/models/chrompute/seed-1/model.safetensors"
    change_config(folder, lambda config: config["training"].update(batch_size=1_000_000))
    limited = run_snakemake(folder, target, limit=f"--data={1_200_000_000}")
    assert limited.returncode != 0
    assert "memory" in limited.stdout
    assert "Traceback" not in limited.stdout
    before = (simulated / "config.yaml").read_bytes()
    (folder / "config.yaml").write_bytes(before)
    finish(folder)
    assert_same(simulated, folder)
