"""A receiver that answers correctly but slowly."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

ANSWER = b'{"errcode": 0, "errmsg": "ok"}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n" % len(ANSWER)
# The pause between two bytes; about three seconds in total for those of "headers".
PAUSE = 0.03
WAYS = ("says nothing", "drips its headers", "drips its body")


@contextmanager
def slow_receiver(way: str) -> Iterator[str]:
    """Serves a receiver that is slow in one of ``WAYS`` during the block; yields its URL."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_serve, args=(server, way, over))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            with suppress(OSError), socket.create_connection(server.getsockname()):
                """Wakes the thread that waits for a caller."""
            thread.join()


def _serve(server: socket.socket, way: str, over: threading.Event) -> None:
    while not over.is_set():
        caller, _ = server.accept()
        with caller, suppress(OSError):
            _answer(caller, way, over)


def _answer(caller: socket.socket, way: str, over: threading.Event) -> None:
    if way == "says nothing":
        over.wait(100 * PAUSE)
        caller.sendall(HEAD + b"\r\n" + ANSWER)
        return
    padding = b"X-Padding: " + b"x" * 80 + b"\r\n"
    quick, slow = (b"", HEAD + padding + b"\r\n" + ANSWER)
    if way == "drips its body":
        body = ANSWER + b" " * 100
        quick = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
        slow = body
    caller.sendall(quick)
    for place in range(len(slow)):
        if over.wait(PAUSE):
            return
        caller.sendall(slow[place : place + 1])
