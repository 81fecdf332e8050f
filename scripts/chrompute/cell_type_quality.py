"""Quality of one cell type: its samples pooled by assay, and their agreement."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from chrompute.fragments import pool
from chrompute.quality import pooled_facts, sample_quality
from chrompute.quality_inputs import read_inputs
from chrompute.quality_tables import quality_table
from chrompute.replicates import correlate, count_in_bins, lowest_pair
from chrompute.store_files import read_fragments
from chrompute.verdicts import overall, verdicts_of


def assay_quality(
    stores: Sequence[str | Path],
    facts: Sequence[Mapping[str, Any]],
    samples: Sequence[Mapping[str, Any]],
    files: Mapping[str, Sequence[str | Path]],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Summarise the pooled samples of one assay, and correlate them.

    Parameters
    ----------
    stores
        Their files, one a sample.
    facts
        What stands beside each store.
    samples
        The quality of each; that of a single one is taken over.
    files
        As in `chrompute.quality_inputs.read_inputs`.
    settings
        As there, and `bin_size` in bp.

    Returns
    -------
    dict
        The keys of a sample, with `samples` (names), `correlation` (None for one sample) and
        `replicate_pearson`, the lowest of all pairs.
    """
    correlation = lowest = None
    if len(stores) == 1:
        names = ("sample", "cell_type", "assay", "dedup")
        summary = {key: value for key, value in samples[0].items() if key not in names}
    else:
        fragments, together = [read_fragments(path) for path in stores], pooled_facts(facts)
        pooled = pool(fragments)
        inputs = read_inputs(pooled, together["assay"], files, settings)
        bins = [count_in_bins(s, inputs.expected, settings["bin_size"]) for s in fragments]
        correlation = {"bin_size": settings["bin_size"], **correlate(bins)}
        lowest = lowest_pair(correlation["pearson"])
        summary = {"shift": together["shift"], **sample_quality(pooled, together, inputs)}
    only = {"replicate_pearson": settings["thresholds"][facts[0]["assay"]]["replicate_pearson"]}
    verdicts = summary["verdicts"] | verdicts_of({"replicate_pearson": lowest}, only)
    return {
        "samples": [own["sample"] for own in facts],
        **summary,
        "correlation": correlation,
        "replicate_pearson": lowest,
        "verdicts": verdicts,
        "verdict": overall(verdicts),
    }


def cell_type_verdict(
    assays: Mapping[str, Mapping[str, Any]], samples: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return `verdict`, the worst of pooled assays and samples, and `samples` {name: verdict}."""
    entries = {name: {"verdict": own["verdict"]} for name, own in assays.items()}
    own = {sample["sample"]: sample["verdict"] for sample in samples}
    entries |= {f"sample {name}": {"verdict": verdict} for name, verdict in own.items()}
    return {"verdict": overall(entries), "samples": own}


def cell_type_rows(summary: Mapping[str, Any]) -> pd.DataFrame:
    """Return one row an assay, with the columns of `quality.tsv` and the correlation."""
    rows = [
        {
            "sample": "+".join(own["samples"]),
            "cell_type": summary["cell_type"],
            "assay": assay,
            **own,
        }
        for assay, own in summary["assays"].items()
    ]
    table = quality_table(rows).drop(columns="dedup")
    table["replicate_pearson"] = [row["replicate_pearson"] for row in rows]
    verdicts = [row["verdicts"].get("replicate_pearson", {}).get("verdict") for row in rows]
    table["verdict_replicate_pearson"] = verdicts
    return table.rename(columns={"sample": "samples"})
