"""What the quality of a sample is computed with, beside its fragments."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from chrompute.complexity import MITOCHONDRIAL
from chrompute.composition import Codes
from chrompute.fragments import Fragments
from chrompute.genome import is_excluded, iter_genome, read_aliases
from chrompute.intervals import IntervalSet, read_bed
from chrompute.sites import sites_with_fragments


@dataclass(frozen=True)
class QualityInputs:
    """What the quality of a sample is computed with, beside its fragments.

    Attributes
    ----------
    sites
        TSS, or None.
    peaks
        Peaks of the cell type, or None.
    genome
        (chromosome, encoded sequence) pairs, or None.
    expected
        Chromosomes that should hold fragments.
    mitochondrial
        Names or patterns of mitochondrial chromosomes.
    thresholds
        {figure: `warn` and `fail`, or None} of the sample's assay.
    """

    sites: pd.DataFrame | None = None
    peaks: IntervalSet | None = None
    genome: Iterable[tuple[str, Codes]] | None = None
    expected: Sequence[str] = ()
    mitochondrial: Sequence[str] = MITOCHONDRIAL
    thresholds: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)


def read_inputs(
    fragments: Fragments,
    assay: str,
    files: Mapping[str, Sequence[str | Path]],
    settings: Mapping[str, Any],
) -> QualityInputs:
    """Read what goes with one store.

    Parameters
    ----------
    fragments
        The store.
    assay
        Its assay; TSS are read for ATAC only.
    files
        Lists of paths under `genome`, `sites`, `peaks`, `blacklist`, `aliases`; any may be empty.
    settings
        `tss` (the site set's entry or None), `exclude`, `mitochondrial` (names, or "auto") and
        `thresholds` {assay: {figure: limits}}.
    """
    aliases = next(iter(files["aliases"]), None)
    sites = peaks = None
    if settings["tss"] and assay == "ATAC":
        path, entry = files["sites"][0], settings["tss"]
        sites = sites_with_fragments(fragments, path, entry, files["blacklist"], aliases)
    if files["peaks"]:
        names = read_aliases(aliases)
        peaks = IntervalSet(read_bed(files["peaks"][0], fragments.sizes, names))
    named = settings["mitochondrial"]
    return QualityInputs(
        sites=sites,
        peaks=peaks,
        genome=iter_genome(files["genome"][0]) if files["genome"] else None,
        expected=[c for c in fragments.sizes if not is_excluded(c, settings["exclude"])],
        mitochondrial=MITOCHONDRIAL if named == "auto" else named,
        thresholds=settings["thresholds"][assay],
    )
