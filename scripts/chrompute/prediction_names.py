"""How files of predictions are called."""

from collections.abc import Sequence

from chrompute.tasks import BOUND, NOT_BOUND


def segments_name(task: str) -> str:
    """Return the end of the name of a file of segments."""
    return f"{task}.states.bed.gz"


def probability_name(task: str, name: str) -> str:
    """Return the end of the name of a file of a class's probability."""
    return f"{task}.{name}.bw"


def shown_classes(classes: Sequence[str]) -> list[str]:
    """Return the classes whose probability is written: of bound and not bound the first alone."""
    return [BOUND] if set(classes) == {BOUND, NOT_BOUND} else list(classes)
