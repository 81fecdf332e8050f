"""What a network looks like, as plain values: no torch, so that a configuration can be checked.

A specification and the weights are all that is needed to rebuild a network. Not every
architecture can read every input; what does not fit is told here, before anything runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import inf
from typing import Any

#: The input that is DNA; all other inputs are images (V-plots, or profiles of one row).
SEQUENCE = "sequence"
#: Groups of every group normalisation. No batch normalisation: windows must not see each other.
GROUPS = 8
#: Shortest window, bp, that leaves the convolutions and pools of DeepSEA one position.
_SHORTEST_DEEPSEA = 163
#: What networks were like before cards named these fields.
_BEFORE: dict[str, Any] = {
    "architecture": "chrompute",
    "trunk": "dilated",
    "expected": False,
    "modality_dropout": 0.0,
    "auxiliary": False,
    "codons": 0,
}


@dataclass(frozen=True)
class NetworkSpec:
    """What a network looks like; with the weights it is all that is needed to rebuild it.

    Attributes
    ----------
    images
        {input name: (n_lengths, n_positions)} of each image input; a profile has one row.
    sequence
        Whether DNA is read.
    width
        Window width in bp.
    tasks
        {task: number of classes}.
    position_bin
        bp of one trunk bin.
    channels
        Channels of the trunk.
    blocks
        Residual blocks; the dilation doubles from one to the next, 1 to 16, and again.
    motif_width, motifs
        Length in bp and number of the first sequence filters.
    smoothing
        Standard deviations, in image columns, of the smoothed copies of each image.
    dropout
        Rate inside the blocks and before the heads.
    architecture
        "chrompute", or for comparison "alexnet" (one image; knows `channels` and `dropout`),
        "deepbind" (DNA; `motifs`, `motif_width` and `dropout`) or "deepsea" (DNA; `channels` and
        `dropout`).
    trunk
        Kind of the residual blocks: "dilated" or "convnext".
    expected
        Whether an image also shows its logarithm over what is expected of each pixel.
    modality_dropout
        Rate at which training leaves out an input of a window; one always stays.
    auxiliary
        Whether each input has heads of its own beside those that read all of them.
    codons
        Features of the usage of codons in each reading frame (`chrompute.codons`); 0: frames are
        not looked at.
    """

    images: Mapping[str, tuple[int, int]]
    sequence: bool
    width: int
    tasks: Mapping[str, int]
    position_bin: int = 16
    channels: int = 64
    blocks: int = 5
    motif_width: int = 15
    motifs: int = 64
    smoothing: tuple[float, ...] = (2.0, 8.0)
    dropout: float = 0.2
    architecture: str = "chrompute"
    trunk: str = "dilated"
    expected: bool = False
    modality_dropout: float = 0.0
    auxiliary: bool = False
    codons: int = 16

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs in the order of the columns of `present`."""
        return (*self.images, *([SEQUENCE] if self.sequence else []))

    @property
    def bins(self) -> int:
        """Bins of the trunk; the last one may be narrower."""
        return -(-self.width // self.position_bin)

    def as_json(self) -> dict[str, Any]:
        """Return the specification as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> "NetworkSpec":
        """Read what `as_json` wrote, now or before some of the fields were there.

        Raises
        ------
        ValueError
            When a size or rate is one of no network; torch builds some of these all the same.
        """
        own = {**_BEFORE, **entry}
        images = {name: tuple(values) for name, values in own["images"].items()}
        spec = cls(**{**own, "images": images, "smoothing": tuple(own["smoothing"])})
        if not all(0 < scale < inf for scale in spec.smoothing):
            raise ValueError(f"smoothing {[*spec.smoothing]} must be above 0")
        for name in ("width", "position_bin", "channels", "blocks", "motif_width", "motifs"):
            if getattr(spec, name) < 1:
                raise ValueError(f"{name} {getattr(spec, name)} must be at least 1")
        for name in ("dropout", "modality_dropout"):
            if not 0 <= getattr(spec, name) < 1:
                raise ValueError(f"{name} {getattr(spec, name)} must be at least 0 and below 1")
        return spec


def architecture_fault(
    architecture: str, inputs: Sequence[str], width: int | None = None
) -> str | None:
    """Say what is wrong with the inputs of an architecture, None where nothing is.

    Parameters
    ----------
    architecture
        "chrompute", "alexnet", "deepbind" or "deepsea".
    inputs
        Names of the inputs that the model reads.
    width
        Window width in bp; None where it is not known yet.
    """
    place = f"network/architecture {architecture}"
    if architecture == "alexnet" and (len(inputs) != 1 or SEQUENCE in inputs):
        return f"{place} reads exactly one image; give one of vplot, mnase as its 'inputs'"
    if architecture in ("deepbind", "deepsea") and tuple(inputs) != (SEQUENCE,):
        return f"{place} reads DNA alone; set its 'inputs' to [sequence]"
    if architecture == "deepsea" and width is not None and width < _SHORTEST_DEEPSEA:
        return (
            f"{place} reads windows of {_SHORTEST_DEEPSEA} bp and more, and these have {width} bp; "
            "make them wider, or choose another architecture"
        )
    return None
