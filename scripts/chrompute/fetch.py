"""Fetching of input files: resumed where an earlier try broke off, and compared with a digest."""

import logging
import re
import shutil
import time
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO

from chrompute.errors import InputError
from chrompute.manifest import sha256_of
from chrompute.whole_files import write_text

logger = logging.getLogger(__name__)
_BLOCK = 1 << 20
_DIGEST = re.compile(r"^[0-9a-f]{64}$")
_TIMEOUT = 60  # seconds without a byte
_PROGRESS = 10  # seconds between lines of progress
_PAUSES = (1, 5, 20)  # seconds before the next tries when a connection breaks
_BROKEN = (OSError, HTTPException)


class _KeepsHttps(urllib.request.HTTPRedirectHandler):
    """Follows no https server to a place where anyone on the way may send another file."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Return the next request, as urllib does."""
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise InputError(
                f"{req.full_url}: is redirected to {newurl}, which is not https; give that address "
                "and the file's sha256"
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER = urllib.request.build_opener(_KeepsHttps)


def fetch_input(url: str, sha256: str, path: str | Path) -> None:
    """Fetch an input file to its place.

    Parameters
    ----------
    url
        https (or http) address.
    sha256
        Its expected digest, hexadecimal. Where it is "", the digest of the first download is
        written beside the file (`digest_file`), and a later one must have the same.
    path
        Where it is written, under another name until it is whole.

    Raises
    ------
    InputError
        As `fetch`.
    """
    path = Path(path)
    # The output of a failed job is removed; what was fetched so far lies beside it.
    part = path.with_name(f".{path.name}.part")
    record = None if sha256 else digest_file(path)
    digest = fetch(url, sha256 or recorded_digest(path), part, record)
    if record is not None and not record.is_file():
        write_text(record, f"{digest}  {path.name}\n")
        logger.info("%s: sha256 of this first download is %s, kept in %s", url, digest, record)
    part.rename(path)


def digest_file(path: str | Path) -> Path:
    """Return where the digest of a file's first download stands, as `sha256sum` writes it."""
    path = Path(path)
    return path.with_name(f"{path.name}.sha256")


def recorded_digest(path: str | Path) -> str:
    """Return the digest of a file's first download, "" where there was none.

    Raises
    ------
    InputError
        When the file that should hold it does not.
    """
    record = digest_file(path)
    if not record.is_file():
        return ""
    digest = record.read_text(errors="replace").partition(" ")[0]
    if not _DIGEST.match(digest):
        raise InputError(f"{record}: holds no sha256 digest; remove it")
    return digest


def changed_since_download(path: str | Path) -> str | None:
    """Tell, as a fault, of a fetched file that is not any more what its first download was."""
    recorded, record = recorded_digest(path), digest_file(path)
    if not recorded or (digest := sha256_of(path)) == recorded:
        return None
    return (
        f"{path}: sha256 is {digest}, and that of its first download {recorded}; remove the file "
        f"to fetch it again, or {record} to accept it as it is"
    )


def fetch(url: str, sha256: str, part: str | Path, record: Path | None = None) -> str:
    """Fetch a file.

    Parameters
    ----------
    url
        https (or http) address.
    sha256
        Its expected digest, hexadecimal; "" takes what comes.
    part
        Where it is written. What is there already is taken for its beginning, and only the rest
        is asked for, if the server can give parts. Without a digest nothing would tell a beginning
        of another file, and it is fetched anew.
    record
        The file that the digest was taken from, None where the user gave it.

    Returns
    -------
    str
        Its digest.

    Raises
    ------
    InputError
        When the server cannot be reached or refuses, the connection breaks (what came is kept),
        or the digest differs (the file is removed).
    """
    part, wanted = Path(part), sha256.lower()
    part.parent.mkdir(parents=True, exist_ok=True)
    if not wanted:
        part.unlink(missing_ok=True)
    have = part.stat().st_size if part.is_file() else 0
    if not (have and sha256_of(part) == wanted):
        _receive(url, part, have)
    digest = sha256_of(part)
    if wanted and digest != wanted and have:
        # What was there was the beginning of another file.
        _receive(url, part, 0)
        digest = sha256_of(part)
    if wanted and digest != wanted:
        part.unlink()
        raise InputError(_difference(url, digest, wanted, record))
    return digest


def _difference(url: str, digest: str, wanted: str, record: Path | None) -> str:
    if record is None:
        return (
            f"{url}: sha256 of what was fetched is {digest}, and {wanted} was expected; correct "
            "the address or the digest"
        )
    return (
        f"{url}: sha256 of what was fetched is {digest}, and that of the first download {wanted}: "
        f"the file has changed; give the old one's address, or remove {record} to accept this one"
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
        with _OPENER.open(urllib.request.Request(url, headers=headers), timeout=_TIMEOUT) as answer:
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
    # What lies there behind the first bytes is written over.
    free = shutil.disk_usage(part.parent).free
    free += part.stat().st_size - have if part.is_file() else 0
    if expected is not None and expected - have > free:
        raise InputError(
            f"{url}: {expected - have:,} bytes are to come, and {part.parent} has room for "
            f"{free:,}; make room there, and start again"
        )
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
