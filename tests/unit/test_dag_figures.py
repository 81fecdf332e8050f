"""The figures of docs/workflow.md show the rules that there are."""

import re
import runpy

import pytest

from helpers import ROOT

MADE = runpy.run_path(str(ROOT / "docs/make_dag.py"))
pytestmark = pytest.mark.slow


def titles(name: str) -> set[str]:
    """Read what a figure's nodes are."""
    text = (ROOT / "docs/img" / name).read_text()
    return {*re.findall(r'class="node">\n<title>(\w+)</title>', text)}


def test_figures_show_all_rules_and_parts() -> None:
    rules, edges = MADE["rule_graph"]()
    parts = MADE["parts_of"](rules)
    assert titles("rules.svg") == {*parts}, "run make docs"
    assert titles("parts.svg") == {*parts.values()} <= {*MADE["PARTS"]}
    assert ("fragments", "windows") in edges
    assert all(
        f"rule {name}:" in (ROOT / f"rules/{part}.smk").read_text()
        for name, part in parts.items()
        if part not in ("tracks", "nucleosomes", "evaluate")
    )
