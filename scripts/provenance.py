"""Write what the results were made from, and what each stage of the run cost."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from chrompute.manifest import code_facts, write_json
from chrompute.run_costs import stage_costs
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        facts = json.loads(Path(snakemake.input.facts).read_text())
        stages = stage_costs(snakemake.params.benchmarks)
        # Of an earlier run some facts may stay as they were; the code is what ran last.
        write_json(facts | code_facts() | {"stages": stages}, snakemake.output[0])
