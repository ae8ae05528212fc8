"""The HTTP connections: they keep a call's deadline, check the address, and write a request in one piece.

Every socket operation gets the seconds that the call has left (``wechat.sdk.deadlines``), so a receiver that
sends slowly cannot extend the call. The check is made on the very address that is connected to, before a
packet leaves, so neither a name that resolves differently the second time nor another parsing of the URL can
evade it. The library would write head and body separately, and the second write costs a fifth of a small
call.
"""

import http.client
import io
import math
import socket
import ssl
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.poolmanager import PoolManager, ProxyManager

from wechat.sdk import call_limit, deadlines
from wechat.sdk.resolver import resolve

# For calls whose caller names no deadline.
LONGEST_CALL = 60.0
INTERIM, FINAL = 100, 200

# Judges host, port and IP address of a connection that is about to be made; the IP address is empty where a
# proxy of the environment will make it.
Admission = Callable[[str, int, str], bool]
Address = tuple[socket.AddressFamily, str, Any]


def _everywhere(host: str, port: int, address: str) -> bool:
    return True


_admission: ContextVar[Admission] = ContextVar("admission", default=_everywhere)


class NotAdmitted(requests.ConnectionError):
    """The error for a host none of whose addresses is admitted; it was not connected to."""


class _AddressRefused(NewConnectionError):
    """The error for an address that is not admitted, raised inside the library."""


class _Reader(io.RawIOBase):
    """The reader of an answer, which stops at the deadline."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        super().__init__()
        self._sock, self._raw = sock, raw
        self._pause = sock.gettimeout() or math.inf
        self._deadline = deadlines.current()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        _allow(self._sock, min(self._pause, deadlines.left(self._deadline)))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Reader(sock, self.fp.detach()))

    def _read_status(self) -> tuple[str, int, str]:
        """Skips answers of 1xx, which come before the one that counts; the library skips 100 alone."""
        found: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]  # of the library's own
        while INTERIM <= found[1] < FINAL and found[1] != http.client.SWITCHING_PROTOCOLS:
            http.client.parse_headers(self.fp)
            found = super()._read_status()  # type: ignore[misc]
        return found


class _Connection(HTTPConnection):
    """The connection that holds back data until the request is complete."""

    response_class = _Response
    _held: list[bytes] | None = None

    def connect(self) -> None:
        try:
            super().connect()
        except TimeoutError as error:
            # TLS included: as long as it is not made, nothing of the request has left.
            raise ConnectTimeoutError(self, f"connecting to {self.host} took too long") from error

    def _new_conn(self) -> socket.socket:
        failure = OSError("no address")
        for family, _, target in self._admitted():
            try:
                return self._connected(family, target)
            except OSError as error:
                failure = error
        if isinstance(failure, TimeoutError):
            raise failure
        raise NewConnectionError(self, f"no connection: {failure}") from failure

    def _connected(self, family: socket.AddressFamily, target: Any) -> socket.socket:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            for option in self.socket_options or ():
                sock.setsockopt(*option)
            self._allow(sock)
            sock.connect(target)
            self._allow(sock)
        except BaseException:
            sock.close()
            raise
        return sock

    def _admitted(self) -> list[Address]:
        """Returns the admitted addresses of the host; a proxy makes this decision itself."""
        found = self._resolved()
        if self.proxy is None:
            admits, port = _admission.get(), self.port
            found = [each for each in found if admits(self.host, port, each[1])]
        if not found:
            raise _AddressRefused(self, "the address is not admitted")
        return found

    def _resolved(self) -> list[Address]:
        try:
            found = resolve(self._dns_host, self.port)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except UnicodeError as error:
            raise NewConnectionError(self, f"{self.host!r} is no host name") from error
        return [(family, str(target[0]), target) for family, _kind, _protocol, _name, target in found]

    def _allow(self, sock: socket.socket) -> None:
        _allow(sock, min(self.timeout or math.inf, deadlines.left(deadlines.current())))

    def request(self, *args: Any, **kwargs: Any) -> None:
        held: list[bytes] = []
        self._held = held
        try:
            super().request(*args, **kwargs)
        finally:
            self._held = None
        self._write(b"".join(held))

    def send(self, data: Any) -> None:
        if self._held is not None and isinstance(data, bytes):
            self._held.append(data)
        else:
            self._write(data)

    def _write(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        # A large file takes longer than a connection may: only the deadline counts.
        _allow(self.sock, deadlines.left(deadlines.current()))
        super().send(data)


class _SecureConnection(_Connection, HTTPSConnection):
    """The TLS connection that holds back data until the request is complete."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class BoundedAdapter(HTTPAdapter):
    """The adapter that gives requests a deadline, ``LONGEST_CALL`` by default, and asks ``admission``."""

    def __init__(
        self, admission: Admission = _everywhere, context: ssl.SSLContext | None = None, pool: int = 10
    ) -> None:
        self._admission = admission
        self._options: dict[str, Any] = {} if context is None else {"ssl_context": context}
        super().__init__(pool_maxsize=pool, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **options, **self._options)
        _bound(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> ProxyManager:
        manager: ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):
            _bound(manager)
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Sends within the ``call_limit``. Raises ``NotAdmitted`` besides what the library raises."""
        proxies = kwargs.get("proxies")
        if proxies and select_proxy(str(request.url), proxies):
            self._judge(request)
        token = _admission.set(self._admission)
        try:
            with (
                call_limit.call(),
                deadlines.within(LONGEST_CALL if math.isinf(deadlines.current()) else math.inf),
            ):
                response = super().send(request, *args, **kwargs)
                if not kwargs.get("stream"):
                    # Read here, as a slow body is a slow call.
                    _ = response.content
                return response
        except call_limit.TooManyCalls as error:
            raise requests.ConnectTimeout(str(error)) from None
        except requests.ConnectionError as error:
            if isinstance(_reason(error), _AddressRefused):
                raise NotAdmitted("the address is not admitted") from None
            raise
        finally:
            _admission.reset(token)

    def _judge(self, request: requests.PreparedRequest) -> None:
        """Checks the host as the library itself parses it to choose a connection.

        Raises ``NotAdmitted``.
        """
        parts = urlsplit(str(request.url))
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if not self._admission(parts.hostname or "", port, ""):
            raise NotAdmitted("the address is not admitted")


def bounded_session(admission: Admission = _everywhere) -> requests.Session:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, BoundedAdapter(admission))
    return session


def never_left(error: requests.RequestException) -> bool:
    """Returns whether no connection was made, so that the receiver cannot have acted."""
    never = (requests.ConnectTimeout, NotAdmitted)
    return isinstance(error, never) or isinstance(_reason(error), NewConnectionError)


def _reason(error: BaseException) -> object:
    return getattr(error.args[0], "reason", None) if error.args else None


def _bound(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


def _allow(sock: socket.socket, seconds: float) -> None:
    sock.settimeout(None if math.isinf(seconds) else seconds)
