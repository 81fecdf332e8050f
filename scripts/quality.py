"""Summarise one sample."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from chrompute.fragments import read_fragments
from chrompute.genome import is_excluded
from chrompute.manifest import write_json
from chrompute.quality import sample_quality
from chrompute.runlog import run_log
from chrompute.sites import sites_with_fragments

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        fragments = read_fragments(snakemake.input.fragments)
        facts = json.loads(Path(snakemake.input.counts).read_text())
        sites = None
        if snakemake.params.tss and facts["assay"] == "ATAC":
            files = snakemake.input
            sites = sites_with_fragments(
                fragments, files.sites[0], snakemake.params.tss, files.blacklist,
                next(iter(files.aliases), None),
            )  # fmt: skip
        expected = [c for c in fragments.sizes if not is_excluded(c, snakemake.params.exclude)]
        summary = sample_quality(fragments, facts["counts"], sites, expected)
        kept = {key: facts[key] for key in ("sample", "assay", "shift", "dedup")}
        write_json(kept | summary, snakemake.output[0])
