"""Fetch one input file from its address and compare its digest."""

from typing import TYPE_CHECKING

from chrompute.fetch import fetch_input
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        fetch_input(**snakemake.params.source, path=snakemake.output[0])
