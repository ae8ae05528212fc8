"""The ``/_sim`` routes of WeChat Pay: merchants, payments without a phone, and inspection of the results."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from starlette.concurrency import run_in_threadpool

from simulator.control_api import Ask, BadRequestError, fitting
from simulator.openapi import Body
from simulator.pay import merchant_settings, refunding
from simulator.pay.bill_layout import STYLES
from simulator.pay.control_people import merchant_of, payment
from simulator.pay.delivery import attempt
from simulator.pay.errors import PayError
from simulator.pay.faults import SPOILS, PayFault
from simulator.pay.merchant_settings import CONFIGURABLE, SECRETS
from simulator.pay.platform import add_certificate
from simulator.pay.records.money import Ballast
from simulator.pay.records.refunds import Refund
from simulator.pay.runtime import Runtime
from simulator.pay.state import Merchant, PaySettings
from simulator.saving import dump

JSON_TYPES: dict[Any, str] = {
    str: "string", list: "array", bool: "boolean", int: "integer", (int, float): "number",
}  # fmt: skip
ENDS = ("SUCCESS", "ABNORMAL", "CLOSED")


class PayRoutes:
    """The handlers of the control API for merchants and the state of WeChat Pay."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def merchant(self, ask: Ask) -> Merchant:
        return merchant_of(self.runtime, ask)

    async def put_merchant(self, ask: Ask) -> Any:
        """Creates a merchant, or changes its named settings; the answer has the platform's keys.

        ``certificate`` (PEM), or ``public_key`` (PEM) with ``serial_no``, is the merchant's own; further
        calls add further ones. A merchant without any gets a generated key pair, whose private key is only in
        this answer.
        """
        merchant, given = await run_in_threadpool(merchant_settings.configure, ask.world, dict(ask.body))
        return {**described(merchant), **given}

    async def list_merchants(self, ask: Ask) -> Any:
        """Lists the merchants without their secrets."""
        return {"merchants": [described(each) for each in self.runtime.state.merchants.values()]}

    async def show_merchant(self, ask: Ask) -> Any:
        """Returns a merchant's settings and the platform's keys for it."""
        return described(self.merchant(ask))

    async def rotate(self, ask: Ask) -> Any:
        """Creates another platform certificate; with ``serve`` it is used from now on."""
        merchant = self.merchant(ask)
        made = add_certificate(merchant, ask.world.now)
        if ask.body.get("serve"):
            merchant.serving = made.serial
        return described(merchant)

    async def ledger(self, ask: Ask) -> Any:
        """Returns all payments, refunds and other movements of a merchant's money, in fen.

        ``paid`` and ``refunded`` are sums over payments and over refunds not CLOSED.
        """
        merchant, now = self.merchant(ask), ask.world.now
        paid = [each for each in merchant.orders.values() if each.state == "SUCCESS"]
        refunds = list(merchant.refunds.values())
        return {
            "orders": {
                each.out_trade_no: each.state_at(now) for each in merchant.orders.values() if each.terms
            },
            "payments": [payment(each) for each in paid],
            "refunds": [refund(each) for each in refunds],
            "paid": sum(each.total for each in paid),
            "refunded": sum(each.amount for each in refunds if each.status != "CLOSED"),
            "transfers": [dump(each) for each in merchant.transfers.values()],
            "payouts": [dump(each) for each in merchant.payouts.values()],
            "red_packets": [dump(each) for each in merchant.red_packets.values()],
            "sharings": [dump(each) for each in merchant.sharings.values()],
            "sharing_returns": [dump(each) for each in merchant.sharing_returned.values()],
            "balance": merchant.balance,
            "available": merchant.available,
        }

    async def settings(self, ask: Ask) -> Any:
        """Changes the named settings of WeChat Pay, if any; the answer has all settings."""
        known = {each.name for each in fields(PaySettings)}
        for name, value in ask.body.items():
            if name not in known:
                raise BadRequestError(f"there is no setting {name}; known are {', '.join(sorted(known))}")
            if name == "bill_style" and value not in STYLES:
                raise BadRequestError(f"bill_style must be one of {', '.join(STYLES)}")
        fitting(PaySettings, ask.body)
        for name, value in ask.body.items():
            setattr(self.runtime.state.settings, name, value)
        return dump(self.runtime.state.settings)

    async def refund_by_hand(self, ask: Ask) -> Any:
        """Refunds an order as on the merchant platform; the configured URL is notified in v2's format."""
        merchant, given = self.merchant(ask), ask.body
        order = merchant.orders.get(str(given.get("out_trade_no")))
        number, amount = (
            str(given.get("out_refund_no") or f"VP{ask.world.next_number()}"),
            int(ask.needed("amount")),
        )
        if order is None or number in merchant.refunds:
            raise BadRequestError("no such order, or the refund's number is taken")
        if amount < 1:
            raise BadRequestError("amount must be at least one fen")
        try:
            refunding.check(merchant, order, amount, order.total, ask.world.now)
            return refund(refunding.accept(self.runtime, merchant, order, number, amount, ""))
        except PayError as error:
            raise BadRequestError(error.message) from error

    async def add_ballast(self, ask: Ask) -> Any:
        """Adds invented payments of ``total`` fen each, numbered by ``prefix`` and ten digits from zero."""
        self.merchant(ask).ballast.append(fitting(Ballast, ask.body))
        return {"ok": True}

    async def end_refund(self, ask: Ask) -> Any:
        """Completes an open refund immediately."""
        found = self.merchant(ask).refunds.get(ask.request.path_params["number"])
        status = ask.body.get("status")
        if found is None or found.status not in refunding.OPEN or status not in ENDS:
            raise BadRequestError(f"no refund that is open, or status is none of {', '.join(ENDS)}")
        found.ends = status
        refunding.finish(self.runtime, self.merchant(ask), found)
        await self.runtime.settle()
        return refund(found)

    async def notifications(self, ask: Ask) -> Any:
        """Lists notifications with their delivery attempts; filters: ``mchid``, ``subject`` (a number)."""
        query = ask.request.query_params
        mchid, subject = query.get("mchid"), query.get("subject")
        found = [
            dump(each)
            for each in self.runtime.state.notifications.values()
            if mchid in (None, each.mchid) and subject in (None, each.subject)
        ]
        return {"notifications": found}

    async def settle(self, ask: Ask) -> Any:
        """Runs all due tasks and waits for them."""
        await self.runtime.settle()
        return {"ok": True}

    async def deliver(self, ask: Ask) -> Any:
        """Delivers a notification again immediately, as an unexpected repeat.

        This also works after the last retry, or after it was acknowledged.
        """
        notification = self.runtime.state.notifications.get(ask.request.path_params["id"])
        if notification is None:
            raise BadRequestError("no such notification", 404)
        if (spoil := str(ask.body.get("spoil", ""))) not in ("", *SPOILS):
            raise BadRequestError(f"spoil must be one of {', '.join(SPOILS)}")
        merchant = self.runtime.state.merchants[notification.mchid]
        return dump(await attempt(self.runtime, merchant, notification, PayFault(0), spoil))

    async def add_fault(self, ask: Ask) -> Any:
        """Adds a fault rule, by which calls, notifications or refunds fail from now on."""
        fault = fitting(PayFault, {**ask.body, "id": ask.world.next_number()})
        if fault.spoil not in ("", *SPOILS) or fault.ends not in ("", *ENDS):
            raise BadRequestError(f"spoil must be one of {', '.join(SPOILS)}, ends one of {', '.join(ENDS)}")
        self.runtime.state.faults.append(fault)
        return {"id": fault.id}

    async def faults(self, ask: Ask) -> Any:
        """Lists the fault rules."""
        return {"faults": dump(self.runtime.state.faults)}

    async def drop_faults(self, ask: Ask) -> Any:
        """Deletes one fault rule, or all of them."""
        wanted, faults = ask.request.path_params.get("id"), self.runtime.state.faults
        faults[:] = [each for each in faults if wanted is not None and each.id != wanted]
        return {"ok": True}

    @property
    def table(self) -> tuple[tuple[str, str, Any], ...]:
        return (
            ("POST", "/merchants", self.put_merchant),
            ("GET", "/merchants", self.list_merchants),
            ("GET", "/merchants/{mchid}", self.show_merchant),
            ("POST", "/merchants/{mchid}/certificate", self.rotate),
            ("GET", "/merchants/{mchid}/ledger", self.ledger),
            ("POST", "/merchants/{mchid}/refunds", self.refund_by_hand),
            ("POST", "/merchants/{mchid}/refunds/{number}", self.end_refund),
            ("POST", "/merchants/{mchid}/ballast", self.add_ballast),
            ("GET", "/notifications", self.notifications),
            ("POST", "/notifications/settle", self.settle),
            ("POST", "/notifications/{id}/deliver", self.deliver),
            ("POST", "/pay/faults", self.add_fault),
            ("GET", "/pay/faults", self.faults),
            ("DELETE", "/pay/faults", self.drop_faults),
            ("DELETE", "/pay/faults/{id:int}", self.drop_faults),
            ("POST", "/pay/settings", self.settings),
            ("GET", "/pay/settings", self.settings),
        )


