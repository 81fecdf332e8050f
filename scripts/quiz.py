"""Write the quiz of one network and cell type."""

from typing import TYPE_CHECKING

from chrompute.quiz import quiz_content
from chrompute.report import page_template, render
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        files, given = snakemake.input, snakemake.params
        tasks = {
            task: {**own, "loci": loci, "folder": folder}
            for (task, own), loci, folder in zip(
                given.tasks.items(), files.loci, files.folders, strict=True
            )
        }
        cell_type = snakemake.wildcards.cell_type
        content = quiz_content(tasks, given.title, cell_type, given.simulated)
        render(page_template("quiz"), content, snakemake.output[0])
