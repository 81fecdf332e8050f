"""Input files with an address: what they are called, and where they lie once they are fetched."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chrompute.label_sheet import LabelFile
from chrompute.sheets import address_problems, file_name, is_url

#: Files of the block `genome` that may have an address, and those that may not.
_GENOME_FILES = ("fasta", "blacklist", "mappability")
_NEEDED_AT_ONCE = ("sizes", "aliases")


@dataclass(frozen=True)
class Download:
    """A file to fetch.

    Attributes
    ----------
    url
        Its address.
    sha256
        Its expected digest, hexadecimal; "" where the first download decides.
    """

    url: str
    sha256: str

    @property
    def name(self) -> str:
        """What it is called on disk: 12 digits of its digest, or of its address's, and its name."""
        digest = self.sha256.lower() or hashlib.sha256(self.url.encode()).hexdigest()
        return f"{digest[:12]}-{file_name(self.url)}"

    def place(self, config: Mapping[str, Any]) -> str:
        """Return where it lies: `<results>/inputs/{name}`."""
        results = config.get("pathvars", {}).get("results", "results")
        return f"{results}/inputs/{self.name}"


def take_addresses(
    config: dict[str, Any], labels: Sequence[LabelFile]
) -> tuple[list[LabelFile], dict[str, Download], list[str]]:
    """Replace addresses by the places that their files are fetched to.

    Whoever reads a configuration or a label sheet afterwards sees files on disk, of which some are
    not there yet. Samples keep their addresses (`chrompute.settings.Settings.local_path`).

    Parameters
    ----------
    config
        The configuration with its defaults; changed in place.
    labels
        Lines of the label sheet.

    Returns
    -------
    labels
        The same with files on disk.
    downloads
        {place: what is fetched there}.
    faults
        One sentence for each address that cannot be fetched.
    """
    downloads: dict[str, Download] = {}
    faults = [
        f"configuration: genome/{name}: {config['genome'][name]} is needed before anything is "
        "fetched; give a file on disk"
        for name in _NEEDED_AT_ONCE
        if is_url(config["genome"][name] or "")
    ]
    for where, block, key, digest in _files_of(config):
        if is_url(block[key] or ""):
            problems = address_problems(block[key], digest)
            faults += [f"configuration: {where}: {problem}" for problem in problems]
            download = Download(block[key], digest)
            block[key] = download.place(config)
            downloads[block[key]] = download
    local: list[LabelFile] = []
    for label in labels:
        if is_url(label.path):
            download = Download(label.path, label.sha256)
            label = replace(label, path=download.place(config))
            downloads[label.path] = download
        local.append(label)
    return local, downloads, faults


def _files_of(config: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], str, str]]:
    """Yield where a configuration names a file, its block and key there, and its digest or ""."""
    genome = config["genome"]
    for name in _GENOME_FILES:
        yield f"genome/{name}", genome, name, (genome["sha256"] or "") if name == "fasta" else ""
    for name, entry in config["sites"].items():
        yield f"sites/{name}/path", entry, "path", ""
    for cell_type in config["peaks"]["files"]:
        yield f"peaks/files/{cell_type}", config["peaks"]["files"], cell_type, ""
    for name, entry in config["windows"].items():
        yield f"windows/{name}/candidates/path", entry["candidates"], "path", ""
