"""Tiles along a genome: the places of a genome-wide prediction."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.errors import InputError
from chrompute.genome import is_excluded
from chrompute.intervals import IntervalSet, anchor_base, read_bed, read_blacklist
from chrompute.window_content import base_content

#: Tiles with a larger share of unknown bases are left out.
MAX_UNKNOWN = 0.5
_PLACE = ["chrom", "start", "end"]
_REGION = re.compile(r"(?P<chrom>.+):(?P<start>[\d,]+)-(?P<end>[\d,]+)")


@dataclass(frozen=True)
class Tiles:
    """Neighbouring tiles along each chromosome, from its first base, one table a chromosome.

    A tile is left out when its centre base lies in the blacklist or in no region, or when more
    than half of its bases are unknown. So a tile is the same whatever regions are asked for.
    Going through them makes the tables anew: of a large genome only one is there at a time. The
    columns are `chrom`, `start`, `end`, and `centre`, which is (start + end - 1) // 2.

    Attributes
    ----------
    sizes
        {chromosome: bp}.
    step
        bp of a tile, and so from one to the next; the last tile may be shorter.
    regions
        Where tiles are wanted; None for everywhere.
    blacklist
        Where none are wanted.
    exclude
        Names or shell patterns of chromosomes without tiles.
    genome
        {chromosome: encoded sequence}, where it is known.
    """

    sizes: Mapping[str, int]
    step: int
    regions: IntervalSet | None = None
    blacklist: IntervalSet | None = None
    exclude: Sequence[str] = ()
    genome: Mapping[str, npt.NDArray[np.uint8]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Yield the tiles of each chromosome that has some."""
        for chrom in self.sizes:
            if is_excluded(chrom, self.exclude):
                continue
            if self.regions is None or chrom in self.regions:
                tiles = self._of(chrom)
                if len(tiles):
                    yield tiles

    def _of(self, chrom: str) -> pd.DataFrame:
        start = np.arange(0, self.sizes[chrom], self.step, dtype=np.int64)
        end = np.minimum(start + self.step, self.sizes[chrom])
        tiles = pd.DataFrame({"chrom": np.full(start.size, chrom, object), "start": start})
        tiles = tiles.assign(end=end, centre=(start + end - 1) // 2)
        kept = np.ones(len(tiles), bool)
        if self.regions is not None:
            kept &= self.regions.contains(chrom, tiles["centre"])
        if self.blacklist is not None:
            kept &= ~self.blacklist.contains(chrom, tiles["centre"])
        tiles = tiles[kept].reset_index(drop=True)
        if self.genome and len(tiles):
            unknown = base_content(tiles, self.genome)[1]
            tiles = tiles[unknown <= MAX_UNKNOWN].reset_index(drop=True)
        return tiles


def in_chunks(tables: Iterable[pd.DataFrame], rows: int) -> Iterator[pd.DataFrame]:
    """Cut tables that follow each other into tables of so many rows; the last may be shorter."""
    waiting = pd.DataFrame()
    for table in tables:
        waiting = pd.concat([waiting, table], ignore_index=True) if len(waiting) else table
        while len(waiting) >= rows:
            yield waiting.iloc[:rows].reset_index(drop=True)
            waiting = waiting.iloc[rows:].reset_index(drop=True)
    if len(waiting):
        yield waiting


def read_regions(
    given: str | Path | Sequence[str],
    sizes: Mapping[str, int],
    aliases: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Read regions: BED files, or texts such as "chr1:10,001-20,000".

    Positions of a text count from 1 and include both ends, as in genome browsers; a chromosome's
    name alone is all of it.

    Returns
    -------
    DataFrame
        `chrom`, `start`, `end`, 0-based half-open, in the given order.

    Raises
    ------
    InputError
        When there is none, or one is not in the genome.
    """
    texts = [str(given)] if isinstance(given, (str, Path)) else list(given)
    tables = []
    for text in texts:
        if Path(text).is_file():
            tables.append(read_bed(text, sizes, aliases)[_PLACE].astype({"chrom": str}))
        else:
            tables.append(pd.DataFrame([_parsed(text, sizes)], columns=_PLACE))
    table = pd.concat(tables, ignore_index=True)
    if table.empty:
        raise InputError(f"{', '.join(texts)}: holds no region; give some")
    return table.assign(chrom=table["chrom"].astype(object))


def _parsed(text: str, sizes: Mapping[str, int]) -> tuple[str, int, int]:
    """Read one region as 0-based half-open."""
    if text in sizes:
        return text, 0, sizes[text]
    found = _REGION.fullmatch(text)
    if found is None:
        raise InputError(
            f"region {text!r}: is no file, and no region such as chr1:10,001-20,000; correct it"
        )
    chrom, start, end = found["chrom"], *(int(found[n].replace(",", "")) for n in ("start", "end"))
    if chrom not in sizes or not 1 <= start <= end <= sizes[chrom]:
        known = f"{chrom} has {sizes[chrom]:,} bp" if chrom in sizes else f"there is no {chrom}"
        raise InputError(f"region {text!r}: is not in the genome ({known}); correct it")
    return chrom, start - 1, end


def places_of(
    sizes: Mapping[str, int],
    genome: Mapping[str, npt.NDArray[np.uint8]],
    step: int | None,
    regions: str | Sequence[str] | None,
    blacklist: Sequence[str | Path] = (),
    exclude: Sequence[str] = (),
    aliases: Mapping[str, str] | None = None,
) -> Iterable[pd.DataFrame]:
    """Return the places to predict: tiles, or without a `step` the regions as they are.

    Regions are given as `read_regions` takes them, the rest as `Tiles` does.
    """
    wanted = None if regions is None else read_regions(regions, sizes, aliases)
    if step is None:
        if wanted is None:
            raise InputError("without a step (--tiles) the windows to predict must be given")
        return [wanted.assign(centre=anchor_base(wanted, "centre"))]
    inside = None if wanted is None else IntervalSet(wanted)
    unwanted = read_blacklist(blacklist, sizes, aliases) if blacklist else None
    return Tiles(sizes, step, inside, unwanted, exclude, genome)
