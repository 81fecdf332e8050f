"""What runs again: after an edit of the library, and with a fresh clone over old results."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from modulefinder import ModuleFinder
from pathlib import Path

import pytest

from helpers import ROOT
from workflow_tools import run_snakemake

#: What has no digest of its code: a gate, of which results do not depend (rules/check.smk).
GATES = {"check_simulated"}
#: A module behind some rules, one behind figures alone, and one behind networks alone.
EDITED = ("vplots", "palette", "training_step")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the project that git knows, as they are now, in another place."""
    folder = tmp_path_factory.mktemp("clone") / "chrompute"
    command = ["git", "-C", str(ROOT), "ls-files", "-zco", "--exclude-standard"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    for name in filter(None, told.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    return folder


def jobs(folder: Path, clone: Path, *arguments: str) -> dict[str, set[str]]:
    """Ask a dry run with a clone's Snakefile which rules would run, and why."""
    told = run_snakemake(folder, "-n", *arguments, root=clone)
    assert told.returncode == 0, told.stdout[-3000:]
    found: dict[str, set[str]] = {}
    rule = ""
    for line in told.stdout.splitlines():
        if named := re.match(r"(?:local)?rule (\w+):", line):
            rule = named[1]
            found[rule] = set()
        elif line.startswith("    reason: "):
            found[rule].add(line.removeprefix("    reason: "))
    return found


def script_of(rule: str) -> str | None:
    """Read in `rules/` which script a rule runs; None where it only gathers files."""
    if re.match(r"(pooled_)?tracks_", rule):  # their names are made in a loop
        return "track"
    for path in (ROOT / "rules").glob("*.smk"):
        for block in re.split(r"^(?=(?:use )?rule )", path.read_text(), flags=re.M):
            if heading := re.match(rf"use rule (\w+) as {rule} with:", block):
                return script_of(heading[1])
            if block.startswith(f"rule {rule}:"):
                named = re.search(r'script:\s+"\.\./scripts/(\w+)\.py"', block)
                return named[1] if named else None
    return None


@contextmanager
def edited(clone: Path, module: str) -> Iterator[None]:
    """Change a module of a clone for a while."""
    path = clone / f"scripts/chrompute/{module}.py"
    before = path.read_text()
    path.write_text(f"{before}\n# edited\n")
    try:
        yield
    finally:
        path.write_text(before)


@pytest.fixture(scope="module")
def modules_of() -> dict[str, set[str]]:
    """What each script imports, by Python's own search through its statements."""
    found = {}
    for script in (ROOT / "scripts").glob("*.py"):
        finder = ModuleFinder(path=[str(ROOT / "scripts")])
        finder.run_script(str(script))
        found[script.stem] = {*finder.modules}
    return found


@pytest.fixture(scope="module")
def every(simulated: Path, clone: Path) -> set[str]:
    """All rules that a whole run has jobs of."""
    return {*jobs(simulated, clone, "--forceall")}


def test_a_fresh_clone_over_old_results_has_nothing_to_do(simulated: Path, clone: Path) -> None:
    assert jobs(simulated, clone) == {}


def test_results_moved_into_a_fresh_clone_have_nothing_to_do(
    simulated: Path, clone: Path, tmp_path: Path
) -> None:
    """Sheets and motifs are newer there, and say the same."""
    folder = tmp_path / "work"
    for name in ("results", ".snakemake"):
        shutil.copytree(simulated / name, folder / name)
    shutil.copyfile(simulated / "config.yaml", folder / "config.yaml")
    for path in (simulated / "config").rglob("*"):
        if path.is_file():
            new = folder / path.relative_to(simulated)
            new.parent.mkdir(parents=True, exist_ok=True)
            new.write_bytes(path.read_bytes())
    assert jobs(folder, clone) == {}


def test_copied_results_count_by_their_times(simulated: Path, clone: Path, tmp_path: Path) -> None:
    """Without Snakemake's notes, whatever the code says, as docs/reproduce.md tells."""
    folder = tmp_path / "work"
    shutil.copytree(simulated, folder, ignore=shutil.ignore_patterns(".snakemake"))
    with edited(clone, EDITED[0]):
        assert jobs(folder, clone) == {}


@pytest.mark.parametrize("module", EDITED)
def test_an_edited_module_runs_again_exactly_what_imports_it(
    simulated: Path, clone: Path, every: set[str], modules_of: dict[str, set[str]], module: str
) -> None:
    behind = {script for script, own in modules_of.items() if f"chrompute.{module}" in own}
    with edited(clone, module):
        found = jobs(simulated, clone)
    expected = {rule for rule in every - GATES if script_of(rule) in behind}
    assert expected <= {*found} < every
    # What else runs does so for what these write; some of them are told of that reason alone.
    own = {rule for rule, why in found.items() if any("Params have changed" in w for w in why)}
    assert own <= expected
    others = [why for rule in {*found} - own for why in found[rule]]
    assert all("Input files updated by another job" in why for why in others)
