"""Fetch one file of a sample from its address, compare its digest, and look at it."""

from pathlib import Path
from typing import TYPE_CHECKING

from chrompute.check_reads import inspect_fetched
from chrompute.fetch import fetch
from chrompute.genome import read_aliases, read_sizes
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]) as logger:
        path, files = Path(snakemake.output[0]), snakemake.input
        # Snakemake removes the output of a failed job; what was fetched so far lies beside it.
        part = path.with_name(f".{path.name}.part")
        fetch(**snakemake.params.source, part=part)
        part.rename(path)
        inspect_fetched(
            str(path), snakemake.params.sample, snakemake.params.exclude,
            read_aliases(next(iter(files.aliases), None)), read_sizes(files.sizes),
        )  # fmt: skip
