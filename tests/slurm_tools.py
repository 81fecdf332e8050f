"""A SLURM of one node on this machine: started for tests, ended by process id, nothing left.

Debian's packages slurm-wlm and munge, and for accounting slurmdbd and mariadb-server. It needs
root, since the daemons read /etc/slurm and SLURM's job steps drop the variable that would name
another place.
"""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sinfo")
#: What accounting needs beside them.
ACCOUNTING = ("slurmdbd", "mariadbd", "mariadb-install-db")
SETTINGS = Path("/etc/slurm")
_PATIENCE = 60.0  # seconds until a daemon must answer
_FILES = ("slurm.conf", "slurmdbd.conf", "gres.conf")
_LISTENERS = ("controller", "node", "accounts", "database")


@dataclass
class Cluster:
    """Daemons of one node; `folder` holds their states, logs and sockets."""

    folder: Path
    cores: int
    memory_mb: int = 12_000
    daemons: list[subprocess.Popen[bytes]] = field(default_factory=list)
    ports: dict[str, int] = field(default_factory=lambda: {n: free_port() for n in _LISTENERS})

    def start(self, command: list[str], ready: Callable[[], bool]) -> None:
        """Start a daemon in the foreground, and wait until it answers."""
        with open(self.folder / f"{Path(command[0]).name}.out", "wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        self.daemons.append(process)
        end = time.monotonic() + _PATIENCE
        while not ready():
            if process.poll() is not None or time.monotonic() > end:
                said = (self.folder / f"{Path(command[0]).name}.out").read_text()[-2000:]
                raise RuntimeError(f"{' '.join(command)} did not start: {said}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End the daemons, the last one first."""
        for process in reversed(self.daemons):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def can_start(accounting: bool = False) -> bool:
    """Tell whether a cluster can be started: programs, root, and no other SLURM set up here."""
    wanted = PROGRAMS + (ACCOUNTING if accounting else ())
    places = os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin"
    there = all(shutil.which(name, path=places) for name in wanted)
    return there and os.geteuid() == 0 and not (SETTINGS / "slurm.conf").exists()


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def cluster(folder: Path, accounting: bool = False) -> Iterator[Cluster]:
    """Start SLURM on this machine with two pretended GPUs; end it and remove its settings.

    Parameters
    ----------
    folder
        An empty scratch folder with a short path.
    accounting
        Whether jobs are accounted for, so that `sacct` answers.
    """
    made = Cluster(folder, os.cpu_count() or 1)
    with ExitStack() as last:
        last.callback(made.stop)
        _start_munge(made)
        last.callback(_remove_settings)
        _write_settings(made, accounting)
        if accounting:
            _start_accounting(made)
        log = str(folder / "slurmctld.log")
        made.start(["/usr/sbin/slurmctld", "-D", "-L", log], lambda: _answers("sinfo", "-h"))
        made.start(["/usr/sbin/slurmd", "-D", "-L", str(folder / "slurmd.log")], _is_idle)
        yield made


def _start_munge(made: Cluster) -> None:
    """Start munged for its own user, with a key and a socket in the scratch folder."""
    owner = pwd.getpwnam("munge")
    place = made.folder / "munge"
    place.mkdir(mode=0o755)
    key = place / "key"
    key.write_bytes(os.urandom(64))
    key.chmod(0o600)
    for path in (place, key):
        os.chown(path, owner.pw_uid, owner.pw_gid)
    made.start(
        [
            "/usr/sbin/runuser", "-u", "munge", "--", "/usr/sbin/munged", "--foreground",
            f"--socket={place}/socket", f"--key-file={key}", f"--pid-file={place}/pid",
            f"--seed-file={place}/seed", f"--log-file={place}/log", "--force",
        ],
        lambda: (place / "socket").exists(),
    )  # fmt: skip


def _write_settings(made: Cluster, accounting: bool) -> None:
    folder, host, ports = made.folder, socket.gethostname().split(".")[0], made.ports
    for name in ("state", "spool"):
        (folder / name).mkdir()
    for name in ("gpu0", "gpu1"):
        (folder / name).touch()
    auth = f"AuthType=auth/munge\nAuthInfo=socket={folder}/munge/socket\n"
    storage = "slurmdbd" if accounting else "none"
    settings = f"""ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports["controller"]}
SlurmdPort={ports["node"]}
{auth}SlurmUser=root
SlurmdUser=root
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
AccountingStorageType=accounting_storage/{storage}
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=2,bf_interval=2
ReturnToService=2
MinJobAge=3600
KillWait=3
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={made.cores} RealMemory={made.memory_mb} Gres=gpu:fake:2
PartitionName=cpu Nodes={host} Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes={host} MaxTime=INFINITE State=UP
"""
    if accounting:
        # The password of accounting is the socket of munge.
        settings += (
            f"AccountingStoragePass={folder}/munge/socket\nAccountingStorageHost=127.0.0.1\n"
            f"AccountingStoragePort={ports['accounts']}\nAccountingStorageTRES=gres/gpu\n"
        )
        _write_private(
            "slurmdbd.conf",
            f"{auth}DbdHost=localhost\nDbdAddr=127.0.0.1\nDbdPort={ports['accounts']}\nSlurmUser=root\n"
            f"LogFile={folder}/slurmdbd.log\nPidFile={folder}/slurmdbd.pid\n"
            "StorageType=accounting_storage/mysql\nStorageHost=127.0.0.1\n"
            f"StoragePort={ports['database']}\nStorageUser=slurm\nStoragePass=slurm\nStorageLoc=slurm\n",
        )
    _write_private("slurm.conf", settings, 0o644)
    gpus = f"NodeName={host} Name=gpu Type=fake File={folder}/gpu[0-1] Flags=nvidia_gpu_env\n"
    _write_private("gres.conf", gpus, 0o644)


def _remove_settings() -> None:
    for name in _FILES:
        (SETTINGS / name).unlink(missing_ok=True)


def _write_private(name: str, text: str, mode: int = 0o600) -> None:
    SETTINGS.mkdir(exist_ok=True)
    (SETTINGS / name).write_text(text)
    (SETTINGS / name).chmod(mode)


def _start_accounting(made: Cluster) -> None:
    """Start a database in the scratch folder, and SLURM's daemon of accounts on it."""
    data, port = made.folder / "database", str(made.ports["database"])
    subprocess.run(
        [
            "mariadb-install-db", "--user=root", f"--datadir={data}", "--skip-test-db",
            "--auth-root-authentication-method=normal",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    server = [
        "/usr/sbin/mariadbd", "--no-defaults", "--user=root", f"--datadir={data}",
        "--bind-address=127.0.0.1", f"--port={port}", f"--socket={made.folder}/sql",
    ]  # fmt: skip
    client = ["mariadb", "--no-defaults", f"--socket={made.folder}/sql", "--user=root", "-e"]
    made.start(server, lambda: _answers(*client, "select 1"))
    for host in ("localhost", "127.0.0.1"):
        grant = f"grant all on slurm.* to 'slurm'@'{host}' identified by 'slurm'"
        subprocess.run([*client, grant], check=True)
    made.start(
        ["/usr/sbin/slurmdbd", "-D"],
        lambda: _answers("sacctmgr", "-n", "list", "cluster"),
    )
    subprocess.run(["sacctmgr", "-i", "add", "cluster", "test"], check=True, capture_output=True)


def _answers(*command: str) -> bool:
    """Tell whether a command ends well within two seconds."""
    try:
        return subprocess.run(command, capture_output=True, timeout=2).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _is_idle() -> bool:
    try:
        told = subprocess.run(
            ["sinfo", "-h", "-o", "%t"], capture_output=True, text=True, timeout=2, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return set(told.stdout.split()) == {"idle"}
