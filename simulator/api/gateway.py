"""The checks of every API call, in this order: method, credential, faults, right, quota, body."""

from __future__ import annotations

import asyncio
import json
import re
import time
from inspect import isawaitable
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from simulator.api.calls import ENDPOINTS, Answer, Call, Endpoint, json_body
from simulator.api.tokens import listed
from simulator.components import Component
from simulator.errors import ApiError, refusal, request_id
from simulator.faults import Fault, next_fault
from simulator.permissions import needed
from simulator.push import Pusher
from simulator.tokens import unknown
from simulator.whole_numbers import whole_number
from simulator.world import Account, RequestRecord, World

NO_ACCOUNT = Account("")
MENUS, TEMPLATE_LIBRARY = "/cgi-bin/menu/", "/wxaapi/newtmpl/"
FOLDERS = (
    "cgi-bin", "sns", "wxa", "wxaapi", "datacube", "customservice", "card", "semantic", "scan", "device",
    "shakearound", "merchant", "product", "bizwifi", "intp", "cv", "channels", "nontax", "business", "wxaapp",
)  # fmt: skip
CREDENTIAL = re.compile(r"\b((?:component_)?access_token|secret|appsecret)=[^&]*")
CREDENTIAL_IN_BODY = re.compile(
    r'("(?:access_token|secret|appsecret|component_(?:app)?secret|authorizer_refresh_token)"\s*:\s*")[^"]*'
)
KEPT = 8_192
# These calls still work when all quotas are used up.
UNCOUNTED = (
    "/cgi-bin/clear_quota", "/cgi-bin/clear_quota/v2", "/cgi-bin/openapi/quota/clear",
)  # fmt: skip


class GatewayError(Exception):
    """An error: the gateway fails before the platform answers."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class LostAnswer(Response):
    """A response that ends before its announced length, so that the caller does not know the result."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


class ApiGateway:
    """An ASGI application over every registered call."""

    def __init__(self, world: World, pusher: Pusher) -> None:
        self.world = world
        self.pusher = pusher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = ENDPOINTS.get(scope["path"])
        if endpoint is None:
            response: Response = not_simulated(scope["path"])
        else:
            response = await self._answer(endpoint, Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, endpoint: Endpoint, request: Request) -> Response:
        started = time.perf_counter()
        query = dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
        client_ip = request.client.host if request.client else ""
        call = Call(self.world, self.pusher, request.scope["path"], NO_ACCOUNT, query, client_ip)
        code = 0
        try:
            response = await self._perform(endpoint, call, request)
        except ApiError as error:
            code, response = error.code, await self._refused(error, call, request, started)
        except GatewayError as broken:
            code, response = -1, Response(status_code=broken.status)
        self.world.record_call(call.api, call.caller, code, (time.perf_counter() - started) * 1000)
        return response

    async def _refused(self, error: ApiError, call: Call, request: Request, started: float) -> Response:
        """Returns the refusal of a call, and records it under its request id for rid/get."""
        rid = request_id(self.world.now)
        answer = {**refusal(error.code, error.text, rid), **error.more}
        self.world.record_request(
            rid,
            RequestRecord(
                call.caller,
                int(self.world.now),
                round((time.perf_counter() - started) * 1000),
                CREDENTIAL.sub(r"\1=***", str(request.url)),
                CREDENTIAL_IN_BODY.sub(r"\1***", (await request.body())[:KEPT].decode(errors="replace")),
                json.dumps(answer, ensure_ascii=False),
                call.client_ip,
            ),
        )
        return as_json(answer)

    async def _perform(self, endpoint: Endpoint, call: Call, request: Request) -> Response:
        raw = await request.body()
        if request.method not in endpoint.methods:
            raise ApiError(43001 if endpoint.methods == ("GET",) else 43002)
        self._identify(endpoint, call, raw)
        fault = next_fault(self.world.state.faults, call.api, call.caller)
        if fault:
            await apply_fault(fault)
        if not endpoint.right(call.account):
            raise ApiError(48001)
        self._count(endpoint, call)
        if endpoint.upload:
            call.form = await form_of(request, raw)
        elif endpoint.by not in ("secret", "nobody"):
            call.body = body_of(endpoint, call.api, raw)
        done = await finished(endpoint, call)
        if fault and fault.answer is not None:
            return Response(fault.answer, media_type="application/json; charset=utf-8")
        return LostAnswer() if fault and fault.drop_answer else done

    def _identify(self, endpoint: Endpoint, call: Call, raw: bytes) -> None:
        """Identifies the caller. Raises the error of a missing, wrong, expired or foreign credential."""
        match endpoint.by:
            case "token":
                self._by_token(call)
            case "secret":
                self._by_secret(endpoint, call, raw)
            case "user":
                self._by_user(call)
            case "component":
                self._by_component(call)
            case "nobody":
                call.body = json_body(raw)

    def _count(self, endpoint: Endpoint, call: Call) -> None:
        clock, account = self.world.state.clock, call.account
        if endpoint.by == "component" and call.component:
            call.component.quotas.spend(call.api, clock.day(), clock.minute())
        elif endpoint.by != "nobody" and call.api not in UNCOUNTED:
            account.quotas.spend(call.api, clock.day(), clock.minute(), sandbox=account.sandbox)

    def _by_token(self, call: Call) -> None:
        token = call.query.get("access_token", "")
        if not token:
            raise ApiError(41001)
        account = self.world.state.accounts.get(self.world.by_token.get(token, ""))
        if account is None:
            self._by_authorizer_token(call, token)
            return
        call.account = account
        account.tokens.check(token, self.world.now)

    def _by_authorizer_token(self, call: Call, token: str) -> None:
        """Sets account and component of a call by an authorizer_access_token.

        Raises 61007 if the account did not grant the needed permission.
        """
        component, authorizer = self.world.authorization_of(token)
        if component is None:
            raise ApiError(61015) if self._component_of(token) else unknown(token)
        call.component, call.account = component, self.world.account(authorizer)
        if component.ip_whitelist and not listed(call.client_ip, component.ip_whitelist):
            raise ApiError(61004)
        found = component.authorization(authorizer)
        found.tokens.check(token, self.world.now)
        covering = needed(call.api, call.account.kind)
        if covering and not set(covering) & set(found.permissions):
            raise ApiError(61007)

    def _by_component(self, call: Call) -> None:
        """Sets the component of a call by a component_access_token.

        Raises 61014 for the token of an account or an authorizer, and 61004 if the IP address is not listed.
        """
        token = call.query.get("component_access_token") or call.query.get("access_token", "")
        if not token:
            raise ApiError(41001)
        component = self._component_of(token)
        if component is None:
            is_accounts = token in self.world.by_token or token in self.world.by_authorizer_token
            raise ApiError(61014) if is_accounts else unknown(token)
        if component.ip_whitelist and not listed(call.client_ip, component.ip_whitelist):
            raise ApiError(61004)
        call.component = component
        component.tokens.check(token, self.world.now)

    def _component_of(self, token: str) -> Component | None:
        known = self.world.state.components.values()
        return next((each for each in known if token in each.tokens.issued), None)

    def _by_user(self, call: Call) -> None:
        token = call.query.get("access_token", "")
        if not token:
            raise ApiError(41001)
        for account in self.world.state.accounts.values():
            if token in account.logins.tokens:
                call.account = account
                return
        raise ApiError(40001)

    def _by_secret(self, endpoint: Endpoint, call: Call, raw: bytes) -> None:
        if "POST" in endpoint.methods and (raw.strip() or "appid" not in call.query):
            call.body = json_body(raw)
        given: dict[str, Any] = {**call.query, **call.body}
        if not given.get("appid"):
            raise ApiError(41002)
        call.account = self.world.account(str(given["appid"]))


