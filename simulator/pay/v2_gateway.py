"""What every call of the old API passes (pay reference 8)."""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from simulator.pay import v2_answers, v2_bills, v2_xml
from simulator.pay.faults import PayFault, next_fault
from simulator.pay.runtime import Runtime
from simulator.pay.state import same_serial
from simulator.pay.v2_answers import ANYBODY
from simulator.pay.v2_calls import OLD_APIS, Fields, OldApi
from simulator.serving import CLIENT_CERTIFICATE

# Stands for the client certificate of mutual TLS.
CERTIFICATE_HEADER = "x-client-certificate"


class V2Gateway:
    """An ASGI application over the calls of the old API; what it refuses is HTTP 200 too."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, request, started = scope["path"], Request(scope, receive), time.perf_counter()
        if path == v2_bills.PATH:
            await self._bill(await request.body())(scope, receive, send)
            return
        api = OLD_APIS.get(path)
        if api is None:
            await Response(status_code=404)(scope, receive, send)
            return
        fault = next_fault(self.runtime.state.faults, path, "") or PayFault(0)
        if fault.status:
            await Response(status_code=fault.status)(scope, receive, send)
            return
        answer = self._answer(api, request, await request.body())
        code = 0 if answer.get("result_code") == "SUCCESS" else 1
        ms = (time.perf_counter() - started) * 1000
        self.runtime.world.record_call(path, answer.get(api.merchant_field, ""), code, ms)
        await Response(v2_xml.write(answer), media_type="text/plain")(scope, receive, send)

    def _bill(self, body: bytes) -> Response:
        """Returns the file of a bill, or XML that says why there is none."""
        try:
            call = v2_answers.understood(self.runtime, body)
            content = v2_bills.file(self.runtime, call.merchant, call.fields)
        except v2_answers.NotUnderstoodError as error:
            return Response(v2_xml.write(v2_answers.failed(str(error))), media_type="text/plain")
        except v2_bills.NoBillError as error:
            answer = {**v2_answers.failed(str(error)), "error_code": error.code}
            return Response(v2_xml.write(answer), media_type="text/plain")
        return Response(content, media_type="text/plain")

    def _certificate_owner(self, request: Request) -> str | None:
        """Returns the merchant whose valid certificate was shown in TLS, or None.

        Without TLS a header stands for a certificate, and then for anybody's.
        """
        if request.url.scheme != "https":
            return ANYBODY if request.headers.get(CERTIFICATE_HEADER) else None
        shown = getattr(request.state, CLIENT_CERTIFICATE, None) or {}
        merchant = self.runtime.state.merchants.get(shown.get("merchant", ""))
        serial = merchant.known_serial(shown["serial"]) if merchant else None
        if merchant is None or serial is None or same_serial(serial, *merchant.voided):
            return None
        return merchant.mchid

    def _answer(self, api: OldApi, request: Request, body: bytes) -> Fields:
        if request.method != "POST":
            return v2_answers.failed("请使用post方法")
        owner = self._certificate_owner(request) if api.certificate else ANYBODY
        if owner is None:
            return v2_answers.failed(v2_answers.BAD_CERTIFICATE)
        return v2_answers.answer(self.runtime, api, body, owner)
