"""The API of transfers to users, which they confirm on the phone within a day (pay reference 7)."""

from __future__ import annotations

from typing import Any

from simulator.pay import moments, texts
from simulator.pay.calls import Answer, Call, pay_api
from simulator.pay.errors import PayError, wrong
from simulator.pay.field_keys import check_sealed
from simulator.pay.notifications import notify
from simulator.pay.ordering import check_address, digest
from simulator.pay.records.money import Movement
from simulator.pay.records.transfers import Transfer
from simulator.pay.runtime import Runtime
from simulator.pay.schedule import TransferDue
from simulator.pay.schema import Array, Number, Object, Text
from simulator.pay.state import Merchant

BILLS = "/v3/fund-app/mch-transfer/transfer-bills"
LIFE = 86_400
NAME_FROM = 200_000
LEAST = 10
EVENT = "MCHTRANSFER.BILL.FINISHED"
REPORT = Object({"info_type": Text(15, required=True), "info_content": Text(32, required=True)})
TRANSFER = Object(
    {
        "appid": Text(32, required=True),
        "out_bill_no": Text(32, required=True, pattern=r"[0-9A-Za-z]+"),
        "transfer_scene_id": Text(36, required=True),
        "openid": Text(64, required=True),
        "user_name": Text(1024),
        "transfer_amount": Number(required=True),
        "transfer_remark": Text(32, required=True),
        "notify_url": Text(256),
        "user_recv_perception": Text(32),
        "transfer_scene_report_infos": Array(REPORT, 10, required=True),
    }
)


@pay_api("POST", BILLS)
def create(call: Call) -> Answer:
    """Creates a transfer.

    A repeated number with the same parameters gets the same answer; with other parameters it is refused.
    """
    body, merchant = call.read(TRANSFER), call.merchant
    if body["appid"] not in merchant.appids:
        raise PayError("APPID_MCHID_NOT_MATCH")
    if "notify_url" in body:
        check_address(merchant, body["notify_url"])
    check_name(call, body)
    terms, number = digest(body), body["out_bill_no"]
    transfer = merchant.transfers.get(number)
    if transfer is not None and transfer.terms != terms:
        raise PayError("INVALID_REQUEST", texts.OTHER_PARAMETERS)
    if transfer is None:
        transfer = accepted(call, body, terms)
    return {
        "out_bill_no": number,
        "transfer_bill_no": transfer.transfer_bill_no,
        "create_time": moments.rfc3339(transfer.made_at),
        "state": transfer.state,
        "package_info": transfer.package,
    }


def check_name(call: Call, body: dict[str, Any]) -> None:
    """Checks the amount, and the receiver's encrypted name, which is required from 2,000 yuan.

    Raises PARAM_ERROR if one is invalid.
    """
    if body["transfer_amount"] < LEAST:
        raise wrong("/transfer_amount", body["transfer_amount"], f"the minimum is {LEAST}")
    if "user_name" not in body:
        if body["transfer_amount"] >= NAME_FROM:
            raise wrong("/user_name", None, "missing")
        return
    check_sealed(call, body, "user_name")


def accepted(call: Call, body: dict[str, Any], terms: str) -> Transfer:
    """Stores and returns a new transfer.

    Raises NOT_ENOUGH if it exceeds the merchant's balance without transfers that wait for confirmation.
    """
    merchant, now, amount = call.merchant, call.now, body["transfer_amount"]
    if merchant.available < amount:
        raise PayError("NOT_ENOUGH")
    number = call.runtime.world.next_number()
    transfer = Transfer(
        out_bill_no=body["out_bill_no"],
        transfer_bill_no=f"1330000{moments.compact(now)[:8]}{number:015d}",
        appid=body["appid"],
        openid=body["openid"],
        amount=amount,
        remark=body["transfer_remark"],
        terms=terms,
        notify_url=body.get("notify_url", ""),
        package=f"affffddafdfafddffda=={number}",
        made_at=now,
        changed_at=now,
        due_at=now + LIFE,
    )
    merchant.transfers[transfer.out_bill_no] = transfer
    merchant.transfer_numbers[transfer.transfer_bill_no] = transfer.out_bill_no
    call.runtime.plan(TransferDue(merchant, transfer))
    return transfer


