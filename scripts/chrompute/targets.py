"""What models are fitted to: soft labels and weights of windows."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Targets:
    """What models are fitted to.

    Attributes
    ----------
    labels
        {task: float32 (n_windows, n_classes)}: rows add up to 1, or to 0 where the task knows
        nothing of the window.
    weights
        {task: float32 (n_windows,)}: how much a window counts in training.
    """

    labels: Mapping[str, npt.NDArray[np.float32]]
    weights: Mapping[str, npt.NDArray[np.float32]]

    def known(self, task: str) -> npt.NDArray[np.bool_]:
        """Mark the windows whose label is known, (n_windows,)."""
        return self.labels[task].sum(axis=1) > 0

    def taught(self, task: str) -> npt.NDArray[np.bool_]:
        """Mark the windows that would teach the task something if they trained, (n_windows,)."""
        return self.known(task) & (self.weights[task] > 0)

    def reordered(self, rows: npt.NDArray[np.int64]) -> "Targets":
        """Give each window the targets of another one, of all tasks together."""
        return Targets(
            {task: values[rows] for task, values in self.labels.items()},
            {task: values[rows] for task, values in self.weights.items()},
        )
