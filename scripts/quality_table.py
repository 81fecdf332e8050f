"""Write the quality of all samples as one table, and for MultiQC."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from chrompute.manifest import write_json
from chrompute.quality_tables import multiqc_files, quality_table
from chrompute.runlog import run_log
from chrompute.whole_files import write_frame

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        samples = [json.loads(Path(path).read_text()) for path in snakemake.input]
        write_frame(quality_table(samples), snakemake.output.table)
        for section, content in multiqc_files(samples).items():
            write_json(content, snakemake.output[section])
