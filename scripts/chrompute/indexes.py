"""Which alignment files can be read through an index."""

from functools import cache
from pathlib import Path

import pysam


@cache
def is_indexable(path: str | Path) -> bool:
    """Tell whether a file is a BAM whose header says that it is sorted by coordinate."""
    if not str(path).endswith(".bam") or not Path(path).is_file():
        return False
    try:
        with pysam.AlignmentFile(str(path), "rb", check_sq=False) as bam:
            return bool(bam.header.to_dict().get("HD", {}).get("SO") == "coordinate")
    except (OSError, ValueError):  # the check tells what is wrong with the file
        return False
