"""Attributions of DNA on disk."""

from pathlib import Path

import numpy as np
import pandas as pd

from chrompute.sequence_attributions import SequenceAttributions
from chrompute.whole_files import write_arrays, write_frame

_ARRAYS = ("codes", "hypothetical", "score", "reference_score", "error")


def write_attributions(found: SequenceAttributions, path: str | Path) -> None:
    """Write attributions as NPZ; equal ones give equal bytes."""
    write_arrays(path, **{name: getattr(found, name) for name in _ARRAYS})


def read_attributions(path: str | Path) -> SequenceAttributions:
    """Read what `write_attributions` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        return SequenceAttributions(**{name: arrays[name] for name in _ARRAYS})


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as TSV, numbers with 6 digits."""
    write_frame(table, path, float_format="%.6g")
