"""Transcription start sites from GTF and GFF3 annotations, whose positions count from 1."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from chrompute.bounded import open_text

#: Ends of file names that tell an annotation from a BED or a table.
_ENDS = re.compile(r"\.(gtf|gff|gff3)(\.gz|\.bgz)?$", re.IGNORECASE)
#: `key "value"` of GTF; the value of a number may stand without quotes.
_GTF_PAIR = re.compile(r'\s*([^\s;"]+)\s+(?:"([^"]*)"|([^\s;"]+))\s*(?:;|$)')

Site = tuple[str, int, str]


def is_annotation(path: str | Path) -> bool:
    """Tell by its name whether a file is GTF or GFF (plain or gzipped)."""
    return _ENDS.search(str(path)) is not None


def scan_tss(
    path: str | Path,
    entry: Mapping[str, Any],
    sizes: Mapping[str, int],
    aliases: Mapping[str, str] | None = None,
) -> Iterator[Site | str]:
    """Yield the TSS of each chosen feature, or a sentence that says what is wrong with its line.

    The TSS is the feature's first base by strand: `start` on the plus strand, `end` on the minus
    strand, each minus 1. Several features may share a TSS.

    Parameters
    ----------
    path
        GTF or GFF3, plain or gzipped.
    entry
        `feature` (default "gene"): one or more types of column 3; `attribute`: {key: value or
        values} of column 9 that a feature must have.
    sizes
        {chromosome: bp}; a feature outside them is a fault.
    aliases
        {name in the file: name in the genome}.

    Yields
    ------
    tuple or str
        (chromosome, 0-based position, strand), or a fault.
    """
    features = set(listed(entry.get("feature", "gene")))
    wanted = {key: set(listed(value)) for key, value in entry.get("attribute", {}).items()}
    seen: set[str] = set()
    chosen = False
    with open_text(path) as handle:
        for number, line in enumerate(handle, 1):
            if line.startswith("##FASTA"):
                break
            if line.startswith("#") or not line.strip():
                continue
            # Most lines of an annotation are exons and the like: these are not split whole.
            feature = line.split("\t", 3)[2] if line.count("\t") == 8 else None
            if feature is None:
                columns = line.count("\t") + 1
                fault = f"has {columns} tab-separated column(s), GTF and GFF have 9"
                yield _at(path, number, fault)
                continue
            seen.add(feature)
            if feature not in features:
                continue
            fields = line.rstrip("\r\n").split("\t")
            if wanted and not _matches(fields[8], wanted):
                continue
            chosen = True
            site = _tss(fields, sizes, aliases or {})
            yield _at(path, number, site) if isinstance(site, str) else site
    if not chosen:
        yield _nothing(path, features & seen, features, seen)


def listed(value: str | Sequence[str]) -> list[str]:
    """Return one text or several as a list."""
    return [value] if isinstance(value, str) else list(value)


def _at(path: str | Path, number: int, fault: str) -> str:
    return f"{path}, line {number}: {fault}; correct or remove the line"


def _nothing(path: str | Path, there: set[str], features: set[str], seen: set[str]) -> str:
    names = ", ".join(sorted(features))
    if there:
        return f"{path}: no {names} has the attributes asked for; correct 'attribute'"
    have = ", ".join(sorted(seen)[:12]) or "none"
    return f"{path}: no feature {names} (column 3 has {have}); correct 'feature'"


def _tss(fields: list[str], sizes: Mapping[str, int], aliases: Mapping[str, str]) -> Site | str:
    chrom, strand = aliases.get(fields[0], fields[0]), fields[6]
    if chrom not in sizes:
        known = ", ".join(list(sizes)[:5])
        return f"chromosome {chrom!r} is not in the genome ({known}, ...)"
    if not (fields[3].isdecimal() and fields[4].isdecimal()):
        return f"start {fields[3]!r} and end {fields[4]!r} must be whole numbers"
    start, end = int(fields[3]), int(fields[4])
    if not 1 <= start <= end <= sizes[chrom]:
        return (
            f"start {start:,} and end {end:,} make no interval of {chrom} "
            f"(1 <= start <= end <= {sizes[chrom]:,})"
        )
    if strand not in ("+", "-"):
        return f"strand {strand!r} tells no start of transcription"
    return chrom, (start if strand == "+" else end) - 1, strand


def _matches(text: str, wanted: Mapping[str, set[str]]) -> bool:
    have = _attributes(text)
    return all(have.get(key, set()) & values for key, values in wanted.items())


def _attributes(text: str) -> dict[str, set[str]]:
    """Read column 9: `key "value";` of GTF, `key=value,value;` of GFF3 (%-escaped)."""
    found: dict[str, set[str]] = {}
    if re.match(r'\s*[^\s;="]+=', text):
        for pair in text.split(";"):
            key, _, values = pair.strip().partition("=")
            found.setdefault(unquote(key), set()).update(map(unquote, values.split(",")))
        return found
    for match in _GTF_PAIR.finditer(text):
        found.setdefault(match[1], set()).add(match[2] if match[2] is not None else match[3])
    return found
