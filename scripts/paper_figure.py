"""Draw one figure of the paper set, with the numbers that it shows."""

from typing import TYPE_CHECKING

from chrompute.paper_figures import write_paper_figure
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        plan, out = snakemake.params.plan, snakemake.output
        write_paper_figure(
            plan["kind"], plan["width"], list(snakemake.input), plan["given"], out.png, out.pdf,
            out.table,
        )  # fmt: skip
