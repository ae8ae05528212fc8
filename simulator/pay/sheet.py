"""The pay sheet of the phone: its checks, its content and the payment (pay reference 4.3)."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from typing import Any

import segno
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from simulator import strict_json
from simulator.pay import barcodes, paying, payment_codes, red_packets, v2_xml
from simulator.pay.keys import verifies
from simulator.pay.runtime import Runtime
from simulator.phone import STATIC
from simulator.user_actions import ImpossibleError

NAMES = ("appId", "timeStamp", "nonceStr", "package", "signType", "paySign")
LONGEST_NONCE = 32
# The cashier page redirects to the merchant's own URL.
POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

Given = dict[str, Any]


async def by_bridge(runtime: Runtime, given: Given) -> Any:
    """Returns the sheet for a request of a page through the bridge.

    Raises ImpossibleError unless all parameters and the signature are valid.
    """
    params = given.get("params")
    if not isinstance(params, dict):
        raise ImpossibleError("the parameters are missing")
    for name in NAMES:
        if not isinstance(params.get(name), str) or not params[name]:
            raise ImpossibleError(f"{name} is missing or is no text")
    if len(params["nonceStr"]) > LONGEST_NONCE:
        raise ImpossibleError(f"nonceStr is longer than {LONGEST_NONCE} characters")
    if not params["package"].startswith("prepay_id="):
        raise ImpossibleError("package does not begin with prepay_id=")
    bill = paying.find(runtime, params["package"])
    check_place(bill, str(given.get("page", "")))
    check_signature(bill, params)
    return shown(runtime, bill, str(given.get("person", "")), params["package"])


def check_place(bill: paying.Bill, page: str) -> None:
    """Checks that a page can pay this order.

    Raises ImpossibleError for an order of another trade type, or a page outside the registered directories.
    """
    if bill.order.trade_type != "JSAPI":
        raise ImpossibleError(f"this is an order for {bill.order.trade_type}, not for JSAPI")
    directories = bill.merchant.directories
    if directories and not any(page.startswith(each) for each in directories):
        raise ImpossibleError(f"the page {page} is not in a registered payment directory")


def check_signature(bill: paying.Bill, params: Given) -> None:
    """Checks the signature of a page's parameters. Raises ImpossibleError.

    For orders of API v3 it is made with the merchant's private key, for old ones with the key of API v2.
    """
    order, merchant = bill.order, bill.merchant
    if params["appId"] != order.appid:
        raise ImpossibleError("the appId is not that of the order")
    if params["signType"] != (order.v2 or "RSA"):
        raise ImpossibleError(f"signType must be {order.v2 or 'RSA'} for this order")
    if order.v2:
        fields = {name: params[name] for name in NAMES if name != "paySign"} | {"sign": params["paySign"]}
        good = v2_xml.is_signed(fields, merchant.v2_key, order.v2)
    else:
        lines = (params["appId"], params["timeStamp"], params["nonceStr"], params["package"])
        message = "".join(f"{each}\n" for each in lines).encode()
        valid = [pem for serial, pem in merchant.certificates.items() if serial not in merchant.voided]
        good = any(verifies(pem, message, params["paySign"]) for pem in valid)
    if not good:
        raise ImpossibleError("the paySign is wrong")


async def by_token(runtime: Runtime, given: Given) -> Any:
    """Returns the sheet for a scanned code_url, or for the prepay_id of an H5 page."""
    token = str(given.get("prepay", "")).strip()
    bill = paying.find(runtime, token)
    way = "NATIVE" if token.startswith("weixin://") else "MWEB"
    if bill.order.trade_type != way:
        raise ImpossibleError(f"this is an order for {bill.order.trade_type}, not for {way}")
    return shown(runtime, bill, str(given.get("person", "")), token)


def shown(runtime: Runtime, bill: paying.Bill, person: str, token: str) -> dict[str, Any]:
    payer, now = paying.Payer(person), runtime.world.now
    paying.check_open(bill.order, payer, now)
    return {
        "prepay": token,
        "merchant": bill.merchant.name or bill.merchant.mchid,
        "description": bill.order.description,
        "total": bill.order.total,
        "money": paying.money(runtime, payer),
        "banks": [each for each in paying.BANKS if paying.takes(bill.order, each)],
        "seconds": bill.order.ends_at - now,
        "password": runtime.state.settings.password,
    }


async def pay(runtime: Runtime, given: Given) -> Any:
    """Pays with the six-digit password. Raises ImpossibleError."""
    if given.get("password") != runtime.state.settings.password:
        raise ImpossibleError("the password is wrong")
    bill, payer = (
        paying.find(runtime, str(given.get("prepay", ""))),
        paying.Payer(str(given.get("person", ""))),
    )
    paying.check_open(bill.order, payer, runtime.world.now)
    paying.pay(runtime, bill, payer, str(given.get("bank", paying.BALANCE)))
    return {"transaction_id": bill.order.transaction_id}


async def code(runtime: Runtime, given: Given) -> Any:
    """Creates a payment code; returns its digits, and two pictures of them."""
    made = payment_codes.new_code(runtime, paying.Payer(str(given.get("person", ""))))
    return {
        "auth_code": made.code,
        "seconds": payment_codes.LIFE,
        "barcode": barcodes.code128(made.code),
        "qrcode": qrcode(made.code),
    }


def qrcode(digits: str) -> str:
    drawn = io.BytesIO()
    segno.make_qr(digits, error="m").save(drawn, kind="svg", xmldecl=False, omitsize=True, border=1)
    return drawn.getvalue().decode()


async def waiting(runtime: Runtime, given: Given) -> Any:
    """Returns the sheet of a payment code payment that waits for the person's password; {} without one."""
    person = str(given.get("person", ""))
    token = payment_codes.waiting(runtime, person)
    return shown(runtime, paying.find(runtime, token), person, token) if token else {}


