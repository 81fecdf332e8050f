"""V-plots: fragments around sites, counted by midpoint and length."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.fragments import Fragments
from chrompute.sites import is_reverse


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
    """

    counts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    positions: npt.NDArray[np.int64]
    n_sites: int
    n_fragments: int

    @property
    def scaled(self) -> npt.NDArray[np.float64]:
        """Counts per site and per million fragments, float64 (n_lengths, n_positions)."""
        return self.counts / max(self.n_sites * self.n_fragments / 1e6, 1e-12)


def fragments_at_sites(
    fragments: Fragments, sites: pd.DataFrame, flank: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
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
        int64 (n,) each: row in `sites`; midpoint relative to the site, -flank to flank; length.
        A fragment near several sites stands once for each.
    """
    found: list[npt.NDArray[np.int64]] = []
    reverse = is_reverse(sites)
    for chrom, group in sites.groupby("chrom", sort=False):
        rows = fragments.rows(str(chrom))
        midpoints = fragments.midpoints[rows].astype(np.int64)
        position = group["position"].to_numpy(np.int64)
        first = np.searchsorted(midpoints, 2 * (position - flank), side="left")
        number = np.searchsorted(midpoints, 2 * (position + flank + 1), side="right") - first
        owner = np.repeat(np.arange(len(group)), number)
        fragment = np.arange(owner.size) + (first - (np.cumsum(number) - number))[owner]
        start = position[owner] - flank
        offset = midpoints[fragment] - 2 * start
        backwards = reverse[group.index.to_numpy()[owner]]
        offset = np.where(backwards, 2 * (2 * flank + 1) - offset, offset)
        column = (offset - 1) // 2
        length = fragments.lengths[rows][fragment].astype(np.int64)
        inside = (column >= 0) & (column <= 2 * flank)
        site = group.index.to_numpy()[owner]
        found.append(np.stack([site, column - flank, length])[:, inside])
    joined = np.concatenate(found, axis=1) if found else np.zeros((3, 0), np.int64)
    return joined[0], joined[1], joined[2]


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
    _, offset, length = fragments_at_sites(fragments, sites, flank)
    shape = (max_length - min_length, 2 * flank + 1)
    inside = (length >= min_length) & (length < max_length)
    pixel = (length[inside] - min_length) * shape[1] + offset[inside] + flank
    counts = np.bincount(pixel, minlength=shape[0] * shape[1]).reshape(shape)
    return Vplot(
        counts,
        np.arange(min_length, max_length),
        np.arange(-flank, flank + 1),
        len(sites),
        len(fragments),
    )


def write_vplot(vplot: Vplot, path: str | Path, **facts: object) -> None:
    """Write a V-plot as `.npz`: counts, scaled, lengths, positions and a JSON text `metadata`."""
    metadata = {
        "n_sites": vplot.n_sites,
        "n_fragments": vplot.n_fragments,
        "scaled": "fragments per site and per million fragments",
        "axes": ["length_bp", "midpoint_relative_to_site_bp"],
        **facts,
    }
    np.savez_compressed(
        path,
        counts=vplot.counts,
        scaled=vplot.scaled,
        lengths=vplot.lengths,
        positions=vplot.positions,
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
        )
