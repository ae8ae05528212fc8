"""The `/_sim` routes of WeChat Pay: merchants, paying without a phone, looking at what happened."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from starlette.concurrency import run_in_threadpool

from simulator.control_api import Ask, BadRequestError, fitting
from simulator.openapi import Body
from simulator.pay import complaints, merchant_settings, paying, refunding, transfers
from simulator.pay.bill_layout import STYLES
from simulator.pay.delivery import attempt
from simulator.pay.faults import SPOILS, PayFault
from simulator.pay.merchant_settings import CONFIGURABLE, SECRETS
from simulator.pay.platform import add_certificate
from simulator.pay.runtime import Runtime
from simulator.pay.state import Ballast, Merchant, Order, PaySettings, Refund
from simulator.saving import dump

JSON_TYPES: dict[Any, str] = {
    str: "string", list: "array", bool: "boolean", int: "integer", (int, float): "number",
}  # fmt: skip
TRANSFER_ENDS = ("SUCCESS", "FAIL")
COMPLAINT_KINDS = ("REFUND", "SERVICE_NOT_WORK", "OTHERS")
ENDS = ("SUCCESS", "ABNORMAL", "CLOSED")
# What a page hears of somebody who did not pay; nothing at all while the sheet is left open.
OUTCOMES = {
    "paid": "get_brand_wcpay_request:ok",
    "cancel": "get_brand_wcpay_request:cancel",
    "fail": "get_brand_wcpay_request:fail",
    "open": "",
}


class PayRoutes:
    """The handlers, over one runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def merchant(self, ask: Ask) -> Merchant:
        found = self.runtime.state.merchants.get(ask.request.path_params["mchid"])
        if found is None:
            raise BadRequestError("no such merchant", 404)
        return found

    async def put_merchant(self, ask: Ask) -> Any:
        """`certificate` (PEM), or `public_key` (PEM) with `serial_no`, is the merchant's own; several calls
        add several.

        A merchant that brings neither and has none is given a key pair; its private key is told in this
        answer only.
        """
        merchant, given = await run_in_threadpool(merchant_settings.configure, ask.world, dict(ask.body))
        return {**described(merchant), **given}

    async def list_merchants(self, ask: Ask) -> Any:
        """Lists the merchants without their secrets."""
        return {"merchants": [described(each) for each in self.runtime.state.merchants.values()]}

    async def show_merchant(self, ask: Ask) -> Any:
        """Tells one merchant's settings and the platform's keys for it."""
        return described(self.merchant(ask))

    async def rotate(self, ask: Ask) -> Any:
        """Makes another platform certificate; with `serve` it is used from now on."""
        merchant = self.merchant(ask)
        made = add_certificate(merchant, ask.world.now)
        if ask.body.get("serve"):
            merchant.serving = made.serial
        return described(merchant)

    async def ledger(self, ask: Ask) -> Any:
        """Amounts in fen; `paid` and `refunded` are sums over payments and over refunds not CLOSED."""
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
            "balance": merchant.balance,
        }

    async def pay(self, ask: Ask) -> Any:
        """`prepay` is a prepay_id, a code_url or an h5_url (or `mchid` and `out_trade_no`); `person` or
        `openid` pays.

        `bank` is one of paying.BANKS, `coupon` what a coupon of the merchant saves, in fen. `late` pays an
        order that was closed or ran out meanwhile, as happens when both are on their way at once. `outcome`
        is one of OUTCOMES. With `wait` (the default) the answer comes when what is due has been delivered.
        """
        given = ask.body
        bill = self.bill(given)
        payer = paying.Payer(str(given.get("person", "")), str(given.get("openid", "") or bill.order.openid))
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
        """Sets how much money somebody has, in fen."""
        payer = paying.Payer(str(ask.body.get("person", "")), str(ask.body.get("openid", "")))
        if not payer.wallet:
            raise BadRequestError("say whose wallet: person or openid")
        self.runtime.state.wallets[payer.wallet] = int(ask.body["balance"])
        return {"balance": paying.money(self.runtime, payer)}

    async def wallets(self, ask: Ask) -> Any:
        """Tells people's money, and what everybody else has."""
        return {"wallets": self.runtime.state.wallets, "others": self.runtime.state.settings.wallet}

    async def settings(self, ask: Ask) -> Any:
        """Changes, or tells, how WeChat Pay behaves."""
        known = {each.name for each in fields(PaySettings)}
        for name, value in ask.body.items():
            if name not in known:
                raise BadRequestError(f"there is no setting {name}; known are {', '.join(sorted(known))}")
            if name == "bill_style" and value not in STYLES:
                raise BadRequestError(f"bill_style must be one of {', '.join(STYLES)}")
            setattr(self.runtime.state.settings, name, value)
        return dump(self.runtime.state.settings)

    async def refund_by_hand(self, ask: Ask) -> Any:
        """As in the merchant platform; who set no address up is not told, who did is told in v2's format."""
        merchant, given = self.merchant(ask), ask.body
        order = merchant.orders.get(str(given.get("out_trade_no")))
        number, amount = (
            str(given.get("out_refund_no") or f"VP{ask.world.next_number()}"),
            int(given["amount"]),
        )
        if order is None or number in merchant.refunds:
            raise BadRequestError("no such order, or the refund's number is taken")
        refunding.check(merchant, order, amount, order.total, ask.world.now)
        return refund(refunding.accept(self.runtime, merchant, order, number, amount, ""))

    async def add_ballast(self, ask: Ask) -> Any:
        """Payments nobody made, numbered by `prefix` and ten digits from zero on; `total` fen each."""
        self.merchant(ask).ballast.append(fitting(Ballast, ask.body))
        return {"ok": True}

    async def end_refund(self, ask: Ask) -> Any:
        """Brings a refund that is open to its end at once."""
        found = self.merchant(ask).refunds.get(ask.request.path_params["number"])
        status = ask.body.get("status")
        if found is None or found.status not in refunding.OPEN or status not in ENDS:
            raise BadRequestError(f"no refund that is open, or status is none of {', '.join(ENDS)}")
        found.ends = status
        refunding.finish(self.runtime, self.merchant(ask), found)
        await self.runtime.settle()
        return refund(found)

    async def end_transfer(self, ask: Ask) -> Any:
        """The user confirms a transfer on the phone, or lets it be: `outcome` is a final state."""
        merchant = self.merchant(ask)
        transfer = merchant.transfers.get(ask.request.path_params["number"])
        outcome = ask.body.get("outcome", "SUCCESS")
        if transfer is None or not transfer.is_open or outcome not in TRANSFER_ENDS:
            said = f"no transfer that is open, or outcome is none of {', '.join(TRANSFER_ENDS)}"
            raise BadRequestError(said)
        reason = str(ask.body.get("fail_reason", "")) if outcome == "FAIL" else ""
        transfers.finish(self.runtime, merchant, transfer, outcome, reason)
        await self.runtime.settle()
        return dump(transfer)

    async def complain(self, ask: Ask) -> Any:
        """A payer complains: `out_trade_no`, `detail`, `type` (REFUND, SERVICE_NOT_WORK, OTHERS), `phone`;
        or says more to a complaint (`complaint_id`, `detail`).
        """
        merchant, given = self.merchant(ask), ask.body
        detail = str(given.get("detail", ""))
        if known := merchant.complaints.get(str(given.get("complaint_id"))):
            complaints.go_on(self.runtime, merchant, known, detail)
            await self.runtime.settle()
            return dump(known)
        order = merchant.orders.get(str(given.get("out_trade_no")))
        kind = str(given.get("type", "OTHERS"))
        if order is None or order.state != "SUCCESS" or kind not in COMPLAINT_KINDS:
            said = f"no such paid order, or type is none of {', '.join(COMPLAINT_KINDS)}"
            raise BadRequestError(said)
        phone = str(given.get("phone", ""))
        made = complaints.complain(self.runtime, merchant, order, detail, kind, phone)
        await self.runtime.settle()
        return dump(made)

    async def notices(self, ask: Ask) -> Any:
        """Lists notifications with their attempts; by `mchid`, by `subject` (a number)."""
        query = ask.request.query_params
        mchid, subject = query.get("mchid"), query.get("subject")
        found = [
            dump(each)
            for each in self.runtime.state.notices.values()
            if mchid in (None, each.mchid) and subject in (None, each.subject)
        ]
        return {"notices": found}

    async def settle(self, ask: Ask) -> Any:
        """Does all that is due now and waits for it."""
        await self.runtime.settle()
        return {"ok": True}

    async def deliver(self, ask: Ask) -> Any:
        """Also when the schedule is over or the notice was taken: a repeat the merchant did not expect."""
        notice = self.runtime.state.notices.get(ask.request.path_params["id"])
        if notice is None:
            raise BadRequestError("no such notice", 404)
        if (spoil := str(ask.body.get("spoil", ""))) not in ("", *SPOILS):
            raise BadRequestError(f"spoil must be one of {', '.join(SPOILS)}")
        merchant = self.runtime.state.merchants[notice.mchid]
        return dump(await attempt(self.runtime, merchant, notice, PayFault(0), spoil))

    async def add_fault(self, ask: Ask) -> Any:
        """Makes calls, notifications or refunds fail from now on."""
        fault = fitting(PayFault, {**ask.body, "id": ask.world.next_number()})
        if fault.spoil not in ("", *SPOILS) or fault.ends not in ("", *ENDS):
            raise BadRequestError(f"spoil must be one of {', '.join(SPOILS)}, ends one of {', '.join(ENDS)}")
        self.runtime.state.faults.append(fault)
        return {"id": fault.id}

    async def faults(self, ask: Ask) -> Any:
        """Lists the rules that make things fail."""
        return {"faults": dump(self.runtime.state.faults)}

    async def drop_faults(self, ask: Ask) -> Any:
        """Drops one rule, or all of them."""
        wanted, faults = ask.request.path_params.get("id"), self.runtime.state.faults
        faults[:] = [each for each in faults if wanted is not None and each.id != wanted]
        return {"ok": True}

    def bill(self, given: dict[str, Any]) -> paying.Bill:
        if "prepay" in given:
            return paying.find(self.runtime, str(given["prepay"]))
        merchant = self.runtime.state.merchants.get(str(given.get("mchid")))
        order = merchant.orders.get(str(given.get("out_trade_no"))) if merchant else None
        if merchant is None or order is None or not order.terms:
            raise BadRequestError("say what is paid: prepay, or mchid and out_trade_no", 404)
        return paying.Bill(merchant, order)

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
            ("POST", "/merchants/{mchid}/transfers/{number}", self.end_transfer),
            ("POST", "/merchants/{mchid}/complaints", self.complain),
            ("POST", "/pay", self.pay),
            ("GET", "/notices", self.notices),
            ("POST", "/notices/settle", self.settle),
            ("POST", "/notices/{id}/deliver", self.deliver),
            ("POST", "/pay/faults", self.add_fault),
            ("GET", "/pay/faults", self.faults),
            ("DELETE", "/pay/faults", self.drop_faults),
            ("DELETE", "/pay/faults/{id:int}", self.drop_faults),
            ("POST", "/pay/settings", self.settings),
            ("GET", "/pay/settings", self.settings),
            ("POST", "/wallets", self.set_wallet),
            ("GET", "/wallets", self.wallets),
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
    ("POST", "/merchants/{mchid}/transfers/{number}"): {"outcome": "string", "fail_reason": "string"},
    ("POST", "/merchants/{mchid}/complaints"): {
        "out_trade_no": "string", "detail": "string", "type": "string", "phone": "string",
        "complaint_id": "string",
    },
    ("POST", "/pay"): {
        "prepay": "string", "mchid": "string", "out_trade_no": "string", "person": "string",
        "openid": "string", "bank": "string", "coupon": "integer", "late": "boolean", "outcome": "string",
        "wait": "boolean",
    },
    ("POST", "/notices/{id}/deliver"): {"spoil": "string"},
    ("POST", "/pay/faults"): PayFault,
    ("POST", "/pay/settings"): PaySettings,
    ("POST", "/wallets"): {"person": "string", "openid": "string", "balance": "integer"},
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


def payment(order: Order) -> dict[str, Any]:
    names = (
        "out_trade_no",
        "transaction_id",
        "appid",
        "trade_type",
        "total",
        "payer_total",
        "payer",
        "bank",
        "fee",
    )
    return {**{name: getattr(order, name) for name in names}, "paid_at": order.paid_at}


def refund(each: Refund) -> dict[str, Any]:
    names = ("out_refund_no", "refund_id", "out_trade_no", "amount", "payer_amount", "status", "reason")
    return {**{name: getattr(each, name) for name in names}, "turns": dump(each.turns)}
