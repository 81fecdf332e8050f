"""What tests need besides the library: where things lie, programs, and reads for small BAMs."""

import gzip
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyBigWig
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


def write_bed(path: Path, rows: Iterable[Sequence[object]]) -> Path:
    """Write rows as a BED, which is gzipped where the name says so."""
    text = "".join("\t".join(map(str, row)) + "\n" for row in rows)
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def write_values(path: Path, values: Mapping[str, np.ndarray], sizes: Mapping[str, int]) -> str:
    """Write one value a base; NaN is no value."""
    with pyBigWig.open(str(path), "w") as handle:
        handle.addHeader([*sizes.items()])
        for chrom, own in values.items():
            there = np.flatnonzero(~np.isnan(own))
            names = np.full(there.size, chrom)
            handle.addEntries(names, there, ends=there + 1, values=own[there].astype(float))
    return str(path)
