"""A minimal AMQP 0-9-1 broker for publishers, which accepts everything and counts messages."""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

START = b"\0\x09" + struct.pack(">I", 0) + struct.pack(">I5s", 5, b"PLAIN") + struct.pack(">I5s", 5, b"en_US")


def _queue_declared(arguments: bytes) -> bytes:
    """Returns the reply to a queue declaration: the queue's name, no messages, no consumers."""
    return arguments[2 : 3 + arguments[2]] + struct.pack(">II", 0, 0)


# The replies to methods by class and number: the following method, and its arguments.
ANSWERS: dict[tuple[int, int], tuple[int, Callable[[bytes], bytes]]] = {
    (10, 11): (30, lambda _: struct.pack(">HIH", 0, 131072, 0)),  # connection: start-ok, tune
    (10, 40): (41, lambda _: b"\0"),  # connection: open
    (10, 50): (51, lambda _: b""),  # connection: close
    (20, 10): (11, lambda _: struct.pack(">I", 0)),  # channel: open
    (20, 40): (41, lambda _: b""),  # channel: close
    (40, 10): (11, lambda _: b""),  # exchange: declare
    (50, 10): (11, _queue_declared),
    (50, 20): (21, lambda _: b""),  # queue: bind
}
PUBLISH = (60, 40)


class Broker:
    """A broker on one port; ``stop`` cuts all connections, like a kill, and ``start`` listens again."""

    def __init__(self) -> None:
        self.published = threading.Semaphore(0)
        self._connections: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._accept()

    def start(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._accept()

    def stop(self) -> None:
        for each in (self._listener, *self._connections):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        threading.Thread(target=self._serve_all, args=(self._listener,), daemon=True).start()

    def _serve_all(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self._connections.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, EOFError):
            _read(connection, 8)  # the protocol's name and version
            _send(connection, 0, 10, 10, START)
            while True:
                kind, channel, size = struct.unpack(">BHI", _read(connection, 7))
                payload = _read(connection, size + 1)
                if kind == 1:
                    self._answer(connection, channel, payload)

    def _answer(self, connection: socket.socket, channel: int, payload: bytes) -> None:
        family, method = struct.unpack_from(">HH", payload)
        if (family, method) == PUBLISH:
            self.published.release()
        elif (family, method) in ANSWERS:
            number, arguments = ANSWERS[family, method]
            _send(connection, channel, family, number, arguments(payload[4:]))


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def _send(connection: socket.socket, channel: int, family: int, method: int, arguments: bytes) -> None:
    payload = struct.pack(">HH", family, method) + arguments
    connection.sendall(struct.pack(">BHI", 1, channel, len(payload)) + payload + b"\xce")
