"""From the files of one sample to its fragments: one pass, every read counted once.

A pair counts once, from its mates' 5' ends: `start` is the first base of the forward mate,
`end` the base after the last one of the reverse mate. The strict path (the default) joins the
mates by name and both must pass every filter; the fast path reads the first mate alone and
takes the rest from its mate position, TLEN and, where present, its MQ tag.
"""

import logging
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chrompute.collecting import Collector, Library
from chrompute.distances import extend_reads
from chrompute.errors import InputError
from chrompute.fragment_files import ALIGNMENTS, TextRules, format_of, read_fragment_text
from chrompute.fragments import Fragments, Shift
from chrompute.genome import is_excluded
from chrompute.intervals import IntervalSet
from chrompute.pairing import COUNTED, FAST, PAIRED, PROPER, SINGLE, STRICT, Pairing
from chrompute.records import Records, open_alignments, read_records

logger = logging.getLogger(__name__)
_WAYS = {"strict": STRICT, "fast": FAST}
#: Records looked at, at most, to tell whether the aligner set proper-pair flags.
_FLAG_SAMPLE = 500_000


@dataclass(frozen=True)
class FragmentFilter:
    """What a read, then a fragment, must satisfy.

    Attributes
    ----------
    sizes
        {chromosome: bp} of the chromosomes that fragments may lie on.
    shift
        End shift that is applied to raw fragments.
    min_mapq
        Lowest mapping quality; 255 ("not available") passes.
    min_length, max_length
        Raw length in bp, both ends included, before the shift.
    excluded
        Names or shell patterns of chromosomes left out.
    aliases
        {name in the file: name in the genome}.
    blacklist
        A fragment that shares a base with it is dropped.
    remove_repeats
        Keep one of the fragments that share both ends.
    pairing
        "strict" or "fast".
    layout
        "paired", or "single" for single-end reads.
    extend
        Single-end reads only: None leaves them as they are; a number extends each from its 5'
        end to so many bp, whose middle is the dyad; 0 estimates that number.
    barcodes
        Fragment files only: the barcodes to take; None takes all.
    """

    sizes: Mapping[str, int]
    shift: Shift
    min_mapq: int = 30
    min_length: int = 20
    max_length: int = 1000
    excluded: Sequence[str] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    blacklist: IntervalSet = field(default_factory=lambda: IntervalSet.of())
    remove_repeats: bool = False
    pairing: str = "strict"
    layout: str = "paired"
    extend: int | None = None
    barcodes: Collection[str] | None = None

    def code_of(self, raw: str) -> int:
        """Return the genome's index of a chromosome named as in the file, -1 if left out.

        Raises
        ------
        ValueError
            When it is neither in the genome nor left out.
        """
        name = self.aliases.get(raw, raw)
        if is_excluded(name, self.excluded):
            return -1
        if name not in self.sizes:
            raise ValueError(name)
        return list(self.sizes).index(name)

    @property
    def way(self) -> int:
        """How alignments are read: STRICT, FAST or SINGLE of `chrompute.pairing`."""
        return SINGLE if self.layout == "single" else _WAYS[self.pairing]


