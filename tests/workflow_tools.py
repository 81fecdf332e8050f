"""Run the workflow in a folder, and change its configuration."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from helpers import ROOT

SNAKEMAKE = Path(sys.executable).parent / "snakemake"


def run_snakemake(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the workflow in a folder; return exit code and everything it printed."""
    process = start_snakemake(folder, *arguments)
    output, _ = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, output)


def start_snakemake(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start the workflow in a folder, in a process group of its own."""
    command = [
        str(SNAKEMAKE), "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder),
        "--workflow-profile", str(ROOT / "profiles/test"), "--configfile",
        str(folder / "config.yaml"), "--cores", "2", *arguments,
    ]  # fmt: skip
    return subprocess.Popen(
        command,
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def change_config(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Edit the configuration of a folder."""
    path = folder / "config.yaml"
    config = yaml.safe_load(path.read_text())
    change(config)
    path.write_text(yaml.safe_dump(config, sort_keys=False))
