"""Which samples a trained network may predict, and how deep ones are brought to its depth."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import chrompute
from chrompute.card_limits import matched_shares, refuse_outside
from chrompute.errors import InputError
from chrompute.fragments import Fragments
from chrompute.prediction_inputs import Source, pooled

SIZE = 2_000_000
CARD: dict[str, Any] = {
    "model": "net",
    "stores": {
        "a": {"digest": "x", "fragments": 6000, "assay": "ATAC", "shift": "+4/-4"},
        "m": {"digest": "y", "fragments": 900, "assay": "MNase", "shift": "none"},
    },
    "fragments": {"vplot": {"one": 4000, "two": 6000}, "mnase": {"one": 900}},
    "training": {"thinning": 1.0},
    "reference_depth": {"vplot": 5000.0, "mnase": 900.0},
}


def transposed(number: int, shift: tuple[int, int], seed: int = 0) -> Fragments:
    """Return fragments between Tn5 cuts, each of which ends one and begins the next."""
    rng = np.random.default_rng(seed)
    cuts = np.sort(rng.choice(SIZE - 1000, number + 1, replace=False))
    starts, ends = cuts[:-1], cuts[1:] + 9  # 9 bp are there twice
    kept = (ends - starts > 40) & (ends - starts < 1000)
    codes = np.zeros(kept.sum(), int)
    return Fragments.from_intervals(
        {"c": SIZE}, codes, starts[kept] + shift[0], ends[kept] + shift[1]
    )


def scattered(number: int) -> Fragments:
    """Return fragments whose ends have nothing to do with each other."""
    starts = np.random.default_rng(1).integers(0, SIZE - 200, number)
    return Fragments.from_intervals({"c": SIZE}, [0] * number, starts, starts + 150)


def told(store: Fragments, name: str = "vplot", **facts: Any) -> str:
    """Return what is said against a sample; nothing where it is welcome."""
    sources = {name: [Source(store, "new", facts)]}
    try:
        refuse_outside(CARD, sources, pooled(sources), allow=False)
    except InputError as error:
        return str(error)
    return ""


def test_samples_like_those_of_the_training_are_welcome() -> None:
    assert not told(transposed(8000, (4, -4)), assay="ATAC", shift="+4/-4")
    assert not told(scattered(8000), assay="ATAC", shift="+4/-4")  # nothing can be told of its ends
    assert not told(scattered(900), "mnase", assay="MNase", shift="none")
    assert not told(transposed(8000, (4, -4)))  # a store that does not say


def test_another_assay_is_refused() -> None:
    text = told(scattered(8000), assay="MNase", shift="none")
    assert "sample new is MNase, and input 'vplot' of net reads ATAC; give other" in text
    assert "--allow-outside" in text


def test_ends_decide_not_what_was_declared() -> None:
    # Shifted before: the file needed nothing, and the fragments show that it fits.
    assert not told(transposed(8000, (4, -4)), assay="ATAC", shift="none")
    # Declared as in the training, and yet never shifted, or twice.
    text = told(transposed(8000, (0, 0)), assay="ATAC", shift="none")
    assert "sample new: The ends in the file are not shifted" in text
    text = told(transposed(8000, (8, -8)), assay="ATAC", shift="+4/-4")
    assert "already shifted by +4/-4" in text
    # Another declaration, and fragments that tell nothing.
    text = told(scattered(8000), assay="ATAC", shift="+4/-5")
    assert "has the end shift +4/-5, net was trained on +4/-4, and the fragments do not" in text
    assert "has the end shift +4/-4" in told(scattered(900), "mnase", assay="MNase", shift="+4/-4")


@pytest.mark.parametrize(("number", "thinning", "refused"), [
    (2000, 1.0, False), (1999, 1.0, True), (1000, 0.5, False), (999, 0.5, True),
    (100_000, 1.0, False),
])  # fmt: skip
def test_half_of_the_fewest_fragments_is_enough(
    number: int, thinning: float, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CARD, "training", {"thinning": thinning})
    text = told(scattered(number), assay="ATAC", shift="+4/-4")
    assert bool(text) is refused
    if refused:
        assert f"input 'vplot' has {number:,} fragments" in text
        assert f"was trained on {4000 * thinning:,.0f} and more" in text


def test_what_is_allowed_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    sources = {"vplot": [Source(scattered(10), "new", {"assay": "MNase"})]}
    with caplog.at_level(logging.WARNING):
        refuse_outside(CARD, sources, pooled(sources), allow=True)
    assert "WARNING: sample new is MNase" in caplog.text
    assert "WARNING: input 'vplot' has 10 fragments" in caplog.text


def test_samples_of_the_training_and_fragments_from_memory_are_not_asked() -> None:
    store = transposed(8000, (0, 0))
    trained = Source(store, "a", {"assay": "ATAC", "shift": "none"})
    card = CARD | {"stores": {"a": {**CARD["stores"]["a"], "digest": trained.digest}}}
    refuse_outside(card, {"vplot": [trained]}, {"vplot": store}, allow=False)
    few = scattered(10)
    refuse_outside(CARD, {"vplot": [Source(few)]}, {"vplot": few}, allow=False)


def test_only_deeper_samples_are_brought_to_the_depth() -> None:
    pools = {"vplot": scattered(20_000), "mnase": scattered(900)}
    assert matched_shares(CARD, pools) == {"vplot": 0.25, "mnase": 1.0}
    # As deep as the deepest cell type of the training, it is as it was there.
    assert matched_shares(CARD, {"vplot": scattered(6000)}) == {"vplot": 1.0}


def test_a_matched_sample_is_predicted_as_its_share(tmp_path: Path) -> None:
    from toy_models import make_toy
    from toy_predictions import Case, bits

    case = Case(tmp_path, make_toy())
    folder = case.train("net", "vplot")
    twice = [case.store, case.store]
    windows: pd.DataFrame = case.held_out

    def found(**options: Any) -> pd.DataFrame:
        return chrompute.predict(folder, {"ATAC": twice}, None, windows, **options)

    assert bits(found(match_depth=True)) == bits(found(fraction=0.5))
    assert bits(found(match_depth=True)) != bits(found())
    assert bits(found(match_depth=True, fraction=0.5)) == bits(found(fraction=0.25))