def not_simulated(path: str) -> Response:
    """Returns the answer for an API that the simulator does not have.

    Outside the paths of APIs it is HTTP 404.
    """
    if path.split("/")[1] not in FOLDERS:
        return Response(status_code=404)
    return as_json({"errcode": 40066, "errmsg": f"invalid url ({path} is not played by this simulator)"})


def body_of(endpoint: Endpoint, path: str, raw: bytes) -> dict[str, Any]:
    """Returns the JSON object of a POST. Only menus are refused for \\uXXXX, as on the platform."""
    if endpoint.methods == ("GET",) or ("GET" in endpoint.methods and raw.strip() in (b"", b"[]")):
        return {}
    if path.startswith(TEMPLATE_LIBRARY) and not raw.lstrip().startswith(b"{"):
        return form_body(raw)
    return json_body(raw, escapes=not path.startswith(MENUS))


async def form_of(request: Request, raw: bytes) -> FormData:
    """Returns the form of an upload, empty if the body is no form. Raises 41005 if it cannot be parsed."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return FormData()
    parser = MultiPartParser(request.headers, request.stream())
    # The body stays in memory, because the root file system may be read-only.
    parser.spool_max_size = len(raw) + 1
    try:
        return await parser.parse()
    except MultiPartException:
        raise ApiError(41005) from None


def form_body(raw: bytes) -> dict[str, Any]:
    """Returns the fields of a form, as old clients send them.

    ``kidList[0]=1`` is an item of a list of numbers. Raises 44002 for an empty body, 47001 for a body without
    fields, or for an item of a text field.
    """
    body: dict[str, Any] = {}
    for name, value in parse_qsl(raw.decode(errors="replace")):
        listed, bracket, _ = name.partition("[")
        if not bracket:
            body[name] = value
            continue
        items, number = body.setdefault(listed, []), whole_number(value)
        if not isinstance(items, list):
            raise ApiError(47001)
        items.append(value if number is None else number)
    if not body:
        raise ApiError(47001 if raw.strip() else 44002)
    return body


async def apply_fault(fault: Fault) -> None:
    """Waits for the latency of a fault, then raises its error if it has one."""
    if fault.latency_ms:
        await asyncio.sleep(fault.latency_ms / 1000)
    if fault.http_status is not None:
        raise GatewayError(fault.http_status)
    if fault.errcode is not None:
        error = ApiError(fault.errcode)
        error.text = fault.errmsg or error.text
        raise error


async def finished(endpoint: Endpoint, call: Call) -> Response:
    result = endpoint.handler(call)
    answer: Answer = await result if isawaitable(result) else result
    return answer if isinstance(answer, Response) else as_json(answer)


def as_json(answer: Any) -> Response:
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    return Response(text, media_type="application/json; charset=utf-8")
