"""Digests of what a model was trained on, to tell later whether it is still the same."""

import hashlib
import json
from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.fragments import Fragments
from chrompute.targets import Targets


def fragments_digest(store: Fragments) -> str:
    """Digest the fragments of a store: how many each chromosome has, midpoints and lengths.

    The bytes are those of little-endian numbers, so that all machines agree. Chromosomes without
    a fragment do not count, nor does how the store lies on disk.
    """
    numbers = {name: n for name, n in store.count_by_chromosome().items() if n}
    digest = hashlib.sha256(json.dumps(numbers).encode())
    digest.update(np.ascontiguousarray(store.midpoints, "<i4").data)
    digest.update(np.ascontiguousarray(store.lengths, "<u2").data)
    return digest.hexdigest()


def genome_digests(
    genome: Mapping[str, npt.NDArray[np.uint8]], chromosomes: Collection[str]
) -> dict[str, str]:
    """Digest the encoded sequence of some chromosomes, {chromosome: SHA-256}.

    Case and the kind of an unknown base do not count (`chrompute.genome.encode`).
    """
    return {
        name: hashlib.sha256(np.ascontiguousarray(genome[name]).data).hexdigest()
        for name in sorted(set(chromosomes) & set(genome))
    }


def windows_digest(windows: pd.DataFrame, targets: Targets, chosen: npt.NDArray[np.bool_]) -> str:
    """Digest some windows and what a model learns of them.

    Parameters
    ----------
    windows
        Columns `cell_type`, `chrom`, `start`.
    targets
        Of the same windows.
    chosen
        (n_windows,): those that count, in their order.

    Returns
    -------
    str
        SHA-256 over a line of text for each window, then over the labels and weights of each
        task as little-endian float32.
    """
    own = windows.loc[chosen, ["chrom", "start", "cell_type"]]
    lines = [f"{chrom}\t{start}\t{name}\n" for chrom, start, name in own.itertuples(index=False)]
    digest = hashlib.sha256("".join(lines).encode())
    for task in targets.labels:
        digest.update(task.encode())
        for values in (targets.labels[task], targets.weights[task]):
            digest.update(np.ascontiguousarray(values[chosen], "<f4").data)
    return digest.hexdigest()
