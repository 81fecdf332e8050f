"""Quality of all samples side by side: a table, and files that MultiQC reads."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from chrompute.verdicts import FIGURES

#: Figures of the table, beside those that verdicts are made of.
_NUMBERS = (
    *("reads", "fragments", "kept_fraction", "mitochondrial_fraction", "nrf", "pbc1", "pbc2"),
    *("duplicate_rate", "library_size", "median_length", "nucleosome_free_fraction"),
    *("mononucleosome_fraction", "nucleosome_signal", "ladder_peaks", "tss_enrichment"),
    *("tss_enrichment_centre", "frip", "gc_fraction", "gc_expected", "gc_difference"),
)
_NAMES = ("sample", "cell_type", "assay", "shift", "dedup", "verdict")
#: Columns of MultiQC's general statistics: name, title, description, format, colour scale.
_MULTIQC_COLUMNS = (
    ("fragments", "Fragments", "Fragments after all filters", "{:,.0f}", "Blues"),
    ("kept_fraction", "Kept", "Reads that passed all filters", "{:,.2f}", "Greens"),
    ("mitochondrial_fraction", "Mito", "Mapped reads on mitochondrial DNA", "{:,.2f}", "Reds"),
    ("duplicate_rate", "Duplicates", "Fragments that repeat another one", "{:,.2f}", "Reds"),
    ("nrf", "NRF", "Distinct over all fragments", "{:,.2f}", "Greens"),
    ("tss_enrichment", "TSS", "TSS enrichment, ENCODE", "{:,.2f}", "Greens"),
    ("frip", "FRiP", "Fragments in peaks", "{:,.2f}", "Greens"),
    ("median_length", "Length", "Median fragment length, bp", "{:,.0f}", "Purples"),
)


def quality_table(samples: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return one row a sample: names, figures, rungs of the ladder, motif, verdicts.

    Parameters
    ----------
    samples
        What `chrompute.quality.sample_quality` returned, with `sample`, `cell_type`, `assay`.
    """
    return pd.DataFrame([_row(sample) for sample in samples])


def _row(sample: Mapping[str, Any]) -> dict[str, Any]:
    row = {name: sample.get(name) for name in (*_NAMES, *_NUMBERS)}
    for name in ("free", "mono", "di", "tri", "period"):
        row[f"ladder_{name}"] = sample["ladder"][name]
    motif, check = sample["motif"] or {}, sample["motif_shift"] or {}
    row["motif_bits"], row["motif_centre"] = motif.get("bits"), motif.get("centre")
    row["motif_shift_agrees"] = check.get("agrees")
    estimate = sample["shift_estimate"] or {}
    row["shift_found"], row["shift_found_agrees"] = estimate.get("found"), estimate.get("agrees")
    row["shift_reason"] = sample["verdicts"].get("shift_agrees", {}).get("reason")
    for name in FIGURES:
        if name != "replicate_pearson":
            row[f"verdict_{name}"] = sample["verdicts"].get(name, {}).get("verdict")
    return row


def multiqc_files(samples: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the custom content of MultiQC: {section: JSON content}.

    Sections `general` (columns of the general statistics), `verdicts` (a table), `reads` (bars
    of the read accounting) and `lengths` (lines). docs.seqera.io/multiqc/custom_content
    """
    parent = {"parent_id": "chrompute", "parent_name": "Chrompute"}
    return {
        "general": {
            "id": "chrompute_general",
            "plot_type": "generalstats",
            "pconfig": [
                {name: {"title": title, "description": text, "format": form, "scale": scale}}
                for name, title, text, form, scale in _MULTIQC_COLUMNS
            ],
            "data": {
                sample["sample"]: {
                    name: sample[name] for name, *_ in _MULTIQC_COLUMNS if sample[name] is not None
                }
                for sample in samples
            },
        },
        "verdicts": {
            **parent,
            "id": "chrompute_verdicts",
            "section_name": "Verdicts",
            "description": "pass, warn, fail or not available, by the configured thresholds.",
            "plot_type": "table",
            "pconfig": {"id": "chrompute_verdicts_table", "title": "Chrompute: verdicts"},
            "data": {sample["sample"]: _verdict_texts(sample) for sample in samples},
        },
        "reads": {
            **parent,
            "id": "chrompute_reads",
            "section_name": "Read accounting",
            "description": "Every read stands under exactly one heading.",
            "plot_type": "bargraph",
            "pconfig": {
                "id": "chrompute_reads_plot",
                "title": "Chrompute: read accounting",
                "ylab": "Reads",
            },
            "data": {sample["sample"]: dict(sample["filters"]) for sample in samples},
        },
        "lengths": {
            **parent,
            "id": "chrompute_lengths",
            "section_name": "Fragment lengths",
            "description": "Per cent of the fragments that passed the filters.",
            "plot_type": "linegraph",
            "pconfig": {
                "id": "chrompute_lengths_plot",
                "title": "Chrompute: fragment lengths",
                "xlab": "Length (bp)",
                "ylab": "Fragments (%)",
            },
            "data": {
                sample["sample"]: _length_percentages(sample)
                for sample in samples
                if sample["length_histogram"]
            },
        },
    }


def _verdict_texts(sample: Mapping[str, Any]) -> dict[str, str]:
    texts = {FIGURES[name].title: v["verdict"] for name, v in sample["verdicts"].items()}
    return {"overall": sample["verdict"], **texts}


def _length_percentages(sample: Mapping[str, Any]) -> dict[str, float]:
    total = max(sample["fragments"], 1)
    histogram = sample["length_histogram"]
    return {str(bp): round(100 * number / total, 4) for bp, number in enumerate(histogram)}
