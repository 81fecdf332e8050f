"""Matches of a motif in the genome, on both strands."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from chrompute.genome import UNKNOWN_BASE, is_excluded, iter_genome
from chrompute.intervals import IntervalSet
from chrompute.motifs import UNITS, Motif

#: Bases that are looked up together, and bases that are scanned together.
_WORD = 5
_CHUNK = 1 << 18
#: Score of a base that is not A, C, G or T: no match holds one.
_NEVER = -(10**7)

#: First base, whether it is on the minus strand, and score (1/1000 bit) of matches.
Matches = tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_], npt.NDArray[np.int64]]


def scan_sequence(codes: npt.NDArray[np.uint8], motif: Motif, threshold: int) -> Matches:
    """Find every match of a motif in one sequence, overlapping ones too.

    Parameters
    ----------
    codes
        (n,): the sequence, encoded (`chrompute.genome.encode`).
    motif
        The motif; its reverse complement is looked for as well.
    threshold
        Lowest score, 1/1000 bit.

    Returns
    -------
    start, is_reverse, score
        (n_matches,) each, by start, plus strand first.
    """
    width = len(motif)
    tables = [_word_scores(motif.scores), _word_scores(motif.reverse_complement)]
    padded = _WORD * len(tables[0])
    found: list[Matches] = []
    for begin in range(0, len(codes) - width + 1, _CHUNK):
        number = min(_CHUNK, len(codes) - width + 1 - begin)
        piece = np.full(number + padded, UNKNOWN_BASE, dtype=np.intp)
        part = codes[begin : begin + number + width - 1]
        piece[: len(part)] = part
        words = np.zeros(number + padded - _WORD + 1, dtype=np.intp)
        for place in range(_WORD):
            words *= UNKNOWN_BASE + 1
            words += piece[place : place + len(words)]
        for is_reverse, table in enumerate(tables):
            score = np.zeros(number, dtype=np.int32)
            for index, values in enumerate(table):
                score += values[words[index * _WORD : index * _WORD + number]]
            start = np.flatnonzero(score >= threshold)
            strand = np.full(start.size, bool(is_reverse))
            found.append((start + begin, strand, score[start].astype(np.int64)))
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.bool_), np.zeros(0, np.int64)
    start, strand, scores = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    order = np.lexsort((strand, start))
    return start[order], strand[order], scores[order]


def _word_scores(scores: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int32]]:
    """Return, for each `_WORD` columns of a motif, the score of every word, int32 (5 ** 5,).

    Columns past the end of the motif score 0 whatever stands there.
    """
    columns = np.column_stack([scores, np.full(len(scores), _NEVER)]).astype(np.int32)
    columns = np.pad(columns, ((0, -len(columns) % _WORD), (0, 0)))
    tables = []
    for begin in range(0, len(columns), _WORD):
        table = np.zeros(1, dtype=np.int32)
        for column in columns[begin : begin + _WORD]:
            table = (table[:, None] + column).ravel()
        tables.append(table)
    return tables


def without_overlaps(matches: Matches, width: int) -> npt.NDArray[np.int64]:
    """Choose matches of which no two share a base, the best first.

    A palindrome matches on both strands at one place, a repeat at many neighbouring ones; each
    would otherwise count the same fragments again. Of equal scores the leftmost is taken, and of
    two strands plus.

    Parameters
    ----------
    matches
        As `scan_sequence` returns them.
    width
        Of the motif, bp.

    Returns
    -------
    array
        int64 (n_kept,): indices of the chosen ones, ascending.
    """
    start, strand, score = matches
    if not start.size:
        return np.zeros(0, np.int64)
    edges = np.flatnonzero(np.diff(start, prepend=start[0] - width) >= width)
    sizes = np.diff(np.append(edges, start.size))
    kept = edges[sizes == 1].tolist()
    for first, size in zip(edges[sizes > 1], sizes[sizes > 1], strict=True):
        taken: list[int] = []
        group = np.arange(first, first + size)
        for index in group[np.lexsort((strand[group], start[group], -score[group]))]:
            place = int(start[index])
            if bisect_left(taken, place - width + 1) == bisect_left(taken, place + width):
                insort(taken, place)
                kept.append(index)
    return np.sort(np.array(kept, dtype=np.int64))


def find_matches(
    fasta: str | Path, motif: Motif, threshold: int, exclude: Iterable[str], blacklist: IntervalSet
) -> pd.DataFrame:
    """Find the matches of a motif that can be sites: no two overlap, none is blacklisted.

    Parameters
    ----------
    fasta
        The genome.
    motif, threshold
        As in `scan_sequence`.
    exclude
        Names or shell patterns of chromosomes to leave out.
    blacklist
        Matches whose centre base lies in it are left out.

    Returns
    -------
    DataFrame
        Columns of BED6: `chrom`, `start`, `end`, `name` (the motif), `score` (bits), `strand`.
    """
    excluded, width = list(exclude), len(motif)
    tables = []
    for chrom, codes in iter_genome(fasta):
        if is_excluded(chrom, excluded):
            continue
        matches = scan_sequence(codes, motif, threshold)
        best = without_overlaps(matches, width)
        start, strand, score = (values[best] for values in matches)
        kept = ~blacklist.contains(chrom, start + (width - 1) // 2)
        table = pd.DataFrame({"chrom": chrom, "start": start, "end": start + width})
        table = table.assign(name=motif.name, score=score / UNITS)
        tables.append(table.assign(strand=np.where(strand, "-", "+"))[kept])
    return pd.concat(tables or [pd.DataFrame()], ignore_index=True)
