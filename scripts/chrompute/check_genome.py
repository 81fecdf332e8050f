"""The check of the genome's files, and of the digests of all files that are no reads."""

from collections.abc import Collection
from pathlib import Path

from chrompute.errors import InputError
from chrompute.fetch import changed_since_download
from chrompute.findings import Findings
from chrompute.genome import read_lengths, read_sizes
from chrompute.manifest import sha256_of
from chrompute.settings import Settings

_NO_FASTA = (
    "configuration: genome: there is no FASTA; G+C content, bases around the cuts, unknown bases "
    "and identical sequences of windows are left out"
)


def inspect_digests(settings: Settings, gone: Collection[str], found: Findings) -> None:
    """Compare files with the digests that were given, fetched ones with that of their download.

    Parameters
    ----------
    settings
        Configuration and sheets.
    gone
        Files that are not there.
    found
        Gets the faults. Reads are compared where they are looked at.
    """
    genome = settings.config["genome"]
    given = {label.path: label.sha256 for label in settings.labels}
    given |= {genome["fasta"]: genome["sha256"]} if genome["fasta"] else {}
    for path, digest in given.items():
        if digest and path not in {*gone, *settings.fetched} and sha256_of(path) != digest.lower():
            found.faults.append(
                f"{path}: sha256 is {sha256_of(path)}, and {digest} was expected; fetch it again"
            )
    for place in settings.downloads:
        try:
            fault = changed_since_download(place) if Path(place).is_file() else None
        except InputError as error:
            fault = str(error)
        found.faults += [fault] if fault else []


def inspect_genome(
    fasta: str | None, sizes: str | None, gone: Collection[str], found: Findings
) -> None:
    """Read the names and lengths of the chromosomes, from whichever file there is.

    Parameters
    ----------
    fasta, sizes
        One path, the other None.
    gone
        Files that are not there.
    found
        Gets `sizes`, faults and a note.
    """
    found.notes += [_NO_FASTA] if fasta is None else []
    path = fasta if sizes is None else sizes
    if path is None or path in gone:
        return
    try:
        found.sizes = read_lengths(path) if sizes is None else read_sizes(path)
    except InputError as error:
        found.faults += error.faults
        return
    found.files[path] = {"kind": "genome", "chromosomes": len(found.sizes)}
