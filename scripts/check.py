"""Open and compare every input; write chromosome sizes when there is no fault."""

from pathlib import Path
from typing import TYPE_CHECKING

from chrompute.check import check_inputs, write_findings
from chrompute.genome import write_sizes
from chrompute.runlog import run_log
from chrompute.settings import Settings

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        index_folder = Path(snakemake.output.index)
        index_folder.mkdir(parents=True, exist_ok=True)
        found = check_inputs(Settings.of_checked(snakemake.params.config), index_folder)
        write_findings(found, snakemake.output.facts)
        write_sizes(found.sizes, snakemake.output.sizes)
