"""Chrompute: from ATAC-seq and MNase-seq alignments to V-plots, trained networks and a report."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chrompute.predicting import predict

__all__ = ["__version__", "predict"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import `predict` when it is first asked for: it brings torch, which most parts do without."""
    if name == "predict":
        from chrompute.predicting import predict

        return predict
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
