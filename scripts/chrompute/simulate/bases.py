"""What a sequencer makes of a molecule: bases, some of them wrong, and qualities."""

import numpy as np
import numpy.typing as npt

from chrompute.genome import BASES

Bytes = npt.NDArray[np.uint8]

#: Number of courses that qualities take along a read.
PROFILES = 32
#: Binned qualities of a patterned flow cell.
_LEVELS = np.array([37, 25, 11, 2], dtype=np.uint8)
_LETTERS = np.frombuffer(f"{BASES}N".encode(), dtype=np.uint8)


def draw_bases(
    codes: Bytes,
    place: npt.NDArray[np.int64],
    aligned: npt.NDArray[np.bool_],
    mismatches: float,
    rng: np.random.Generator,
) -> tuple[list[str], list[int]]:
    """Read the bases of some reads.

    Parameters
    ----------
    codes
        Bases of the joined genome, as `chrompute.genome.encode` gives them.
    place, aligned
        (n_reads, n_bases): where each base lies in it, and whether it is aligned there; any other
        one is drawn at random, wherever it is said to lie.
    mismatches
        Chance of an aligned base to be read as another one.
    rng
        Decides.

    Returns
    -------
    bases
        Letters of each read, all n_bases of them.
    different
        Mismatches of each; an unknown base of the genome is one too (SAM tags, NM).
    """
    found = codes[np.clip(place, 0, codes.size - 1)]
    known = found < len(BASES)
    changed = aligned & known & (rng.random(found.shape, dtype=np.float32) < mismatches)
    steps = rng.integers(1, len(BASES), int(changed.sum()), dtype=np.uint8)
    found[changed] = (found[changed] + steps) % len(BASES)
    found[~aligned] = rng.integers(0, len(BASES), int((~aligned).sum()), dtype=np.uint8)
    text = _LETTERS[found].tobytes().decode()
    width = found.shape[1]
    letters = [text[begin : begin + width] for begin in range(0, len(text), width)]
    return letters, (changed | (aligned & ~known)).sum(axis=1).tolist()


def quality_profiles(longest: int) -> Bytes:
    """Return courses of quality, (PROFILES, longest), in the order of sequencing.

    Qualities fall along a read, in the first courses late or never.
    """
    share = (np.arange(longest) + 0.5) / longest
    falls = np.linspace(1.3, 0.3, PROFILES)[:, None] * np.array([1.0, 1.6, 2.5])
    return _LEVELS[(share[None, :, None] > falls[:, None, :]).sum(axis=2)]
