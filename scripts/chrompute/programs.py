"""Programs that shell commands call."""

import os
import sys
from pathlib import Path


def put_own_programs_first() -> None:
    """Let commands find the programs beside this Python first, activated environment or not.

    An environment that conda activates for a job goes before them all the same.
    """
    folder = str(Path(sys.executable).parent)
    paths = os.environ.get("PATH", "").split(os.pathsep)
    if paths[0] != folder:
        os.environ["PATH"] = os.pathsep.join([folder, *paths])
