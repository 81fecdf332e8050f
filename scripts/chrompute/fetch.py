"""Fetching of input files: resumed where an earlier try broke off, and compared with a digest."""

import logging
import time
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from chrompute.errors import InputError
from chrompute.manifest import sha256_of

logger = logging.getLogger(__name__)
_BLOCK = 1 << 20
_TIMEOUT = 60  # seconds without a byte
_PROGRESS = 10  # seconds between lines of progress
_PAUSES = (1, 5, 20)  # seconds before the next tries when a connection breaks
_BROKEN = (OSError, HTTPException)


def fetch(url: str, sha256: str, part: str | Path) -> None:
    """Fetch a file.

    Parameters
    ----------
    url
        https (or http) address.
    sha256
        Its expected digest, hexadecimal.
    part
        Where it is written. What is there already is taken for its beginning, and only the rest
        is asked for, if the server can give parts.

    Raises
    ------
    InputError
        When the server cannot be reached or refuses, the connection breaks (what came is kept),
        or the digest differs (the file is removed).
    """
    part = Path(part)
    part.parent.mkdir(parents=True, exist_ok=True)
    have = part.stat().st_size if part.is_file() else 0
    if not (have and sha256_of(part) == sha256.lower()):
        _receive(url, part, have)
    digest = sha256_of(part)
    if digest != sha256.lower() and have:
        # What was there was the beginning of another file.
        _receive(url, part, 0)
        digest = sha256_of(part)
    if digest != sha256.lower():
        part.unlink()
        raise InputError(
            f"{url}: sha256 of what was fetched is {digest}, the sheet says {sha256}; correct the "
            "address or the digest"
        )


def _receive(url: str, part: Path, have: int) -> None:
    """Ask for the rest of a file, several times where the connection breaks."""
    for pause in _PAUSES:
        try:
            _receive_once(url, part, have)
            return
        except _BROKEN as error:
            logger.warning("%s: %s; trying again in %d s", url, error, pause)
            time.sleep(pause)
            have = part.stat().st_size if part.is_file() else 0
    try:
        _receive_once(url, part, have)
    except _BROKEN as error:
        raise InputError(
            f"{url}: fetching failed ({error}); start again, what came already is kept"
        ) from error


def _receive_once(url: str, part: Path, have: int) -> None:
    headers = {"Range": f"bytes={have}-"} if have else {}
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=_TIMEOUT
        ) as answer:
            resumed = answer.status == 206
            if have:
                state = f"resuming after {have:,} bytes" if resumed else "beginning anew"
                logger.info("%s: %s", url, state)
            _write(answer, part, have if resumed else 0, url)
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:  # what is there is no beginning of this file
            _receive_once(url, part, 0)
            return
        remedy = "start again later" if error.code >= 500 else "correct the address"
        raise InputError(
            f"{url}: the server answers {error.code} {error.reason}; {remedy}"
        ) from error
    except ValueError as error:
        raise InputError(f"{url}: is no address ({error}); correct it") from error


def _write(answer: HTTPResponse, part: Path, have: int, url: str) -> None:
    """Write what the server sends behind the first `have` bytes of the file."""
    length = answer.headers.get("Content-Length")
    expected = have + int(length) if length else None
    spoken = time.monotonic()
    with open(part, "r+b" if have else "wb") as out:
        out.seek(have)
        while block := answer.read(_BLOCK):
            out.write(block)
            have += len(block)
            if time.monotonic() - spoken > _PROGRESS:
                spoken = time.monotonic()
                whole = f" of {expected:,}" if expected else ""
                logger.info("%s: %s bytes%s", url, f"{have:,}", whole)
    if expected is not None and have < expected:
        raise OSError(f"the connection broke off after {have:,} of {expected:,} bytes")
