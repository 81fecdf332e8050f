"""Run the workflow in a folder, and change its configuration."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from helpers import ROOT

#: Whether all faults are to be run on the whole run, as often as told in the documentation.
WHOLE = bool(os.environ.get("CHROMPUTE_ALL_FAULTS"))
SNAKEMAKE = Path(sys.executable).parent / "snakemake"


def run_snakemake(
    folder: Path, *arguments: str, limit: str | None = None, root: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run the workflow in a folder; return exit code and everything it printed.

    `limit` is an option of prlimit, such as "--as=4000000000", for the run and its jobs; `root`
    is where the Snakefile lies.
    """
    process = start_snakemake(folder, *arguments, limit=limit, root=root)
    output, _ = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, output)


def start_snakemake(
    folder: Path,
    *arguments: str,
    profile: str = "test",
    limit: str | None = None,
    root: Path = ROOT,
) -> subprocess.Popen[str]:
    """Start the workflow in a folder, in a process group of its own."""
    command = [
        str(SNAKEMAKE), "--snakefile", str(root / "Snakefile"), "--directory", str(folder),
        "--workflow-profile", str(root / "profiles" / profile), "--configfile",
        str(folder / "config.yaml"), "--cores", "2", *arguments,
    ]  # fmt: skip
    return subprocess.Popen(
        ["prlimit", limit, *command] if limit else command,
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_hear_ctrl_c,
    )


def _hear_ctrl_c() -> None:
    """Of tests in the background, children would ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def change_config(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Edit the configuration of a folder."""
    path = folder / "config.yaml"
    config = yaml.safe_load(path.read_text())
    change(config)
    path.write_text(yaml.safe_dump(config, sort_keys=False))


def keep_assays_only(config: dict[str, Any]) -> None:
    """Take labels, models and what takes long out of the slice's configuration."""
    learning = ("labels", "tasks", "windows", "models", "training", "evaluation")
    for key in (*learning, "images", "motifs", "predictions"):
        config.pop(key, None)
    config["sites"] = {"tss": config["sites"]["tss"]}
    config["vplots"] |= {"sites": ["tss"], "images": []}
    config["nucleosomes"]["sites"] = ["tss"]
    config["quality"]["deeptools"] = False
    tracks = {"ATAC": ["cuts", "coverage"], "MNase": ["dyads"]}
    config["tracks"] = {"scales": ["raw"], "assays": tracks}


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve the files of a folder on this machine; yield the address of the folder."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
