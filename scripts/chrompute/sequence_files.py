"""Attributions of DNA on disk."""

from pathlib import Path

import numpy as np
import pandas as pd

from chrompute.sequence_attributions import SequenceAttributions
from chrompute.whole_files import written_whole

_ARRAYS = ("codes", "hypothetical", "score", "reference_score", "error")


def write_attributions(found: SequenceAttributions, path: str | Path) -> None:
    """Write attributions as NPZ; equal ones give equal bytes."""
    arrays = {name: getattr(found, name) for name in _ARRAYS}
    with written_whole(path) as part, part.open("wb") as handle:
        np.savez_compressed(handle, **arrays)


def read_attributions(path: str | Path) -> SequenceAttributions:
    """Read what `write_attributions` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        return SequenceAttributions(**{name: arrays[name] for name in _ARRAYS})


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as TSV, numbers with 6 digits."""
    with written_whole(path) as part:
        table.to_csv(part, sep="\t", index=False, float_format="%.6g")
