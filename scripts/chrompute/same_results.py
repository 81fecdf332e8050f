"""Whether two runs made the same: every file of their results by its digest."""

import re
from collections.abc import Mapping
from pathlib import Path

from chrompute.errors import InputError
from chrompute.manifest import sha256_of

#: Files that tell of times, machines and paths and so are never the same, and what a process left
#: half-written when it was killed.
_ASIDE = re.compile(r"(?:^|/)(?:logs|benchmarks)/|(?:^|/)provenance\.json$|(?:^|/)\.[^/]+\.part$")


def result_digests(results: str | Path) -> dict[str, str]:
    """Digest what a run made and another one would make again.

    Parameters
    ----------
    results
        A results folder.

    Returns
    -------
    dict
        {path inside the folder: SHA-256}, but for logs, benchmarks and `provenance.json`.

    Raises
    ------
    InputError
        When there is no such folder, or nothing in it.
    """
    results, found = Path(results), {}
    for path in sorted(results.rglob("*")):
        name = path.relative_to(results).as_posix()
        if path.is_file() and not _ASIDE.search(name):
            found[name] = sha256_of(path)
    if not found:
        raise InputError(f"{results}: there are no results in it; name the results folder of a run")
    return found


def result_differences(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    """Say what two runs do not share byte by byte.

    Parameters
    ----------
    first, second
        What `result_digests` returns.

    Returns
    -------
    dict
        {path: "differs", "only in the first" or "only in the second"}, sorted by path.
    """
    found = {}
    for name in sorted({*first, *second}):
        if name not in second:
            found[name] = "only in the first"
        elif name not in first:
            found[name] = "only in the second"
        elif first[name] != second[name]:
            found[name] = "differs"
    return found
