"""Ask a public database for known vulnerabilities of the packages in the lock.

    python envs/audit.py

pip-audit lives in an environment of its own, `build/audit`, since the workflow does not need it.
Exits with 1 where a locked version has a known vulnerability that is not in `ACCEPTED`, and with 0,
saying so, where the database cannot be reached.
"""

import json
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "build/audit"
LOCK = ROOT / "envs/requirements.txt"
#: {identifier of a vulnerability: why it does no harm here}
ACCEPTED: dict[str, str] = {}


def answers() -> list[dict[str, Any]] | str:
    """Return what pip-audit tells of each package, or why it tells nothing."""
    program = PLACE / "bin/pip-audit"
    if not program.is_file():
        venv.create(PLACE, with_pip=True)
        install = [str(PLACE / "bin/python"), "-m", "pip", "install", "--quiet", "pip-audit"]
        told = subprocess.run(install, capture_output=True, text=True, check=False)
        if told.returncode:
            return "pip-audit cannot be installed"
    command = [
        str(program), "--requirement", str(LOCK), "--no-deps", "--disable-pip",
        "--progress-spinner", "off", "--format", "json",
    ]  # fmt: skip
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        found: list[dict[str, Any]] = json.loads(told.stdout)["dependencies"]
    except (ValueError, KeyError):
        return "the database cannot be reached"
    if all("skip_reason" in package for package in found):
        return "the database knows none of the packages"
    return found


def verdict(found: list[dict[str, Any]] | str) -> tuple[int, str]:
    """Return the exit code and what to print."""
    if isinstance(found, str):
        return 0, f"Not audited: {found}."
    asked = [package for package in found if "skip_reason" not in package]
    faults = [
        f"{package['name']} {package['version']}: {fault['id']}, mended in "
        f"{', '.join(fault['fix_versions']) or 'no version yet'}"
        for package in asked
        for fault in package["vulns"]
        if not {fault["id"], *fault.get("aliases", ())} & {*ACCEPTED}
    ]
    summary = f"{len(asked)} of {len(found)} packages audited, {len(faults)} known vulnerabilities"
    return int(bool(faults)), "\n".join([*faults, f"{summary}."])


if __name__ == "__main__":
    code, text = verdict(answers())
    print(text)
    sys.exit(code)
