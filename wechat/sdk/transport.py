"""The transport of calls to the platform over HTTPS, and the interpretation of answers.

No repr, exception or log line contains a token or a secret. WeChat reference 0.2.
"""

import json
import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.message import Message
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlencode

import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import default_user_agent

from wechat.sdk import deadlines, text
from wechat.sdk.answers import number
from wechat.sdk.connections import BoundedAdapter, never_left
from wechat.sdk.error_codes import ERROR_CODES
from wechat.sdk.errors import ApiError, TransportError, WeChatError

API_BASE = "https://api.weixin.qq.com"
MP_BASE = "https://mp.weixin.qq.com"
TIMEOUT = (3.0, 10.0)
# For a call as a whole; a file takes longer than a few fields.
CALL_SECONDS, FILE_SECONDS = 15.0, 60.0
POOL = 96
HEADERS = {
    "User-Agent": default_user_agent(),
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Connection": "keep-alive",
}
NO_HOOKS: dict[str, list[Any]] = {"response": []}
TEXTUAL = ("text/", "application/json")
REFUSALS = frozenset({"permanent_for_request", "permanent_for_recipient"})

logger = logging.getLogger("wechat.sdk")

Observer = Callable[[str, str, float, WeChatError | None], None]
Files = Mapping[str, tuple[str, bytes, str]]


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request: ``body`` becomes JSON; ``files`` maps a form field to (file name, bytes, content type)."""

    method: str
    api: str
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Any = field(default=None, repr=False)
    files: Files | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)

    def with_token(self, token: str) -> "ApiRequest":
        return replace(self, params={**self.params, "access_token": token})


@dataclass(frozen=True, slots=True)
class Download:
    """A downloaded file, or the JSON that the platform sent in its place (``json`` is None for a file)."""

    content_type: str
    filename: str
    body: bytes = field(repr=False)
    json: dict[str, Any] | None = None


class Transport:
    """The transport of calls to one host. Safe for use by several threads.

    ``observer(api, outcome, seconds, error)`` is called after every call; the outcome is "ok", an errcode,
    "unreachable" or "lost".
    """

    def __init__(
        self,
        base: str = API_BASE,
        session: requests.Session | None = None,
        observer: Observer | None = None,
    ) -> None:
        self._base = base.rstrip("/")
        self._session = session
        self._observer = observer

    def ask(self, call: ApiRequest) -> dict[str, Any]:
        """Returns the JSON answer.

        Raises ApiError for an errcode other than 0, TransportError for no answer.
        """
        with self._watched(call.api):
            answer = _json(self._send(call, FILE_SECONDS if call.files else CALL_SECONDS).content)
            if answer is None:
                raise TransportError(f"{call.api} answered something other than JSON", outcome_unknown=True)
            return _accepted(answer, call.api)

    def download(self, call: ApiRequest) -> Download:
        """Downloads a file or a JSON answer, told apart by its bytes. Raises like ``ask``."""
        with self._watched(call.api):
            response = self._send(call, FILE_SECONDS)
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            answer = _json(response.content)
            if answer is not None:
                _accepted(answer, call.api)
            elif not response.content or (kind.startswith(TEXTUAL) and text.is_legible(response.content)):
                raise TransportError(f"{call.api} answered neither a file nor JSON", outcome_unknown=True)
            return Download(kind, _filename(response), response.content, answer)

    def _send(self, call: ApiRequest, seconds: float) -> requests.Response:
        # Raised outside the handler: the library's exception holds the address with its token, and would
        # travel along as the context.
        with deadlines.within(seconds):
            response, failure = self._attempt(call)
        if response is None:
            raise failure or TransportError(f"{call.api} could not be asked", outcome_unknown=True)
        if response.status_code != requests.codes.ok:
            raise TransportError(f"{call.api} answered HTTP {response.status_code}", outcome_unknown=True)
        return response

    def _attempt(self, call: ApiRequest) -> tuple[requests.Response | None, TransportError | None]:
        session = self._session or shared_session(self._base, os.getpid())
        try:
            # To the adapter directly: cookies, redirects, .netrc and hooks, which the session would look
            # after, are none of ours, and cost as much as the call itself.
            request = _uploading(self._base, call) if call.files else _prepared(self._base, call)
            adapter = session.get_adapter(self._base)
            response = adapter.send(request, timeout=TIMEOUT, **_environment(self._base))
            _ = response.content  # an answer may break off in the middle
        except requests.RequestException as error:
            unknown = not never_left(error)
            message = f"{call.api} failed: {type(error).__name__}"
            return None, TransportError(message, outcome_unknown=unknown)
        return response, None

    @contextmanager
    def _watched(self, api: str) -> Iterator[None]:
        started = time.perf_counter()
        outcome, level = "ok", logging.DEBUG
        failure: WeChatError | None = None
        try:
            yield
        except WeChatError as error:
            outcome, level, failure = _outcome(error), _level(error), error
            raise
        finally:
            self._report(api, outcome, level, time.perf_counter() - started)
            if self._observer:
                self._observer(api, outcome, time.perf_counter() - started, failure)

    def _report(self, api: str, outcome: str, level: int, seconds: float) -> None:
        details = {"api": api, "errcode": outcome, "duration": round(seconds, 4)}
        logger.log(level, "%s: %s in %.0f ms", api, outcome, seconds * 1000, extra=details)


def _outcome(error: WeChatError) -> str:
    if isinstance(error, ApiError):
        return str(error.errcode)
    return "lost" if getattr(error, "outcome_unknown", True) else "unreachable"


def _level(error: WeChatError) -> int:
    """Returns the log level of an error: INFO for a known refusal, which the caller handles, else WARNING."""
    if isinstance(error, ApiError) and error.errcode in ERROR_CODES and error.category in REFUSALS:
        return logging.INFO
    return logging.WARNING


def _prepared(base: str, call: ApiRequest) -> requests.PreparedRequest:
    """Returns a call without a file, ready to be sent.

    The platform refuses \\u escapes, so JSON goes out as raw UTF-8.
    """
    request = requests.PreparedRequest()
    request.method = call.method
    request.url = f"{base}{call.api}?{urlencode(call.params)}" if call.params else base + call.api
    request.headers = CaseInsensitiveDict(HEADERS)
    request.hooks = NO_HOOKS
    if call.body is not None:
        body = json.dumps(call.body, ensure_ascii=False, separators=(",", ":"))
        request.body = body.encode(errors="replace")
        request.headers["Content-Type"] = "application/json; charset=utf-8"
        request.headers["Content-Length"] = str(len(request.body))
    return request


def _uploading(base: str, call: ApiRequest) -> requests.PreparedRequest:
    request = requests.Request(
        call.method, base + call.api, HEADERS, call.files, call.form, dict(call.params)
    )
    return request.prepare()


@cache
def _environment(base: str) -> Mapping[str, Any]:
    """Returns the proxy and certificate settings of the environment, cached."""
    with requests.Session() as session:
        return session.merge_environment_settings(base, {}, False, None, None)  # noqa: FBT003 - the library's order


def _json(content: bytes) -> dict[str, Any] | None:
    """Returns a JSON object, read as UTF-8 whatever the headers say; None for other content."""
    if not text.is_json(content):
        return None
    try:
        answer: dict[str, Any] = text.load_json(content)
    except ValueError:
        return None
    return answer


def _accepted(answer: dict[str, Any], api: str) -> dict[str, Any]:
    errcode = answer.get("errcode") or 0
    if str(errcode) == "0":
        return answer
    if not re.fullmatch(r"-?[0-9]{1,18}", str(errcode)):
        raise TransportError(f"{api} answered an errcode that is no number", outcome_unknown=True)
    failed = answer.get("fail_openid_list")
    raise ApiError.from_answer(
        int(errcode),
        str(answer.get("errmsg", "")),
        api,
        failed if isinstance(failed, list) else (),
        number(answer, "msg_id"),
    )


def _filename(response: requests.Response) -> str:
    """Returns the file name of Content-Disposition without any path, or "" if there is none."""
    header = Message()
    header["Content-Disposition"] = response.headers.get("Content-Disposition", "")
    name = header.get_filename() or ""
    return re.split(r"[/\\]", name.encode("latin-1", "replace").decode(errors="replace"))[-1]


class _Redaction(logging.Filter):
    """The log filter that removes credentials from the HTTP library's debug lines, which contain URLs."""

    _secret = re.compile(r"((?:token|secret|refresh_token|appsecret)=)[^&\s\"]+")

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(self._redacted(arg) for arg in record.args)
        return True

    def _redacted(self, arg: object) -> object:
        return self._secret.sub(r"\1***", arg) if isinstance(arg, str) else arg


logging.getLogger("urllib3.connectionpool").addFilter(_Redaction())


@cache
def shared_session(base: str, pid: int) -> requests.Session:
    """Returns the pooled session for a host in this process; forked processes must not share sockets."""
    session = requests.Session()
    # Threads share the session; the cookie jar is the one part of it they could trip over.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.mount(base, BoundedAdapter(pool=POOL))
    return session
