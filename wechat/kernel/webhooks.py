"""One signed POST to an address that staff typed in.

The body is JSON in UTF-8. ``X-WeChat-Console-Timestamp`` is the time in Unix seconds,
``X-WeChat-Console-Signature`` is ``sha256=`` and the hex HMAC-SHA256, keyed with the rule's signing secret,
of the timestamp, a dot and the body. A receiver refuses a wrong signature and a timestamp older than five
minutes; ``id`` in the body is the same in every attempt.
"""

import json
import time
from typing import Any

import requests
from Crypto.Hash import HMAC, SHA256
from urllib3.exceptions import HTTPError

from wechat.kernel.public_network import public_session
from wechat.sdk import deadlines
from wechat.sdk.connections import NotAdmitted

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
            return json.loads(self.body)
        except (ValueError, RecursionError):
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
        with (
            deadlines.within(TIMEOUT_SECONDS),
            public_session() as session,
            session.post(url, data=body, headers=headers, allow_redirects=False, stream=True) as answer,
        ):
            return Answered(answer.status_code, _body(answer))
    except NotAdmitted:
        # The same whether anything listens there or not: nobody is to find out through us.
        raise NoAnswer("the address is not public") from None
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        raise NoAnswer(f"{type(error).__name__}: {error}") from None


def sign(secret: str, timestamp: str, body: bytes) -> str:
    return HMAC.new(secret.encode(), f"{timestamp}.".encode() + body, SHA256).hexdigest()


def _body(answer: requests.Response) -> bytes:
    body = b""
    while len(body) < LONGEST_ANSWER and (piece := answer.raw.read1(LONGEST_ANSWER, decode_content=True)):
        body += piece
    return body[:LONGEST_ANSWER]
