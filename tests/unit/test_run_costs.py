"""Costs of stages add up over the jobs of a rule."""

import json
from pathlib import Path

from chrompute.run_costs import stage_costs


def test_jobs_of_a_rule_add_up(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    jobs = {
        "train/net.1.jsonl": [{"s": 10.5, "cpu_time": 20.25, "max_rss": 700.0}],
        "train/net.2.jsonl": [{"s": 1.5, "cpu_time": 2.0, "max_rss": 900.5}] * 2,
        "gap.jsonl": [{"s": 2.0, "cpu_time": "NA", "max_rss": "NA"}],
    }
    for name, lines in jobs.items():
        (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert stage_costs(tmp_path) == {
        "gap": {"jobs": 1, "seconds": 2.0},
        "train": {"jobs": 3, "seconds": 13.5, "cpu_seconds": 24.25, "peak_mb": 900.5},
    }
    assert stage_costs(tmp_path / "none") == {}