BODIES: dict[tuple[str, str], Body] = {
    ("POST", "/merchants"): {
        "mchid": "string", "certificate": "string", "public_key": "string", "serial_no": "string",
        **{name: JSON_TYPES[kind] for name, kind in CONFIGURABLE.items()},
    },
    ("POST", "/merchants/{mchid}/certificate"): {"serve": "boolean"},
    ("POST", "/merchants/{mchid}/refunds"): {
        "out_trade_no": "string", "out_refund_no": "string", "amount": "integer",
    },
    ("POST", "/merchants/{mchid}/refunds/{number}"): {"status": "string"},
    ("POST", "/merchants/{mchid}/ballast"): Ballast,
    ("POST", "/notifications/{id}/deliver"): {"spoil": "string"},
    ("POST", "/pay/faults"): PayFault,
    ("POST", "/pay/settings"): PaySettings,
}  # fmt: skip


def described(merchant: Merchant) -> dict[str, Any]:
    shown = {name: getattr(merchant, name) for name in CONFIGURABLE if name not in SECRETS}
    certificates = [
        {"serial_no": each.serial, "certificate": each.pem} for each in merchant.platform_certificates
    ]
    platform = {
        "public_key_id": merchant.public_key_id,
        "public_key": merchant.public_key.public_pem if merchant.public_key else "",
        "certificates": certificates,
    }
    return {"mchid": merchant.mchid, **shown, "serials": list(merchant.certificates), "platform": platform}


def refund(each: Refund) -> dict[str, Any]:
    names = ("out_refund_no", "refund_id", "out_trade_no", "amount", "payer_amount", "status", "reason")
    return {**{name: getattr(each, name) for name in names}, "turns": dump(each.turns)}
