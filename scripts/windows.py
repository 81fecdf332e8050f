"""Make one window set: candidates, labels and split."""

from typing import TYPE_CHECKING

from chrompute.genome import read_aliases, read_sizes
from chrompute.intervals import BedRecord, read_bed, read_blacklist
from chrompute.labels import Task
from chrompute.runlog import run_log
from chrompute.splits import Split
from chrompute.windows import WindowRules, build_windows, write_windows

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]) as logger:
        entry = snakemake.params.entry
        sizes = read_sizes(snakemake.input.sizes)
        aliases = read_aliases(next(iter(snakemake.input.aliases), None))
        segments: dict[str, dict[str, list[BedRecord]]] = {}
        places = zip(snakemake.params.replicates, snakemake.input.labels, strict=True)
        for (cell_type, replicate), path in places:
            segments.setdefault(cell_type, {})[replicate] = read_bed(path, sizes, aliases)
        table, facts = build_windows(
            segments,
            Task.from_config(entry["task"], snakemake.params.task),
            WindowRules.from_config(entry),
            Split.from_config(entry["split"], entry["width"]),
            sizes,
            read_blacklist(snakemake.input.blacklist, sizes, aliases),
            snakemake.params.exclude,
        )
        write_windows(table, facts, snakemake.output.table, snakemake.output.facts)
        logger.info("%s windows; dropped: %s", f"{len(table):,}", facts["dropped"])
