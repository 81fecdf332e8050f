"""Turn the BAMs of one sample into its fragment store."""

from typing import TYPE_CHECKING

from chrompute.alignments import FragmentFilter, read_bam
from chrompute.fragments import Shift, write_fragments
from chrompute.genome import read_aliases, read_sizes
from chrompute.intervals import read_blacklist
from chrompute.manifest import write_json
from chrompute.runlog import run_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]) as logger:
        given = snakemake.params.rules
        sizes = read_sizes(snakemake.input.sizes)
        aliases = read_aliases(next(iter(snakemake.input.aliases), None))
        rules = FragmentFilter(
            sizes=sizes,
            shift=Shift.parse(given["shift"]),
            min_mapq=given["min_mapq"],
            min_length=given["min_length"],
            max_length=given["max_length"],
            excluded=given["exclude"],
            aliases=aliases,
            blacklist=read_blacklist(snakemake.input.blacklist, sizes, aliases),
            remove_repeats=given["dedup"],
            pairing=given["pairing"],
        )
        fragments, counts = read_bam(snakemake.input.bams, rules)
        facts = {"sample": snakemake.wildcards.sample, **given}
        write_fragments(fragments, snakemake.output.store, facts)
        write_json(facts | {"counts": counts}, snakemake.output.counts)
        logger.info("%s: %s fragments", facts["sample"], f"{len(fragments):,}")