async def refuse(runtime: Runtime, given: Given) -> Any:
    """Cancels a payment that waits for the person's password."""
    bill = paying.find(runtime, str(given.get("prepay", "")))
    payment_codes.cancel_waiting(bill, str(given.get("person", "")))
    return {"ok": True}


async def red_packet(runtime: Runtime, given: Given) -> Any:
    """Opens a red packet; the answer has the person's portion, and those of all people."""
    _, packet = red_packets.find(runtime, str(given.get("send_listid", "")))
    mine = red_packets.open_packet(runtime, packet, paying.Payer(str(given.get("person", ""))))
    return {
        "amount": mine.amount,
        "sender": packet.sender,
        "wishing": packet.wishing,
        "is_group": packet.is_group,
        "count": packet.count,
        "opened": [each.amount for each in packet.opened],
    }


def routes(runtime: Runtime) -> list[BaseRoute]:
    def endpoint(
        handler: Callable[[Runtime, Given], Awaitable[Any]],
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                given = strict_json.loads(await request.body())
                return JSONResponse(await handler(runtime, dict(given)))
            except ImpossibleError as error:
                return JSONResponse({"error": str(error)}, 400)
            except (ValueError, TypeError):
                return JSONResponse({"error": "this cannot be read"}, 400)

        return answer

    async def cashier(request: Request) -> Response:
        return FileResponse(STATIC / "cashier.html", headers={"Content-Security-Policy": POLICY})

    return [
        Route("/phone/pay/bridge", endpoint(by_bridge), methods=["POST"]),
        Route("/phone/pay/token", endpoint(by_token), methods=["POST"]),
        Route("/phone/pay/do", endpoint(pay), methods=["POST"]),
        Route("/phone/pay/code", endpoint(code), methods=["POST"]),
        Route("/phone/pay/waiting", endpoint(waiting), methods=["POST"]),
        Route("/phone/pay/refuse", endpoint(refuse), methods=["POST"]),
        Route("/phone/pay/red-packet", endpoint(red_packet), methods=["POST"]),
        Route("/cgi-bin/mmpayweb-bin/checkmweb", cashier),
    ]
