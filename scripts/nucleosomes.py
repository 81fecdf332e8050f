"""Call nucleosomes and measure their repeat length, in one sample or a cell type's MNase."""

from typing import TYPE_CHECKING

from chrompute.figures import save_figure
from chrompute.manifest import write_json
from chrompute.nucleosome_figures import draw_phasogram
from chrompute.nucleosomes import CallRules, read_dyads, write_calls
from chrompute.phasogram import phasogram
from chrompute.runlog import run_log
from chrompute.whole_files import write_frame

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]) as logger:
        given, made = snakemake.params.nucleosomes, snakemake.output
        dyads = read_dyads(snakemake.input.fragments, given["min_length"], given["max_length"])
        rules = CallRules(given["call_smoothing"], given["call_distance"], given["call_support"])
        summary = write_calls(dyads, rules, made.calls)
        found = phasogram(dyads, given["max_distance"], given["smoothing"])
        write_frame(found.as_table(), made.table)
        write_json(summary | found.as_summary(), made.summary)
        save_figure(draw_phasogram(found, snakemake.params.title), made.png, made.pdf)
        logger.info("%s dyads, %s calls", f"{len(dyads):,}", f"{summary['n_calls']:,}")
