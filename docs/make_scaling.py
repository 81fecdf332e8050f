"""Print what jobs asked for beside what they took, of a finished run, for docs/scaling.md.

    snakemake --cores 2
    python docs/make_scaling.py .snakemake/log/NAME.snakemake.log

Snakemake's log holds what each job asked for, the benchmark files what it took. Rules without a
benchmark are too short to count.
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_RULE = re.compile(r"^(?:local)?rule (\w+):$")
_BENCHMARK = re.compile(r"^    benchmark: (.+)$")
_RESOURCES = re.compile(r"^    resources: (.+)$")


@dataclass(frozen=True)
class Job:
    """What a job asked for (MB, minutes) and took (MB, seconds)."""

    rule: str
    asked_mb: float
    asked_minutes: float
    peak_mb: float
    seconds: float


def jobs_of(log: Path) -> Iterator[Job]:
    """Read the jobs of a run that have a benchmark file with a measured peak."""
    rule, benchmark = "", ""
    for line in log.read_text().splitlines():
        if found := _RULE.match(line):
            rule, benchmark = found[1], ""
        elif found := _BENCHMARK.match(line):
            benchmark = found[1]
        elif (found := _RESOURCES.match(line)) and benchmark and Path(benchmark).is_file():
            asked = dict(re.findall(r"(\w+)=(\d+)", found[1]))
            took = json.loads(Path(benchmark).read_text().splitlines()[-1])
            if isinstance(took["max_rss"], float):
                numbers = (float(asked["mem_mb"]), float(asked["runtime"]))
                yield Job(rule, *numbers, took["max_rss"], took["s"])


def main(log: Path) -> None:
    """Print one row a rule, of its job that came nearest to what it had asked for."""
    by_rule = defaultdict(list)
    for job in jobs_of(log):
        by_rule[job.rule].append(job)
    print("| rule | jobs | MB asked | MB used | share | minutes asked | minutes used |")
    print("|---|---|---|---|---|---|---|")
    for rule, jobs in sorted(by_rule.items()):
        worst = max(jobs, key=lambda job: job.peak_mb / job.asked_mb)
        longest = max(jobs, key=lambda job: job.seconds)
        share = worst.peak_mb / worst.asked_mb
        print(
            f"| `{rule}` | {len(jobs)} | {worst.asked_mb:,.0f} | {worst.peak_mb:,.0f} | "
            f"{share:.0%} | {longest.asked_minutes:.0f} | {longest.seconds / 60:.2f} |"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