@dataclass(frozen=True)
class Account:
    """What became of the reads of a sample.

    Attributes
    ----------
    counts
        Reads under each heading of `FILTERS`, `second_mate` (fast path: mates that were not
        looked at), `kept`, `reads` (their sum: all records of the files) and `fragments`.
    mapped_reads
        {chromosome as in the genome: primary mapped reads}, excluded chromosomes too.
    library
        Numbers of distinct and repeated fragments; None for text, which has been through a
        removal of duplicates already.
    extended
        Length in bp to which single-end reads were extended, None otherwise.
    """

    counts: dict[str, int]
    mapped_reads: dict[str, int]
    library: Library | None
    extended: int | None

    def require_dyad_length(self, limits: Sequence[int] | None) -> None:
        """Raise when reads were extended to a length at which no dyad would be counted.

        Parameters
        ----------
        limits
            Half-open range of the lengths of nucleosomal fragments, bp; None asks nothing.
        """
        if limits is None or self.extended is None or limits[0] <= self.extended < limits[1]:
            return
        raise InputError(
            f"single-end reads were taken for fragments of {self.extended} bp, and dyads are those "
            f"of {limits[0]} to {limits[1] - 1} bp; set the sample's fragment_length, or widen "
            "nucleosomes/min_length and max_length"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the account as plain JSON values."""
        return {
            "counts": self.counts,
            "complexity": None if self.library is None else self.library.as_dict(),
            "mapped_reads_by_chromosome": self.mapped_reads,
            "extended_to": self.extended,
        }


def read_sample(paths: Sequence[str | Path], rules: FragmentFilter) -> tuple[Fragments, Account]:
    """Read the fragments of one sample from its files.

    Parameters
    ----------
    paths
        The lanes of one sample: coordinate-sorted BAMs or CRAMs, or fragment files, or BEDPE.
    rules
        Filters and shift.

    Returns
    -------
    fragments
        The store.
    account
        Where the reads went.

    Raises
    ------
    InputError
        When a file is damaged or unsorted, or no fragment is left.
    """
    counts = np.zeros(len(COUNTED), dtype=np.int64)
    mapped: Counter[str] = Counter()
    alignments = any(format_of(path) == ALIGNMENTS for path in paths)
    each = 2 if alignments and rules.way == STRICT else 1  # a line of text is a fragment
    lengths = (rules.min_length, rules.max_length)
    collector = Collector(rules.sizes, rules.shift, lengths, rules.blacklist, each, counts)
    blocks: Iterator[npt.NDArray[Any]] = chain.from_iterable(
        _raw_fragments(path, rules, counts, mapped) for path in paths
    )
    extended = None
    if rules.layout == "single" and rules.extend is not None:
        try:
            blocks, extended = extend_reads(blocks, rules.extend, len(rules.sizes))
        except ValueError as error:
            raise InputError(f"{', '.join(map(str, paths))}: {error}") from error
    for raw in blocks:
        collector.add(raw)
    fragments, library = collector.finish(rules.remove_repeats, strands=extended is None)
    named = dict(zip(COUNTED, counts.tolist(), strict=True))
    joined = named.pop("joined_without_tlen")
    if joined:
        logger.warning("%s pairs have no TLEN and were joined by name", f"{joined:,}")
    if rules.way != FAST:
        del named["second_mate"]
    named |= {"kept": each * len(fragments), "fragments": len(fragments)}
    if len(fragments) == 0:
        numbers = [f"{name} {number:,}" for name, number in named.items() if number]
        seen = ", ".join(numbers) or "they hold no read"
        raise InputError(
            f"{', '.join(map(str, paths))}: no fragment passed the filters ({seen}); "
            "check min_mapq, lengths, blacklist, layout and the genome"
        )
    return fragments, Account(named, dict(mapped), library if alignments else None, extended)


def _raw_fragments(
    path: str | Path, rules: FragmentFilter, counts: npt.NDArray[np.int64], mapped: Counter[str]
) -> Iterator[npt.NDArray[Any]]:
    """Yield the raw fragments of one file, arrays of `chrompute.pairing.RAW`."""
    before = int(counts[COUNTED.index("reads")])
    if format_of(path) == ALIGNMENTS:
        yield from _from_alignments(path, rules, counts, mapped)
    else:
        yield from read_fragment_text(path, TextRules(rules.code_of, rules.barcodes), counts)
    number = int(counts[COUNTED.index("reads")]) - before
    logger.info("%s: %s reads", path, f"{number:,}")


def _from_alignments(
    path: str | Path, rules: FragmentFilter, counts: npt.NDArray[np.int64], mapped: Counter[str]
) -> Iterator[npt.NDArray[Any]]:
    names = sequence_names(path)
    # A header may list sequences that the genome lacks, as long as no read lies on them.
    known = [rules.aliases.get(name, name) in rules.sizes for name in names]
    codes = [rules.code_of(n) if there else -1 for n, there in zip(names, known, strict=True)]
    genome = np.array(codes, dtype=np.int32)
    blocks, has_flag = _peek(read_records(path, rules.way != FAST))
    if rules.way != SINGLE and not has_flag:
        logger.warning("%s: no proper-pair flag among the first reads; mate positions decide", path)
    pairing = Pairing(genome, rules.way, rules.min_mapq, has_flag, counts)
    try:
        for records in blocks:
            yield pairing.add(records)
    except ValueError as error:
        raise InputError(
            f"{path}: is not sorted by coordinate ({error}); run samtools sort"
        ) from error
    pairing.finish()
    _require_known(path, names, pairing.mapped, rules)
    for name, number in zip(names, pairing.mapped.tolist(), strict=True):
        if number:
            mapped[rules.aliases.get(name, name)] += number


def _require_known(
    path: str | Path, names: Sequence[str], mapped: npt.NDArray[np.int64], rules: FragmentFilter
) -> None:
    """Raise when reads lie on sequences that are neither in the genome nor left out."""
    there = [name for name, number in zip(names, mapped, strict=True) if number]
    used = [rules.aliases.get(name, name) for name in there]
    foreign = [n for n in used if n not in rules.sizes and not is_excluded(n, rules.excluded)]
    if foreign:
        raise InputError(
            f"{path}: has reads on {len(foreign)} chromosome(s) that the genome lacks "
            f"({', '.join(foreign[:8])}); give the genome it was aligned to, or name them in "
            "genome/exclude or genome/aliases"
        )


def sequence_names(path: str | Path) -> list[str]:
    """Return the names of the sequences in the header of a BAM or CRAM."""
    try:
        with open_alignments(path) as handle:
            return list(handle.references)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}: its header cannot be read ({error}); copy or align the file again"
        ) from error


def _peek(blocks: Iterator[Records]) -> tuple[Iterator[Records], bool]:
    """Tell from the first reads whether the aligner set proper-pair flags; some files have none."""
    taken: list[Records] = []
    seen = 0
    for records in blocks:
        taken.append(records)
        wanted = PAIRED | PROPER
        if ((records["flag"] & wanted) == wanted).any():
            return chain(taken, blocks), True
        seen += len(records)
        if seen >= _FLAG_SAMPLE:
            break
    return chain(taken, blocks), False
