"""What the stages of a run cost: wall and CPU time and memory, from Snakemake's benchmark files."""

import json
from pathlib import Path
from typing import Any


def stage_costs(benchmarks: str | Path) -> dict[str, dict[str, float]]:
    """Add up what the jobs of each rule took.

    Parameters
    ----------
    benchmarks
        Folder of the benchmark files, `{rule}.jsonl` or `{rule}/....jsonl`, one line a job.

    Returns
    -------
    dict
        {rule: `jobs`, `seconds` and `cpu_seconds` of all of them, `peak_mb` of the largest}; what
        a system does not measure is left out. Jobs of rules without benchmarks are too short to
        count.
    """
    folder = Path(benchmarks)
    costs: dict[str, dict[str, float]] = {}
    for path in sorted(folder.rglob("*.jsonl")):
        rule = path.relative_to(folder).parts[0].removesuffix(".jsonl")
        stage = costs.setdefault(rule, {"jobs": 0, "seconds": 0.0})
        for line in path.read_text().splitlines():
            _add(stage, json.loads(line))
    return {
        rule: {key: round(value, 2) for key, value in stage.items()}
        for rule, stage in costs.items()
    }


def _add(stage: dict[str, float], job: dict[str, Any]) -> None:
    stage["jobs"] += 1
    stage["seconds"] += job["s"]
    if isinstance(job.get("cpu_time"), (int, float)):
        stage["cpu_seconds"] = stage.get("cpu_seconds", 0.0) + job["cpu_time"]
    if isinstance(job.get("max_rss"), (int, float)):
        stage["peak_mb"] = max(stage.get("peak_mb", 0.0), job["max_rss"])
