"""The argument of API handlers, and the decorator that registers them (WeChat reference 0.2, 17)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.datastructures import UploadFile
from starlette.responses import Response

from simulator import strict_json
from simulator.components import Component
from simulator.errors import ApiError
from simulator.push import Pusher
from simulator.world import Account, World

# The kind of credential of a call; handlers for ``nobody`` identify the caller themselves.
Credential = Literal["token", "secret", "user", "component", "nobody"]
Answer = Mapping[str, Any] | Response
Handler = Callable[["Call"], Answer | Awaitable[Answer]]
OK: Mapping[str, Any] = {"errcode": 0, "errmsg": "ok"}

NUMBER = re.compile(r"-?\d{1,19}", re.ASCII)
# Escapes of ASCII (mostly control characters) are necessary in JSON; only unnecessary ones are refused.
NEEDLESS_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u(?!00[0-7])[0-9a-fA-F]{4}")


@dataclass(slots=True)
class Call:
    """One API call whose credential, right and quota are already checked."""

    world: World
    pusher: Pusher
    api: str
    account: Account
    query: Mapping[str, str]
    client_ip: str
    body: dict[str, Any] = field(default_factory=dict)
    form: Mapping[str, UploadFile | str] = field(default_factory=dict)
    component: Component | None = None

    @property
    def caller(self) -> str:
        """Returns the AppID of the account, or of the component if it calls on its own behalf."""
        return self.account.appid or (self.component.appid if self.component else "")

    def text(self, name: str, missing: int = 47001) -> str:
        """Returns a text field of the body.

        Raises ``missing`` if it is absent or empty, 47001 if it is not a text.
        """
        if value := self.optional_text(name):
            return value
        raise ApiError(missing)

    def texts(self, name: str, malformed: int = 47001) -> list[str]:
        """Returns a list of texts of the body. Raises ``malformed`` for anything else."""
        value = self.body.get(name)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise ApiError(malformed)
        return value

    def optional_text(self, name: str, malformed: int = 47001) -> str:
        """Returns a text of the body, empty when it is absent. Raises ``malformed`` for anything else."""
        value = self.body.get(name)
        if value is not None and not isinstance(value, str):
            raise ApiError(malformed)
        return value or ""

    def whole(self, name: str, otherwise: int, malformed: int = 47001) -> int:
        """Returns an integer field of the body, which may be written as a text; ``otherwise`` if absent.

        Raises ``malformed`` for anything else.
        """
        value = self.body.get(name)
        if value is None or value == "":
            return otherwise
        if isinstance(value, bool) or not isinstance(value, int | str) or not NUMBER.fullmatch(str(value)):
            raise ApiError(malformed)
        return int(value)

    def number(self, name: str) -> int:
        value = self.body.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ApiError(47001)
        return value

    def parameter(self, name: str) -> str:
        """Returns a parameter that the platform takes from the query, the body or a field of the form."""
        for source in (self.query, self.body, self.form):
            if isinstance(value := source.get(name), str) and value:
                return value
        return ""

    def object(self, name: str) -> dict[str, Any]:
        value = self.body.get(name)
        if not isinstance(value, dict):
            raise ApiError(47001)
        return value


def anyone(account: Account) -> bool:
    return True


def verified(account: Account) -> bool:
    return account.verified


def verified_service(account: Account) -> bool:
    return account.verified and account.kind == "service"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A registered call. If its ``methods`` include GET, it also accepts a POST without a body."""

    methods: tuple[str, ...]
    handler: Handler
    right: Callable[[Account], bool]
    by: Credential
    upload: bool


ENDPOINTS: dict[str, Endpoint] = {}


def api(
    method: str,
    path: str,
    *,
    also: str = "",
    right: Callable[[Account], bool] = anyone,
    by: Credential = "token",
    upload: bool = False,
) -> Callable[[Handler], Handler]:
    """Registers a handler.

    ``also`` is a second HTTP method that existing clients use. Calls by "secret" have appid and secret
    instead of a token; calls by "user" have a user's OAuth token, not the account's; calls by "component"
    have a component_access_token. An ``upload`` is sent as a form.
    """

    def register(handler: Handler) -> Handler:
        ENDPOINTS[path] = Endpoint(
            (method, also) if also else (method,),
            handler,
            right,
            by,
            upload,
        )
        return handler

    return register


def json_body(raw: bytes, *, escapes: bool = True) -> dict[str, Any]:
    """Returns the JSON object of a body.

    Raises 44002 if the body is empty, 47001 if it is no object, 40033 for \\uXXXX unless ``escapes`` is set.
    """
    if not raw.strip():
        raise ApiError(44002)
    if not escapes and b"\\u" in raw and NEEDLESS_ESCAPE.search(raw):
        raise ApiError(40033)
    try:
        body = strict_json.loads(raw)
    except ValueError:
        raise ApiError(47001) from None
    if not isinstance(body, dict):
        raise ApiError(47001)
    return body
