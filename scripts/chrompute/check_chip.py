"""The check of what ChromHMM needs: its alignments, and the program itself."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from chrompute.check_reads import file_faults, name_faults
from chrompute.chip_sheet import segmentation_paths
from chrompute.chromhmm import ChipFile, Start
from chrompute.errors import InputError
from chrompute.findings import READ_ERRORS, Findings
from chrompute.records import is_cram, open_alignments
from chrompute.settings import Settings


def chip_paths(chips: Iterable[ChipFile]) -> list[str]:
    """List the ChIP alignments and their controls, each once."""
    return list(dict.fromkeys(path for chip in chips for path in (*chip.paths, *chip.controls)))


def inspect_chip(path: str, excluded: Sequence[str], found: Findings) -> None:
    """Open a BAM that ChromHMM will read, and add what was seen to `found`.

    Names of chromosomes must be the genome's, since ChromHMM knows no other ones. The order of
    the reads does not matter.
    """
    try:
        if is_cram(path):
            faults = [f"{path}: is CRAM, and ChromHMM reads BAM; convert it with samtools view -b"]
        else:
            faults = file_faults(path) or _header_faults(path, excluded, found)
    except InputError as error:
        faults = error.faults
    except READ_ERRORS as error:
        detail = " ".join(str(error).split()) or type(error).__name__
        faults = [f"{path}: cannot be read ({detail}); copy or align it again"]
    found.faults += faults


def _header_faults(path: str, excluded: Sequence[str], found: Findings) -> list[str]:
    with open_alignments(path) as bam:
        header = dict(zip(bam.references, bam.lengths, strict=True))
    found.files[path] = {"kind": "ChIP alignments"}
    return name_faults(path, header, {}, excluded, {}, found)


def program_faults(settings: Settings) -> list[str]:
    """See that ChromHMM runs, where some segmentation is still to be made."""
    block = settings.config["chromhmm"]
    made = segmentation_paths(settings.config, settings.chips).values()
    if block and not all(Path(path).is_file() for path in made):
        try:
            Start(block["command"]).version()
        except InputError as error:
            return error.faults
    return []
