"""The gateway of the old API (pay reference 8)."""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from simulator.api.gateway import LostAnswer
from simulator.pay import v2_answers, v2_bills, v2_xml
from simulator.pay.errors import PayError
from simulator.pay.faults import HARMLESS, PayFault, next_fault
from simulator.pay.faulty_calls import perform
from simulator.pay.runtime import Runtime
from simulator.pay.state import same_serial
from simulator.pay.v2_answers import ANYBODY
from simulator.pay.v2_calls import OLD_APIS, Fields, OldApi, V2Call
from simulator.serving import CLIENT_CERTIFICATE

# Replaces the client certificate of mutual TLS.
CERTIFICATE_HEADER = "x-client-certificate"


class V2Gateway:
    """An ASGI application over the calls of the old API; refusals have HTTP status 200, too."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, request = scope["path"], Request(scope, receive)
        if path == v2_bills.PATH:
            response = await self._bill(request)
        elif api := OLD_APIS.get(path):
            response = await self._answer(api, path, request)
        else:
            response = Response(status_code=404)
        await response(scope, receive, send)

    async def _bill(self, request: Request) -> Response:
        """Returns the file of a bill, or XML with an error."""
        try:
            call = v2_answers.parse_call(self.runtime, await request.body())
            fault = self._fault(v2_bills.PATH, call)
            content = await perform(
                fault, self.runtime, lambda: v2_bills.file(self.runtime, call.merchant, call.fields)
            )
        except v2_answers.InvalidCallError as error:
            return written(v2_answers.failed(str(error)))
        except v2_bills.NoBillError as error:
            return written({**v2_answers.failed(str(error)), "error_code": error.code})
        except PayError as error:
            if not fault.code:
                return Response(status_code=error.status)
            return written({**v2_answers.failed(error.message), "error_code": error.code})
        return LostAnswer() if fault.lose_answer else Response(content, media_type="text/plain")

    def _certificate_owner(self, request: Request) -> str | None:
        """Returns the mchid of the valid client certificate in TLS, or None.

        Without TLS a header replaces the certificate, for any merchant.
        """
        if request.url.scheme != "https":
            return ANYBODY if request.headers.get(CERTIFICATE_HEADER) else None
        shown = getattr(request.state, CLIENT_CERTIFICATE, None) or {}
        merchant = self.runtime.state.merchants.get(shown.get("merchant", ""))
        serial = merchant.known_serial(shown["serial"]) if merchant else None
        if merchant is None or serial is None or same_serial(serial, *merchant.voided):
            return None
        return merchant.mchid

    async def _answer(self, api: OldApi, path: str, request: Request) -> Response:
        started, mchid, code = time.perf_counter(), "", 1
        try:
            call = await self._admitted(api, request)
            mchid, fault = call.merchant.mchid, self._fault(path, call)
            outcome = await self._perform(api, call, fault)
            code = 0 if outcome["result_code"] == "SUCCESS" else 1
            response = (
                LostAnswer() if fault.lose_answer else written(v2_answers.full_answer(call, api, outcome))
            )
        except v2_answers.InvalidCallError as error:
            response = written(v2_answers.failed(str(error)))
        except PayError as error:
            response = Response(status_code=error.status)
        ms = (time.perf_counter() - started) * 1000
        self.runtime.world.record_call(path, mchid, code, ms)
        return response

    async def _admitted(self, api: OldApi, request: Request) -> V2Call:
        """Returns a valid call; only its owner can use a client certificate."""
        if request.method != "POST":
            raise v2_answers.InvalidCallError("请使用post方法")
        owner = self._certificate_owner(request) if api.certificate else ANYBODY
        if owner is None:
            raise v2_answers.InvalidCallError(v2_answers.BAD_CERTIFICATE)
        call = v2_answers.parse_call(self.runtime, await request.body(), api.merchant_field)
        if owner not in (ANYBODY, call.merchant.mchid):
            raise v2_answers.InvalidCallError(v2_answers.BAD_CERTIFICATE)
        return call

    async def _perform(self, api: OldApi, call: V2Call, fault: PayFault) -> Fields:
        """Returns the result of a call. Raises PayError for a fault that the old API cannot express."""
        try:
            return await perform(fault, self.runtime, lambda: v2_answers.perform(call, api))
        except PayError as error:
            if not fault.code:
                raise
            return v2_answers.refused(error.code, error.message)

    def _fault(self, path: str, call: V2Call) -> PayFault:
        return next_fault(self.runtime.state.faults, path, call.merchant.mchid) or HARMLESS


def written(fields: Fields) -> Response:
    return Response(v2_xml.write(fields), media_type="text/plain")
