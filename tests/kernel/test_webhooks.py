"""Receivers of webhooks with odd answers: the status counts, and nothing of the rest does any harm."""

import gzip
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
from pytest_django import Settings

from wechat.kernel import webhooks
from wechat.kernel.webhooks import LONGEST_ANSWER, Answered, NoAnswer

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
BODY = b'{"type": "test"}'
BOMB = gzip.compress(bytes(64 << 20))


@contextmanager
def receiver(answer: bytes) -> Iterator[str]:
    """Answers one request with these bytes, and closes the connection."""

    def serve() -> None:
        connection, _address = listening.accept()
        with connection:
            # To its end: what is left unread would reset the connection, and the answer with it.
            asked = b""
            while not asked.endswith(BODY):
                asked += connection.recv(65536)
            with suppress(OSError):  # of a caller who has read enough
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(60)


def posted(answer: bytes) -> Answered:
    with receiver(answer) as url:
        return webhooks.post(url, BODY, ["whsec_c2VjcmV0"], "msg_1")


@pytest.fixture(autouse=True)
def _loopback_is_allowed(settings: Settings) -> None:
    settings.DEBUG = True


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK, 200, b"{}"),
        (b"HTTP/1.1 102 Processing\r\n\r\n" * 3 + b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"{}"),
        (b"HTTP/1.1 307 Temporary\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 307, b""),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}", 204, b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}", 200, b"{}"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 200, b""),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", 200, b""),
        (b"HTTP/1.0 200\r\n\r\n", 200, b""),
    ],
)
def test_the_status_tells_whether_the_data_was_taken(answer: bytes, status: int, body: bytes) -> None:
    found = posted(answer)
    assert (found.status, found.body) == (status, body)


def test_a_body_that_never_ends_does_not_undo_the_status(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was taken would be posted again, and the receiver be switched off in the end."""
    monkeypatch.setattr(webhooks, "TIMEOUT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as pool:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        posting = pool.submit(webhooks.post, url, BODY, ["whsec_c2VjcmV0"], "msg_1")
        connection, _address = listening.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}")
            found = posting.result(60)
    assert (found.status, found.body) == (200, b"{}")


def test_a_body_that_swells_is_cut_off() -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(BOMB)}\r\n\r\n"
    assert len(posted(head.encode() + BOMB).body) == LONGEST_ANSWER


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 1_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"1" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 100,
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
    ],
)
def test_what_is_no_answer_is_none(answer: bytes) -> None:
    with pytest.raises(NoAnswer):
        posted(answer)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
        "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fd00::1]", "169.254.169.254",
        "100.100.100.200", "2130706433", "0x7f.1", "127.1", "10.0.0.1.",
    ],
)  # fmt: skip
def test_nothing_is_posted_to_addresses_of_our_own(settings: Settings, address: str) -> None:
    settings.DEBUG = False
    with pytest.raises(NoAnswer):
        webhooks.post(f"http://{address}:9/", b"{}", ["whsec_c2VjcmV0"], "msg_1")
