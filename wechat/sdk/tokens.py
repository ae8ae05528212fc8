"""The access tokens and JS-SDK tickets, shared by all threads and processes of an account.

A ``TokenStore`` has one cache per account, and each process keeps its own copy. A token is renewed early,
under a lock and after a second check of the store, so that many callers cause one fetch. WeChat reference
4.1, 4.2 and 4.7.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from wechat.sdk import call_limit
from wechat.sdk.answers import number, text
from wechat.sdk.errors import TransportError, WeChatError
from wechat.sdk.transport import ApiRequest, Transport

EARLY = 300
PAUSE = 30
FORCED_A_DAY = 20
DAY = 86_400
KINDS = ("stable", "classic")

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Credentials:
    appid: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """A value and the Unix second at which it becomes invalid."""

    value: str = field(repr=False)
    expires_at: float


class TokenStore(Protocol):
    """The interface of a store that processes share; names have at most 64 characters of ASCII."""

    def load(self, name: str) -> Token | None: ...

    def save(self, name: str, token: Token) -> None: ...

    def drop(self, name: str, value: str) -> None:
        """Deletes the token only if it still has this value."""
        ...

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Returns a lock between processes; the store decides how long to wait for it."""
        ...


class SharedToken:
    """A token that is kept in a store and in this process, and fetched by ``fetch`` when it is due."""

    def __init__(self, name: str, store: TokenStore, fetch: Callable[[], Token], now: Clock) -> None:
        self._name = name
        self._store = store
        self._fetch = fetch
        self._now = now
        self._held: Token | None = None
        self._next_look = 0.0

    def get(self) -> str:
        return self.current().value

    def current(self) -> Token:
        """Returns a valid token. Raises the error of ``fetch``, unless the current token is still valid."""
        held = self._held
        if held and self._good_for_now(held):
            return held
        # While one thread looks for the next token, the others go on with the one in hand.
        self._next_look = self._now() + PAUSE
        try:
            return self._hold(self._shared() or self._fetched())
        except WeChatError:
            if held is None or not self._alive(held):
                raise
            return held

    def renew(self, rejected: str, refetch: Callable[[str], Token]) -> str:
        """Returns a token other than the refused one, from the store or from ``refetch(rejected)``."""
        held = self._held
        if held and held.value != rejected and self._alive(held):
            return held.value
        with call_limit.call(), self._store.lock(self._name):
            stored = self._store.load(self._name)
            if stored and stored.value != rejected and self._alive(stored):
                return self._hold(stored).value
            self._held = None
            self._store.drop(self._name, rejected)
            return self._hold(self._saved(refetch(rejected))).value

    def _shared(self) -> Token | None:
        stored = self._store.load(self._name)
        return stored if stored and self._left(stored) > EARLY else None

    def _fetched(self) -> Token:
        # Who waits for the lock waits for the call of who has it.
        with call_limit.call(), self._store.lock(self._name):
            return self._shared() or self._saved(self._fetch())

    def _saved(self, token: Token) -> Token:
        self._store.save(self._name, token)
        return token

    def _hold(self, token: Token) -> Token:
        # The platform may hand out a token with hardly more than EARLY left. Asking again at once would bring
        # the same one, so there is a pause before the next look.
        self._next_look = self._now() + PAUSE
        self._held = token
        return token

    def _good_for_now(self, token: Token) -> bool:
        left = self._left(token)
        return left > EARLY or (left > 0 and self._now() < self._next_look)

    def _alive(self, token: Token) -> bool:
        return self._left(token) > 0

    def _left(self, token: Token) -> float:
        return token.expires_at - self._now()


class AccessTokens:
    """The access token of one account.

    Tokens of the ``kind`` "stable" do not end those of other systems, "classic" ones end each other; any
    other kind is a ValueError. Raises ApiError for refusals: 40164 has ``client_ip``, the address to add to
    the IP whitelist.
    """

    def __init__(
        self,
        credentials: Credentials,
        store: TokenStore,
        transport: Transport,
        kind: str = "stable",
        now: Clock = time.time,
    ) -> None:
        if kind not in KINDS:
            raise ValueError(f"a token is one of {', '.join(KINDS)}")
        self._credentials = credentials
        self._store = store
        self._transport = transport
        self._kind = kind
        self._now = now
        self._name = f"access_token:{kind}:{credentials.appid}"
        self._token = SharedToken(self._name, store, self._fetch, now)

    def get(self) -> str:
        return self._token.get()

    def current(self) -> Token:
        """Returns the token with its end."""
        return self._token.current()

    def renew(self, rejected: str) -> str:
        """Returns the token to use after the platform refused ``rejected``.

        Raises ApiError or TransportError. May return ``rejected`` itself if the platform returns it again and
        no forced refresh is left; the next refusal is then final.
        """
        return self._token.renew(rejected, self._refetch)

    def _fetch(self, force: bool = False) -> Token:
        asked, call = self._now(), self._call(force)
        return read_token(self._transport.ask(call), "access_token", call.api, asked)

    def _refetch(self, rejected: str) -> Token:
        """Fetches a token; forces a new one if the platform gives the rejected one again and it is allowed.

        The platform returns a stable token again as long as it considers it valid; only force ends that.
        """
        token = self._fetch()
        if self._kind == "stable" and token.value == rejected and self._may_force():
            return self._fetch(force=True)
        return token

    def _call(self, force: bool) -> ApiRequest:
        if self._kind == "classic":
            account = {"appid": self._credentials.appid, "secret": self._credentials.secret}
            return ApiRequest("GET", "/cgi-bin/token", params={"grant_type": "client_credential", **account})
        return _stable(self._credentials, force=force)

    def _may_force(self) -> bool:
        """Takes one forced refresh from the allowance of all processes: 20 a day, 30 seconds apart."""
        name = f"{self._name}:forced"
        spent = self._store.load(name)
        now = self._now()
        recent = [at for at in map(float, spent.value.split()) if at > now - DAY] if spent else []
        if len(recent) >= FORCED_A_DAY or (recent and recent[-1] > now - PAUSE):
            return False
        self._store.save(name, Token(" ".join(f"{at:.3f}" for at in [*recent, now]), now + DAY))
        return True


def ask_stable_token(transport: Transport, credentials: Credentials) -> Token:
    """Returns the account's stable token without ending the current one. Raises like ``Transport.ask``."""
    asked, call = time.time(), _stable(credentials, force=False)
    return read_token(transport.ask(call), "access_token", call.api, asked)


def _stable(credentials: Credentials, *, force: bool) -> ApiRequest:
    account = {"appid": credentials.appid, "secret": credentials.secret}
    body = {"grant_type": "client_credential", **account, "force_refresh": force}
    return ApiRequest("POST", "/cgi-bin/stable_token", body=body)


def read_token(answer: dict[str, Any], key: str, api: str, asked: float) -> Token:
    value, lifetime = text(answer, key), number(answer, "expires_in")
    if not value or lifetime <= 0:
        raise TransportError(f"{api} answered no {key}", outcome_unknown=True)
    return Token(value, asked + min(lifetime, DAY))
