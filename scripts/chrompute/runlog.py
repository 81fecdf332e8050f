"""Logging of one job: progress and errors go to the terminal and to the job's log file."""

import errno
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chrompute.errors import ChromputeError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_SPACE = os.strerror(errno.ENOSPC)
LOGGER = logging.getLogger("chrompute")


@contextmanager
def run_log(path: str | Path) -> Iterator[logging.Logger]:
    """Send everything a job says to the terminal and to `path`.

    A `ChromputeError` inside the block is written as its message alone and ends the
    process with exit code 1, since a traceback would hide what the user has to do; so
    is a full disk or a lack of memory. Any other exception keeps its traceback.

    Parameters
    ----------
    path
        The log file; its folder is made when missing.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    formatter = logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S")
    handlers: list[logging.Handler] = [
        logging.StreamHandler(sys.stderr),
        logging.FileHandler(path, mode="w"),
    ]
    for handler in handlers:
        handler.setFormatter(formatter)
        LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").addHandler(handlers[1])
    try:
        yield LOGGER
    except ChromputeError as error:
        LOGGER.error("ERROR: %s", error)
        sys.exit(1)
    except Exception as error:
        if (lack := _lack(error)) is None:
            LOGGER.exception("the job failed")
        else:
            LOGGER.error("ERROR: %s", lack)
        sys.exit(1)
    finally:
        for handler in handlers:
            LOGGER.removeHandler(handler)
            handler.close()


def _lack(error: Exception) -> str | None:
    """Tell in one sentence what the machine lacked, None where it was not that."""
    if isinstance(error, MemoryError):
        detail = " ".join(str(error).split())
        return (
            f"the memory is used up{f' ({detail})' if detail else ''}; run fewer jobs at once, or "
            "take a machine with more"
        )
    # Libraries in C and Rust pass the number of the error on in their text alone.
    if getattr(error, "errno", None) in _FULL or _NO_SPACE in str(error):
        where = f": {error.filename}" if isinstance(error, OSError) and error.filename else ""
        return f"the disk is full{where} ({_NO_SPACE}); make room, and start again"
    return None
