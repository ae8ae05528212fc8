"""The ``/_sim`` routes of people's actions: payments, payment codes, red packets, transfers, complaints."""

from __future__ import annotations

from typing import Any

from simulator.control_api import Ask, BadRequestError
from simulator.openapi import Body
from simulator.pay import complaints, paying, payment_codes, red_packets, transfers
from simulator.pay.records.orders import Order
from simulator.pay.runtime import Runtime
from simulator.pay.state import Merchant
from simulator.saving import dump

TRANSFER_ENDS = ("SUCCESS", "FAIL")
COMPLAINT_KINDS = ("REFUND", "SERVICE_NOT_WORK", "OTHERS")
# The page's result if the person did not pay; none while the pay sheet stays open.
OUTCOMES = {
    "paid": "get_brand_wcpay_request:ok",
    "cancel": "get_brand_wcpay_request:cancel",
    "fail": "get_brand_wcpay_request:fail",
    "open": "",
}


def merchant_of(runtime: Runtime, ask: Ask) -> Merchant:
    """Returns the merchant that the path names. Raises BadRequestError."""
    found = runtime.state.merchants.get(ask.request.path_params["mchid"])
    if found is None:
        raise BadRequestError("no such merchant", 404)
    return found


def payer_of(ask: Ask) -> paying.Payer:
    """Returns the payer that a call names. Raises BadRequestError if it names nobody."""
    payer = paying.Payer(str(ask.body.get("person", "")), str(ask.body.get("openid", "")))
    if not payer.wallet:
        raise BadRequestError("say who: person or openid")
    return payer


