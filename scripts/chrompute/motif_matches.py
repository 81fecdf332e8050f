"""What patterns are: known motifs that they look like, and how far apart they lie."""

import warnings
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.errors import InputError
from chrompute.motif_names import SIGNIFICANT
from chrompute.motif_patterns import Pattern

#: Distances between seqlets that are counted, bp.
_REACH = 100
#: Distances beside the most frequent one that count with it, bp.
_BESIDE = 1
MATCHES = ["pattern", "motif", "p_value", "q_value", "offset", "strand"]
DISTANCES = ["first", "second", "orientation", "distance", "pairs", "all_pairs", "p_value"]


def read_known(path: str | Path) -> dict[str, npt.NDArray[np.float64]]:
    """Read all motifs of a MEME file, {name: probabilities (4, width)}.

    Raises
    ------
    InputError
        When there is none, or a matrix is faulty.
    """
    from memelite.io import read_meme

    try:
        motifs = read_meme(path)
    except (OSError, ValueError, LookupError, AttributeError) as error:
        raise InputError(
            f"{path}: cannot be read as motifs ({error}); give letter-probability matrices of DNA "
            "in MEME format"
        ) from error
    if not motifs:
        raise InputError(f"{path}: holds no letter-probability matrix; give motifs in MEME format")
    return dict(motifs)


def match_patterns(
    patterns: Sequence[Pattern], known: Mapping[str, npt.NDArray[np.float64]]
) -> pd.DataFrame:
    """Compare patterns with known motifs by Tomtom (Gupta et al. 2007), as in memelite.

    Returns
    -------
    DataFrame
        `MATCHES`: for each pattern the motifs of a q-value below 0.05 that lie at different places
        in it, the best first, and at least the best one. q-values are those of Benjamini and
        Hochberg over all pairs of a pattern and a motif. `offset` is where the motif begins in the
        pattern, bp, which may be before it; `strand` is "-" where it is reverse-complemented.
    """
    if not patterns:
        return pd.DataFrame(columns=MATCHES)
    from memelite import tomtom
    from scipy.stats import false_discovery_control

    names, matrices = [*known], [*known.values()]
    with warnings.catch_warnings():
        # With few motifs the p-values are rough, which the documentation says.
        warnings.filterwarnings("ignore", message="tomtom was given")
        queries = [np.ascontiguousarray(one.frequencies.T) for one in patterns]
        found = tomtom(queries, matrices, n_jobs=1)
    p_values, _, offsets, _, strands = (np.asarray(each) for each in found[:5])
    q_values = false_discovery_control(p_values.clip(0, 1).ravel()).reshape(p_values.shape)
    rows: list[tuple[object, ...]] = []
    for place, pattern in enumerate(patterns):
        taken: list[tuple[int, int]] = []
        for index in np.argsort(p_values[place], kind="stable"):
            q_value = q_values[place, index]
            if taken and q_value >= SIGNIFICANT:
                break
            width = matrices[index].shape[1]
            begin = -int(offsets[place, index])
            if any(begin < end and start < begin + width for start, end in taken):
                continue
            taken.append((begin, begin + width))
            strand = "-" if strands[place, index] else "+"
            p_value = p_values[place, index]
            rows.append((pattern.name, names[index], p_value, q_value, begin, strand))
    return pd.DataFrame(rows, columns=MATCHES)


def site_distances(patterns: Sequence[Pattern]) -> pd.DataFrame:
    """Return the distance at which two patterns lie most often in one window.

    Returns
    -------
    DataFrame
        `DISTANCES`: for each pair of patterns, the orientation of the second one as the first one
        is read ("same" or "opposite"), the distance from the first one's centre to the second
        one's (bp, positive where it lies downstream of the first), `pairs` of seqlets within 1 bp
        of it, `all_pairs` up to 100 bp apart, and the probability that one distance of all has so
        many if all are alike (binomial, times the number of distances).
    """
    from scipy.stats import binom

    rows: list[tuple[object, ...]] = []
    for (place, first), (other, second) in product(enumerate(patterns), repeat=2):
        if other < place:
            continue
        for orientation, distances in _distances(first, second).items():
            counts = np.bincount(distances + _REACH, minlength=2 * _REACH + 1)
            near = np.convolve(counts, np.ones(2 * _BESIDE + 1, dtype=np.int64), "same")
            if not counts.any():
                continue
            total = int(counts.sum())
            best = int((near * (total + 1) + counts).argmax())
            chance = (2 * _BESIDE + 1) / len(counts)
            p_value = min(1.0, len(counts) * binom.sf(near[best] - 1, total, chance))
            names = first.name, second.name, orientation
            rows.append((*names, best - _REACH, int(near[best]), total, p_value))
    return pd.DataFrame(rows, columns=DISTANCES)


def _distances(first: Pattern, second: Pattern) -> dict[str, npt.NDArray[np.int64]]:
    """Return {orientation: distances of all pairs of seqlets of one window}, int64, bp.

    Of a pattern and itself each pair is taken once, from its left seqlet where both are read on
    the plus strand.
    """
    pairs = first.sites.merge(second.sites, on="window", suffixes=("", "_2"))
    centres = [pairs[f"start{end}"] + pairs[f"end{end}"] for end in ("", "_2")]
    distance = ((centres[1] - centres[0]) // 2).to_numpy(np.int64)
    backwards = (pairs["strand"] == "-").to_numpy()
    same = (pairs["strand"] == pairs["strand_2"]).to_numpy()
    distance = np.where(backwards, -distance, distance)
    near = np.abs(distance) <= _REACH
    if first is second:
        left = pairs["start"].to_numpy() < pairs["start_2"].to_numpy()
        near &= left
        distance = np.where(same, np.abs(distance), distance)
    return {"same": distance[near & same], "opposite": distance[near & ~same]}
