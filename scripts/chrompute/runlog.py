"""Logging of one job: progress and errors go to the terminal and to the job's log file."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chrompute.errors import ChromputeError

LOGGER = logging.getLogger("chrompute")


@contextmanager
def run_log(path: str | Path) -> Iterator[logging.Logger]:
    """Send everything a job says to the terminal and to `path`.

    A `ChromputeError` inside the block is written as its message alone and ends the
    process with exit code 1, since a traceback would hide what the user has to do;
    any other exception keeps its traceback.

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
    except Exception:
        LOGGER.exception("the job failed")
        sys.exit(1)
    finally:
        for handler in handlers:
            LOGGER.removeHandler(handler)
            handler.close()
