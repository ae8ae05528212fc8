"""One signed POST to an address that staff typed in.

The body is JSON in UTF-8. ``X-WeChat-Console-Timestamp`` is the time in Unix seconds,
``X-WeChat-Console-Signature`` is ``sha256=`` and the hex HMAC-SHA256, keyed with the rule's signing secret,
of the timestamp, a dot and the body. A receiver refuses a wrong signature and a timestamp older than five
minutes; ``id`` in the body is the same in every attempt.
"""

import hmac
import ipaddress
import socket
import time
from typing import Any

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.poolmanager import PoolManager

from wechat.sdk.text import load_json

TIMEOUT_SECONDS = 10
LONGEST_ANSWER = 64 << 10


class NoAnswer(Exception):
    """The address was refused, or could not be reached, or did not answer in time."""


class Answered:
    """Status and body of what the webhook said; a body beyond 64 KiB is cut off."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = body

    def json(self) -> Any:
        """``None`` for a body that is not JSON."""
        try:
            return load_json(self.body)
        except ValueError:
            return None


def post(url: str, body: bytes, secret: str) -> Answered:
    """Raises ``NoAnswer``. Redirects are not followed."""
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-WeChat-Console-Timestamp": timestamp,
        "X-WeChat-Console-Signature": f"sha256={sign(secret, timestamp, body)}",
    }
    try:
        with public_session() as session:
            answer = session.post(
                url, data=body, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True
            )
            return Answered(answer.status_code, _body(answer))
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        raise NoAnswer(f"{type(error).__name__}: {error}") from None


def sign(secret: str, timestamp: str, body: bytes) -> str:
    return hmac.digest(secret.encode(), f"{timestamp}.".encode() + body, "sha256").hex()


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the Internet and to no network of our own."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_global and not found.is_multicast


def _body(answer: requests.Response) -> bytes:
    """Read piece by piece: a webhook that sends a byte now and then must not hold the worker."""
    deadline, body = time.monotonic() + TIMEOUT_SECONDS, b""
    while len(body) < LONGEST_ANSWER and time.monotonic() < deadline:
        piece = answer.raw.read1(LONGEST_ANSWER - len(body), decode_content=True)
        if not piece:
            break
        body += piece
    return body


def public_session() -> requests.Session:
    """Outside DEBUG it connects to public addresses only, whatever a name or a redirect says."""
    session = requests.Session()
    # A proxy of the environment would connect in our place, to wherever it can.
    session.trust_env = False
    if not settings.DEBUG:
        session.mount("http://", _PublicOnly())
        session.mount("https://", _PublicOnly())
    return session


# The address is checked on the open connection, before anything is sent on it: a name that resolves
# differently the second time gains nothing.


def _checked(connection: HTTPConnection, sock: socket.socket) -> socket.socket:
    if not is_public(sock.getpeername()[0]):
        sock.close()
        raise NewConnectionError(connection, "the address is not public")
    return sock


class _PublicHTTP(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(self, super()._new_conn())


class _PublicHTTPS(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(self, super()._new_conn())


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _PublicHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _PublicHTTPS


class _PublicOnly(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
