"""The first minute: every input is opened and compared with the genome, before any work.

`inspect_inputs` collects all faults of one run instead of stopping at the first, because a user
who has to start the workflow ten times to learn of ten faults will not start it an eleventh time.
"""

import json
import logging
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pysam

from chrompute.alignments import PAIRED
from chrompute.errors import InputError
from chrompute.genome import is_excluded, read_aliases, read_lengths
from chrompute.intervals import BedRecord, scan_bed, shorten
from chrompute.labels import Task, unmapped_states
from chrompute.manifest import sha256_of
from chrompute.settings import Settings
from chrompute.sheets import Sample
from chrompute.sites import scan_sites
from chrompute.splits import ChromosomeSplit

logger = logging.getLogger(__name__)

#: The empty BGZF block that ends every complete BAM (SAM specification, section 4.1.2).
_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_NAMES_SHOWN = 8
#: What reading a damaged, foreign or forbidden file can raise, decompression included.
_READ_ERRORS = (OSError, EOFError, ValueError, AssertionError, zlib.error)


@dataclass
class Findings:
    """What the check saw.

    Attributes
    ----------
    faults
        Sentences that stop the run.
    notes
        Sentences worth reading that do not.
    sizes
        {chromosome: bp} of the genome, empty when it could not be read.
    bam_sizes
        {chromosome: bp} of a BAM; regions are compared with it where the genome is unreadable.
    unindexed
        BAMs without a usable index beside them, and their samples.
    files
        {path: facts}.
    """

    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    bam_sizes: dict[str, int] = field(default_factory=dict)
    unindexed: list[tuple[str, Sample]] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)


def input_paths(settings: Settings) -> list[str]:
    """List every file that a configuration names, each once, sheets first."""
    config = settings.config
    genome = config.get("genome", {})
    paths = [config.get("samples"), config.get("labels")]
    paths += [genome.get(name) for name in ("fasta", "blacklist", "aliases")]
    paths += [site.get("path") for site in config.get("sites", {}).values()]
    paths += [path for sample in settings.samples for path in sample.paths]
    paths += [label.path for label in settings.labels]
    return list(dict.fromkeys(path for path in paths if path))


def inspect_inputs(settings: Settings, index_folder: str | Path | None) -> Findings:
    """Open and compare every input file.

    Parameters
    ----------
    settings
        Configuration and sheets.
    index_folder
        Where the index of a BAM that has none is written; inputs are never written to. None
        makes no index and does without the numbers of reads.

    Returns
    -------
    Findings
        With all faults; the caller decides what to do with them.
    """
    found = Findings()
    missing = [path for path in input_paths(settings) if not Path(path).is_file()]
    found.files |= {settings.config[name]: {"kind": "sheet"} for name in ("samples", "labels")}
    found.faults += [f"{path}: there is no such file; correct its path" for path in missing]
    gone = set(missing)
    genome = settings.config["genome"]
    aliases = _aliases(genome.get("aliases"), gone, found)
    if genome["fasta"] not in gone:
        _inspect_genome(genome["fasta"], found)
    excluded = genome.get("exclude", [])
    if found.sizes:
        _inspect_splits(settings, found)
        found.notes += [
            f"configuration: genome/exclude: {pattern!r} matches no chromosome of the genome"
            for pattern in excluded
            if not any(is_excluded(name, [pattern]) for name in found.sizes)
        ]
    for sample in settings.samples:
        for path in (path for path in sample.paths if path not in gone):
            _inspect_bam(path, sample, excluded, aliases, None, found)
    _inspect_regions(settings, gone, aliases, found)
    if not found.faults and index_folder is not None:
        # Only now, since making an index takes long and leaves a file.
        for path, sample in found.unindexed:
            _inspect_bam(path, sample, excluded, aliases, index_folder, found)
    return found


