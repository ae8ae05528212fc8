"""The POST to a webhook address that staff typed in, signed according to Standard Webhooks.

The body is JSON in UTF-8. ``webhook-id`` is the same in every attempt, ``webhook-timestamp`` the time of this
one in Unix seconds, ``webhook-signature`` is ``v1,`` and the base64 of the HMAC-SHA256, keyed with the
endpoint's secret, of id, timestamp and body with dots between them. While previous secrets are valid there is
a signature with each, with spaces between them, so that the receiver can be changed at any time. A secret is
``whsec_`` and the base64 of the key; any other text is the key itself. A receiver refuses a wrong signature
and a timestamp older than five minutes. ``traceparent`` (W3C Trace Context) names the request that it comes
from, where there is one.
"""

import base64
import binascii
import datetime
import hmac
import time
from collections.abc import Sequence
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from wechat.kernel import tracing
from wechat.kernel.public_network import public_session
from wechat.sdk import deadlines
from wechat.sdk.connections import NotAdmitted
from wechat.sdk.text import load_json

TIMEOUT_SECONDS = 10
PREFIX = "whsec_"
LONGEST_ANSWER = 64 << 10


class NoAnswer(Exception):
    """The error for an address that was refused, could not be reached, or did not answer in time."""


class Answered:
    """The answer of a webhook: its status, its body, cut off beyond 64 KiB, and the wait that it asks for."""

    def __init__(self, status: int, body: bytes, retry_after: datetime.timedelta) -> None:
        self.status = status
        self.body = body
        self.retry_after = retry_after

    def json(self) -> Any:
        """Returns the body as JSON; ``None`` if it is none."""
        try:
            return load_json(self.body)
        except ValueError:
            return None


def post(url: str, body: bytes, secrets: Sequence[str], message_id: str) -> Answered:
    """Posts the data, signed with each of the secrets, and returns the answer. Raises ``NoAnswer``.

    It does not follow redirects.
    """
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(sign(each, message_id, timestamp, body) for each in secrets),
    }
    if trace := tracing.current():
        headers["traceparent"] = trace
    try:
        with (
            deadlines.within(TIMEOUT_SECONDS),
            public_session() as session,
            session.post(url, data=body, headers=headers, allow_redirects=False, stream=True) as answer,
        ):
            wait = _retry_after(answer.headers.get("Retry-After", ""))
            return Answered(answer.status_code, _body(answer), wait)
    except NotAdmitted:
        # The same whether anything listens there or not: nobody is to find out through us.
        raise NoAnswer("the address is not public") from None
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        raise NoAnswer(f"{type(error).__name__}: {error}") from None


def sign(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(key_of(secret), signed, 'sha256')).decode()}"


def key_of(secret: str) -> bytes:
    if secret.startswith(PREFIX):
        with suppress(binascii.Error, ValueError):
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    return secret.encode()


def _body(answer: requests.Response) -> bytes:
    """Returns the body as far as it comes in time: the status alone tells whether the data was taken."""
    body = b""
    with suppress(HTTPError, OSError):
        while len(body) < LONGEST_ANSWER and (piece := answer.raw.read1(LONGEST_ANSWER, decode_content=True)):
            body += piece
    return body[:LONGEST_ANSWER]


def _retry_after(value: str) -> datetime.timedelta:
    """Returns the wait that a ``Retry-After`` header asks for, in seconds or until a date; else zero.

    A number of more than nine digits is taken for its first nine, some thirty years.
    """
    if value.isdecimal():
        return datetime.timedelta(seconds=int(value[:9]))
    try:
        wait = parsedate_to_datetime(value) - datetime.datetime.now(datetime.UTC)
    except (TypeError, ValueError):
        return datetime.timedelta(0)
    return max(wait, datetime.timedelta(0))
