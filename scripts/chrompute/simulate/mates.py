"""Reads from their 5' ends, and pairs of them whose flags and places agree."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from chrompute.simulate.bam import (
    MATE_REVERSE,
    MATE_UNMAPPED,
    PAIRED,
    READ,
    READ1,
    READ2,
    REVERSE,
    UNMAPPED,
    Reads,
)

Numbers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

#: Soft-clipped bases at a read's 3' end, fewest and most, and the shortest read that has them.
_CLIP = (3, 10)
_SHORTEST_CLIPPED = 20


@dataclass(frozen=True)
class Ends:
    """5' ends of reads.

    Attributes
    ----------
    chrom, five
        Number of the chromosome and 0-based position of each read's first base.
    longest
        The most bases each can have.
    reverse
        Whether each lies on the reverse strand.
    """

    chrom: Numbers
    five: Numbers
    longest: Numbers
    reverse: Truths

    def __getitem__(self, rows: Numbers) -> "Ends":
        return Ends(self.chrom[rows], self.five[rows], self.longest[rows], self.reverse[rows])

    def to_the_end(self, sizes: Numbers) -> "Ends":
        """Let reads reach as far as their chromosomes do; `sizes` holds bp of each."""
        longest = np.where(self.reverse, self.five + 1, sizes[self.chrom] - self.five)
        return Ends(self.chrom, self.five, longest, self.reverse)


def choose(one: Ends, other: Ends, take_other: Truths) -> Ends:
    """Take each entry from one or from the other."""
    pairs = ((getattr(one, field.name), getattr(other, field.name)) for field in fields(Ends))
    return Ends(*(np.where(take_other, theirs, ours) for ours, theirs in pairs))


def aligned(ends: Ends, read_length: int, soft_clips: float, rng: np.random.Generator) -> Reads:
    """Return the reads of 5' ends, with their strand as the only flag.

    `soft_clips` is the fraction of them whose last bases are not aligned; 5' ends always are.
    """
    reads = np.zeros(ends.five.size, dtype=READ)
    length = np.minimum(ends.longest, read_length)
    clipped = (rng.random(length.size) < soft_clips) & (length >= _SHORTEST_CLIPPED)
    clip = np.where(clipped, rng.integers(*_CLIP, length.size, endpoint=True), 0)
    reads["chrom"], reads["length"], reads["clip"] = ends.chrom, length, clip
    reads["start"] = np.where(ends.reverse, ends.five + 1 - (length - clip), ends.five)
    reads["flag"] = np.where(ends.reverse, REVERSE, 0)
    return reads


def unmapped(number: int, read_length: int) -> Reads:
    """Return reads without a place."""
    reads = np.zeros(number, dtype=READ)
    reads["chrom"] = reads["start"] = reads["mate_chrom"] = reads["mate_start"] = -1
    reads["length"], reads["flag"] = read_length, UNMAPPED
    return reads


def join(one: Reads, other: Reads, one_is_first: Truths) -> Reads:
    """Make mates (2, n) of two columns of reads; `one_is_first` tells which were sequenced first.

    TLEN spans the mapped bases of both where they lie on one chromosome, and is 0 elsewhere.
    """
    both = np.stack([one, other])
    mapped = ((one["flag"] | other["flag"]) & UNMAPPED) == 0
    reach = both["start"] + both["length"] - both["clip"]
    span = reach.max(axis=0) - both["start"].min(axis=0)
    span = np.where(mapped & (one["chrom"] == other["chrom"]), span, 0)
    one_is_left = one["start"] <= other["start"]
    mates = both["flag"][::-1].copy()
    both["mate_chrom"], both["mate_start"] = both["chrom"][::-1], both["start"][::-1]
    both["tlen"] = np.where(one_is_left, span, -span), np.where(one_is_left, -span, span)
    flags = np.where([one_is_first, ~one_is_first], READ1, READ2) | PAIRED
    flags |= np.where(mates & REVERSE, MATE_REVERSE, 0)
    flags |= np.where(mates & UNMAPPED, MATE_UNMAPPED, 0)
    both["flag"] |= flags.astype(np.uint16)
    return both
