"""A SLURM of one node on this machine, started for a test and ended by its process ids.

Its configuration must lie in /etc/slurm, since the steps of jobs look nowhere else. A machine that
has one already belongs to a cluster, and is left alone.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from helpers import need_program

ETC = Path("/etc/slurm")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "sinfo")
ACCOUNTING_PROGRAMS = ("slurmdbd", "mariadbd", "mariadb-install-db", "sacct")
#: Seconds within which a daemon must answer.
PATIENCE = 60

CONTROLLER = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
{accounting}
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
MinJobAge=3600
GresTypes=gpu
SlurmctldPidFile={scratch}/slurmctld.pid
SlurmdPidFile={scratch}/slurmd.pid
SlurmctldLogFile={scratch}/slurmctld.log
SlurmdLogFile={scratch}/slurmd.log
StateSaveLocation={scratch}/state
SlurmdSpoolDir={scratch}/spool
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory={memory} Gres=gpu:fake:2
PartitionName=cpu Nodes={host} Default=YES
PartitionName=gpu Nodes={host}
"""
GPUS = "NodeName={host} Name=gpu Type=fake File={scratch}/gpu[0-1] Flags=nvidia_gpu_env\n"
DATABASE = """\
DbdHost={host}
SlurmUser=root
StorageType=accounting_storage/mysql
StorageUser=root
StorageLoc=slurm
PidFile={scratch}/slurmdbd.pid
LogFile={scratch}/slurmdbd.log
"""


@contextmanager
def slurm(scratch: Path, accounting: bool) -> Iterator[None]:
    """Run a cluster of this machine's cores and two pretended GPUs; skip where it cannot be."""
    for program in (*PROGRAMS, *(ACCOUNTING_PROGRAMS if accounting else ())):
        need_program(program)
    if os.geteuid() != 0:
        pytest.skip("a SLURM can be started by root alone")
    if (ETC / "slurm.conf").exists():
        pytest.skip("this machine belongs to a SLURM cluster")
    facts = {
        "scratch": scratch, "host": socket.gethostname(), "cores": os.cpu_count(),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20 * 9 // 10,
    }  # fmt: skip
    kind = "accounting_storage/slurmdbd" if accounting else "accounting_storage/none"
    storage = (
        f"AccountingStorageType={kind}" + f"\nAccountingStorageHost={facts['host']}" * accounting
    )
    for name in ("state", "spool"):
        (scratch / name).mkdir()
    for number in range(2):
        (scratch / f"gpu{number}").touch()
    with ExitStack() as stack:
        stack.enter_context(_files({
            "slurm.conf": CONTROLLER.format(accounting=storage, **facts),
            "gres.conf": GPUS.format(**facts),
            **({"slurmdbd.conf": DATABASE.format(**facts)} if accounting else {}),
        }))  # fmt: skip
        stack.enter_context(_munge())
        if accounting:
            stack.enter_context(_database(scratch))
        stack.enter_context(_daemon("slurmctld", "-D"))
        stack.enter_context(_daemon("slurmd", "-D"))
        _wait("the node", lambda: "idle" in _said("sinfo", "-h", "-o", "%t"))
        yield


@contextmanager
def _files(texts: dict[str, str]) -> Iterator[None]:
    paths = {ETC / name: text for name, text in texts.items()}
    try:
        for path, text in paths.items():
            path.write_text(text)
            path.chmod(0o600)  # as slurmdbd wants its own
        yield
    finally:
        for path in paths:
            path.unlink(missing_ok=True)


@contextmanager
def _munge() -> Iterator[None]:
    subprocess.run(["install", "-d", "-o", "munge", "-g", "munge", "/run/munge"], check=True)
    with _daemon("runuser", "-u", "munge", "--", "munged", "--foreground"):
        _wait("munge", lambda: bool(_said("munge", "-n")))
        yield


@contextmanager
def _database(scratch: Path) -> Iterator[None]:
    """Run slurmdbd on a database in the scratch folder."""
    data, door = scratch / "mysql", scratch / "mysql.sock"
    new = "mariadb-install-db", "--no-defaults", f"--datadir={data}", "--user=root"
    subprocess.run(
        [*new, "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True, capture_output=True,
    )  # fmt: skip
    options = "--no-defaults", f"--datadir={data}", f"--socket={door}", "--user=root"
    with _daemon("mariadbd", *options, "--skip-networking"):
        _wait("the database", door.exists)
        with _daemon("slurmdbd", "-D", MYSQL_UNIX_PORT=str(door)):
            _wait("slurmdbd", lambda: bool(_said("sacctmgr", "-n", "show", "user")))
            yield


@contextmanager
def _daemon(*command: str, **environment: str) -> Iterator[None]:
    """Keep a program running; it and what it started end with the context."""
    process = subprocess.Popen(
        command,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _said(*command: str) -> str:
    """Return what a command printed; nothing where it fails or hangs."""
    if shutil.which(command[0]) is None:
        return ""
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=5)
    except subprocess.TimeoutExpired:
        return ""
    return found.stdout if found.returncode == 0 else ""


def _wait(what: str, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < deadline, f"{what} did not come up"
        time.sleep(0.2)
