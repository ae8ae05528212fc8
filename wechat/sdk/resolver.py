"""The resolution of host names within the deadline of the call."""

import ipaddress
import math
import queue
import socket
import threading
from typing import Any

from wechat.sdk import deadlines


def resolve(host: str, port: int) -> list[Any]:
    """Returns a host's addresses as ``getaddrinfo`` gives them. Raises ``gaierror`` and ``TimeoutError``.

    The system's resolver cannot be interrupted, so it runs in a separate thread, which is abandoned if it
    takes too long.
    """
    host = host.strip("[]")
    if _is_numeric(host) or math.isinf(deadlines.current()):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    answers: queue.SimpleQueue[list[Any] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    try:
        found = answers.get(timeout=deadlines.left(deadlines.current()))
    except queue.Empty:
        raise TimeoutError(f"the name {host} was not resolved in time") from None
    if isinstance(found, Exception):
        raise found
    return found


def _is_numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
