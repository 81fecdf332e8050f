"""Labels with noise: each replicate mistakes some states for ones that look like them."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.errors import InputError
from chrompute.simulate.design import STATES, Design

#: {state: what it is mistaken for, and how often relative to the others}.
_MISTAKEN = {
    "insulator": {"weak_enhancer": 2, "strong_enhancer": 1, "quiescent": 1},
    "active_promoter": {"strong_enhancer": 2, "poised_promoter": 1, "transcribed": 1},
    "poised_promoter": {"active_promoter": 1, "weak_enhancer": 2, "repressed": 1},
    "strong_enhancer": {"weak_enhancer": 2, "active_promoter": 1},
    "weak_enhancer": {"strong_enhancer": 1, "quiescent": 3},
    "transcribed": {"quiescent": 3, "weak_enhancer": 1},
    "repressed": {"quiescent": 4, "poised_promoter": 1},
    "quiescent": {"weak_enhancer": 1, "transcribed": 1, "repressed": 1},
}

Matrix = npt.NDArray[np.float64]


def confusion_of_labels(frequency: npt.ArrayLike, agreement: float) -> Matrix:
    """Return how the labels of one replicate follow from the true states.

    Every state is mistaken at one rate, the one at which two independent replicates agree on
    the wanted share of loci: the smaller root of
    ``sum_s f_s [(1 - e)^2 + e^2 sum_t m_st^2] = agreement``, where m are the shares of mistakes.

    Parameters
    ----------
    frequency
        (8,): share of each state, in the order of `STATES`.
    agreement
        Share of loci on which two replicates agree.

    Returns
    -------
    array
        float64 (8, 8): row true state, column label; rows sum to 1.

    Raises
    ------
    InputError
        When no rate of mistakes gives that agreement.
    """
    mistakes = np.zeros((len(STATES), len(STATES)))
    for state, others in _MISTAKEN.items():
        for other, weight in others.items():
            mistakes[STATES.index(state), STATES.index(other)] = weight
    mistakes /= mistakes.sum(axis=1, keepdims=True)
    share = np.asarray(frequency, dtype=float)
    both_wrong = float(share / share.sum() @ (mistakes**2).sum(axis=1))
    inside = 1 - (1 + both_wrong) * (1 - agreement)
    if not 0 <= inside <= 1:
        lowest = both_wrong / (1 + both_wrong)
        raise InputError(
            f"simulation: agreement {agreement:g} must be from {lowest:.2f} to 1; correct it"
        )
    rate = (1 - np.sqrt(inside)) / (1 + both_wrong)
    return (1 - rate) * np.eye(len(STATES)) + rate * mistakes


def state_frequency(loci: pd.DataFrame, design: Design) -> npt.NDArray[np.float64]:
    """Return the share of each state over all cell types, (8,)."""
    counts = sum(loci[name].value_counts().reindex(STATES, fill_value=0) for name in design.factors)
    return np.asarray(counts / counts.sum(), dtype=float)


def draw_labels(
    loci: pd.DataFrame, cell_type: str, replicate: str, design: Design
) -> npt.NDArray[np.str_]:
    """Return the label of each locus in one replicate."""
    confusion = confusion_of_labels(state_frequency(loci, design), design.agreement)
    rng = design.rng("labels", cell_type, replicate)
    true = pd.Index(STATES).get_indexer(loci[cell_type])
    beyond = rng.random(len(loci))[:, None] > confusion.cumsum(axis=1)[true]
    return np.array(STATES)[np.minimum(beyond.sum(axis=1), len(STATES) - 1)]
