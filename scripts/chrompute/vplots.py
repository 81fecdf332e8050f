"""V-plots: fragments around sites, counted by midpoint and length."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.fragments import Fragments
from chrompute.whole_files import write_arrays

#: Fragments that are looked at together; about 50 bytes each while they are counted.
_PIECE = 1 << 20
_LARGEST = np.iinfo(np.int32).max

#: Rows in `sites`, midpoints relative to the site in bp, and lengths in bp of some fragments.
Found = tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int32]]


@dataclass(frozen=True)
class Vplot:
    """An aggregate V-plot.

    Attributes
    ----------
    counts
        int64 (n_lengths, n_positions): fragments summed over the sites.
    lengths
        int64 (n_lengths,): fragment length of each row, bp.
    positions
        int64 (n_positions,): midpoint of each column relative to the site, bp; negative is
        upstream where the site has a strand.
    n_sites
        Number of sites.
    n_fragments
        Number of fragments in the store, all lengths.
    length_counts
        int64 (n_lengths,): fragments of each row's length in the whole store.
    """

    counts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    positions: npt.NDArray[np.int64]
    n_sites: int
    n_fragments: int
    length_counts: npt.NDArray[np.int64]

    @property
    def scaled(self) -> npt.NDArray[np.float64]:
        """Counts per site and per million fragments, float64 (n_lengths, n_positions)."""
        return self.counts / max(self.n_sites * self.n_fragments / 1e6, 1e-12)

    @property
    def expected(self) -> npt.NDArray[np.float64]:
        """Counts if length had nothing to do with place, float64 (n_lengths, n_positions).

        The share of each length in the whole store (of the plot's lengths), times the fragments
        in each column. The sum over all pixels is that of `counts`.
        """
        share = self.length_counts / max(int(self.length_counts.sum()), 1)
        return np.outer(share, self.counts.sum(axis=0))

    @property
    def corrected(self) -> npt.NDArray[np.float64]:
        """Counts over `expected`, float64 (n_lengths, n_positions); NaN where that is 0."""
        expected = self.expected
        ratio = np.full(expected.shape, np.nan)
        return np.divide(self.counts, expected, out=ratio, where=expected > 0)


def _spans(
    fragments: Fragments, sites: pd.DataFrame, flank: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return for each site its first row in the store and how many rows lie in its window."""
    first = np.zeros(len(sites), dtype=np.int64)
    number = np.zeros(len(sites), dtype=np.int64)
    width = 2 * flank + 1
    # Midpoint bases (doubled midpoint - 1) // 2 within the window: read forwards the doubled
    # midpoints above 2 * start up to 2 * (start + width), read backwards those one lower.
    low = 2 * (sites["position"].to_numpy(np.int64) - flank) + ~_is_reverse(sites)
    for chrom, members in sites.groupby("chrom", sort=False).indices.items():
        rows = fragments.rows(str(chrom))
        midpoints = fragments.midpoints[rows]
        # Needles of the array's own type: others would copy the whole chromosome.
        ends = (np.minimum(low[members] + add, _LARGEST) for add in (0, 2 * width))
        left, right = (np.searchsorted(midpoints, end.astype(np.int32)) for end in ends)
        first[members] = rows.start + left
        number[members] = right - left
    return first, number


def _is_reverse(sites: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Mark the sites on the minus strand."""
    return (sites["strand"] == "-").to_numpy(dtype=bool)


def pieces_at_sites(
    fragments: Fragments, sites: pd.DataFrame, flank: int, piece: int = _PIECE
) -> Iterator[Found]:
    """Yield the fragments around sites, site by site, about `piece` of them at a time.

    Memory then depends on `piece` and not on how many fragments lie around the sites.

    Parameters
    ----------
    fragments, sites, flank
        As in `fragments_at_sites`.
    piece
        A yield holds whole sites and, unless one site alone has more, up to so many fragments.

    Yields
    ------
    site, offset, length
        As `fragments_at_sites` returns them; sites ascend within a yield and from one to the next.
    """
    first, number = _spans(fragments, sites, flank)
    total = np.cumsum(number)
    reverse = _is_reverse(sites)
    start = sites["position"].to_numpy(np.int64) - flank
    # The offset is (sign * midpoint + shift) // 2. Casting to int32 wraps round where it must, and
    # so does their sum: offsets themselves are small.
    shift = np.where(reverse, 2 * (2 * flank + 1) + 2 * start, -2 * start) - 1 - 2 * flank
    sign, shift = np.where(reverse, -1, 1).astype(np.int32), shift.astype(np.int32)
    begin = 0
    while begin < len(sites):
        done = int(total[begin - 1]) if begin else 0
        end = max(int(np.searchsorted(total, done + piece, side="right")), begin + 1)
        part, count = slice(begin, end), number[begin:end]
        skip = first[part] - (total[part] - count - done)
        rows = np.arange(int(total[end - 1]) - done) + np.repeat(skip, count)
        offset = fragments.midpoints[rows]
        if reverse[part].any():
            offset = offset * np.repeat(sign[part], count)
        offset = (offset + np.repeat(shift[part], count)) >> 1
        site = np.repeat(np.arange(begin, end), count)
        yield site, offset, fragments.lengths[rows].astype(np.int32)
        begin = end


def fragments_at_sites(fragments: Fragments, sites: pd.DataFrame, flank: int) -> Found:
    """Find every fragment whose midpoint lies within `flank` of a site.

    Parameters
    ----------
    fragments
        The store.
    sites
        Columns `chrom`, `position`, `strand`; minus-strand sites are read backwards, by
        mirroring doubled midpoints.
    flank
        bp on each side.

    Returns
    -------
    site, offset, length
        int64, int32, int32 (n,): row in `sites`; midpoint relative to the site, -flank to flank;
        length. Sites ascend. A fragment near several sites stands once for each.
    """
    pieces = list(pieces_at_sites(fragments, sites, flank))
    if not pieces:
        return np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int32)
    site, offset, length = (np.concatenate(arrays) for arrays in zip(*pieces, strict=True))
    return site, offset, length


def aggregate_vplot(
    fragments: Fragments, sites: pd.DataFrame, flank: int, min_length: int, max_length: int
) -> Vplot:
    """Sum the V-plots of all sites.

    Parameters
    ----------
    fragments, sites, flank
        As in `fragments_at_sites`.
    min_length, max_length
        Rows of the plot: half-open range of fragment lengths in bp.
    """
    shape = (max_length - min_length, 2 * flank + 1)
    counts = np.zeros(shape[0] * shape[1], dtype=np.int64)
    for _, offset, length in pieces_at_sites(fragments, sites, flank):
        inside = (length >= min_length) & (length < max_length)
        pixel = (length[inside] - min_length) * shape[1] + offset[inside] + flank
        counts += np.bincount(pixel, minlength=counts.size)
    return Vplot(
        counts.reshape(shape),
        np.arange(min_length, max_length),
        np.arange(-flank, flank + 1),
        len(sites),
        len(fragments),
        _count_lengths(fragments)[min_length:max_length],
    )


def _count_lengths(fragments: Fragments) -> npt.NDArray[np.int64]:
    """Count the fragments of each length, int64 (65536,)."""
    counts = np.zeros(np.iinfo(np.uint16).max + 1, dtype=np.int64)
    for begin in range(0, len(fragments), _PIECE):
        counts += np.bincount(fragments.lengths[begin : begin + _PIECE], minlength=counts.size)
    return counts


def write_vplot(vplot: Vplot, path: str | Path, **facts: object) -> None:
    """Write a V-plot as `.npz`.

    It holds `counts`, `scaled`, `expected`, `corrected`, `lengths`, `positions`, `length_counts`
    and a JSON text `metadata`; equal plots give equal bytes.
    """
    metadata = {
        "n_sites": vplot.n_sites,
        "n_fragments": vplot.n_fragments,
        "scaled": "fragments per site and per million fragments",
        "expected": "share of the length in the whole store x fragments in the column",
        "corrected": "counts / expected, NaN where expected is 0",
        "axes": ["length_bp", "midpoint_relative_to_site_bp"],
        **facts,
    }
    write_arrays(
        path,
        counts=vplot.counts,
        scaled=vplot.scaled,
        expected=vplot.expected,
        corrected=vplot.corrected,
        lengths=vplot.lengths,
        positions=vplot.positions,
        length_counts=vplot.length_counts,
        metadata=np.array(json.dumps(metadata)),
    )


def read_vplot(path: str | Path) -> Vplot:
    """Read what `write_vplot` wrote."""
    with np.load(path) as data:
        metadata = json.loads(str(data["metadata"]))
        return Vplot(
            data["counts"],
            data["lengths"],
            data["positions"],
            metadata["n_sites"],
            metadata["n_fragments"],
            data["length_counts"],
        )
