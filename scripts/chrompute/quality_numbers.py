"""The numbers that figures of quality show, as tidy tables."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from chrompute.tss import TSS_FLANK

Sample = Mapping[str, Any]
Rows = Iterator[dict[str, Any]]
#: Columns of the table of each figure.
COLUMNS = {
    "lengths": ("sample", "assay", "length", "percent"),
    "reads": ("sample", "reads_that_were", "reads", "percent"),
    "tss": ("sample", "position", "cuts_over_flanks"),
    "motif": ("sample", "position", "base", "frequency", "background", "bits"),
    "gc": ("sample", "of", "gc_percent", "percent"),
    "correlation": ("assay", "kind", "sample", "other", "value"),
}


def quality_numbers(
    figure: str, samples: Sequence[Sample], summary: Mapping[str, Any], max_length: int
) -> pd.DataFrame:
    """Return what one figure of a cell type shows.

    Parameters
    ----------
    figure, samples, summary, max_length
        As in `chrompute.quality_figures.draw_quality`.

    Returns
    -------
    DataFrame
        The columns that `COLUMNS` names for the figure; without rows where it shows nothing.
    """
    of_sample: dict[str, Callable[[Sample], Rows]] = {
        "lengths": lambda sample: _lengths(sample, max_length),
        "reads": _reads,
        "tss": _tss,
        "motif": _motif,
        "gc": _gc,
    }
    if figure == "correlation":
        rows = list(_correlation(summary["assays"]))
    else:
        rows = [{"sample": s["sample"]} | row for s in samples for row in of_sample[figure](s)]
    return pd.DataFrame(rows, columns=list(COLUMNS[figure]))


def _lengths(sample: Sample, max_length: int) -> Rows:
    counts = sample["length_histogram"] or ()
    for length, number in enumerate(counts[:max_length]):
        percent = 100 * number / max(sample["fragments"], 1)
        yield {"assay": sample["assay"], "length": length, "percent": percent}


def _reads(sample: Sample) -> Rows:
    for name, number in sample["filters"].items():
        percent = 100 * number / max(sample["reads"], 1)
        yield {"reads_that_were": name, "reads": number, "percent": percent}


def _tss(sample: Sample) -> Rows:
    profile = sample["tss_profile"] or ()
    positions = np.linspace(-TSS_FLANK, TSS_FLANK, len(profile))
    for position, value in zip(positions, profile, strict=True):
        yield {"position": position, "cuts_over_flanks": value}


def _motif(sample: Sample) -> Rows:
    motif = sample["motif"]
    if motif is None:
        return
    for base, background in zip("ACGT", motif["background"], strict=True):
        for position, share in zip(motif["positions"], motif["frequencies"][base], strict=True):
            bits = share * np.log2(share / background) if share > 0 else 0.0
            yield {
                "position": position, "base": base, "frequency": share,
                "background": background, "bits": bits,
            }  # fmt: skip


def _gc(sample: Sample) -> Rows:
    for key, of in (("gc_histogram", "fragments"), ("gc_expected_histogram", "genome")):
        counts = np.array(sample[key] or (), dtype=float)
        for gc, percent in enumerate(100 * counts / max(counts.sum(), 1)):
            yield {"of": of, "gc_percent": gc, "percent": percent}


def _correlation(assays: Mapping[str, Mapping[str, Any]]) -> Rows:
    for assay, own in assays.items():
        for kind in ("pearson", "spearman") if own["correlation"] else ():
            for sample, row in zip(own["samples"], own["correlation"][kind], strict=True):
                for other, value in zip(own["samples"], row, strict=True):
                    place = {"assay": assay, "kind": kind, "sample": sample, "other": other}
                    yield place | {"value": value}
