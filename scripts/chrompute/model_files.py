"""Facts of a training for its card."""

from typing import Any


def training_facts(*_: Any) -> dict[str, Any]:
    """Return nothing: stands in."""
    return {}