@pay_api("GET", f"{BILLS}/out-bill-no/{{out_bill_no}}")
def by_own_number(call: Call) -> Answer:
    return transfer_payload(call.merchant, found(call, call.path["out_bill_no"]))


@pay_api("GET", f"{BILLS}/transfer-bill-no/{{transfer_bill_no}}")
def by_number(call: Call) -> Answer:
    number = call.merchant.transfer_numbers.get(call.path["transfer_bill_no"], "")
    return transfer_payload(call.merchant, found(call, number))


def found(call: Call, number: str) -> Transfer:
    transfer = call.merchant.transfers.get(number)
    if transfer is None:
        raise PayError("NOT_FOUND", texts.NO_SUCH_RECORD, status=404)
    return transfer


@pay_api("POST", f"{BILLS}/out-bill-no/{{out_bill_no}}/cancel")
def cancel(call: Call) -> Answer:
    """Cancels a transfer that the user has not confirmed; it is accepted now and done shortly after."""
    transfer = found(call, call.path["out_bill_no"])
    if transfer.state not in ("WAIT_USER_CONFIRM", "CANCELING", "CANCELLED"):
        raise PayError("INVALID_REQUEST", texts.NOT_CANCELLABLE)
    if transfer.state == "WAIT_USER_CONFIRM":
        transfer.state, transfer.changed_at = "CANCELING", call.now
        transfer.due_at = call.now + call.runtime.state.settings.refund_seconds
        call.runtime.plan(TransferDue(call.merchant, transfer))
    return {
        "out_bill_no": transfer.out_bill_no,
        "transfer_bill_no": transfer.transfer_bill_no,
        "state": transfer.state,
        "update_time": moments.rfc3339(transfer.changed_at),
    }


async def overdue(runtime: Runtime, due: TransferDue) -> None:
    """Ends a due transfer: completes a cancellation, or fails a transfer not confirmed within a day."""
    if due.transfer.state == "CANCELING":
        finish(runtime, due.merchant, due.transfer, "CANCELLED")
    elif due.transfer.state == "WAIT_USER_CONFIRM":
        finish(runtime, due.merchant, due.transfer, "FAIL", "OVERDUE_CLOSE")


def finish(runtime: Runtime, merchant: Merchant, transfer: Transfer, state: str, reason: str = "") -> None:
    now = runtime.world.now
    transfer.state, transfer.fail_reason, transfer.changed_at, transfer.due_at = state, reason, now, None
    if state == "SUCCESS":
        merchant.balance -= transfer.amount
        wallets = runtime.state.wallets
        have = wallets.get(transfer.openid, runtime.state.settings.wallet)
        wallets[transfer.openid] = have + transfer.amount
        merchant.movements.append(
            Movement(
                now,
                transfer.transfer_bill_no,
                transfer.transfer_bill_no,
                "商家转账",
                -transfer.amount,
                merchant.balance,
                transfer.amount,
                0,
                transfer.out_bill_no,
            )
        )
    if transfer.notify_url:
        payload = described(merchant, transfer)
        notify(runtime, merchant, transfer.notify_url, EVENT, transfer.out_bill_no, payload)
    runtime.world.changes += 1


def described(merchant: Merchant, transfer: Transfer) -> dict[str, Any]:
    """Returns the payload of a transfer's notification."""
    reason = {"fail_reason": transfer.fail_reason} if transfer.fail_reason else {}
    return {
        "out_bill_no": transfer.out_bill_no,
        "transfer_bill_no": transfer.transfer_bill_no,
        "state": transfer.state,
        "mch_id": merchant.mchid,
        "transfer_amount": transfer.amount,
        "openid": transfer.openid,
        **reason,
        "create_time": moments.rfc3339(transfer.made_at),
        "update_time": moments.rfc3339(transfer.changed_at),
    }


def transfer_payload(merchant: Merchant, transfer: Transfer) -> dict[str, Any]:
    return {
        **described(merchant, transfer),
        "appid": transfer.appid,
        "transfer_remark": transfer.remark,
    }
