"""Draw how the workflow hangs together, for docs/workflow.md: its parts, and all of its rules.

    python docs/make_dag.py

Both follow from `snakemake --rulegraph` of the tiny configuration, which makes results of all
kinds. A part is a file of `rules/`. Needs graphviz (`dot` and `tred`).
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SNAKEMAKE = Path(sys.executable).parent / "snakemake"
IMAGES = ROOT / "docs/img"

#: What the parts are called, in the order of the line, and their colours: what is measured, what is
#: labelled, what learns, what is told.
PARTS = {
    "simulate": ("simulation", "#e8e8e8"),
    "check": ("checks and downloads", "#e8e8e8"),
    "fragments": ("fragments", "#cfe3f5"),
    "tracks": ("tracks", "#cfe3f5"),
    "peaks": ("accessible regions", "#cfe3f5"),
    "quality": ("quality", "#cfe3f5"),
    "deeptools": ("deepTools", "#cfe3f5"),
    "vplots": ("V-plots", "#cfe3f5"),
    "nucleosomes": ("nucleosomes", "#cfe3f5"),
    "chromhmm": ("chromatin states", "#d9efd5"),
    "windows": ("windows", "#d9efd5"),
    "models": ("models", "#fbe0c4"),
    "evaluate": ("evaluation", "#fbe0c4"),
    "interpret": ("interpretation", "#fbe0c4"),
    "motifs": ("motifs", "#fbe0c4"),
    "predict": ("predictions", "#fbe0c4"),
    "figures": ("figures", "#e6dcf2"),
    "paper": ("paper figures", "#e6dcf2"),
    "report": ("reports", "#e6dcf2"),
}
_LOOK = (
    'graph [rankdir=LR, nodesep=0.15, ranksep=0.5, fontname="DejaVu Sans", bgcolor="white"];\n'
    'node [shape=box, style="filled,rounded", fontname="DejaVu Sans", fontsize=11, height=0.3, '
    'color="#777777"];\n'
    'edge [color="#777777", arrowsize=0.6];\n'
)
_NODE = re.compile(r'^\s*(\d+)\[label = "(\w+)"', re.M)
_EDGE = re.compile(r"^\s*(\d+) -> (\d+)$", re.M)
Edges = set[tuple[str, str]]


def rule_graph(config: str = "config/tiny.yaml") -> tuple[list[str], Edges]:
    """Ask Snakemake for the rules of a run and for what follows what, in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "config", Path(folder) / "config")
        command = [
            str(SNAKEMAKE), "--snakefile", str(ROOT / "Snakefile"), "--directory", folder,
            "--configfile", config, "--rulegraph", "dot",
        ]  # fmt: skip
        told = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if told.returncode:
        raise SystemExit(told.stderr[-3000:])
    names = dict(_NODE.findall(told.stdout))
    edges = {(names[one], names[two]) for one, two in _EDGE.findall(told.stdout)}
    return sorted(names.values()), edges


def parts_of(rules: list[str]) -> dict[str, str]:
    """Tell which file of `rules/` each rule stands in; `all` stands in none."""
    found = {}
    for path in sorted((ROOT / "rules").glob("*.smk")):
        for name in re.findall(r"^\s*(?:use )?rule (?:\w+ as )?(\w+)", path.read_text(), re.M):
            found[name] = path.stem
    # Rules of tracks get their names in a loop: tracks_ATAC_paired and the like.
    tracks = {name: "tracks" for name in rules if re.match(r"(pooled_)?tracks?_", name)}
    return {name: (found | tracks)[name] for name in rules if name != "all"}


def draw_parts(parts: dict[str, str], edges: Edges) -> str:
    """Describe the parts and what each of them needs of others, in graphviz's language."""
    numbers = defaultdict(list)
    for name, part in parts.items():
        numbers[part].append(name)
    lines = [
        f'{part} [label="{title}\\n{_rules(len(numbers[part]))}", fillcolor="{colour}"];'
        for part, (title, colour) in PARTS.items()
        if part in numbers
    ]
    pairs = {(parts[one], parts[two]) for one, two in edges if one in parts and two in parts}
    # Oracles and the truth of nucleosomes, which belong to the simulation, read of others: without
    # these the parts follow one another.
    pairs = {(one, two) for one, two in pairs if one != two != "simulate"}
    lines += [f"{one} -> {two};" for one, two in sorted(pairs)]
    return "digraph parts {\n" + _LOOK + "\n".join(lines) + "\n}\n"


def _rules(number: int) -> str:
    return f"{number} rule{'s' * (number > 1)}"


def draw_rules(parts: dict[str, str], edges: Edges) -> str:
    """Describe all rules, in the colour of their part."""
    lines = [
        f'{name} [fillcolor="{PARTS[part][1]}", tooltip="rules/{part}.smk"];'
        for name, part in parts.items()
    ]
    lines += [f"{one} -> {two};" for one, two in sorted(edges) if two in parts]
    return "digraph rules {\n" + _LOOK + "\n".join(lines) + "\n}\n"


def write_svg(text: str, path: Path) -> None:
    """Lay a graph out without the edges that follow from others."""
    for command in (["tred"], ["dot", "-Tsvg"]):
        told = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
        text = told.stdout
    path.write_text(text)


def main() -> None:
    """Draw both."""
    for program in ("dot", "tred"):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is not there: install graphviz")
    rules, edges = rule_graph()
    parts = parts_of(rules)
    write_svg(draw_parts(parts, edges), IMAGES / "parts.svg")
    write_svg(draw_rules(parts, edges), IMAGES / "rules.svg")


if __name__ == "__main__":
    main()
