"""Quality of one sample: filter counts, the length ladder and enrichment at TSS."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from chrompute.fragments import Fragments
from chrompute.vplots import fragments_at_sites

#: Flank and background of the TSS enrichment, bp (ENCODE ATAC-seq standards).
TSS_FLANK = 2000
_BACKGROUND = 100
_WINDOW = 50


def tss_enrichment(fragments: Fragments, sites: pd.DataFrame) -> float | None:
    """Compute the cuts at TSS over those 2 kb away, after the ENCODE ATAC-seq standards.

    The mean cut density within 50 bp of the TSS is divided by the mean density in the
    outermost 100 bp on each side of a 4-kb window. None where nothing was cut there.
    """
    wide = TSS_FLANK + 1000  # a fragment whose midpoint is outside can still cut inside
    _, offset, length = fragments_at_sites(fragments, sites, wide)
    left = offset - (length - 1) // 2
    cuts = np.concatenate([left, left + length - 1])
    cuts = cuts[np.abs(cuts) <= TSS_FLANK]
    counts = np.bincount(cuts + TSS_FLANK, minlength=2 * TSS_FLANK + 1)
    background = np.concatenate([counts[:_BACKGROUND], counts[-_BACKGROUND:]]).mean()
    centre = counts[TSS_FLANK - _WINDOW : TSS_FLANK + _WINDOW + 1].mean()
    return round(float(centre / background), 4) if background > 0 else None


def sample_quality(
    fragments: Fragments,
    filter_counts: Mapping[str, int],
    sites: pd.DataFrame | None,
    expected: list[str],
) -> dict[str, Any]:
    """Summarise one sample.

    Parameters
    ----------
    fragments
        Its store.
    filter_counts
        What `chrompute.alignments.read_sample` counted.
    sites
        TSS for the enrichment, or None.
    expected
        Chromosomes that should hold fragments.

    Returns
    -------
    dict
        `reads`, `fragments`, `filters`, `median_length`, `nucleosome_free_fraction` (below
        100 bp), `length_histogram` (fragments of 0, 1, 2, ... bp), `empty_chromosomes`,
        `tss_enrichment` (None without sites) and `warnings`, sentences for the report.
    """
    lengths = fragments.lengths
    by_chrom = fragments.count_by_chromosome()
    empty = [chrom for chrom in expected if not by_chrom.get(chrom)]
    filters = {k: v for k, v in filter_counts.items() if k not in ("reads", "fragments")}
    return {
        "reads": filter_counts["reads"],
        "fragments": len(fragments),
        "filters": filters,
        "median_length": float(np.median(lengths)),
        "nucleosome_free_fraction": round(float((lengths < 100).mean()), 6),
        "length_histogram": np.bincount(lengths).tolist(),
        "empty_chromosomes": empty,
        "tss_enrichment": None if sites is None else tss_enrichment(fragments, sites),
        "warnings": _warnings(filter_counts, empty),
    }


def _warnings(counts: Mapping[str, int], empty: list[str]) -> list[str]:
    sentences = []
    if empty:
        sentences.append(
            f"No fragment on {', '.join(empty)}: windows there hold nothing but sequence."
        )
    kept = counts["kept"] + counts.get("second_mate", 0)
    if kept < 0.5 * counts["reads"]:
        worst = max(
            (k for k in counts if k not in ("reads", "fragments", "kept", "second_mate")),
            key=lambda name: counts[name],
        )
        sentences.append(
            f"Only {kept / counts['reads']:.0%} of the reads were kept; most of the others "
            f"({counts[worst]:,}) fell to the filter '{worst}'."
        )
    return sentences
