"""A map of windows: what the heads of a network read of them, in two dimensions."""

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from chrompute.chosen_windows import agreed_labels
from chrompute.errors import InputError
from chrompute.layers import features
from chrompute.subject import Subject, evenly

#: Windows on the map; of more, evenly spaced ones are taken.
MOST = 20_000
_COMPONENTS = 2


def embed(subject: Subject, split: str) -> tuple[pd.DataFrame, list[float]]:
    """Return the principal components of windows' features, each feature standardised.

    Parameters
    ----------
    subject
        The network and its windows.
    split
        Whose windows, of all cell types.

    Returns
    -------
    table
        `cell_type`, `chrom`, `centre`, the label of each task (replicates that disagree are
        joined by "/") and `pc1`, `pc2`.
    explained
        Share of the variance that each component explains.

    Raises
    ------
    InputError
        When the split has fewer than three windows.
    """
    rows = evenly(np.flatnonzero(subject.windows["split"] == split), MOST)
    if len(rows) <= _COMPONENTS:
        raise InputError(
            f"model {subject.recipe.model}: a map needs three windows, and split {split!r} has "
            f"{len(rows)}; take the model out of interpret/models"
        )
    values = features(subject.network, subject.data, subject.ids(rows)).astype(np.float64)
    analysis = PCA(_COMPONENTS, svd_solver="full")
    points = analysis.fit_transform(StandardScaler().fit_transform(values))
    own = subject.windows.iloc[rows].reset_index(drop=True)
    table = own[["cell_type", "chrom", "centre"]].assign(
        **{task: agreed_labels(own, task) for task in subject.recipe.tasks},
        **{f"pc{index + 1}": points[:, index] for index in range(_COMPONENTS)},
    )
    return table, analysis.explained_variance_ratio_.tolist()
