"""What tests need besides the library: where things lie, programs, and reads for small BAMs."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared/data"


def need_program(name: str) -> str:
    """Return a program's path; skip without it, unless CI says that it must be there."""
    path = shutil.which(name)
    if path is None:
        if os.environ.get("CHROMPUTE_NEED_PROGRAMS"):
            pytest.fail(f"{name} must be installed in CI")
        pytest.skip(f"{name} (from Debian) is not installed")
    return path


@dataclass(frozen=True)
class Read:
    """One alignment of a test BAM; positions are 0-based."""

    name: str
    chrom: str
    start: int
    flag: int
    mate_start: int = 0
    mate_chrom: str | None = None
    tlen: int = 0
    mapq: int = 60
    cigar: str = "20M"
    tags: tuple[tuple[str, int], ...] = ()


def pair(name: str, chrom: str, start: int, end: int, mapq: int = 60, flag: int = 0) -> list[Read]:
    """Return a proper pair of 20-bp reads for the fragment [start, end)."""
    first = Read(name, chrom, start, 0x63 | flag, end - 20, None, end - start, mapq)
    second = Read(name, chrom, end - 20, 0x93 | flag, start, None, start - end, mapq)
    return [first, second]


MakeBam = Callable[..., Path]
