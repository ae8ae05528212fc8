"""The argument of API v3 handlers, and the decorator that registers them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from simulator import strict_json
from simulator.pay import texts
from simulator.pay.errors import PayError, wrong
from simulator.pay.runtime import Runtime
from simulator.pay.schema import Object, checked
from simulator.pay.state import Merchant


@dataclass(frozen=True, slots=True)
class Reply:
    """A signed answer with an HTTP status other than 200."""

    status: int
    body: Mapping[str, Any]


# None means 204 without a body; a Response is sent unchanged and unsigned.
Answer = Mapping[str, Any] | Reply | Response | None
Handler = Callable[["Call"], Answer | Awaitable[Answer]]


@dataclass(slots=True)
class Call:
    """A call whose signature has been checked. ``path`` has the variables of the path."""

    runtime: Runtime
    merchant: Merchant
    path: Mapping[str, str]
    query: Mapping[str, str]
    serial: str = ""
    raw: bytes = b""
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def now(self) -> float:
        return self.runtime.world.now

    def read(self, shape: Object) -> dict[str, Any]:
        """Returns the JSON body. Raises PARAM_ERROR if it does not fit, or names another merchant."""
        try:
            body = strict_json.loads(self.raw)
        except ValueError:
            raise PayError("PARAM_ERROR", "请求体不是合法的JSON") from None
        if not isinstance(body, dict):
            raise PayError("PARAM_ERROR", "请求体不是合法的JSON")
        checked(body, shape)
        for name in ("mchid", "sp_mchid", "combine_mchid"):
            if name in shape.fields:
                self.must_own(body.get(name, ""))
        return body

    def must_own(self, mchid: str) -> None:
        if mchid != self.merchant.mchid:
            raise PayError("PARAM_ERROR", texts.OTHER_MERCHANT)

    def served(self, sub_mchid: str) -> Merchant:
        """Returns a merchant that the caller serves as a service provider. Raises NO_AUTH."""
        if sub_mchid not in self.merchant.sub_mchids:
            raise PayError("NO_AUTH", texts.NOT_SERVED)
        return self.runtime.state.merchants[sub_mchid]

    def asked(self, name: str, default: str = "", choices: tuple[str, ...] = ()) -> str:
        """Returns a query parameter. Raises PARAM_ERROR if it is missing or not one of the choices."""
        value = self.query.get(name, default)
        if not value and not default and "" not in choices:
            raise wrong(name, value, "missing", "query")
        if choices and value not in choices:
            raise wrong(name, value, f"must be one of {', '.join(filter(None, choices))}", "query")
        return value


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A registered call; a ``strict`` one requires the headers Accept and User-Agent."""

    method: str
    template: str
    pattern: re.Pattern[str]
    handler: Handler
    strict: bool


ENDPOINTS: list[Endpoint] = []


def pay_api(method: str, template: str, *, strict: bool = True) -> Callable[[Handler], Handler]:
    """Registers a handler; ``{name}`` in the template is a variable of the path."""

    def register(handler: Handler) -> Handler:
        pattern = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template)))
        ENDPOINTS.append(Endpoint(method, template, pattern, handler, strict))
        return handler

    return register
