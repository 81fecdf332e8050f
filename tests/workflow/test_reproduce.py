"""The frozen example of docs/reproduce.md: the tiny configuration makes what it made before."""

import sys
from pathlib import Path

import pandas as pd

from helpers import ROOT
from simulation_tools import RESULTS

sys.path.insert(0, str(ROOT / "docs"))

from make_reproduce import TABLE, frozen

#: Processors differ in the last bit of sums, and training carries that on.
TOLERANCE = 0.05


def test_the_frozen_example_comes_out_again(simulated: Path) -> None:
    before = pd.read_csv(TABLE, sep="\t", dtype=str).set_index("what")["value"]
    found = frozen(simulated / RESULTS).set_index("what")["value"]
    assert len(before) > 100
    assert list(found.index) == list(before.index)
    scores = before.index.str.contains(" of ")
    changed = before[~scores] != found[~scores]
    assert list(before.index[~scores][changed]) == []
    apart = (before[scores].astype(float) - found[scores].astype(float)).abs()
    assert apart.max() < TOLERANCE, apart[apart >= TOLERANCE]
    assert scores.sum() > 100