def check_inputs(settings: Settings, folder: str | Path) -> Findings:
    """Inspect all inputs, write what was seen to `inputs.json`, and raise when there is a fault.

    Parameters
    ----------
    settings
        Configuration and sheets.
    folder
        Where `inputs.json` is written, and `index/` for BAMs that have no index.

    Raises
    ------
    InputError
        With every fault that was found; nothing is written then.
    """
    folder = Path(folder)
    found = inspect_inputs(settings, folder / "index")
    for note in found.notes:
        logger.warning("note: %s", note)
    if found.faults:
        raise InputError(found.faults)
    folder.mkdir(parents=True, exist_ok=True)
    content = {"chromosomes": found.sizes, "notes": found.notes, "files": found.files}
    (folder / "inputs.json").write_text(json.dumps(content, indent=2) + "\n")
    logger.info("%d files checked, no fault", len(found.files))
    return found


def _aliases(path: str | None, gone: set[str], found: Findings) -> dict[str, str]:
    if path is None or path in gone:
        return {}
    try:
        return read_aliases(path)
    except InputError as error:
        found.faults += error.faults
        return {}


def _inspect_genome(path: str, found: Findings) -> None:
    try:
        found.sizes = read_lengths(path)
    except InputError as error:
        found.faults += error.faults
        return
    found.files[path] = {"kind": "genome", "chromosomes": len(found.sizes)}


def _inspect_splits(settings: Settings, found: Findings) -> None:
    for name, entry in settings.config["windows"].items():
        faults = ChromosomeSplit.from_config(entry["split"]).faults(found.sizes)
        found.faults += [f"configuration: windows/{name}: {fault}" for fault in faults]


# BAMs


def _inspect_bam(
    path: str,
    sample: Sample,
    excluded: Sequence[str],
    aliases: Mapping[str, str],
    index_folder: str | Path | None,
    found: Findings,
) -> None:
    try:
        faults = _file_faults(path, sample)
        faults = faults or _content_faults(path, sample, excluded, aliases, index_folder, found)
    except (*_READ_ERRORS, pysam.SamtoolsError) as error:
        detail = " ".join(str(error).split()) or type(error).__name__
        faults = [f"{path}: cannot be read as BAM ({detail}); copy or align it again"]
    found.faults += faults


def _file_faults(path: str, sample: Sample) -> list[str]:
    """Look at the bytes: BGZF, complete, and the digest of the sheet."""
    with open(path, "rb") as handle:
        begin = handle.read(4)
        handle.seek(0, 2)
        handle.seek(max(0, handle.tell() - len(_BGZF_END)))
        end = handle.read()
    if begin[:2] != b"\x1f\x8b":
        return [f"{path}: is no BAM; convert it with samtools view -b"]
    if end != _BGZF_END:
        return [f"{path}: is truncated, the BGZF end marker is missing; copy or align it again"]
    if sample.sha256:
        wanted = sample.sha256[sample.paths.index(path)]
        digest = sha256_of(path)
        if digest != wanted.lower():
            return [f"{path}: sha256 is {digest}, the sheet says {wanted}; fetch it again"]
    return []


def _content_faults(
    path: str,
    sample: Sample,
    excluded: Sequence[str],
    aliases: Mapping[str, str],
    index_folder: str | Path | None,
    found: Findings,
) -> list[str]:
    with pysam.AlignmentFile(path, "rb", check_sq=False) as bam:
        header = dict(zip(bam.references, bam.lengths, strict=True))
        order = bam.header.to_dict().get("HD", {}).get("SO", "unknown")
        faults = _sheet_faults(path, sample, bam)
    if order in ("unsorted", "queryname"):
        faults.append(f"{path}: is sorted as {order!r}, not by coordinate; run samtools sort")
    if not faults:
        faults += _order_faults(path)
    found.bam_sizes = {aliases.get(raw, raw): size for raw, size in header.items()}
    reads = None
    if not faults:
        reads = _count_reads(path, sample, index_folder, found)
        if reads is not None and not sum(reads.values()):
            faults.append(f"{path}: holds no mapped read; remove the sample or align it again")
    return faults + _name_faults(path, header, reads or {}, excluded, aliases, found)


