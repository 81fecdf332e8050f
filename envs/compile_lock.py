"""Compile envs/requirements.txt from pyproject.toml with uv.

The CUDA packages are left out: torch pins those that its CUDA build needs exactly, and on a
machine where pip finds a CPU build of torch nothing asks for them.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "envs/requirements.txt"
COMMAND = [
    str(Path(sys.executable).parent / "uv"), "pip", "compile", "pyproject.toml", "--extra", "dev",
    "--python-version", "3.11", "--universal", "--no-annotate", "--no-header", "--quiet",
]  # fmt: skip


def compile_lock(left_out: list[str]) -> str:
    """Return the lock without some packages."""
    options = [option for name in left_out for option in ("--no-emit-package", name)]
    result = subprocess.run(
        [*COMMAND, *options], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return result.stdout


cuda = re.findall(r"^((?:nvidia|cuda)-[a-z0-9-]+|triton)==", compile_lock([]), re.MULTILINE)
LOCK.write_text(compile_lock(sorted(set(cuda))))
