"""The project's exceptions: every message says what is wrong, where, and what to do."""

from collections.abc import Sequence


class ChromputeError(Exception):
    """Base of all errors that a user can cause and mend."""


class InputError(ChromputeError):
    """One or more faults in the configuration, the sheets or the input files.

    Parameters
    ----------
    faults
        One sentence each: the file, the line or name, and the remedy.
    """

    def __init__(self, faults: Sequence[str] | str) -> None:
        self.faults = [faults] if isinstance(faults, str) else list(faults)
        super().__init__(self._text())

    def _text(self) -> str:
        if len(self.faults) == 1:
            return self.faults[0]
        lines = [f"{len(self.faults)} faults were found:"]
        lines += [f"  {number}. {fault}" for number, fault in enumerate(self.faults, 1)]
        return "\n".join(lines)
