"""Write what the results are made from: code, packages, machine, inputs, models, configuration."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from chrompute.manifest import facts_of_run, write_json
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        names = [f"{model}/seed-{seed}" for model, seed in snakemake.params.runs]
        cards = [json.loads(Path(path).read_text()) for path in snakemake.input.cards]
        content = facts_of_run(
            snakemake.params.config, snakemake.input.files, dict(zip(names, cards, strict=True)),
            snakemake.params.addresses,
        )  # fmt: skip
        write_json(content, snakemake.output[0])
