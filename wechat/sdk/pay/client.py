"""The client of WeChat Pay: it signs the exact bytes of requests, and verifies answers before use.

After an answer with an invalid signature the call is repeated once (signature probes are never sent twice in
a row); after that the outcome is unknown. No repr, exception or log line contains a key or an Authorization
header.

WeChat Pay reference 1 (signing), 2 (verifying), 9 (errors).
"""

import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import requests

from wechat.sdk import deadlines
from wechat.sdk.connections import never_left
from wechat.sdk.errors import TransportError, WeChatError
from wechat.sdk.pay import signing, verifying
from wechat.sdk.pay.errors import NotGenuine, PayRefused
from wechat.sdk.pay.keys import MerchantKeys, PlatformKeys
from wechat.sdk.text import load_json
from wechat.sdk.transport import CALL_SECONDS, TIMEOUT, Observer, shared_session

API_BASE = "https://api.mch.weixin.qq.com"
# Bills of a million lines take their time, but never this long between two pieces, nor in all.
DOWNLOAD_TIMEOUT, DOWNLOAD_SECONDS = (3.0, 60.0), 600.0

logger = logging.getLogger("wechat.sdk.pay")


@dataclass(frozen=True, slots=True)
class PayResponse:
    """An unverified answer with a 2xx status."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class PayClient:
    """The client for calls as one merchant. Safe for use by several threads.

    Every call raises PayRefused if WeChat Pay refuses, and TransportError if there is no usable answer.
    ``observer(api, outcome, seconds, error)`` is called after every call; the outcome is "ok", a code,
    "unreachable" or "lost".
    """

    def __init__(
        self,
        merchant: MerchantKeys,
        platform: PlatformKeys,
        base: str = API_BASE,
        session: requests.Session | None = None,
        observer: Observer | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.merchant = merchant
        self.platform = platform
        self.now = now
        self._base = base.rstrip("/")
        self._session = session
        self._observer = observer

    def __repr__(self) -> str:
        return f"PayClient({self.merchant.mchid})"

    def get(self, path: str, params: Mapping[str, str] | None = None, *, api: str = "") -> dict[str, Any]:
        return self._verified("GET", path, params, None, api or path)

    def post(self, path: str, body: Mapping[str, Any], *, api: str = "") -> dict[str, Any]:
        return self._verified("POST", path, None, body, api or path)

    def unverified(self, path: str) -> PayResponse:
        """Returns an unverified answer with certificates, to be verified with the certificates in it."""
        with self._watched(path):
            return self._exchange("GET", path, None, None, path)

    @contextmanager
    def streamed(self, url: str, api: str) -> Iterator[requests.Response]:
        """Yields the answer with a file, whose address a verified answer named; it has no signature."""
        with self._watched(api):
            request = self._signed(requests.Request("GET", url))
            with deadlines.within(DOWNLOAD_SECONDS):
                response = self._sent(request, api, stream=True, timeout=DOWNLOAD_TIMEOUT)
            with response:
                _raise_refusal(response, api)
                yield response

    def _verified(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        api: str,
    ) -> dict[str, Any]:
        with self._watched(api):
            reason = ""
            for _attempt in range(2):
                answer = self._exchange(method, path, params, body, api)
                try:
                    verifying.check(self.platform, answer.headers, answer.body, self.now())
                except NotGenuine as error:
                    reason = error.reason
                    logger.info("%s answered with a signature that does not hold: %s", api, reason)
                else:
                    return _object(answer.body, api)
            raise TransportError(f"{api} answered without proof ({reason})", outcome_unknown=True)

    def _exchange(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        api: str,
    ) -> PayResponse:
        data, headers = _encoded(body)
        request = requests.Request(
            method, self._base + path, params=dict(params or {}), data=data, headers=headers
        )
        with deadlines.within(CALL_SECONDS):
            response = self._sent(self._signed(request), api, stream=False, timeout=TIMEOUT)
        _raise_refusal(response, api)
        return PayResponse(response.headers, response.content)

    def _signed(self, request: requests.Request) -> requests.PreparedRequest:
        request.headers |= {"Accept": "application/json", "User-Agent": "wechat-console"}
        if self.platform.preferred:
            request.headers["Wechatpay-Serial"] = self.platform.preferred
        try:
            prepared = self._pool().prepare_request(request)
        except requests.RequestException as error:
            # An address that an answer named and that is none.
            message = f"the file answered no address: {type(error).__name__}"
            raise TransportError(message, outcome_unknown=False) from None
        body = prepared.body or b""
        prepared.headers["Authorization"] = signing.authorization(
            self.merchant,
            str(prepared.method),
            prepared.path_url,
            body if isinstance(body, bytes) else body.encode(),
            timestamp=int(self.now()),
            nonce_str=signing.nonce(),
        )
        return prepared

    def _sent(
        self, request: requests.PreparedRequest, api: str, *, stream: bool, timeout: tuple[float, float]
    ) -> requests.Response:
        session = self._pool()
        # Raised outside the handler: the library's exception holds the request with its headers.
        failure: TransportError
        try:
            surroundings = session.merge_environment_settings(request.url, {}, stream, None, None)
            return session.send(request, timeout=timeout, allow_redirects=False, **surroundings)
        except requests.RequestException as error:
            message = f"{api} failed: {type(error).__name__}"
            failure = TransportError(message, outcome_unknown=not never_left(error))
        raise failure

    def _pool(self) -> requests.Session:
        return self._session or shared_session(self._base, os.getpid())

    @contextmanager
    def _watched(self, api: str) -> Iterator[None]:
        started = time.perf_counter()
        outcome = "ok"
        failure: WeChatError | None = None
        try:
            yield
        except WeChatError as error:
            outcome, failure = outcome_of(error), error
            raise
        finally:
            seconds = time.perf_counter() - started
            details = {"api": api, "outcome": outcome, "duration": round(seconds, 4)}
            logger.debug("%s: %s in %.0f ms", api, outcome, seconds * 1000, extra=details)
            if self._observer:
                self._observer(api, outcome, seconds, failure)


def _encoded(body: Mapping[str, Any] | None) -> tuple[bytes | None, dict[str, str]]:
    if body is None:
        return None, {}
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text.encode(), {"Content-Type": "application/json"}


def _raise_refusal(response: requests.Response, api: str) -> None:
    """Raises PayRefused for an error, before any verification, because errors have no signature."""
    if response.status_code in {200, 204}:
        return
    body: Any = None
    with suppress(ValueError, requests.RequestException):
        body = load_json(response.content)
    error = body if isinstance(body, dict) else {}
    raise PayRefused(
        response.status_code,
        str(error.get("code", ""))[:64],
        str(error.get("message", ""))[:500],
        api,
        response.headers.get("Request-ID", ""),
    )


def _object(body: bytes, api: str) -> dict[str, Any]:
    """Returns the fields of a verified answer; none for an empty one with status 204."""
    if not body:
        return {}
    try:
        answer = load_json(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise TransportError(f"{api} answered something other than JSON", outcome_unknown=True)
    return answer


def outcome_of(error: WeChatError) -> str:
    """Returns the outcome of a call as a label for metrics."""
    if isinstance(error, PayRefused):
        return error.code or str(error.status)
    return "lost" if getattr(error, "outcome_unknown", True) else "unreachable"
