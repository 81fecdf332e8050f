"""Motifs: MEME files, scores as whole numbers, and exact P-value thresholds."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chrompute.bounded import open_text
from chrompute.errors import InputError
from chrompute.genome import BASES

#: Scores are whole numbers of 1/1000 bit: sums are exact, and so are the P-values of sums.
UNITS = 1000
#: Occurrences that are added in proportion to the background, as FIMO does by default.
_PSEUDOCOUNT = 0.1
#: Sites behind a matrix that does not say how many it has (MEME's default).
_SITES = 20.0
_UNIFORM = (0.25, 0.25, 0.25, 0.25)
_WORD = re.compile(r"(\w+)\s*=\s*(\S+)")


@dataclass(frozen=True)
class Motif:
    """A motif as scores.

    Attributes
    ----------
    name
        Its identifier in the file.
    scores
        int64 (width, 4): log2(p / background) in 1/1000 bit for A, C, G, T.
    background
        Frequencies of A, C, G, T, equal for complements; they sum to 1.
    """

    name: str
    scores: npt.NDArray[np.int64]
    background: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def reverse_complement(self) -> npt.NDArray[np.int64]:
        """Scores of the other strand, int64 (width, 4)."""
        return self.scores[::-1, ::-1]

    def threshold(self, p_value: float) -> int | None:
        """Return the lowest score that a random word of the background reaches so rarely.

        The distribution of the score of independent bases is computed exactly, column by column
        (Staden 1989, CABIOS 5:89; as in FIMO, Grant 2011, Bioinformatics 27:1017).

        Parameters
        ----------
        p_value
            Highest probability of a score at or above the threshold.

        Returns
        -------
        int or None
            1/1000 bit; None when even the best word is more frequent than that.
        """
        chance = np.ones(1)
        for column in self.scores - self.scores.min(axis=1, keepdims=True):
            wider = np.zeros(len(chance) + int(column.max()))
            for score, frequency in zip(column.tolist(), self.background, strict=True):
                wider[score : score + len(chance)] += frequency * chance
            chance = wider
        tail = np.cumsum(chance[::-1])[::-1]
        # Sums of doubles in another order differ in the last digits.
        rare = tail <= p_value * (1 + 1e-9)
        if not rare.any():
            return None
        # Scores that no word has pass into the next one that a word has.
        reached = np.flatnonzero(rare & (chance > 0))
        return int(reached[0] + self.scores.min(axis=1).sum()) if reached.size else None


def motif_threshold(path: str | Path, motif: Motif, p_value: float) -> int:
    """Return `Motif.threshold`.

    Raises
    ------
    InputError
        When no word is as rare as that.
    """
    threshold = motif.threshold(p_value)
    if threshold is None:
        raise InputError(
            f"{path}: motif {motif.name!r} is too short or too vague for p_value {p_value:g}: even "
            "its best match is more frequent; give a higher p_value or another motif"
        )
    return threshold


def read_motif(path: str | Path, name: str) -> Motif:
    """Read one motif of a MEME file (version 4 or 5, DNA), by its identifier or alternative name.

    Probabilities are read where the file holds them beside log-odds. A motif of log-odds alone
    (1/100 bit, after MEME) is used as it stands.

    Raises
    ------
    InputError
        When the file is no MEME file, the motif is not there or there twice, or a line of its
        matrix is faulty.
    """
    with open_text(path) as handle:
        lines = list(enumerate(handle, 1))
    if not any(re.match(r"MEME version \d", line) for _, line in lines):
        raise InputError(f"{path}: no line 'MEME version'; give a motif file in MEME format")
    background = _background(path, lines)
    blocks = list(_blocks(lines))
    found = [block for block in blocks if name in block[0][1].split()[1:3]]
    if len(found) != 1:
        names = [block[0][1].split()[1] for block in blocks if len(block[0][1].split()) > 1]
        have = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
        what = f"{len(found)} motifs are called" if found else "no motif is called"
        raise InputError(f"{path}: {what} {name!r} (there are {have or 'none'}); correct 'motif'")
    return Motif(name, _scores(path, found[0], background), background)


Lines = list[tuple[int, str]]


def _blocks(lines: Lines) -> Iterator[Lines]:
    """Yield the lines of each motif, from its line `MOTIF` on."""
    starts = [place for place, (_, line) in enumerate(lines) if line.startswith("MOTIF")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield lines[start:end]


def _background(path: str | Path, lines: Lines) -> tuple[float, ...]:
    for place, (_, line) in enumerate(lines):
        if line.startswith("ALPHABET=") and line.split("=")[1].strip() not in ("ACGT", "DNA"):
            raise InputError(f"{path}: {line.strip()}; give motifs of DNA (ALPHABET= ACGT)")
        if line.startswith("MOTIF"):
            break
        if line.startswith("Background letter frequencies"):
            words = " ".join(text for _, text in lines[place + 1 : place + 3]).split()
            given = {words[i]: words[i + 1] for i in range(0, min(len(words), 8) - 1, 2)}
            try:
                values = [float(given[base]) for base in BASES]
            except (KeyError, ValueError):
                values = [0.0]
            if min(values) <= 0 or not math.isclose(sum(values), 1, abs_tol=0.01):
                number = lines[place][0]
                raise InputError(
                    f"{path}, line {number}: the background must give A, C, G and T frequencies "
                    "above 0 that sum to 1; correct or remove it"
                )
            # Both strands are scanned, so a base is as frequent as its complement (as in FIMO).
            both = [(value + other) / 2 for value, other in zip(values, values[::-1], strict=True)]
            return tuple(value / sum(both) for value in both)
    return _UNIFORM


def _scores(path: str | Path, block: Lines, background: tuple[float, ...]) -> npt.NDArray[np.int64]:
    number, title = block[0]
    for kind in ("letter-probability matrix:", "log-odds matrix:"):
        for place, (at, line) in enumerate(block):
            if line.startswith(kind):
                facts = dict(_WORD.findall(line))
                rows = np.array(_rows(path, block[place + 1 :], facts.get("w"), at))
                if kind.startswith("log-odds"):
                    return np.rint(rows * (UNITS / 100)).astype(np.int64)
                return _log_odds(path, at, rows, float(facts.get("nsites", _SITES)), background)
    raise InputError(
        f"{path}, line {number}: {title.strip()} has no letter-probability matrix; "
        "give a motif that has one"
    )


def _rows(path: str | Path, lines: Lines, width: str | None, at: int) -> list[list[float]]:
    rows: list[list[float]] = []
    for number, line in lines:
        if width is not None and len(rows) == int(width):
            break
        if not line.strip():
            if rows:
                break
            continue
        try:
            row = [float(word) for word in line.split()]
        except ValueError:
            if width is None and rows:
                break
            row = []
        if len(row) != 4 or not all(map(math.isfinite, row)):
            raise InputError(
                f"{path}, line {number}: a matrix line has 4 numbers; correct the motif"
            )
        rows.append(row)
    if not rows or (width is not None and len(rows) != int(width)):
        raise InputError(
            f"{path}, line {at}: the matrix has {len(rows)} of its w= {width} lines; "
            "correct the motif"
        )
    return rows


def _log_odds(
    path: str | Path,
    at: int,
    rows: npt.NDArray[np.float64],
    sites: float,
    background: tuple[float, ...],
) -> npt.NDArray[np.int64]:
    """Return log2((sites * p + 0.1 * background) / (sites + 0.1) / background), 1/1000 bit."""
    if rows.min() < 0 or not np.allclose(rows.sum(axis=1), 1, atol=0.02):
        raise InputError(
            f"{path}, line {at}: each line of a letter-probability matrix must sum to 1; "
            "correct the motif"
        )
    rows = rows / rows.sum(axis=1, keepdims=True)
    # MEME writes nsites= 0 where it is not known.
    sites = sites if sites > 0 else _SITES
    smooth = (sites * rows + _PSEUDOCOUNT * np.array(background)) / (sites + _PSEUDOCOUNT)
    return np.rint(UNITS * np.log2(smooth / background)).astype(np.int64)