def _count_reads(
    path: str, sample: Sample, index_folder: str | Path | None, found: Findings
) -> dict[str, int] | None:
    """Return the mapped reads of each chromosome, from the BAM's index or one made for it.

    Without a usable index and a folder to make one in, the BAM is noted in `found.unindexed`.
    """
    beside = _index_beside(path)
    statistics = None if beside is None else _statistics(path, beside)
    if statistics is None and index_folder is None:
        found.unindexed.append((path, sample))
        return None
    if statistics is None and index_folder is not None:
        made = Path(index_folder) / f"{sample.name}.{sample.paths.index(path)}.csi"
        _make_index(path, made)
        statistics = _statistics(path, made)
        beside = None
    reads, unplaced = statistics or ({}, 0)
    found.files[path] = {
        "kind": "alignments",
        "sample": sample.name,
        "mapped_reads": sum(reads.values()),
        "unplaced_reads": unplaced,
        "own_index": beside is not None,
    }
    return reads


def _statistics(path: str, index: Path) -> tuple[dict[str, int], int] | None:
    """Return mapped reads by chromosome and unplaced reads; None when the index does not fit."""
    try:
        with pysam.AlignmentFile(path, "rb", index_filename=str(index)) as bam:
            entries, unplaced = bam.get_index_statistics(), int(bam.nocoordinate)
    except (OSError, ValueError):
        return None
    return {entry.contig: int(entry.mapped) for entry in entries}, unplaced


def _order_faults(path: str, most: int = 200_000) -> list[str]:
    """Compare the first records' order; the pass that makes fragments compares them all."""
    last = (-1, -1)
    with pysam.AlignmentFile(path, "rb", check_sq=False) as bam:
        for number, read in enumerate(bam):
            if number == most or read.reference_id < 0:
                break
            place = (read.reference_id, read.reference_start)
            if place < last:
                return [
                    f"{path}: is not sorted by coordinate (record {number + 1:,} lies before the "
                    "one above it); run samtools sort"
                ]
            last = place
    return []


def _sheet_faults(path: str, sample: Sample, bam: pysam.AlignmentFile) -> list[str]:
    """See that the reads are paired, from the first thousand."""
    flags = Counter(bool(read.flag & PAIRED) for read in bam.head(1000))
    if not flags:
        return [f"{path}: holds no read; remove sample {sample.name!r} or align it again"]
    if not flags[True]:
        return [
            f"{path}: its reads are single-end, and fragments need both ends; remove sample "
            f"{sample.name!r} or give paired-end data"
        ]
    return []


def _index_beside(path: str) -> Path | None:
    names = (f"{path}.bai", f"{path}.csi", str(Path(path).with_suffix(".bai")))
    return next((Path(name) for name in names if Path(name).is_file()), None)


def _make_index(path: str, target: Path) -> None:
    """Index a BAM, unless an earlier start has done so since the BAM was written."""
    if target.is_file() and target.stat().st_mtime >= Path(path).stat().st_mtime:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    logger.info("%s has no usable index, writing %s", path, target)
    try:
        pysam.index("-c", "-o", str(target), path)
    except pysam.SamtoolsError:
        target.unlink(missing_ok=True)
        raise


def _name_faults(
    path: str,
    header: Mapping[str, int],
    reads: Mapping[str, int],
    excluded: Sequence[str],
    aliases: Mapping[str, str],
    found: Findings,
) -> list[str]:
    """Compare names and lengths with the genome."""
    if not found.sizes:
        return []
    names = {raw: aliases.get(raw, raw) for raw in header}
    shared = [raw for raw, name in names.items() if name in found.sizes]
    if not shared:
        return [
            f"{path}: no chromosome name agrees with the genome (BAM: {_show(header)}; genome: "
            f"{_show(found.sizes)}); give the genome it was aligned to, or genome/aliases"
        ]
    faults = []
    wrong = [
        f"{raw} {header[raw]:,} against {found.sizes[names[raw]]:,}"
        for raw in shared
        if header[raw] != found.sizes[names[raw]] and not is_excluded(names[raw], excluded)
    ]
    if wrong:
        faults.append(
            f"{path}: {len(wrong)} chromosome(s) have another length than in the genome "
            f"({_show(wrong)} bp); give the genome it was aligned to"
        )
    foreign = [
        raw
        for raw, name in names.items()
        if name not in found.sizes and reads.get(raw) and not is_excluded(name, excluded)
    ]
    if foreign:
        faults.append(
            f"{path}: has reads on {len(foreign)} chromosome(s) that the genome lacks "
            f"({_show(foreign)}; genome: {_show(found.sizes)}); give the genome it was aligned "
            "to, or name them in genome/exclude or genome/aliases"
        )
    empty = [
        name
        for name in found.sizes
        if not is_excluded(name, excluded)
        and reads
        and not any(reads.get(raw) for raw, other in names.items() if other == name)
    ]
    if empty:
        found.notes.append(f"{path}: no read on {_show(empty)}")
    return faults