class PeopleRoutes:
    """The handlers of the control API for people's actions."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def pay(self, ask: Ask) -> Any:
        """Pays an order as a person.

        ``prepay`` is a prepay_id, a code_url or an h5_url (or ``mchid`` and ``out_trade_no``); ``person`` or
        ``openid`` pays. ``bank`` is one of paying.BANKS, ``coupon`` the discount by the merchant's coupon, in
        fen. ``late`` pays an order that was closed or expired, as in a race between payment and closing.
        ``outcome`` is one of OUTCOMES. With ``wait`` (the default) the answer is sent after all due
        notifications were delivered.
        """
        given = ask.body
        bill = self.bill(given)
        openid = str(given.get("openid", "") or bill.order.openid or bill.order.sub_openid)
        payer = paying.Payer(str(given.get("person", "")), openid)
        if not payer.wallet:
            raise BadRequestError("say who pays: person or openid")
        if (outcome := given.get("outcome", "paid")) not in OUTCOMES:
            raise BadRequestError(f"outcome must be one of {', '.join(OUTCOMES)}")
        if not given.get("late") or bill.order.state == "SUCCESS":
            paying.check_open(bill.order, payer, ask.world.now)
        if outcome != "paid":
            return {"trade_state": bill.order.state, "err_msg": OUTCOMES[outcome]}
        paying.pay(
            self.runtime, bill, payer, str(given.get("bank", paying.BALANCE)), int(given.get("coupon", 0))
        )
        if given.get("wait", True):
            await self.runtime.settle()
        return payment(bill.order)

    async def set_wallet(self, ask: Ask) -> Any:
        """Sets a person's balance in fen, and the real name for checks of payments."""
        payer = payer_of(ask)
        if "balance" in ask.body:
            self.runtime.state.wallets[payer.wallet] = int(ask.body["balance"])
        if "name" in ask.body:
            self.runtime.state.names[payer.wallet] = str(ask.body["name"])
        return {"balance": paying.money(self.runtime, payer)}

    async def wallets(self, ask: Ask) -> Any:
        """Returns people's balances, and the default balance."""
        return {"wallets": self.runtime.state.wallets, "others": self.runtime.state.settings.wallet}

    async def end_transfer(self, ask: Ask) -> Any:
        """Confirms a transfer as its recipient on the phone, or ends it: ``outcome`` is a final state."""
        merchant = merchant_of(self.runtime, ask)
        transfer = merchant.transfers.get(ask.request.path_params["number"])
        outcome = ask.body.get("outcome", "SUCCESS")
        if transfer is None or not transfer.is_open or outcome not in TRANSFER_ENDS:
            sentence = f"no transfer that is open, or outcome is none of {', '.join(TRANSFER_ENDS)}"
            raise BadRequestError(sentence)
        reason = str(ask.body.get("fail_reason", "")) if outcome == "FAIL" else ""
        transfers.finish(self.runtime, merchant, transfer, outcome, reason)
        await self.runtime.settle()
        return dump(transfer)

    async def complain(self, ask: Ask) -> Any:
        """Complains about an order as its payer, or adds a text to a complaint.

        A complaint has ``out_trade_no``, ``detail``, ``type`` (REFUND, SERVICE_NOT_WORK, OTHERS) and
        ``phone``; a further text has ``complaint_id`` and ``detail``.
        """
        merchant, given = merchant_of(self.runtime, ask), ask.body
        detail = str(given.get("detail", ""))
        if known := merchant.complaints.get(str(given.get("complaint_id"))):
            complaints.add_text(self.runtime, merchant, known, detail)
            await self.runtime.settle()
            return dump(known)
        order = merchant.orders.get(str(given.get("out_trade_no")))
        kind = str(given.get("type", "OTHERS"))
        if order is None or order.state != "SUCCESS" or kind not in COMPLAINT_KINDS:
            sentence = f"no such paid order, or type is none of {', '.join(COMPLAINT_KINDS)}"
            raise BadRequestError(sentence)
        phone = str(given.get("phone", ""))
        made = complaints.complain(self.runtime, merchant, order, detail, kind, phone)
        await self.runtime.settle()
        return dump(made)

    async def new_payment_code(self, ask: Ask) -> Any:
        """Creates a payment code of a person: 18 digits, valid for one payment within a minute.

        ``bank`` is one of paying.BANKS. With ``password`` the payment waits for ``POST /pay`` of the same
        person.
        """
        bank = str(ask.body.get("bank", paying.BALANCE))
        if bank not in paying.BANKS:
            raise BadRequestError(f"bank must be one of {', '.join(paying.BANKS)}")
        password = bool(ask.body.get("password"))
        code = payment_codes.new_code(self.runtime, payer_of(ask), bank, password=password)
        return {"auth_code": code.code, "ends_at": code.made_at + payment_codes.LIFE}

    async def open_red_packet(self, ask: Ask) -> Any:
        """Opens a red packet (``send_listid``) as a person, who gets a portion of it."""
        _, packet = red_packets.find(self.runtime, ask.request.path_params["send_listid"])
        return dump(red_packets.open_packet(self.runtime, packet, payer_of(ask)))

    def bill(self, given: dict[str, Any]) -> paying.Bill:
        if given.get("prepay"):
            return paying.find(self.runtime, str(given["prepay"]))
        merchant = self.runtime.state.merchants.get(str(given.get("mchid")))
        order = merchant.orders.get(str(given.get("out_trade_no"))) if merchant else None
        if merchant is None or order is None or not order.terms:
            raise BadRequestError("say what is paid: prepay, or mchid and out_trade_no", 404)
        return paying.Bill(merchant, order)

    @property
    def table(self) -> tuple[tuple[str, str, Any], ...]:
        return (
            ("POST", "/pay", self.pay),
            ("POST", "/payment-codes", self.new_payment_code),
            ("POST", "/red-packets/{send_listid}/open", self.open_red_packet),
            ("POST", "/merchants/{mchid}/transfers/{number}", self.end_transfer),
            ("POST", "/merchants/{mchid}/complaints", self.complain),
            ("POST", "/wallets", self.set_wallet),
            ("GET", "/wallets", self.wallets),
        )


PERSON = {"person": "string", "openid": "string"}
BODIES: dict[tuple[str, str], Body] = {
    ("POST", "/pay"): {
        "prepay": "string", "mchid": "string", "out_trade_no": "string", **PERSON, "bank": "string",
        "coupon": "integer", "late": "boolean", "outcome": "string", "wait": "boolean",
    },
    ("POST", "/payment-codes"): {**PERSON, "bank": "string", "password": "boolean"},
    ("POST", "/red-packets/{send_listid}/open"): PERSON,
    ("POST", "/merchants/{mchid}/transfers/{number}"): {"outcome": "string", "fail_reason": "string"},
    ("POST", "/merchants/{mchid}/complaints"): {
        "out_trade_no": "string", "detail": "string", "type": "string", "phone": "string",
        "complaint_id": "string",
    },
    ("POST", "/wallets"): {**PERSON, "balance": "integer", "name": "string"},
}  # fmt: skip


def payment(order: Order) -> dict[str, Any]:
    names = (
        "out_trade_no", "transaction_id", "appid", "trade_type", "total", "payer_total", "payer", "bank",
        "fee", "sub_mchid", "combined", "unsplit",
    )  # fmt: skip
    return {**{name: getattr(order, name) for name in names}, "paid_at": order.paid_at}
