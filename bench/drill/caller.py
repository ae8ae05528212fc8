"""The clients of the drill, a business system and a browser, which repeat calls until they are accepted."""

import hashlib
import hmac
import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

# The timeout of browsers; an answer that takes longer counts as none.
HANG_SECONDS = 30.0
PATIENCE_SECONDS = 240.0
PAUSE_SECONDS = 1.0
# The statuses that ask callers to repeat a call: busy, rate limit, upstream failure, unavailable.
REPEATABLE = frozenset({409, 429, 502, 503})


class NotAccepted(Exception):
    """An error: a call was repeated for minutes and never accepted, or its answer was invalid."""


@dataclass
class Caller:
    """A business system that signs calls as the documentation of the API describes."""

    base: str
    key: str
    secret: str

    def get(self, path: str) -> requests.Response:
        return self.send("GET", path)

    def post(self, path: str, body: Any, key: str = "") -> requests.Response:
        return self.send("POST", path, body, {"Idempotency-Key": key or uuid.uuid4().hex})

    def put(self, path: str, body: Any) -> requests.Response:
        return self.send("PUT", path, body)

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> requests.Response:
        data = b"" if body is None else json.dumps(body).encode()
        timestamp, nonce = str(int(time.time())), uuid.uuid4().hex
        lines = [method, path, "", timestamp, nonce, hashlib.sha256(data).hexdigest()]
        signature = hmac.new(self.secret.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()
        signed = {
            "X-Key": self.key, "X-Timestamp": timestamp, "X-Nonce": nonce, "X-Signature": signature,
            "Content-Type": "application/json",
        }  # fmt: skip
        return requests.request(
            method, self.base + path, data=data, headers={**signed, **(headers or {})}, timeout=HANG_SECONDS
        )


@dataclass
class RetryingClient:
    """A client that repeats calls until they are accepted, and records answers that no caller should get.

    ``may_be_cut``: connections may break, because the process that answers them is killed. ``given_up`` is
    set at the end of the whole drill.
    """

    may_be_cut: bool = False
    given_up: threading.Event = field(default_factory=threading.Event)
    wrong: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def until_accepted(
        self, call: Callable[[], requests.Response], also: frozenset[int] = frozenset()
    ) -> requests.Response:
        """Repeats a call until it is accepted, and returns that answer.

        ``also`` are further statuses after which the call is repeated. Raises ``NotAccepted``.
        """
        ends, last = time.monotonic() + PATIENCE_SECONDS, "nothing"
        while time.monotonic() < ends and not self.given_up.is_set():
            began = time.monotonic()
            try:
                answer = call()
            except requests.Timeout:
                self.wrong.append(f"no answer within {HANG_SECONDS:.0f} s")
                last = "no answer"
            except requests.ConnectionError as error:
                last = type(error).__name__
                if not self.may_be_cut:
                    self.wrong.append(f"the connection broke: {error}"[:200])
            else:
                self.slowest = max(self.slowest, time.monotonic() - began)
                if answer.status_code < 300:
                    return answer
                last = f"{answer.status_code} {answer.text[:200]}"
                if answer.status_code not in REPEATABLE | also:
                    raise NotAccepted(f"answered {last}")
            time.sleep(PAUSE_SECONDS)
        raise NotAccepted(f"not accepted in {PATIENCE_SECONDS:.0f} s; the last answer was {last}")
