"""Sheets, which are tab-separated tables with a header line; and the sample sheet among them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chrompute.errors import InputError
from chrompute.fragment_files import ALIGNMENTS, FRAGMENTS, format_of
from chrompute.fragments import Shift

ASSAYS = ("ATAC", "MNase")
LAYOUTS = ("paired", "single")
_SAMPLE_COLUMNS = (
    "sample", "cell_type", "assay", "replicate", "path", "shift", "dedup", "sha256",
    "layout", "fragment_length", "barcodes", "pool",
)  # fmt: skip
_NEEDED = {"sample", "cell_type", "assay", "path", "task", "kind", "mark"}
#: What names of the sheets look like, and the same in words.
NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$")
NAME_RULE = (
    "must begin with a letter or digit and hold only letters, digits and _ . + -, at most 64"
)
#: Names of downloaded files are not made by the user, and stand alone in the name of a file.
_FILE_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,199}$")
_DEFAULT_SHIFT = {"ATAC": "+4/-4", "MNase": "none"}
_DEFAULT_DEDUP = {"ATAC": True, "MNase": False}
#: 10x-style fragments are shifted by +4/-5; one base more makes them +4/-4.
_FRAGMENTS_SHIFT = "+0/+1"
_YES_NO = {"yes": True, "no": False}
_LARGEST = 50_000_000  # bytes: more is an alignment file or the like, given by mistake
_THIS_MACHINE = re.compile(r"^http://(localhost|127\.0\.0\.1|\[::1\])[:/]")
_URL = re.compile(r"^[a-z][a-z0-9+.-]*://")
_DIGEST = re.compile(r"^[0-9a-fA-F]{64}$")


@dataclass(frozen=True)
class Sample:
    """One line of the sample sheet.

    Attributes
    ----------
    name, cell_type, assay, replicate
        Names; the assay is "ATAC" or "MNase".
    paths
        Its files: BAM, CRAM, fragment files or BEDPE, on disk or https addresses. Several (lanes
        of one library) are separated by semicolons in the sheet.
    shift
        Declared end shift.
    dedup
        Whether fragments that share both ends are reduced to one.
    sha256
        Expected digests, one a path, or none; a file that is fetched is then held to the digest of
        its first download.
    layout
        "paired" or "single".
    fragment_length
        Single-end MNase only: length in bp to which reads are extended; 0 estimates it.
    barcodes
        Fragment files only: table of barcode and cell type, of which the sample's cell type is
        taken; None takes all barcodes.
    pool
        Whether the sample is pooled with the others of its cell type and assay.
    """

    name: str
    cell_type: str
    assay: str
    replicate: str
    paths: tuple[str, ...]
    shift: Shift
    dedup: bool
    sha256: tuple[str, ...]
    layout: str = "paired"
    fragment_length: int = 0
    barcodes: str | None = None
    pool: bool = True

    @property
    def extend(self) -> int | None:
        """Length to which single-end reads are extended, 0 to estimate it; None for no extending.

        The middle of an MNase fragment is the dyad; of ATAC only the cut counts.
        """
        single_mnase = self.layout == "single" and self.assay == "MNase"
        return self.fragment_length if single_mnase else None

    def digest(self, path: str) -> str:
        """Return the expected digest of one of its files, "" where the sheet has none."""
        return self.sha256[self.paths.index(path)] if self.sha256 else ""


def is_url(path: str) -> bool:
    """Tell whether a path of a sheet is an address to fetch from."""
    return bool(_URL.match(path))


def file_name(url: str) -> str:
    """Return the last part of an address, without its query."""
    return url.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2]


def address_problems(path: str, digest: str) -> list[str]:
    """List what keeps a path that is an address from being fetched, given its digest or ""."""
    if not is_url(path):
        return []
    problems = []
    if not path.startswith(("https://", "http://")):
        problems.append(f"{path}: addresses must begin with https:// (or http://)")
    if path.startswith("http://") and not digest and not _THIS_MACHINE.match(path):
        problems.append(
            f"{path}: over http anyone on the way may send another file; give the https address, "
            "or the file's sha256"
        )
    if not _FILE_NAME.match(file_name(path)):
        problems.append(f"the address ends in {file_name(path)!r}, which is no usable file name")
    return problems


def digest_problems(text: str) -> list[str]:
    """List the entries of a cell of digests that are none."""
    return [
        f"sha256 {digest!r} must be 64 hexadecimal digits"
        for digest in split_list(text)
        if not _DIGEST.match(digest)
    ]


def read_sheet(
    path: str, columns: Sequence[str]
) -> tuple[list[tuple[int, dict[str, str]]], list[str]]:
    """Read a sheet.

    Parameters
    ----------
    path
        The sheet; empty lines and those that begin with # are passed over.
    columns
        All columns that it may have; those in `_NEEDED` it must have.

    Returns
    -------
    rows
        (line number, {column: text}) of each line; absent columns are empty.
    faults
        One sentence each.
    """
    if not Path(path).is_file():
        return [], [f"{path}: there is no such sheet; correct its path"]
    if (size := Path(path).stat().st_size) > _LARGEST:
        return [], [f"{path}: has {size / 1e6:,.0f} MB, which no sheet needs; correct its path"]
    text = Path(path).read_text(encoding="utf-8-sig", errors="replace")
    lines = [
        (number, line.split("\t"))
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.startswith("#")
    ]
    first, header = lines[0] if lines else (1, [])
    faults = [
        f"{path}, line {first}: there is no column {name!r}; the columns are {', '.join(columns)}"
        for name in columns
        if name not in header and name in _NEEDED
    ]
    faults += [
        f"{path}, line {first}: unknown column {name!r}; the columns are {', '.join(columns)}"
        for name in header
        if name not in columns
    ]
    faults += [
        f"{path}, line {first}: column {name!r} is there twice; keep one"
        for name, times in Counter(header).items()
        if times > 1
    ]
    if not faults and len(lines) < 2:
        faults = [f"{path}: has no line below its header"]
    if faults:
        return [], faults
    faults += [
        f"{path}, line {number}: has {len(fields)} columns, its header {len(header)}; mend the tabs"
        for number, fields in lines[1:]
        if len(fields) > len(header)
    ]
    empty = dict.fromkeys(columns, "")
    rows = [
        (number, empty | dict(zip(header, map(str.strip, fields), strict=False)))
        for number, fields in lines[1:]
    ]
    return rows, faults


def split_list(text: str, separator: str = ";") -> tuple[str, ...]:
    """Return the entries of a cell that holds a list, without the empty ones."""
    return tuple(part.strip() for part in text.split(separator) if part.strip())


def read_samples(path: str) -> tuple[list[Sample], list[str]]:
    """Read the sample sheet; return the samples and, one sentence each, all its faults."""
    rows, faults = read_sheet(path, _SAMPLE_COLUMNS)
    samples: list[Sample] = []
    lines: dict[str, int] = {}
    bams: dict[tuple[str, str], int] = {}
    for line, row in rows:
        name = row["sample"]
        problems = _sample_problems(row)
        if name in lines:
            problems.append(
                f"sample {name!r} is already on line {lines[name]}; give each sample its own name"
            )
        lines.setdefault(name, line)
        for bam in split_list(row["path"]):
            # One file may hold several cell types, told apart by barcodes.
            key = (bam, row["cell_type"] if row["barcodes"] else "")
            if key in bams:
                problems.append(f"{bam} is already on line {bams[key]}; reads would count twice")
            bams.setdefault(key, line)
        faults += [f"{path}, line {line}: {problem}" for problem in problems]
        if not problems:
            samples.append(_as_sample(row))
    return samples, faults


def _sample_problems(row: dict[str, str]) -> list[str]:
    problems = [
        f"{column} {row[column]!r} {NAME_RULE}"
        for column in ("sample", "cell_type")
        if not NAME.match(row[column])
    ]
    if row["cell_type"] == "index":
        problems.append("cell_type 'index' is the name of the reports' index; choose another")
    if row["assay"] not in ASSAYS:
        problems.append(f"assay {row['assay']!r} must be one of {', '.join(ASSAYS)}")
    if not split_list(row["path"]):
        problems.append("the path is empty; give the sample's file")
    problems += [
        f"{column} {row[column]!r} must be yes, no or empty"
        for column in ("dedup", "pool")
        if row[column] not in ("", *_YES_NO)
    ]
    if row["sha256"] and len(split_list(row["sha256"])) != len(split_list(row["path"])):
        problems.append("sha256 must hold one digest for each path, separated by ';'")
    problems += digest_problems(row["sha256"])
    problems += _path_problems(row) + _layout_problems(row)
    try:
        Shift.parse(row["shift"] or "none")
    except InputError as error:
        problems.append(str(error))
    return problems


def _path_problems(row: dict[str, str]) -> list[str]:
    paths = split_list(row["path"])
    problems = [problem for path in paths for problem in address_problems(path, row["sha256"])]
    kinds = {format_of(path) for path in paths}
    if len(kinds) > 1:
        problems.append("its paths are of different formats; give each format its own sample")
    if row["barcodes"] and kinds != {FRAGMENTS}:
        problems.append("barcodes belong to fragment files (.tsv, .tsv.gz) only; leave it empty")
    return problems


def _layout_problems(row: dict[str, str]) -> list[str]:
    problems = []
    if row["layout"] not in ("", *LAYOUTS):
        problems.append(f"layout {row['layout']!r} must be one of {', '.join(LAYOUTS)}")
    alignments = all(format_of(path) == ALIGNMENTS for path in split_list(row["path"]))
    if row["layout"] == "single" and not alignments:
        problems.append("fragment files and BEDPE hold both ends; leave layout empty")
    length = row["fragment_length"]
    if length and not (length.isdecimal() and 50 <= int(length) <= 1000):
        problems.append(f"fragment_length {length!r} must be a whole number from 50 to 1000, in bp")
    if length and (row["layout"] != "single" or row["assay"] != "MNase"):
        problems.append("fragment_length is for single-end MNase only; leave it empty")
    return problems


def _as_sample(row: dict[str, str]) -> Sample:
    assay, paths = row["assay"], split_list(row["path"])
    fragments = format_of(paths[0]) == FRAGMENTS and assay == "ATAC"
    return Sample(
        row["sample"],
        row["cell_type"],
        assay,
        row["replicate"],
        paths,
        Shift.parse(row["shift"] or (_FRAGMENTS_SHIFT if fragments else _DEFAULT_SHIFT[assay])),
        _YES_NO.get(row["dedup"], _DEFAULT_DEDUP[assay] and not fragments),
        split_list(row["sha256"]),
        row["layout"] or "paired",
        int(row["fragment_length"] or 0),
        row["barcodes"] or None,
        _YES_NO.get(row["pool"], True),
    )
