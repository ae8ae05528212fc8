"""The gateway of API v3: headers, signature, faults, the call, and the signature of its answer."""

from __future__ import annotations

import time
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from simulator.api.gateway import LostAnswer
from simulator.pay import answers, texts
from simulator.pay.authorization import Asked, caller
from simulator.pay.calls import ENDPOINTS, Answer, Call, Endpoint, Reply
from simulator.pay.errors import PayError
from simulator.pay.faults import HARMLESS, next_fault
from simulator.pay.faulty_calls import perform
from simulator.pay.runtime import Runtime


class PayGateway:
    """An ASGI application over every registered call."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.plain = {(each.method, each.template): each for each in ENDPOINTS if "{" not in each.template}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint, path = self._find(scope["method"], scope["path"])
        if endpoint is None:
            known = any(each.pattern.fullmatch(scope["path"]) for each in ENDPOINTS)
            response = Response(status_code=405 if known else 404)
        else:
            response = await self._answer(endpoint, path, Request(scope, receive))
        await response(scope, receive, send)

    def _find(self, method: str, path: str) -> tuple[Endpoint | None, dict[str, str]]:
        if endpoint := self.plain.get((method, path)):
            return endpoint, {}
        for each in ENDPOINTS:
            if each.method == method and (match := each.pattern.fullmatch(path)):
                return each, match.groupdict()
        return None, {}

    async def _answer(self, endpoint: Endpoint, path: dict[str, str], request: Request) -> Response:
        started, mchid, status = time.perf_counter(), "", 0
        try:
            call = await self._admitted(endpoint, path, request)
            mchid = call.merchant.mchid
            response = await self._perform(endpoint, call)
        except PayError as error:
            status, response = error.status, refused(error)
        ms = (time.perf_counter() - started) * 1000
        self.runtime.world.record_call(endpoint.template, mchid, status, ms)
        return response

    async def _admitted(self, endpoint: Endpoint, path: dict[str, str], request: Request) -> Call:
        headers, runtime = request.headers, self.runtime
        if endpoint.strict and not (headers.get("accept") and headers.get("user-agent")):
            raise PayError("INVALID_REQUEST", texts.HEADERS_MISSING)
        raw, query = await request.body(), request.scope["query_string"].decode("latin-1")
        asked = Asked(request.method, target(request.scope), raw)
        now = runtime.signing_now
        merchant, nonce = caller(asked, headers.get("authorization"), runtime.state.merchants, now)
        runtime.record_nonce(merchant, nonce, now)
        serial = headers.get("wechatpay-serial", "")
        return Call(runtime, merchant, path, dict(parse_qsl(query, keep_blank_values=True)), serial, raw)

    async def _perform(self, endpoint: Endpoint, call: Call) -> Response:
        fault = next_fault(self.runtime.state.faults, endpoint.template, call.merchant.mchid) or HARMLESS
        answer = await perform(fault, self.runtime, lambda: endpoint.handler(call))
        return LostAnswer() if fault.lose_answer else self._signed(call, answer, fault.spoil)

    def _signed(self, call: Call, answer: Answer, spoil: str) -> Response:
        if isinstance(answer, Response):
            return answer
        status, content = (answer.status, answer.body) if isinstance(answer, Reply) else (200, answer)
        body = b"" if content is None else answers.compact(content)
        signer = answers.for_answer(call.merchant, call.serial)
        headers = answers.signature_headers(
            signer, body, self.runtime.signing_now, spoil or self.runtime.probe()
        )
        common = {**answers.COMMON, "Request-ID": answers.request_id(), **headers}
        return Response(answers.spoiled(body, spoil), 204 if content is None else status, common)


def target(scope: Scope) -> str:
    """Returns path and query exactly as they were sent."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return (path + b"?" + query if query else path).decode("latin-1")


def refused(error: PayError) -> Response:
    """Returns the answer for an error; it is never signed."""
    headers = {**answers.COMMON, "Request-ID": answers.request_id(error.status)}
    return Response(answers.compact(error.body), error.status, headers)
