"""Fetching, from a server of one's own that obeys, breaks off, or refuses."""

import hashlib
import io
import shutil
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from chrompute import fetch as fetching
from chrompute.errors import InputError
from chrompute.fetch import changed_since_download, fetch, fetch_input

CONTENT = np.random.default_rng(1).integers(0, 256, 3_000_000, dtype=np.uint8).tobytes()
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Server:
    """What the server does, and what it was asked for."""

    url: str = ""
    ranges: bool = True
    break_after: int | None = None
    status: int = 0
    asked: list[str | None] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            state.asked.append(wanted)
            if state.status:
                self.send_error(state.status)
                return
            first = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and state.ranges else 0
            if wanted and state.ranges and first >= len(CONTENT):
                self.send_error(416)
                return
            self.send_response(206 if wanted and state.ranges else 200)
            self.send_header("Content-Length", str(len(CONTENT) - first))
            self.end_headers()
            content = CONTENT[first:]
            self.wfile.write(content if state.break_after is None else content[: state.break_after])

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.05,))
    thread.start()
    state.url = f"http://127.0.0.1:{http.server_port}/reads.bam"
    yield state
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture(autouse=True)
def one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_PAUSES", ())


def test_a_connection_that_breaks_again_and_again_is_taken_up(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_PAUSES", (0,) * 9)
    server.break_after = len(CONTENT) // 3 + 1  # bytes of each answer
    fetch(server.url, DIGEST, tmp_path / ".x.part")
    assert (tmp_path / ".x.part").read_bytes() == CONTENT
    assert len(server.asked) == 3


def test_a_file_is_fetched_and_compared(server: Server, tmp_path: Path) -> None:
    part = tmp_path / "new" / ".x.part"
    fetch(server.url, DIGEST.upper(), part)
    assert part.read_bytes() == CONTENT
    assert server.asked == [None]
    fetch(server.url, DIGEST, part)
    assert server.asked == [None]  # what is there whole is not fetched again


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_connection_is_told_and_resumed(
    server: Server, tmp_path: Path, ranges: bool
) -> None:
    server.ranges, server.break_after = ranges, 1_200_000
    part = tmp_path / ".x.part"
    with pytest.raises(InputError, match=r"reads\.bam: fetching failed .*start again"):
        fetch(server.url, DIGEST, part)
    have = part.stat().st_size
    assert have == 1_200_000
    assert part.read_bytes() == CONTENT[:have]
    server.break_after = None
    fetch(server.url, DIGEST, part)
    assert server.asked == [None, f"bytes={have}-"]
    assert part.read_bytes() == CONTENT


def test_more_than_there_is_room_for_is_not_begun(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = shutil.disk_usage(tmp_path)._replace(free=len(CONTENT) - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: room)
    with pytest.raises(InputError, match=rf"{len(CONTENT):,} bytes are to come.*make room"):
        fetch_input(server.url, DIGEST, tmp_path / "reads.bam")
    assert not (tmp_path / "reads.bam").exists()


def test_a_wrong_digest_leaves_nothing(server: Server, tmp_path: Path) -> None:
    part = tmp_path / ".x.part"
    with pytest.raises(InputError, match=rf"sha256 of what was fetched is {DIGEST}.*correct"):
        fetch(server.url, "0" * 64, part)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("rest", [b"the beginning of another file", CONTENT + b"more"])
@pytest.mark.parametrize("ranges", [True, False])
def test_a_beginning_of_another_file_is_fetched_anew(
    server: Server, tmp_path: Path, rest: bytes, ranges: bool
) -> None:
    server.ranges = ranges
    part = tmp_path / ".x.part"
    part.write_bytes(rest)
    fetch(server.url, DIGEST, part)
    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(404, "correct the address"), (403, "correct"), (503, "start again later")],
)
def test_a_refusal_is_told(server: Server, tmp_path: Path, status: int, remedy: str) -> None:
    server.status = status
    part = tmp_path / ".x.part"
    with pytest.raises(InputError, match=rf"reads.bam: the server answers {status} .*{remedy}"):
        fetch(server.url, DIGEST, part)
    assert not part.exists()
    part.write_bytes(CONTENT[:1000])
    with pytest.raises(InputError):
        fetch(server.url, DIGEST, part)
    assert part.read_bytes() == CONTENT[:1000]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x.bam", "http://127.0.0.1:x/x.bam"])
def test_no_server(tmp_path: Path, url: str) -> None:
    with pytest.raises(InputError, match=r"fetching failed|is no address"):
        fetch(url, DIGEST, tmp_path / ".x.part")
    assert list(tmp_path.iterdir()) == []


def test_the_first_download_sets_the_digest(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "inputs/reads.bam"
    fetch_input(server.url, "", path)
    assert path.read_bytes() == CONTENT
    record = tmp_path / "inputs/reads.bam.sha256"
    assert record.read_text() == f"{DIGEST}  reads.bam\n"
    subprocess.run(["sha256sum", "-c", record.name], cwd=record.parent, check=True)
    assert sorted(p.name for p in path.parent.iterdir()) == ["reads.bam", "reads.bam.sha256"]
    path.unlink()
    fetch_input(server.url, "", path)
    assert path.read_bytes() == CONTENT
    assert changed_since_download(path) is None


def test_a_later_download_must_be_the_first_one_again(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "reads.bam"
    record = tmp_path / "reads.bam.sha256"
    record.write_text("e" * 64 + "  reads.bam\n")
    words = rf"is {DIGEST}, and that of the first download {'e' * 64}.*remove .*reads.bam.sha256"
    with pytest.raises(InputError, match=words):
        fetch_input(server.url, "", path)
    assert [p.name for p in tmp_path.iterdir()] == [record.name]
    path.write_bytes(CONTENT)
    fault = changed_since_download(path)
    assert fault is not None
    assert DIGEST in fault
    assert "e" * 64 in fault
    record.unlink()
    assert changed_since_download(path) is None


def test_a_record_without_digest_is_told(server: Server, tmp_path: Path) -> None:
    (tmp_path / "reads.bam.sha256").write_text("nothing\n")
    with pytest.raises(InputError, match=r"reads.bam.sha256: holds no sha256 digest; remove it"):
        fetch_input(server.url, "", tmp_path / "reads.bam")


@pytest.mark.parametrize("there", ["http://example.org/x.bam", "ftp://example.org/x.bam"])
def test_no_redirection_leaves_https(there: str) -> None:
    (handler,) = (h for h in fetching._OPENER.handlers if isinstance(h, fetching._KeepsHttps))
    request = urllib.request.Request("https://example.org/x.bam")
    follow = partial(handler.redirect_request, request, io.BytesIO(), 302, "Found", Message())
    with pytest.raises(InputError, match=rf"https://.*is redirected to {there}.*sha256"):
        follow(there)
    assert follow("https://example.net/x.bam").full_url == "https://example.net/x.bam"


def test_without_a_digest_no_beginning_is_trusted(server: Server, tmp_path: Path) -> None:
    (tmp_path / ".reads.bam.part").write_bytes(b"of another file")
    fetch_input(server.url, "", tmp_path / "reads.bam")
    assert server.asked == [None]
    assert (tmp_path / "reads.bam").read_bytes() == CONTENT


def test_a_given_digest_is_not_recorded(server: Server, tmp_path: Path) -> None:
    fetch_input(server.url, DIGEST, tmp_path / "reads.bam")
    assert [p.name for p in tmp_path.iterdir()] == ["reads.bam"]
