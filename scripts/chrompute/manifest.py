"""What made a result: code, package versions, inputs, seeds and device."""

import hashlib
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from chrompute import __version__
from chrompute.whole_files import write_text

_LIBRARY = Path(__file__).parent
#: A statement that imports of the library, with what it names there. The syntax tree of all modules
#: would tell the same, and take half a second at each start.
_IMPORT = re.compile(r"^\s*(?:from|import) (chrompute[\w.]*)(?: import (\([^)]*\)|.+))?", re.M)
#: What the version of changed code ends with.
_CHANGED = "+changes"
#: What of a checkout is code, from its root.
_CODE = (":/Snakefile", ":/rules", ":/scripts", ":/report", ":/envs", ":/profiles")
_PACKAGES = (
    "snakemake", "pysam", "isal", "numba", "pyarrow", "pyBigWig", "bioframe", "numpy", "scipy",
    "pandas", "scikit-learn", "torch", "lightning", "safetensors", "captum", "tangermeme",
    "modisco-lite", "matplotlib", "jinja2", "deeptools",
)  # fmt: skip


def module_file(name: str) -> Path:
    """Return the file of a library module, named without "chrompute." ("simulate.reads")."""
    base = _LIBRARY.joinpath(*name.split("."))
    return base / "__init__.py" if base.is_dir() else base.with_name(f"{base.name}.py")


def modules_behind(source: Path) -> set[str]:
    """Return the library modules that a Python file imports, directly or not.

    Names are those of `module_file`; a module of a subpackage brings the subpackage itself, whose
    `__init__.py` runs first.
    """
    found: set[str] = set()
    waiting = [source]
    while waiting:
        new = _imported(waiting.pop()) - found
        found |= new
        waiting += [module_file(name) for name in sorted(new)]
    return found


def _imported(source: Path) -> frozenset[str]:
    """Return the library modules that the import statements of one file name."""
    state = source.stat()
    return _imported_by(source, state.st_mtime_ns, state.st_size)


# Each rule asks for the modules behind its script, and most modules stand behind many scripts.
@cache
def _imported_by(source: Path, changed: int, size: int) -> frozenset[str]:
    named: set[str] = set()
    for module, names in _IMPORT.findall(source.read_text()):
        # What is imported from a package can be one of its modules.
        named |= {module, *(f"{module}.{name}" for name in re.findall(r"\w+", names))}
    paths = [name.split(".")[1:] for name in named if name.startswith("chrompute.")]
    modules = {".".join(path[:end]) for path in paths for end in range(1, len(path) + 1)}
    return frozenset(name for name in modules if module_file(name).is_file())


def code_hash(source: Path, others: Iterable[str | Path] = ()) -> str:
    """Digest a script, the library files behind it, and other files that it reads.

    Snakemake sees when a script is newer than results, not whether it says something else, and of
    a module that it imports it sees nothing. This digest among a rule's parameters tells.
    """
    digest = hashlib.sha256(source.read_bytes())
    for name in sorted(modules_behind(source)):
        digest.update(module_file(name).read_bytes())
    for path in others:
        digest.update(Path(path).read_bytes())
    return digest.hexdigest()[:16]


def code_version() -> str:
    """Return the version and the commit, with '+changes' where files of the code differ from it.

    The commit is that of a checkout, or what an image of a container was told
    (`CHROMPUTE_COMMIT`); without either there is the version alone.
    """
    try:
        commit = _git("rev-parse", "--short=12", "HEAD")
        dirty = bool(_git("status", "--porcelain", "--", *_CODE))
    except (OSError, subprocess.CalledProcessError):
        return f"{__version__} {os.environ.get('CHROMPUTE_COMMIT', '')}".strip()
    return f"{__version__} {commit}{_CHANGED if dirty else ''}"


def code_facts() -> dict[str, Any]:
    """Return `code`, its version, and whether it is `changed_since_commit`, None if not known."""
    code = code_version()
    known = code != __version__
    return {"code": code, "changed_since_commit": code.endswith(_CHANGED) if known else None}


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(_LIBRARY), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that make results, of those that are installed."""
    versions = {}
    for name in _PACKAGES:
        # A job in an environment of its own has only what it needs.
        with suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return versions


def usable_cores() -> int:
    """Return on how many CPU cores this process may run."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def hardware() -> dict[str, Any]:
    """Describe the machine: processor, cores that may be used, memory, and GPUs with CUDA."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    found: dict[str, Any] = {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": usable_cores(),
        "memory_gb": round(memory / 1e9, 1),
        "gpus": [],
    }
    with suppress(ImportError):  # a job in an environment of its own may have no torch
        from torch import cuda

        found["gpus"] = [cuda.get_device_name(number) for number in range(cuda.device_count())]
    return found


def facts_of_run(
    config: Mapping[str, Any],
    inputs: Sequence[str],
    cards: Mapping[str, Mapping[str, Any]],
    addresses: Mapping[str, str],
) -> dict[str, Any]:
    """Gather what a run was made from.

    Parameters
    ----------
    config
        The configuration with its defaults.
    inputs
        Paths of all input files; each one is digested.
    cards
        {model/seed: its card}, for seeds and devices.
    addresses
        {path: where it was fetched from} of those inputs that were.
    """
    return {
        **code_facts(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "hardware": hardware(),
        "packages": package_versions(),
        "inputs": {path: sha256_of(path) for path in inputs},
        "addresses": dict(addresses),
        "models": {name: {k: card[k] for k in ("seed", "device")} for name, card in cards.items()},
        "configuration": config,
    }


def write_json(content: Mapping[str, Any], path: str | Path) -> None:
    """Write JSON with a trailing newline."""
    write_text(path, json.dumps(content, indent=2) + "\n")


def sha256_of(path: str | Path) -> str:
    """Return the SHA-256 digest of a file, hexadecimal."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
