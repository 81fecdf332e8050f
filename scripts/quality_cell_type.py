"""Summarise and judge the samples of one cell type together."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from chrompute.cell_type_quality import assay_quality, cell_type_rows, cell_type_verdict
from chrompute.manifest import write_json
from chrompute.runlog import run_log
from chrompute.whole_files import write_frame

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        stores = snakemake.input.fragments
        facts = [json.loads(Path(path).read_text()) for path in snakemake.input.counts]
        samples = [json.loads(Path(path).read_text()) for path in snakemake.input.quality]
        files = {
            name: list(snakemake.input[name])
            for name in ("genome", "sites", "peaks", "blacklist", "aliases")
        }
        assays = {}
        for assay in dict.fromkeys(own["assay"] for own in facts):
            rows = [i for i, own in enumerate(facts) if own["assay"] == assay]
            assays[assay] = assay_quality(
                [stores[i] for i in rows], [facts[i] for i in rows], [samples[i] for i in rows],
                files, snakemake.params.settings,
            )  # fmt: skip
        summary = {
            "cell_type": snakemake.wildcards.cell_type,
            **cell_type_verdict(assays, samples),
            "assays": assays,
        }
        write_json(summary, snakemake.output.summary)
        write_frame(cell_type_rows(summary), snakemake.output.table)
