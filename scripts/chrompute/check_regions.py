"""Regions in the first minute: blacklist, mappability, peaks, labels, candidates and sites."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chrompute.bigwig import bigwig_faults
from chrompute.candidates import from_summits
from chrompute.errors import InputError
from chrompute.findings import READ_ERRORS, Findings, show
from chrompute.intervals import scan_bed, shorten
from chrompute.label_files import scan_labels
from chrompute.label_sheet import LabelFile
from chrompute.settings import Settings
from chrompute.sites import scan_sites
from chrompute.tasks import Task


def inspect_regions(
    settings: Settings, gone: set[str], aliases: Mapping[str, str], found: Findings
) -> None:
    """Compare every file of regions with the genome, or with a BAM where that is unreadable.

    Parameters
    ----------
    settings
        Configuration and sheets.
    gone
        Files that are not there.
    aliases
        {name in the files: name in the genome}.
    found
        Takes what was seen.
    """
    config, regions = settings.config, _Regions(found.sizes or found.bam_sizes, aliases, found)
    if not regions.sizes:
        return
    beds = {config["genome"]["blacklist"]: "blacklist"}
    beds |= {path: f"peaks of {name}" for name, path in config["peaks"]["files"].items()}
    beds |= {
        entry["candidates"]["path"]: "candidates of windows" for entry in config["windows"].values()
    }
    for path, kind in beds.items():
        if path and path not in gone:
            regions.bed(path, kind)
    if any(entry["candidates"]["from"] == "summits" for entry in config["windows"].values()):
        regions.summits([path for path in config["peaks"]["files"].values() if path not in gone])
    mappability = config["genome"]["mappability"]
    if mappability and mappability not in gone:
        regions.bigwig(mappability, "mappability", (0, 1))
    for label in settings.labels:
        if label.path not in gone:
            regions.labels(label, settings.task(label.task))
    for name, entry in config["sites"].items():
        if entry["path"] not in gone:
            regions.sites(name, entry)


@dataclass(frozen=True)
class _Regions:
    """Reads files of regions and puts down what is wrong with them."""

    sizes: Mapping[str, int]
    aliases: Mapping[str, str]
    found: Findings

    def _tell(self, faults: list[str]) -> None:
        self.found.faults += [fault for fault in faults if fault not in self.found.faults]

    def bed(self, path: str, kind: str) -> None:
        """Look at a BED of any kind."""
        number = 0
        try:
            table, faults = scan_bed(path, self.sizes, self.aliases)
            number, faults = len(table), shorten(faults, path)
        except READ_ERRORS as error:
            faults = [_unreadable(path, error)]
        if not number and not faults:
            faults = [f"{path}: holds no interval; give another file or remove the entry"]
        self._tell(faults)
        self.found.files[path] = {"kind": kind, "intervals": number}

    def summits(self, paths: list[str]) -> None:
        """See that peaks have summits, in files that are in order otherwise."""
        for path in paths:
            try:
                table, faults = scan_bed(path, self.sizes, self.aliases, [10])
                if not faults:
                    from_summits(table, path)
            except InputError as error:
                self._tell(error.faults)
            except READ_ERRORS:
                continue  # which has been told

    def bigwig(self, path: str, kind: str, limits: tuple[float, float] | None) -> None:
        """Look at a bigWig, whose values may have limits."""
        self._tell(bigwig_faults(path, self.sizes, limits, self.aliases))
        self.found.files[path] = {"kind": kind}

    def labels(self, label: LabelFile, task: Task) -> None:
        """Look at a label file."""
        path, kind = label.path, f"labels of {task.name}"
        if task.kind == "signal":
            self.bigwig(path, kind, None)
            return
        self.found.files[path] = {"kind": kind}
        try:
            table, faults = scan_labels(path, task, label.cell_type, self.sizes, self.aliases)
        except READ_ERRORS as error:
            self._tell([_unreadable(path, error)])
            return
        self._tell(faults)
        self.found.files[path]["intervals"] = len(table)
        if task.class_of and len(table):
            there = {task.class_of.get(state) for state in table["name"].unique()}
            missing = [name for name in task.classes if name not in there]
            if missing:
                self.found.notes.append(f"{path}: holds no segment of class {show(missing)}")

    def sites(self, name: str, entry: Mapping[str, Any]) -> None:
        """Look at the file of a site set."""
        path = entry["path"]
        try:
            sites, faults = scan_sites(path, entry, self.sizes, self.aliases)
        except READ_ERRORS as error:
            sites, faults = [], [_unreadable(path, error)]
        if not len(sites) and not faults and "motif" not in entry:
            faults = [f"{path}: holds no site; give another file or remove the entry"]
        self._tell(faults)
        self.found.files[path] = {"kind": f"sites {name}"}
        if "motif" not in entry:
            self.found.files[path]["sites"] = len(sites)


def _unreadable(path: str, error: BaseException) -> str:
    detail = " ".join(str(error).split()) or type(error).__name__
    return f"{path}: cannot be read as text ({detail}); give a plain or gzipped file"
