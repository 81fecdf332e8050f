"""Turn the files of one sample into its fragment store."""

from typing import TYPE_CHECKING

from chrompute.alignments import FragmentFilter, read_sample
from chrompute.check_reads import inspect_fetched
from chrompute.distances import estimate_shift
from chrompute.fragment_files import read_barcodes
from chrompute.fragments import Shift
from chrompute.genome import read_aliases, read_sizes
from chrompute.intervals import read_blacklist
from chrompute.manifest import write_json
from chrompute.runlog import run_log
from chrompute.store_files import write_fragments

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]) as logger:
        given, files = dict(snakemake.params.rules), snakemake.input
        sizes, aliases = read_sizes(files.sizes), read_aliases(next(iter(files.aliases), None))
        shift, sample = Shift.parse(given["shift"]), snakemake.wildcards.sample
        table = next(iter(files.barcodes), None)
        kept = {k: given[k] for k in ("min_mapq", "min_length", "max_length", "pairing")}
        rules = FragmentFilter(
            sizes=sizes,
            shift=shift,
            excluded=given["exclude"],
            aliases=aliases,
            blacklist=read_blacklist(files.blacklist, sizes, aliases),
            remove_repeats=given["dedup"],
            layout=given["layout"],
            extend=given["extend"],
            barcodes=None if table is None else read_barcodes(table, given["cell_type"]),
            **kept,
        )
        for path in files.reads if snakemake.params.fetched else ():
            inspect_fetched(path, snakemake.params.fetched, rules.excluded, aliases, sizes)
        fragments, account = read_sample(files.reads, rules)
        account.require_dyad_length(snakemake.params.dyad_lengths)
        facts = {"sample": sample, **given} | account.as_dict()
        estimate = estimate_shift(fragments, shift) if given["assay"] == "ATAC" else None
        if estimate is not None:
            log = logger.warning if estimate.agrees is False else logger.info
            log("%s%s: %s", "WARNING: " * (estimate.agrees is False), sample, estimate.sentence)
        write_fragments(fragments, snakemake.output.store, {"sample": sample, **given})
        facts["shift_estimate"] = None if estimate is None else estimate.as_dict()
        write_json(facts, snakemake.output.counts)
        logger.info("%s: %s fragments", sample, f"{len(fragments):,}")
