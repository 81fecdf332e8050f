"""The reference genome: names, lengths and encoded sequence."""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pysam

from chrompute.bounded import refuse_endless
from chrompute.errors import InputError
from chrompute.whole_files import write_text

#: Codes of the bases in encoded sequence; everything else (N, IUPAC codes) is 4.
BASES = "ACGT"
UNKNOWN_BASE = 4

_CODES = np.full(256, UNKNOWN_BASE, dtype=np.uint8)
for _code, _base in enumerate(BASES):
    _CODES[ord(_base)] = _CODES[ord(_base.lower())] = _code
#: Signs of nucleic acids: the bases, and the IUPAC codes of more than one.
_DNA = np.isin(np.arange(256), list(b"ACGTUNRYSWKMBDHVacgtunryswkmbdhv"))


def encode(sequence: str) -> npt.NDArray[np.uint8]:
    """Encode a sequence: A, C, G, T as 0 to 3, anything else as 4; case is ignored."""
    return _CODES[np.frombuffer(sequence.encode("ascii"), dtype=np.uint8)]


def read_genome(
    fasta: str | Path, chromosomes: Iterable[str] | None = None
) -> dict[str, npt.NDArray[np.uint8]]:
    """Read a FASTA file (plain, gzip or bgzip) into encoded sequences.

    The file itself is read, not its `.fai`, because an index that was left behind
    by an older genome is a common and silent fault.

    Parameters
    ----------
    fasta
        The file.
    chromosomes
        Keep these only; all by default.

    Returns
    -------
    dict
        {chromosome: uint8 array of length bp}, in the file's order.

    Raises
    ------
    InputError
        When the file cannot be read, is empty, or holds a name twice.
    """
    wanted = None if chromosomes is None else set(chromosomes)
    return {name: codes for name, codes in iter_genome(fasta) if wanted is None or name in wanted}


def iter_genome(fasta: str | Path) -> Iterator[tuple[str, npt.NDArray[np.uint8]]]:
    """Yield each name and encoded sequence of a FASTA file, holding one at a time.

    Raises
    ------
    InputError
        As `read_genome`.
    """
    for name, sequence in _sequences(fasta):
        yield name, encode(sequence)


def read_lengths(fasta: str | Path) -> dict[str, int]:
    """Read the names and lengths of a FASTA file, holding one sequence at a time.

    It is the first reading of a genome, and refuses what would fill the memory.

    Raises
    ------
    InputError
        As `read_genome`, and when a gzipped file unpacks to more than a text could hold.
    """
    try:
        refuse_endless(fasta)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(fasta, error) from error
    return {name: len(sequence) for name, sequence in _sequences(fasta)}


def _sequences(fasta: str | Path) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    try:
        with pysam.FastxFile(str(fasta)) as handle:
            for record in handle:
                name, sequence = record.name or "", record.sequence or ""
                if name in seen:
                    raise InputError(f"{fasta}: sequence {name!r} is there twice; remove one")
                if record.quality is not None or not _is_dna(sequence):
                    raise InputError(f"{fasta}: {name!r} is no DNA sequence; give a FASTA of DNA")
                seen.add(name)
                yield name, sequence
    except (OSError, ValueError) as error:
        raise _unreadable(fasta, error) from error
    if not seen:
        raise InputError(f"{fasta}: holds no sequence; give the genome the BAMs were aligned to")


def _unreadable(fasta: str | Path, error: BaseException) -> InputError:
    return InputError(
        f"{fasta}: cannot be read as FASTA ({error}); give a plain or gzipped FASTA file"
    )


def _is_dna(sequence: str) -> bool:
    return bool(_DNA[np.frombuffer(sequence.encode("ascii"), dtype=np.uint8)].all())


def write_sizes(sizes: Mapping[str, int], path: str | Path) -> None:
    """Write a UCSC `chrom.sizes` file."""
    write_text(path, "".join(f"{name}\t{size}\n" for name, size in sizes.items()))


def read_sizes(path: str | Path) -> dict[str, int]:
    """Read a UCSC `chrom.sizes` table: chromosome and bp; further columns are passed over.

    Raises
    ------
    InputError
        With every faulty line, or when there is none.
    """
    sizes: dict[str, int] = {}
    faults: list[str] = []
    for number, line in enumerate(Path(path).read_text(errors="replace").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, *rest = line.split("\t")
        if not name or not rest or not rest[0].strip().isdecimal() or int(rest[0]) < 1:
            faults.append(
                f"{path}, line {number}: must be 'chromosome<TAB>bp' with a whole number of bp; "
                "correct or remove it"
            )
        elif name in sizes:
            faults.append(f"{path}, line {number}: chromosome {name!r} is there twice; remove one")
        else:
            sizes[name] = int(rest[0])
    if not sizes and not faults:
        faults.append(f"{path}: names no chromosome; give the sizes of the genome")
    if faults:
        raise InputError(faults)
    return sizes


def genome_sizes(fasta: Sequence[str | Path], sizes: Sequence[str | Path]) -> dict[str, int]:
    """Read the chromosomes' names and bp from a FASTA, or from a table where there is none.

    Parameters
    ----------
    fasta, sizes
        One path, and the other list empty.
    """
    return read_lengths(fasta[0]) if fasta else read_sizes(sizes[0])


def read_aliases(path: str | Path | None) -> dict[str, str]:
    """Read a table of chromosome aliases: two tab-separated columns, alias and genome name.

    Raises
    ------
    InputError
        With every line that has not exactly two columns.
    """
    if path is None:
        return {}
    aliases: dict[str, str] = {}
    faults: list[str] = []
    for number, line in enumerate(Path(path).read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != 2:
            faults.append(f"{path}, line {number}: an alias line is 'alias<TAB>name in the genome'")
        else:
            aliases[fields[0]] = fields[1]
    if faults:
        raise InputError(faults)
    return aliases


def is_excluded(chrom: str, patterns: Iterable[str]) -> bool:
    """Tell whether a chromosome matches one of the configured names or shell patterns."""
    return any(fnmatchcase(chrom, pattern) for pattern in patterns)
