"""The quality section of a report: verdicts with reasons first, then figures."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chrompute.verdicts import FAIL, FIGURES, WARN, Figure

#: Figures that the table shows without judging them, after those with verdicts.
_OTHERS = {
    "reads": Figure("reads", True, "count"),
    "duplicate_rate": FIGURES["duplicate_rate"],
    "library_size": Figure("estimated library size", True, "count"),
    "median_length": Figure("median length (bp)", True, "count"),
    "nucleosome_free_fraction": Figure("below 100 bp", True, "percent"),
    "ladder_mono": Figure("one nucleosome at (bp)", True, "count"),
    "ladder_di": Figure("two nucleosomes at (bp)", True, "count"),
    "ladder_period": Figure("period of the ladder (bp)", True, "count"),
    "tss_enrichment_centre": Figure("cuts at the TSS over the flanks", True, "number"),
    "gc_fraction": Figure("GC of fragments", True, "percent"),
    "gc_expected": Figure("GC of the genome, same lengths", True, "percent"),
    "motif_bits": Figure("cut-site motif (bits)", True, "number"),
    "motif_centre": Figure("centre of the motif (bp)", True, "number"),
}
_FIGURE_TEXTS = {
    "reads": (
        "Where the reads went",
        "Per cent of the reads of each sample, each read under one heading. A long bar that is "
        'not "kept" says what most of the sequencing was lost to.',
    ),
    "lengths": (
        "Histogram of fragment lengths",
        "Fragment lengths after the filters. ATAC-seq that worked peaks below 100 bp and once "
        "more for each nucleosome; MNase-seq peaks at one. Dotted: one nucleosome core (147 bp) "
        "and two.",
    ),
    "tss": (
        "Cuts around TSS",
        "Cuts around transcription start sites, over the outermost 100 bp on both sides. The "
        "TSS enrichment is the maximum: the sharper the peak, the less background there is.",
    ),
    "motif": (
        "Bases around the cuts",
        "Bases around the cuts against the genome's composition, letters on the commonest gain. "
        "The Tn5 motif is symmetric, and centred on the cut when the end shift is right.",
    ),
    "gc": (
        "GC content of fragments",
        "GC content of the fragments; dashed: places spread over the genome, same lengths. Open "
        "DNA is often GC-rich; a sample that differs from its replicates was amplified unevenly.",
    ),
    "correlation": (
        "Correlation of samples",
        "Correlation of the fragments of each two samples in bins of the genome: replicates "
        "should resemble each other most.",
    ),
}
_DEEPTOOLS_TEXTS = {
    "heatmap": (
        "Coverage at each TSS",
        "Coverage of the ATAC samples at each TSS, sites sorted by their mean (deepTools): a "
        "bright line in the middle, the longer the more promoters are open.",
    ),
    "fingerprint": (
        "Fingerprint",
        "Reads in bins, summed from the emptiest to the fullest; the diagonal is even coverage, "
        "and the later the curve rises, the more the reads lie in few places (deepTools).",
    ),
    "correlation": (
        "Correlation of tracks",
        "Spearman correlation of the tracks of all samples of the run (deepTools): those of a "
        "cell type should resemble each other most.",
    ),
}


def quality_content(
    plan: Mapping[str, Any],
    samples: Sequence[Mapping[str, Any]],
    summary: Mapping[str, Any],
    picture: Callable[[str, str, str], Any],
) -> dict[str, Any]:
    """Gather the variables of `quality.html.j2`.

    Parameters
    ----------
    plan
        `quality_figures` (names), `deeptools` {file: kind} and `sequence` (whether there is a
        FASTA).
    samples
        The quality of each sample.
    summary
        That of the cell type.
    picture
        Makes a picture of a path in the results, a description and a caption.
    """
    cell_type = summary["cell_type"]
    columns = [*samples, *_pooled_columns(summary)]
    return {
        "verdict": summary["verdict"],
        "in_words": verdict_words(summary["verdict"], reasons(columns)),
        "columns": columns,
        "rows": verdict_rows(columns),
        "numbers": number_rows(columns),
        "reasons": reasons(columns),
        "shift_warnings": shift_warnings(samples),
        "sequence": plan["sequence"],
        "pictures": [
            picture(f"quality/{cell_type}.{name}.png", *_FIGURE_TEXTS[name])
            for name in plan["quality_figures"]
        ],
        "deeptools": [
            picture(f"quality/{name}", *_DEEPTOOLS_TEXTS[kind])
            for name, kind in plan["deeptools"].items()
        ],
    }


def verdict_words(verdict: str, found: Sequence[Mapping[str, str]]) -> str:
    """Say in half a sentence how good the data are, and what speaks against them."""
    if not found:
        return "every figure that is available passes" if verdict == "pass" else verdict
    fails = sum(entry["verdict"] == FAIL for entry in found)
    counts = [
        f"{number} of the figures {one if number == 1 else several}"
        for number, one, several in (
            (fails, "fails", "fail"),
            (len(found) - fails, "asks for a look", "ask for a look"),
        )
        if number
    ]
    told = f"{found[0]['sample']}: {found[0]['reason'].rstrip('.')}"
    return f"{' and '.join(counts)} ({'first, ' if len(found) > 1 else ''}{told})"


def _pooled_columns(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"sample": f"{assay}, pooled", "assay": assay, **own}
        for assay, own in summary["assays"].items()
        if len(own["samples"]) > 1
    ]


def verdict_rows(columns: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one row a judged figure: its title, and value, verdict and reason of each column."""
    rows = []
    for name, figure in FIGURES.items():
        entries = [column["verdicts"].get(name) for column in columns]
        if any(entries):
            rows.append({"title": figure.title, "cells": [_cell(name, e) for e in entries]})
    return rows


def _cell(name: str, entry: Mapping[str, Any] | None) -> dict[str, str] | None:
    if entry is None:
        return None
    text = "" if entry["value"] is None else FIGURES[name].text(entry["value"])
    if name == "shift_agrees":
        text = ""
    return {"value": text, "verdict": entry["verdict"], "reason": entry["reason"]}


def number_rows(columns: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the figures without verdicts, as texts; rows without any value are left out."""
    rows = []
    for name, figure in _OTHERS.items():
        if any(name in column["verdicts"] for column in columns):
            continue
        values = [_value(column, name) for column in columns]
        if any(value is not None for value in values):
            cells = ["" if value is None else figure.text(value) for value in values]
            rows.append({"title": figure.title, "cells": cells})
    return rows


def _value(column: Mapping[str, Any], name: str) -> float | None:
    for group in ("ladder", "motif"):
        if name.startswith(f"{group}_"):
            return (column[group] or {}).get(name.removeprefix(f"{group}_"))
    return column.get(name)


def reasons(columns: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the reasons for failures, then for warnings: `sample`, `verdict`, `reason`."""
    found = [
        {"sample": column["sample"], "verdict": e["verdict"], "reason": e["reason"]}
        for column in columns
        for e in column["verdicts"].values()
        if e["verdict"] in (FAIL, WARN)
    ]
    return sorted(found, key=lambda entry: entry["verdict"] != FAIL)


def shift_warnings(samples: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return (sample, sentence) of every check that contradicts the declared end shift."""
    checks = [(s["sample"], s[key]) for s in samples for key in ("shift_estimate", "motif_shift")]
    return [(name, c["sentence"]) for name, c in checks if c is not None and c["agrees"] is False]
