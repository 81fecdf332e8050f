"""Site sets of two origins: configured ones, and the windows of a class."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from chrompute.fragments import Fragments
from chrompute.sites import sites_with_fragments
from chrompute.window_files import read_windows


def sites_of_class(windows: pd.DataFrame, cell_type: str, task: str, name: str) -> pd.DataFrame:
    """Take the window centres of one class as a site set without strand."""
    chosen = windows[(windows["cell_type"] == cell_type) & (windows[task] == name)]
    sites = (
        chosen[["chrom", "centre"]].rename(columns={"centre": "position"}).astype({"chrom": str})
    )
    return sites.assign(strand=".").reset_index(drop=True)


def sites_of_entry(
    fragments: Fragments,
    path: str | Path,
    entry: Mapping[str, Any],
    cell_type: str,
    blacklist: Iterable[str | Path],
    aliases: str | Path | None,
) -> pd.DataFrame:
    """Read the usable sites of a configured set, or of a class, on chromosomes with fragments.

    Parameters
    ----------
    fragments, blacklist, aliases
        As in `sites_with_fragments`.
    path, entry
        As in `scan_sites`; or a window set, and {task, name} of one of its classes.
    cell_type
        Whose windows of the class.
    """
    if "task" not in entry:
        return sites_with_fragments(fragments, path, entry, blacklist, aliases)
    sites = sites_of_class(read_windows(path), cell_type, entry["task"], entry["name"])
    number = fragments.count_by_chromosome()
    return sites[sites["chrom"].map(number) > 0].reset_index(drop=True)
