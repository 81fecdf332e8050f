"""Peaks: pooled fragments written for MACS3, which calls them."""

from pathlib import Path

from chrompute.fragments import Fragments
from chrompute.whole_files import written_whole


def write_bedpe(fragments: Fragments, path: str | Path) -> None:
    """Write fragments as the three columns that MACS3 takes for BEDPE: chromosome, start, end.

    One chromosome is held at a time; equal fragments give equal bytes.
    """
    with written_whole(path) as part, part.open("w", encoding="utf-8") as handle:
        for chrom in fragments.sizes:
            starts, ends = fragments.intervals(chrom)
            pairs = zip(starts.tolist(), ends.tolist(), strict=True)
            handle.writelines(f"{chrom}\t{start}\t{end}\n" for start, end in pairs)
