"""What the check of the inputs sees: faults, notes and facts."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from chrompute.sheets import Sample

#: What reading a damaged, foreign or forbidden file can raise, decompression included.
READ_ERRORS = (OSError, EOFError, ValueError, AssertionError, zlib.error)
_NAMES_SHOWN = 8


@dataclass
class Findings:
    """What the check saw.

    Attributes
    ----------
    faults
        Sentences that stop the run.
    notes
        Sentences worth reading that do not.
    sizes
        {chromosome: bp} of the genome, empty when it could not be read.
    bam_sizes
        {chromosome: bp} of a BAM; regions are compared with it where the genome is unreadable.
    unindexed
        BAMs without a usable index beside them, and their samples.
    files
        {path: facts}.
    """

    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    bam_sizes: dict[str, int] = field(default_factory=dict)
    unindexed: list[tuple[str, Sample]] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)


def show(items: Iterable[str]) -> str:
    """Join the first few of some names and say how many more there are."""
    items = list(items)
    more = f", and {len(items) - _NAMES_SHOWN} more" if len(items) > _NAMES_SHOWN else ""
    return ", ".join(items[:_NAMES_SHOWN]) + more
