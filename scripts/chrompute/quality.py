"""Quality of one sample: read accounting, lengths, complexity, FRiP, verdicts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from chrompute.complexity import library_complexity, mitochondrial_fraction, summed_complexity
from chrompute.composition import measure_composition, summarise_composition
from chrompute.fragments import Fragments, Shift
from chrompute.intervals import IntervalSet
from chrompute.ladder import ladder_peaks, length_fractions
from chrompute.nucleosomes import nucleosome_signal
from chrompute.quality_inputs import QualityInputs
from chrompute.tss import tss_facts
from chrompute.verdicts import judge_shift, overall, verdicts_of


def fraction_in_peaks(fragments: Fragments, peaks: IntervalSet) -> float | None:
    """Compute the fraction of fragments that share at least one base with a peak (FRiP)."""
    inside = sum(
        int(peaks.overlaps(chrom, *fragments.intervals(chrom)).sum()) for chrom in fragments.sizes
    )
    return round(inside / len(fragments), 6) if len(fragments) else None


def sample_quality(
    fragments: Fragments, facts: Mapping[str, Any], inputs: QualityInputs
) -> dict[str, Any]:
    """Summarise one sample, or the pooled samples of one cell type and assay.

    Parameters
    ----------
    fragments
        The store.
    facts
        What stands beside the store: `assay`, `shift`, `counts`, and where they were counted
        `complexity`, `mapped_reads_by_chromosome` and `shift_estimate`.
    inputs
        What else it is computed with.

    Returns
    -------
    dict
        The keys of `<results>/quality/{sample}.json`; docs/output.md names each.
    """
    counts, atac = facts["counts"], facts["assay"] == "ATAC"
    histogram = np.bincount(fragments.lengths)
    by_chrom = fragments.count_by_chromosome()
    empty = [chrom for chrom in inputs.expected if not by_chrom.get(chrom)]
    kept = counts["kept"] + counts.get("second_mate", 0)
    own_reads = counts["reads"] - counts.get("other_barcode", 0)  # others are of other samples
    summary: dict[str, Any] = {
        "reads": counts["reads"],
        "fragments": len(fragments),
        "kept_fraction": round(kept / own_reads, 6) if own_reads else None,
        "filters": {k: v for k, v in counts.items() if k not in ("reads", "fragments")},
        "mitochondrial_fraction": mitochondrial_fraction(
            facts.get("mapped_reads_by_chromosome"), inputs.mitochondrial
        ),
        **library_complexity(facts.get("complexity")),
        **_length_facts(fragments, histogram, facts.get("layout", "paired")),
        **tss_facts(fragments.cut_points(), inputs.sites if atac else None),
        "frip": fraction_in_peaks(fragments, inputs.peaks) if atac and inputs.peaks else None,
        "shift_estimate": facts.get("shift_estimate"),
        **_composition_facts(fragments, facts, inputs),
        "empty_chromosomes": empty,
        "warnings": _warnings(counts, empty, kept, own_reads),
    }
    return summary | _verdict_facts(summary, atac, inputs.thresholds)


def _length_facts(
    fragments: Fragments, histogram: npt.NDArray[np.int64], layout: str
) -> dict[str, Any]:
    """Describe the lengths; those of single-end reads, extended or not, say nothing."""
    both_ends = layout == "paired" and len(fragments) > 0
    counts = histogram if both_ends else np.zeros(0, np.int64)
    ladder = ladder_peaks(counts)
    fractions: dict[str, Any] = length_fractions(counts)
    return {
        "median_length": float(np.median(fragments.lengths)) if both_ends else None,
        **(fractions if both_ends else dict.fromkeys(fractions)),
        "nucleosome_signal": nucleosome_signal(fragments) if both_ends else None,
        "ladder": ladder,
        "ladder_peaks": ladder["peaks"],
        "length_histogram": counts.tolist(),
    }


def _composition_facts(
    fragments: Fragments, facts: Mapping[str, Any], inputs: QualityInputs
) -> dict[str, Any]:
    if inputs.genome is None:
        names = ("gc_fraction", "gc_expected", "gc_difference", "gc_histogram")
        return dict.fromkeys((*names, "gc_expected_histogram", "motif", "motif_shift"))
    found = measure_composition(fragments, inputs.genome)
    shift = Shift.parse(facts["shift"]) if facts["assay"] == "ATAC" else None
    return summarise_composition(found, shift)


def _verdict_facts(
    summary: Mapping[str, Any],
    atac: bool,
    thresholds: Mapping[str, Mapping[str, Any] | None],
) -> dict[str, Any]:
    own = {name: limits for name, limits in thresholds.items() if name != "replicate_pearson"}
    verdicts = verdicts_of(summary, own)
    if atac:
        verdicts["shift_agrees"] = judge_shift((summary["shift_estimate"], summary["motif_shift"]))
    return {"verdict": overall(verdicts), "verdicts": verdicts}


def _warnings(counts: Mapping[str, int], empty: list[str], kept: int, own_reads: int) -> list[str]:
    sentences = []
    if empty:
        sentences.append(
            f"No fragment on {', '.join(empty)}: windows there hold nothing but sequence."
        )
    if kept < 0.5 * own_reads:
        no_filters = ("reads", "fragments", "kept", "second_mate", "other_barcode")
        worst = max((k for k in counts if k not in no_filters), key=lambda name: counts[name])
        sentences.append(
            f"Only {kept / own_reads:.0%} of the reads were kept; most of the others "
            f"({counts[worst]:,}) fell to the filter '{worst}'."
        )
    return sentences


def pooled_facts(facts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up what stands beside the stores of several samples of one assay.

    Samples of different declared shifts have none in common that is still to be looked for:
    their fragments are to lie alike by now.
    """
    shifts = {own["shift"] for own in facts}
    counts: dict[str, int] = {}
    reads: dict[str, int] | None = {}
    for own in facts:
        for name, number in own["counts"].items():
            counts[name] = counts.get(name, 0) + number
        mapped = own.get("mapped_reads_by_chromosome")
        if mapped is None or reads is None:
            reads = None
            continue
        for chrom, number in mapped.items():
            reads[chrom] = reads.get(chrom, 0) + number
    return {
        "assay": facts[0]["assay"],
        "layout": "single" if any(own.get("layout") == "single" for own in facts) else "paired",
        "shift": facts[0]["shift"] if len(shifts) == 1 else "none",
        "counts": counts,
        "mapped_reads_by_chromosome": reads,
        "complexity": summed_complexity(own.get("complexity") for own in facts),
    }
