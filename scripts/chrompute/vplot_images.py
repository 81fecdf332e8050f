"""V-plots one by one: an image a site, sparse, for those who want to work with images."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_matrix

from chrompute.fragments import Fragments
from chrompute.vplots import pieces_at_sites
from chrompute.whole_files import write_arrays


@dataclass(frozen=True)
class VplotImages:
    """The V-plot of each site.

    Attributes
    ----------
    matrix
        int32 (n_sites, n_lengths * n_positions), CSR: fragments; column `row * n_positions +
        column` is that pixel of the image. Its sum over the sites is the aggregate V-plot.
    lengths
        int64 (n_lengths,): fragment length of each row of an image, bp.
    positions
        int64 (n_positions,): midpoint of each column relative to the site, bp.
    """

    matrix: csr_matrix
    lengths: npt.NDArray[np.int64]
    positions: npt.NDArray[np.int64]


def vplot_images(
    fragments: Fragments, sites: pd.DataFrame, flank: int, min_length: int, max_length: int
) -> VplotImages:
    """Draw the V-plot of every site; arguments as of `chrompute.vplots.aggregate_vplot`."""
    n_positions = 2 * flank + 1
    n_pixels = (max_length - min_length) * n_positions
    per_site = np.zeros(len(sites), dtype=np.int64)
    columns: list[npt.NDArray[np.int32]] = []
    counts: list[npt.NDArray[np.int32]] = []
    for site, offset, length in pieces_at_sites(fragments, sites, flank):
        inside = (length >= min_length) & (length < max_length)
        pixel = (length[inside] - min_length) * n_positions + offset[inside] + flank
        keys, number = np.unique(site[inside] * n_pixels + pixel, return_counts=True)
        per_site += np.bincount(keys // n_pixels, minlength=len(sites))
        columns.append((keys % n_pixels).astype(np.int32))
        counts.append(number.astype(np.int32))
    ends = np.concatenate([[0], np.cumsum(per_site)])
    indices = np.concatenate(columns) if columns else np.zeros(0, np.int32)
    values = np.concatenate(counts) if counts else np.zeros(0, np.int32)
    matrix = csr_matrix((values, indices, ends), shape=(len(sites), n_pixels))
    return VplotImages(matrix, np.arange(min_length, max_length), np.arange(-flank, flank + 1))


def write_images(images: VplotImages, path: str | Path, **facts: object) -> None:
    """Write images as `.npz` that `scipy.sparse.load_npz` reads.

    Beside the matrix it holds `lengths`, `positions` and a JSON text `metadata`; equal images give
    equal bytes.
    """
    metadata = {
        "n_sites": images.matrix.shape[0],
        "image_shape": [images.lengths.size, images.positions.size],
        "axes": ["length_bp", "midpoint_relative_to_site_bp"],
        "column": "row * n_positions + column of the image",
        **facts,
    }
    write_arrays(
        path,
        # The names that `scipy.sparse.save_npz` gives.
        format=np.array(b"csr"),
        shape=np.array(images.matrix.shape),
        data=images.matrix.data,
        indices=images.matrix.indices,
        indptr=images.matrix.indptr,
        lengths=images.lengths,
        positions=images.positions,
        metadata=np.array(json.dumps(metadata)),
    )
