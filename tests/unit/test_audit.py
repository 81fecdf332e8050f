"""What the audit of the lock concludes from pip-audit's answers."""

import runpy
from typing import Any

from helpers import ROOT

AUDIT = runpy.run_path(str(ROOT / "envs/audit.py"))
verdict = AUDIT["verdict"]
SOUND: dict[str, Any] = {"name": "numpy", "version": "2.4.0", "vulns": []}
FAULTY: dict[str, Any] = {
    "name": "pillow",
    "version": "11.0.0",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["11.0.1"]}],
}
UNKNOWN = {"name": "torch", "version": "2.13.0", "skip_reason": "not found"}


def test_a_known_vulnerability_fails() -> None:
    assert verdict([SOUND, FAULTY, UNKNOWN]) == (
        1,
        "pillow 11.0.0: PYSEC-1, mended in 11.0.1\n"
        "2 of 3 packages audited, 1 known vulnerabilities.",
    )


def test_an_accepted_one_does_not() -> None:
    AUDIT["ACCEPTED"]["CVE-1"] = "no such files are read"
    try:
        assert verdict([SOUND, FAULTY])[0] == 0
    finally:
        AUDIT["ACCEPTED"].clear()


def test_no_answer_is_told() -> None:
    assert verdict("the database cannot be reached") == (
        0,
        "Not audited: the database cannot be reached.",
    )
