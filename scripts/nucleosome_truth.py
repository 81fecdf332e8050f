"""Compare the called nucleosomes of a cell type with those that were planted."""

from typing import TYPE_CHECKING

from chrompute.manifest import write_json
from chrompute.nucleosomes import read_calls
from chrompute.runlog import run_log
from chrompute.simulate.experiment import read_dyads
from chrompute.simulate.truth import compare_dyads

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]) as logger:
        calls, planted = read_calls(snakemake.input.calls), read_dyads(snakemake.input.dyads)
        found = compare_dyads(calls, planted)
        write_json({"simulated": True} | found.as_dict(), snakemake.output[0])
        logger.info(
            "%s: %.1f %% of well-positioned nucleosomes found within 20 bp, %.1f %% of calls false",
            snakemake.wildcards.cell_type, 100 * found.recall, 100 * found.false_rate,
        )  # fmt: skip
