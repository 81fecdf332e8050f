"""Fetch one input file from its address and compare its digest."""

from pathlib import Path
from typing import TYPE_CHECKING

from chrompute.fetch import fetch
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        path = Path(snakemake.output[0])
        # Snakemake removes the output of a failed job; what was fetched so far lies beside it.
        part = path.with_name(f".{path.name}.part")
        fetch(**snakemake.params.source, part=part)
        part.rename(path)