def _show(items: Iterable[str]) -> str:
    items = list(items)
    more = f", and {len(items) - _NAMES_SHOWN} more" if len(items) > _NAMES_SHOWN else ""
    return ", ".join(items[:_NAMES_SHOWN]) + more


# Regions, labels and sites


def _inspect_regions(
    settings: Settings, gone: set[str], aliases: Mapping[str, str], found: Findings
) -> None:
    sizes = found.sizes or found.bam_sizes
    blacklist = settings.config["genome"].get("blacklist")
    if not sizes:
        return
    if blacklist and blacklist not in gone:
        _inspect_bed(blacklist, "blacklist", sizes, aliases, found)
    for label in settings.labels:
        if label.path not in gone:
            records = _inspect_bed(label.path, f"labels of {label.task}", sizes, aliases, found)
            task = Task.from_config(label.task, settings.config["tasks"][label.task])
            _inspect_classes(label.path, records, task, found)
    for name, entry in settings.config.get("sites", {}).items():
        if entry["path"] in gone:
            continue
        try:
            sites, faults = scan_sites(entry["path"], entry, sizes, aliases)
        except _READ_ERRORS as error:
            sites, faults = [], [_unreadable(entry["path"], error)]
        if not len(sites) and not faults:
            faults = [f"{entry['path']}: holds no site; give another file or remove the entry"]
        found.faults += [fault for fault in faults if fault not in found.faults]
        found.files[entry["path"]] = {"kind": f"sites {name}", "sites": len(sites)}


def _unreadable(path: str, error: BaseException) -> str:
    detail = " ".join(str(error).split()) or type(error).__name__
    return f"{path}: cannot be read as text ({detail}); give a plain or gzipped file"


def _inspect_bed(
    path: str,
    kind: str,
    sizes: Mapping[str, int],
    aliases: Mapping[str, str],
    found: Findings,
) -> list[BedRecord]:
    records: list[BedRecord] = []
    faults: list[str] = []
    try:
        for item in scan_bed(path, sizes, aliases):
            if isinstance(item, str):
                faults.append(item)
            else:
                records.append(item)
    except _READ_ERRORS as error:
        faults.append(_unreadable(path, error))
    if not records and not faults:
        faults.append(f"{path}: holds no interval; give another file or remove the entry")
    found.faults += [f for f in shorten(faults, path) if f not in found.faults]
    found.files[path] = {"kind": kind, "intervals": len(records)}
    return records


def _inspect_classes(path: str, records: list[BedRecord], task: Task, found: Findings) -> None:
    states = Counter(record.name for record in records)
    faults = [f"{path}: {sentence}" for sentence in unmapped_states(task, states)]
    faults += shorten(_overlaps(path, records), path)
    found.faults += [fault for fault in faults if fault not in found.faults]
    absent = sorted(state for state in task.class_of if state not in states)
    if absent and records:
        found.notes.append(f"{path}: holds no segment of {_show(absent)}, which the task names")


def _overlaps(path: str, records: list[BedRecord]) -> list[str]:
    """Name segments that share bases: a base would have two labels."""
    ordered = sorted(records, key=lambda record: (record.chrom, record.start))
    return [
        f"{path}, line {two.line}: the segment shares bases with that of line {one.line}; "
        "a segmentation gives each base one state"
        for one, two in pairwise(ordered)
        if one.chrom == two.chrom and two.start < one.end
    ]
