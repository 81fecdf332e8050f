"""The training data: fragments, genome and windows on the device, and batches drawn from them.

Nothing is rasterised beforehand. A batch is a list of window ids; its V-plots are a gather of
the windows' slices of the fragment store and one integer scatter-add, its sequence a gather of
rows of the encoded genome. Jitter, the reverse complement, thinning and depth titration happen in
that step. This needs torch and numpy only; `chrompute.model_data` makes the data of a model.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from chrompute.thinning import Thinning
from chrompute.window_images import FragmentImages
from chrompute.window_sequence import GenomeSequence

#: What a network reads of some windows, by the name of the input, and "present".
Batch = dict[str, Tensor]


@dataclass
class WindowData:
    """Everything a model reads, for the windows of one table.

    Attributes
    ----------
    images
        {input name: V-plots of one assay}; empty where the model reads none.
    sequence
        DNA, or None.
    labels, weights
        {task: float32 (n_windows, n_classes)} and {task: float32 (n_windows,)}, as in
        `chrompute.targets.Targets`; empty where the windows are only predicted.
    """

    images: dict[str, FragmentImages]
    sequence: GenomeSequence | None
    labels: Mapping[str, Tensor] = field(default_factory=dict)
    weights: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs: those of images, then "sequence" where it is read."""
        return (*self.images, *(("sequence",) if self.sequence is not None else ()))

    def scale_to(self, sums: Mapping[str, float]) -> None:
        """Scale the images of some inputs to these sums, not to the depth."""
        for name, value in sums.items():
            self.images[name].typical = value

    def allow_shifts(self, reach: int) -> None:
        """Prepare to draw windows that are moved by up to `reach` bp without waiting for them."""
        for image in self.images.values():
            image.allow_shifts(reach)

    def titrate(self, fraction: float) -> None:
        """Show this share of the fragments of every store from now on, above 0 and at most 1.

        The same fragments are shown in every window, and those of a smaller share are among those
        of a larger one. Counts are scaled as if the store had no others.
        """
        if not 0 < fraction <= 1:
            raise ValueError(f"a fraction of {fraction} fragments: must be above 0 and at most 1")
        for image in self.images.values():
            image.fraction = fraction

    def draw(
        self,
        ids: Tensor,
        shift: Tensor | None = None,
        reverse: Tensor | None = None,
        keep: Tensor | None = None,
        generator: torch.Generator | None = None,
        *,
        rows: npt.NDArray[np.int64] | None = None,
    ) -> Batch:
        """Return what is read of the windows `ids`.

        Parameters
        ----------
        ids
            int64 (n,): rows of the window table.
        shift
            int64 (n,): bp by which each window is moved to the right; 0 by default.
        reverse
            bool (n,): whether the window is read on the other strand; not by default.
        keep
            float (n,): share of the window's fragments that is kept, each on its own, above 0 and
            at most 1. Counts are scaled up by one over it. All are kept by default.
        generator
            Chooses which fragments are kept, the same ones of equal seeds.
        rows
            `ids` on the host. With them, and after `allow_shifts`, nothing waits for the device.

        Returns
        -------
        dict
            Each image input: float32 (n, rows, columns). "sequence": uint8 (n, width) codes, 0 to
            3 for A, C, G, T and 4 for unknown. "present": bool (n, n_inputs), False where the
            window's cell type has no sample of the input's assay. All are new tensors.
        """
        shift = torch.zeros_like(ids) if shift is None else shift
        reverse = torch.zeros_like(ids, dtype=torch.bool) if reverse is None else reverse
        thinning = None if keep is None else Thinning.draw(keep, generator)
        batch = {
            name: image.scaled(ids, shift, reverse, thinning, rows)
            for name, image in self.images.items()
        }
        present = [image.present[ids] for image in self.images.values()]
        if self.sequence is not None:
            batch["sequence"] = self.sequence.codes(ids, shift, reverse)
            present.append(torch.ones_like(ids, dtype=torch.bool))
        batch["present"] = torch.stack(present, dim=1)
        return batch

    def mean_images(self, ids: Tensor) -> dict[str, Tensor]:
        """Return the mean image of some windows, {image input: float32 (rows, columns)}.

        It is the mean over both strands and over the windows whose cell type has the assay.
        """
        return {name: image.mean(ids) for name, image in self.images.items()}


def ids_of(chosen: npt.NDArray[np.bool_], device: torch.device) -> Tensor:
    """Return the rows of the window table that are chosen, int64, on the device."""
    return torch.from_numpy(np.flatnonzero(chosen)).to(device)
