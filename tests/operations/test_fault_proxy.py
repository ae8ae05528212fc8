"""The proxy of the drills does to a connection what it says."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from bench.drill.proxy import Fault, Proxy
from simulator.ports import free_port

SLOW_SECONDS = 0.2
PATIENCE_SECONDS = 20.0


@pytest.fixture
def echo() -> Iterator[int]:
    """Runs an echo server; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                while data := connection.recv(1024):
                    connection.sendall(data)
            except ConnectionError:
                return

    def accept() -> None:
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@pytest.fixture
def proxy(echo: int) -> Iterator[Proxy]:
    with Proxy(echo, slow_seconds=SLOW_SECONDS) as proxy:
        yield proxy


def connected(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), PATIENCE_SECONDS)


def echoed(connection: socket.socket, what: bytes = b"hello") -> bytes:
    connection.sendall(what)
    return connection.recv(1024)


def test_everything_passes_without_a_fault(proxy: Proxy) -> None:
    with connected(proxy) as connection:
        assert [echoed(connection, each) for each in (b"one", b"two")] == [b"one", b"two"]


def test_down_cuts_who_is_there_and_takes_nobody_until_it_is_over(proxy: Proxy) -> None:
    with connected(proxy) as before:
        echoed(before)
        proxy.switch(Fault.DOWN)
        with pytest.raises(ConnectionResetError):
            echoed(before)
    with pytest.raises(ConnectionRefusedError):
        connected(proxy)
    proxy.switch(None)
    with connected(proxy) as after:
        assert echoed(after) == b"hello"


def test_slow_keeps_each_way_waiting(proxy: Proxy) -> None:
    with connected(proxy) as connection:
        echoed(connection)
        proxy.switch(Fault.SLOW)
        began = time.monotonic()
        assert echoed(connection) == b"hello"
        assert time.monotonic() - began >= 2 * SLOW_SECONDS


def test_half_open_takes_everything_and_says_nothing(proxy: Proxy) -> None:
    with connected(proxy) as before:
        echoed(before)
        proxy.switch(Fault.HALF_OPEN)
        with connected(proxy) as meanwhile:
            for each in (before, meanwhile):
                each.sendall(b"hello")
                each.settimeout(0.3)
                with pytest.raises(TimeoutError):
                    each.recv(1024)
            proxy.switch(None)
            for each in (before, meanwhile):
                each.settimeout(PATIENCE_SECONDS)
                with pytest.raises(ConnectionResetError):
                    each.recv(1024)


def test_reset_ends_every_connection_at_once(proxy: Proxy) -> None:
    with connected(proxy) as before:
        echoed(before)
        proxy.switch(Fault.RESET)
        with pytest.raises(ConnectionResetError):
            echoed(before)
    with pytest.raises(ConnectionError), connected(proxy) as meanwhile:
        echoed(meanwhile)


def test_wrong_data_is_as_long_and_nothing_that_was_said(proxy: Proxy) -> None:
    with connected(proxy) as connection:
        echoed(connection)
        proxy.switch(Fault.WRONG_DATA)
        wrong = echoed(connection, b"a sentence that no accident makes")
        assert len(wrong) == 33
        assert wrong != b"a sentence that no accident makes"


def test_a_restart_is_over_by_itself(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.drill.proxy.RESTART_SECONDS", 0.0)
    with connected(proxy) as before:
        echoed(before)
        proxy.switch(Fault.RESTART)
        with pytest.raises(ConnectionResetError):
            echoed(before)
    with connected(proxy) as after:
        assert echoed(after) == b"hello"


def test_the_port_is_free_again_afterwards(echo: int) -> None:
    with Proxy(echo) as proxy:
        port = proxy.port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
    assert free_port() > 0
