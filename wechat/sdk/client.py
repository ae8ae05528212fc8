"""The client of an account: it adds the access token to every call, and renews a stale one once.

WeChat reference 0.2 (transport), 4.2 (client rule) and 4.7 (tickets).
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol, TypeVar

import requests

from wechat.sdk.errors import ApiError, TransportError
from wechat.sdk.tokens import Clock, Credentials, SharedToken, Token, TokenStore, read_token
from wechat.sdk.transport import API_BASE, ApiRequest, Download, Files, Observer, Transport

Answer = TypeVar("Answer")
TICKETS = "/cgi-bin/ticket/getticket"

__all__ = ["Client", "Credentials", "Download", "JsApiTickets"]


class TokenSource(Protocol):
    def get(self) -> str: ...

    def renew(self, rejected: str) -> str: ...


class Client:
    """The client for calls as one account. Safe for use by several threads.

    Every method raises ApiError if the platform refuses, and TransportError if there is no usable answer.
    """

    def __init__(
        self,
        credentials: Credentials,
        tokens: TokenSource,
        api_base: str = API_BASE,
        session: requests.Session | None = None,
        observer: Observer | None = None,
    ) -> None:
        self.appid = credentials.appid
        self._tokens = tokens
        self._transport = Transport(api_base, session, observer)

    def __repr__(self) -> str:
        return f"Client({self.appid})"

    def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        return self._sent(ApiRequest("GET", path, params or {}), self._transport.ask)

    def post(
        self, path: str, json_body: Any = None, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        body = {} if json_body is None else json_body
        return self._sent(ApiRequest("POST", path, params or {}, body), self._transport.ask)

    def upload(
        self,
        path: str,
        files: Files,
        fields: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Uploads in several parts: ``files`` maps a form field to (file name, bytes, content type)."""
        return self._sent(
            ApiRequest("POST", path, params or {}, files=files, form=fields), self._transport.ask
        )

    def download(self, path: str, params: Mapping[str, str] | None = None, json_body: Any = None) -> Download:
        """Downloads a file, or JSON in its place; uses POST if there is a ``json_body``."""
        method = "GET" if json_body is None else "POST"
        return self._sent(ApiRequest(method, path, params or {}, json_body), self._transport.download)

    def _sent(self, call: ApiRequest, send: Callable[[ApiRequest], Answer]) -> Answer:
        token = _asked_for(self._tokens.get)
        try:
            return send(call.with_token(token))
        except ApiError as error:
            if not error.refresh_token:
                raise
        return send(call.with_token(_asked_for(partial(self._tokens.renew, token))))


def _asked_for(token: Callable[[], str]) -> str:
    """Returns a token; its TransportError never has an unknown outcome.

    The call that needs the token was not sent yet.
    """
    try:
        return token()
    except TransportError as error:
        raise TransportError(str(error), outcome_unknown=False) from error


class JsApiTickets:
    """The JS-SDK ticket of one account, cached and shared like its access token."""

    def __init__(self, client: Client, store: TokenStore, now: Clock = time.time) -> None:
        self._client = client
        self._now = now
        self._ticket = SharedToken(f"jsapi_ticket:{client.appid}", store, self._fetch, now)

    def get(self) -> str:
        return self._ticket.get()

    def renew(self, rejected: str) -> str:
        return self._ticket.renew(rejected, lambda _: self._fetch())

    def _fetch(self) -> Token:
        asked = self._now()
        return read_token(self._client.get(TICKETS, {"type": "jsapi"}), "ticket", TICKETS, asked)
