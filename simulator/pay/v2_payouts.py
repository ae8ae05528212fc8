"""The old API of payments to users, which are completed immediately (企业付款到零钱)."""

from __future__ import annotations

from simulator.pay import moments, ordering
from simulator.pay.records.money import Movement
from simulator.pay.records.transfers import Payout
from simulator.pay.v2_calls import Fields, V2Call, V2Error, old_api

PROMOTION = "/mmpaymkttransfers"
NEEDED = (
    "mch_appid",
    "mchid",
    "partner_trade_no",
    "openid",
    "check_name",
    "amount",
    "desc",
    "spbill_create_ip",
)
LONGEST = {"partner_trade_no": 32, "openid": 64, "desc": 100, "re_user_name": 64, "spbill_create_ip": 64}
LEAST, MOST, A_DAY = 30, 2_000_000, 10
KEPT = 30 * 86_400
NO_CHECK, FORCE_CHECK = "NO_CHECK", "FORCE_CHECK"
PASSING = ("nonce_str", "sign")


@old_api(
    f"{PROMOTION}/promotion/transfers",
    certificate=True,
    merchant_field="mchid",
    appid_field="mch_appid",
    signed=False,
)
def transfer(call: V2Call) -> Fields:
    """Pays a user.

    A repeated number is the same payment; with other parameters it is refused.
    """
    call.need(*NEEDED)
    call.check_lengths(LONGEST)
    fields, amount = call.fields, call.amount("amount")
    terms = ordering.digest({name: fields[name] for name in fields if name not in PASSING})
    payout = call.merchant.payouts.get(fields["partner_trade_no"])
    if payout is None:
        check(call, amount)
        payout = paid_out(call, amount, terms)
    elif payout.terms != terms:
        raise V2Error("FATAL_ERROR", "两次请求参数不一致")
    return {
        "device_info": fields.get("device_info", ""),
        "partner_trade_no": payout.partner_trade_no,
        "payment_no": payout.payment_no,
        "payment_time": moments.in_bill(payout.made_at),
    }


def check(call: V2Call, amount: int) -> None:
    """Checks that the amount can be paid to this user now. Raises V2Error."""
    fields = call.fields
    if fields["check_name"] not in (NO_CHECK, FORCE_CHECK):
        raise V2Error("PARAM_ERROR", "check_name参数格式错误")
    if not LEAST <= amount <= MOST:
        raise V2Error("AMOUNT_LIMIT", "付款金额超出限制")
    if fields["check_name"] == FORCE_CHECK:
        check_name(call)
    day = moments.day(call.now)
    payouts = (each for each in call.merchant.payouts.values() if each.openid == fields["openid"])
    if sum(moments.day(each.made_at) == day for each in payouts) >= A_DAY:
        raise V2Error("SENDNUM_LIMIT", "该用户今日付款次数超过限制")
    if call.merchant.available < amount:
        raise V2Error("NOTENOUGH", "余额不足")


def check_name(call: V2Call) -> None:
    """Compares the given name, if any, with the user's real name.

    Raises V2_ACCOUNT_SIMPLE_BAN for a user without a real name, NAME_MISMATCH for another name.
    """
    call.need("re_user_name")
    known = call.runtime.state.names.get(call.fields["openid"])
    if known is None:
        raise V2Error("V2_ACCOUNT_SIMPLE_BAN", "无法给非实名用户付款")
    if known != call.fields["re_user_name"]:
        raise V2Error("NAME_MISMATCH", "真实姓名不一致")


def paid_out(call: V2Call, amount: int, terms: str) -> Payout:
    fields, merchant, state = call.fields, call.merchant, call.runtime.state
    number = f"10100{moments.compact(call.now)[:8]}{call.runtime.world.next_number():015d}"
    payout = Payout(
        fields["partner_trade_no"],
        number,
        fields["mch_appid"],
        fields["openid"],
        amount,
        fields["desc"],
        fields.get("re_user_name", ""),
        terms,
        call.now,
    )
    merchant.payouts[payout.partner_trade_no] = payout
    merchant.balance -= amount
    merchant.movements.append(
        Movement(
            call.now,
            number,
            number,
            "企业付款",
            -amount,
            merchant.balance,
            amount,
            0,
            payout.partner_trade_no,
        )
    )
    state.wallets[payout.openid] = state.wallets.get(payout.openid, state.settings.wallet) + amount
    call.runtime.world.changes += 1
    return payout


@old_api(f"{PROMOTION}/gettransferinfo", certificate=True, signed=False)
def transfer_info(call: V2Call) -> Fields:
    """Returns a payment. Raises NOT_FOUND if it is unknown, or more than thirty days old."""
    call.need("partner_trade_no")
    payout = call.merchant.payouts.get(call.fields["partner_trade_no"])
    if payout is None or call.now >= payout.made_at + KEPT:
        raise V2Error("NOT_FOUND", "指定单号数据不存在")
    at = moments.in_bill(payout.made_at)
    return {
        "partner_trade_no": payout.partner_trade_no,
        "detail_id": payout.payment_no,
        "status": "SUCCESS",
        "openid": payout.openid,
        "transfer_name": payout.name,
        "payment_amount": str(payout.amount),
        "transfer_time": at,
        "payment_time": at,
        "desc": payout.description,
    }
