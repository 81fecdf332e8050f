"""Open the fetched files and compare them with the genome, as any other input."""

from pathlib import Path
from typing import TYPE_CHECKING

from chrompute.check import check_inputs
from chrompute.configuration import load_settings
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        # Not by params: every change of the configuration would run all jobs again.
        schema = Path(snakemake.scriptdir).parent / "config/schemas/config.schema.json"
        settings, _ = load_settings(snakemake.config, schema)
        check_inputs(settings, Path(snakemake.output[0]).parent, fetched=True)
