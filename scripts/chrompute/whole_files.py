"""Files that are there whole or not at all."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

#: How files end that are not yet whole.
PART = ".part"


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Give a path beside `path` to write to; what was written there takes its place at the end.

    Where anything fails before, what stood at `path` stays as it is. What a process left that was
    killed on this machine while it wrote the same file is removed.
    """
    path = Path(path)
    beginning = f".{path.name}.{socket.gethostname()}."
    _remove_left(path.parent, beginning)
    part = path.with_name(f"{beginning}{os.getpid()}{PART}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write a text file."""
    with written_whole(path) as part:
        part.write_text(text)


def write_frame(table: "pd.DataFrame", path: str | Path, **options: Any) -> None:
    """Write a table as tab-separated text, without its index; options are those of `to_csv`."""
    with written_whole(path) as part:
        table.to_csv(part, **{"sep": "\t", "index": False, **options})


def write_parquet(table: "pd.DataFrame", path: str | Path) -> None:
    """Write a table as Parquet, without its index."""
    with written_whole(path) as part:
        table.to_parquet(part, index=False)


def write_arrays(path: str | Path, **arrays: Any) -> None:
    """Write arrays as a compressed `.npz`."""
    import numpy as np  # jobs that write no array do without

    with written_whole(path) as part, part.open("wb") as handle:
        np.savez_compressed(handle, **arrays)


def _remove_left(folder: Path, beginning: str) -> None:
    """Remove what processes of this machine left that are not there any more."""
    if not folder.is_dir():
        return
    for entry in os.scandir(folder):
        if entry.name.startswith(beginning) and entry.name.endswith(PART):
            number = entry.name.removeprefix(beginning).removesuffix(PART)
            if number.isdecimal() and not _lives(int(number)):
                Path(entry.path).unlink(missing_ok=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is another user's
        return True
    return True
