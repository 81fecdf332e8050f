"""Cut tracks, labels and predictions at a few loci for the browser of a report."""

import json
from typing import TYPE_CHECKING

from chrompute.browser_loci import BrowserTrack, browser_content, loci_of_classes
from chrompute.genome import read_aliases, read_sizes
from chrompute.runlog import run_log
from chrompute.tiles import read_regions
from chrompute.whole_files import write_text
from chrompute.window_files import read_windows

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if "snakemake" in globals():
    with run_log(snakemake.log[0]):
        given, files = snakemake.params, snakemake.input
        sizes, aliases = read_sizes(files.sizes), read_aliases(given.aliases)
        if given.loci:
            loci = read_regions(given.loci, sizes, aliases).assign(title=given.loci)
        else:
            windows = read_windows(files.windows[0])
            loci = loci_of_classes(
                windows, **given.classes, cell_type=snakemake.wildcards.cell_type
            )
        tracks = [
            BrowserTrack(path, **track)
            for path, track in zip(files.tracks, given.tracks, strict=True)
        ]
        content = browser_content(loci, tracks, sizes, given.flank, aliases)
        write_text(snakemake.output[0], json.dumps(content, separators=(",", ":")))
