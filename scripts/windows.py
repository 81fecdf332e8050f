"""Make one window set: candidates, labels of all tasks and split."""

from typing import TYPE_CHECKING

from chrompute.runlog import run_log
from chrompute.tasks import Task
from chrompute.window_files import write_windows
from chrompute.window_inputs import read_inputs, window_recipe
from chrompute.windows import WindowRules, build_windows

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]) as logger:
        params, entry = snakemake.params, snakemake.params.entry
        tasks = {name: Task.from_config(name, block) for name, block in params.tasks.items()}
        inputs = read_inputs(entry["candidates"], tasks, dict(snakemake.input.items()), params)
        rules = WindowRules.from_config(entry, params.tasks)
        table, facts = build_windows(inputs, rules, tasks)
        recipe = window_recipe(dict(snakemake.input.items()), params)
        write_windows(table, facts, recipe, snakemake.output.table, snakemake.output.facts)
        for note in facts["notes"]:
            logger.warning("note: %s", note)
        logger.info("%s windows; dropped: %s", f"{len(table):,}", facts["dropped"])
