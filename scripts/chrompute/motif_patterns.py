"""Motifs among the attributions of a class: modisco-lite's patterns, and where they lie.

TF-MoDISco (Shrikumar et al. 2018, arXiv:1811.00416) cuts out stretches of large attributions
(seqlets), groups those that look alike and aligns each group to a pattern.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.genome import BASES
from chrompute.sequence_attributions import SequenceAttributions
from chrompute.whole_files import written_whole

#: Columns at the ends of a pattern stay when they weigh this share of its heaviest one. A column
#: weighs its attribution times its information: few seqlets have large attributions by chance.
_KEPT = 0.2
#: Fewer seqlets are no group, and fewer of a pattern none.
_FEWEST, _FEWEST_OF_PATTERN = 20, 20
#: Runs of the clustering, each from a seed of its own; the best one counts.
_RUNS = 10
_SIGNS = {1: "for", -1: "against"}
SITES = ["window", "start", "end", "strand", "pattern"]


@dataclass(frozen=True)
class Pattern:
    """A pattern of attributions.

    Attributes
    ----------
    name
        "for1", "for2", ...: patterns that speak for the class, by their number of seqlets;
        "against1", ...: those that speak against it.
    frequencies
        float64 (width, 4): of A, C, G, T among the seqlets.
    attributions
        float64 (width, 4): mean attribution of the bases.
    sites
        `SITES`, one row a seqlet: index of the window, and first and last base (half-open, bp
        from the window's left end) on the strand that the pattern is read on.
    """

    name: str
    frequencies: npt.NDArray[np.float64]
    attributions: npt.NDArray[np.float64]
    sites: pd.DataFrame

    @property
    def consensus(self) -> str:
        """The most frequent bases; small letters where none makes up half of the seqlets."""
        best = zip(self.frequencies.argmax(1), self.frequencies.max(1) > 0.5, strict=True)
        return "".join(BASES[base] if sure else BASES[base].lower() for base, sure in best)


def find_patterns(found: SequenceAttributions, span: int, seqlets: int) -> list[Pattern]:
    """Find motifs in the middle of windows.

    Parameters
    ----------
    found
        Attributions of windows of one class.
    span
        bp in the middle of the windows where seqlets are looked for.
    seqlets
        Most seqlets of either sign, the largest attributions first.

    Returns
    -------
    list
        Those for the class first, each by its number of seqlets; empty where there are too few.
    """
    from modiscolite.tfmodisco import TFMoDISco

    width = found.codes.shape[1]
    left = max(0, (width - span) // 2)
    middle = slice(left, min(width, left + span))
    bases = (found.codes[:, middle, None] == np.arange(4)).astype(np.float32)
    values = np.ascontiguousarray(found.hypothetical[:, :, middle].transpose(0, 2, 1))
    if not len(bases) or not np.any(values):
        return []
    groups = TFMoDISco(
        bases, values, min_metacluster_size=_FEWEST, max_seqlets_per_metacluster=seqlets,
        n_leiden_runs=_RUNS, final_min_cluster_size=_FEWEST_OF_PATTERN,
    )  # fmt: skip
    return [
        _pattern(f"{name}{number}", pattern, left)
        for name, group in zip(_SIGNS.values(), groups, strict=True)
        for number, pattern in enumerate(_by_size(group or ()), 1)
    ]


def _by_size(patterns: Sequence[Any]) -> list[Any]:
    return sorted(patterns, key=lambda pattern: -len(pattern.seqlets))


def _pattern(name: str, pattern: Any, left: int) -> Pattern:
    """Cut off what is no part of a pattern."""
    weight = np.abs(pattern.contrib_scores).sum(1) * _bits(pattern.sequence)
    kept = np.flatnonzero(weight >= _KEPT * weight.max())
    first, end = int(kept[0]), int(kept[-1]) + 1
    rows = []
    for seqlet in pattern.seqlets:
        begin = seqlet.end - end if seqlet.is_revcomp else seqlet.start + first
        strand = "-" if seqlet.is_revcomp else "+"
        begin += left
        rows.append((int(seqlet.example_idx), begin, begin + end - first, strand, name))
    sites = pd.DataFrame(rows, columns=SITES).sort_values(SITES[:4], ignore_index=True)
    frequencies, attributions = (
        np.asarray(values[first:end], dtype=np.float64)
        for values in (pattern.sequence, pattern.contrib_scores)
    )
    return Pattern(name, frequencies, attributions, sites)


def _bits(frequencies: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the information of each column, 0 to 2 bits (Schneider and Stephens 1990)."""
    shares = frequencies / frequencies.sum(1, keepdims=True)
    return 2 + (shares * np.log2(shares, where=shares > 0, out=np.zeros_like(shares))).sum(1)


def pattern_table(patterns: Sequence[Pattern]) -> pd.DataFrame:
    """Return `pattern`, `sign`, `seqlets`, `windows`, `consensus`, `attribution`, one row each.

    The attribution is the mean sum over the bases of a seqlet.
    """
    rows = [
        {
            "pattern": one.name,
            "sign": "for" if one.attributions.sum() > 0 else "against",
            "seqlets": len(one.sites),
            "windows": one.sites["window"].nunique(),
            "consensus": one.consensus,
            "attribution": one.attributions.sum(),
        }
        for one in patterns
    ]
    names = ["pattern", "sign", "seqlets", "windows", "consensus", "attribution"]
    return pd.DataFrame(rows, columns=names)


def pattern_logos(patterns: Sequence[Pattern]) -> pd.DataFrame:
    """Return `pattern`, `position` (bp from its left end), and mean attributions of the bases."""
    parts = [pd.DataFrame(columns=["pattern", "position", *BASES])]
    for one in patterns:
        own = pd.DataFrame(one.attributions, columns=[*BASES]).reset_index(names="position")
        parts.append(own.assign(pattern=one.name)[parts[0].columns])
    return pd.concat(parts[1:] or parts, ignore_index=True)


def pattern_sites(patterns: Sequence[Pattern], places: pd.DataFrame) -> pd.DataFrame:
    """Return where seqlets lie in the genome, as the columns of BED6, in its order.

    Parameters
    ----------
    patterns
        Found in the windows `places` (`chrom`, `start`).
    places
        One row a window.
    """
    sites = pd.concat([pd.DataFrame(columns=SITES), *(one.sites for one in patterns)])
    window = sites["window"].to_numpy(np.intp)
    first = places["start"].to_numpy(np.int64)[window]
    table = pd.DataFrame({
        "chrom": places["chrom"].astype(str).to_numpy()[window],
        "start": first + sites["start"].to_numpy(np.int64),
        "end": first + sites["end"].to_numpy(np.int64),
        "name": sites["pattern"].to_numpy(),
        "score": 0,
        "strand": sites["strand"].to_numpy(),
    })  # fmt: skip
    return table.sort_values(["chrom", "start", "end", "name"], ignore_index=True)


def write_patterns(patterns: Sequence[Pattern], path: str | Path) -> None:
    """Write the base frequencies of patterns as a MEME file (version 4)."""
    lines = ["MEME version 4", "", "ALPHABET= ACGT", "", "strands: + -", ""]
    lines += ["Background letter frequencies", "A 0.25 C 0.25 G 0.25 T 0.25", ""]
    for one in patterns:
        width, sites = len(one.frequencies), len(one.sites)
        lines.append(f"MOTIF {one.name} {one.consensus}")
        lines.append(f"letter-probability matrix: alength= 4 w= {width} nsites= {sites} E= 0")
        rows = one.frequencies / one.frequencies.sum(1, keepdims=True)
        lines += [" ".join(f"{value:.6f}" for value in row) for row in rows] + [""]
    with written_whole(path) as part:
        part.write_text("\n".join(lines) + "\n")
