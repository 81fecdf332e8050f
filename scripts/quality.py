"""Summarise and judge one sample."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from chrompute.manifest import write_json
from chrompute.quality import sample_quality
from chrompute.quality_inputs import read_inputs
from chrompute.runlog import run_log
from chrompute.store_files import read_fragments

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]) as logger:
        fragments = read_fragments(snakemake.input.fragments)
        facts = json.loads(Path(snakemake.input.counts).read_text())
        files = {
            name: list(snakemake.input[name])
            for name in ("genome", "sites", "peaks", "blacklist", "aliases")
        }
        inputs = read_inputs(fragments, facts["assay"], files, snakemake.params.settings)
        summary = sample_quality(fragments, facts, inputs)
        check = summary["motif_shift"]
        if check is not None and check["agrees"] is False:
            logger.warning("WARNING: %s: %s", facts["sample"], check["sentence"])
        names = {"sample": facts["sample"], "cell_type": snakemake.params.cell_type}
        names |= {key: facts[key] for key in ("assay", "shift", "dedup")}
        write_json(names | summary, snakemake.output[0])
