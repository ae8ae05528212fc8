"""Bills, against the recorded ones and against the ledger."""

from __future__ import annotations

import gzip
import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator.pay import bills
from simulator.pay.bill_layout import STYLES
from simulator.pay.fund_bill import FundBill
from simulator.pay.records.money import Movement
from simulator.pay.records.orders import Order
from simulator.pay.records.refunds import Refund, Turn
from simulator.pay.state import Merchant
from simulator.pay.trade_bill import TradeBill
from tests.simulator.pay.conftest import APPID, MCHID, OPENID, NotifyServer, Shop, refused

SAMPLES = Path(__file__).parents[2] / "data/wechat/bills"
DAY = "2026-03-01"
OTHER = "oUpF8uN95-Ptaags6E_roPHg7AG0"


def at(clock: str, day: str = DAY) -> float:
    return datetime.fromisoformat(f"{day}T{clock}+08:00").timestamp()


@pytest.fixture
def merchant() -> Merchant:
    """The merchant of the recorded bills."""
    merchant = Merchant(MCHID, appids=[APPID])
    for order in (
        order_of(
            "0301", 1, "091200001", "09:12:03", 10000, OPENID, "JSAPI", "CMB_CREDIT", "会员年卡", "shop=1", 60
        ),
        order_of(
            "0301",
            2,
            "114700002",
            "11:47:30",
            5990,
            OTHER,
            "JSAPI",
            "OTHERS",
            "春季礼盒,含运费",
            '{"shop":2}',
            30,
            1000,
        ),
        order_of("0301", 3, "150500003", "15:05:41", 1, OPENID, "NATIVE", "ICBC_DEBIT", "测试商品", "", 0),
        order_of(
            "0301",
            4,
            "235900004",
            "23:59:58",
            123456,
            OTHER,
            "MWEB",
            "OTHERS",
            "企业培训课",
            "course=88",
            741,
        ),
    ):
        merchant.orders[order.out_trade_no] = order
    old = order_of(
        "0227", 9, "101000009", "10:10:00", 5990, OTHER, "JSAPI", "OTHERS", "二月礼盒", "shop=1", 36
    )
    old.transaction_id, old.paid_at = "4200002588202602270000000009", at("10:10:00", "2026-02-27")
    merchant.orders[old.out_trade_no] = old
    first = refund_of(1, "162000001", "SO20260301091200001", 3000, 18, "16:20:00")
    first.turns.append(Turn("SUCCESS", at("16:20:07")))
    second = refund_of(2, "221000002", old.out_trade_no, 5990, 36, "22:10:10")
    second.turns.append(Turn("SUCCESS", at("12:00:00", "2026-03-03")))
    merchant.refunds = {each.out_refund_no: each for each in (first, second)}
    return merchant


def order_of(day: str, number: int, tail: str, clock: str, total: int, payer: str, kind: str, bank: str,
             description: str, attach: str, fee: int, coupon: int = 0) -> Order:  # fmt: skip
    order = Order(f"SO2026{day}{tail}", APPID, kind, total, "terms", description, attach, state="SUCCESS")
    order.paid_at, order.payer, order.bank, order.fee, order.coupon = at(clock), payer, bank, fee, coupon
    order.transaction_id = f"420000260120260301{number:010d}"
    return order


def refund_of(number: int, tail: str, order: str, amount: int, fee: int, clock: str) -> Refund:
    refund_id = f"503026000120260301{number:011d}"
    refund = Refund(f"RF20260301{tail}", refund_id, order, amount, amount, fee, "terms", made_at=at(clock))
    refund.turns.append(Turn("PROCESSING", at(clock)))
    return refund


@pytest.mark.parametrize("kind", ["ALL", "SUCCESS", "REFUND"])
def test_a_trade_bill_is_the_recorded_one_to_the_byte(merchant: Merchant, kind: str) -> None:
    made = b"".join(bills.blocks(TradeBill(merchant, DAY, kind), STYLES["crlf"]))
    assert made == (SAMPLES / f"tradebill_{kind}_{DAY}.csv").read_bytes()


def test_a_fund_bill_is_the_recorded_one_to_the_byte(merchant: Merchant) -> None:
    orders = [each for each in merchant.orders.values() if each.paid_at >= at("00:00:00")]
    flow = [(each.paid_at, each, each.payer_total, each.fee, "") for each in orders]
    flow += [(each.made_at, merchant.orders[each.out_trade_no], -each.amount, -each.fee, each.refund_id)
             for each in merchant.refunds.values()]  # fmt: skip
    merchant.balance = 500_000
    vouchers = {each.refund_id: each.out_refund_no for each in merchant.refunds.values()}
    for moment, order, gross, fee, refund_id in sorted(flow, key=lambda each: each[0]):
        merchant.balance += gross - fee
        number, voucher = refund_id or order.transaction_id, vouchers.get(refund_id, order.out_trade_no)
        kind = "退款" if refund_id else "交易"
        change = (gross - fee, merchant.balance, abs(gross), abs(fee))
        merchant.movements.append(Movement(moment + 1, number, order.transaction_id, kind, *change, voucher))
    made = b"".join(bills.blocks(FundBill(merchant, DAY), STYLES["crlf"]))
    assert made == (SAMPLES / f"fundflowbill_BASIC_{DAY}.csv").read_bytes()


def test_a_bill_can_come_with_a_mark_and_short_line_ends(merchant: Merchant) -> None:
    made = b"".join(bills.blocks(TradeBill(merchant, DAY, "ALL"), STYLES["bom"]))
    recorded = (SAMPLES / f"tradebill_ALL_{DAY}_bom_lf.csv").read_bytes()
    assert made.startswith(b"\xef\xbb\xbf")
    assert (made.count(b"\n"), made.count(b"\r")) == (recorded.count(b"\n"), 0)


@pytest.fixture
def yesterday(shop: Shop, server: NotifyServer) -> str:
    """A day with two payments and two refunds, one of them closed later; it is eleven the next day."""
    shop.sim("/clock", {"offset": at("12:00:00", "2026-05-04") - datetime.now().timestamp()})
    shop.order()
    shop.pay(openid=OPENID, coupon=1000)
    shop.order("SO-the-second", amount={"total": 1, "currency": "CNY"}, attach='{"a",\n1}')
    shop.pay("SO-the-second", openid=OPENID)
    shop.refund("RF-1", 3000)
    shop.sim("/pay/faults", {"at": "refund", "delay": 80_000, "ends": "CLOSED", "times": 1})
    shop.refund("RF-2", 2000)
    shop.settle(10)
    shop.sim("/clock", {"advance": 23 * 3600})
    return "2026-05-04"


def apply(shop: Shop, day: str, kind: str = "tradebill", **query: str) -> requests.Response:
    extra = "".join(f"&{name}={value}" for name, value in query.items())
    return shop.call("GET", f"/v3/bill/{kind}?bill_date={day}{extra}")


def fetch(shop: Shop, plain: Any) -> bytes:
    target = plain["download_url"].removeprefix(shop.simulator.base)
    answer = shop.call("GET", target)
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.lower().startswith("wechatpay")]
    return answer.content


def cells(line: str) -> list[str]:
    return line.removeprefix("`").split(",`")


@pytest.mark.parametrize("query", [{}, {"tar_type": "GZIP"}], ids=["plain", "gzip"])
def test_a_bill_is_applied_for_and_downloaded(shop: Shop, yesterday: str, query: dict[str, str]) -> None:
    answer = apply(shop, yesterday, **query)
    shop.verify(answer.headers, answer.content)
    content = fetch(shop, answer.json())
    content = gzip.decompress(content) if query else content
    assert hashlib.sha1(content).hexdigest() == answer.json()["hash_value"]
    lines = content.decode().split("\r\n")
    rows = [cells(each) for each in lines[1:-3]]
    assert [each[9] for each in rows] == ["REFUND", "REFUND", "SUCCESS", "SUCCESS"]
    assert cells(lines[-2]) == ["4", "90.01", "45.00", "0.00", "0.27000", "100.01", "50.00"]
    assert any('{\\"a\\"\\ \\n1}' in each for each in rows)


def test_a_refunds_state_in_a_bill_is_that_of_nine_oclock(shop: Shop, yesterday: str) -> None:
    shop.settle(86_400)
    assert {each["status"] for each in shop.ledger()["refunds"]} == {"SUCCESS", "CLOSED"}
    lines = fetch(shop, apply(shop, yesterday, bill_type="REFUND").json()).decode().splitlines()
    assert {cells(each)[21] for each in lines[1:-2]} == {"SUCCESS", "PROCESSING"}


def test_the_fund_flow_adds_up_to_the_balance(shop: Shop, yesterday: str) -> None:
    lines = fetch(shop, apply(shop, yesterday, "fundflowbill").json()).decode().splitlines()
    rows = [cells(each) for each in lines[1:-2]]
    balance = 0
    for row in rows:
        balance += int(row[6].replace(".", "")) * (1 if row[5] == "收入" else -1)
        assert int(row[7].replace(".", "")) == balance
    assert cells(lines[-1])[:2] == ["4", "2"]


def test_fees_may_have_lines_of_their_own_and_counts_a_decimal_point(shop: Shop, yesterday: str) -> None:
    together = fetch(shop, apply(shop, yesterday, "fundflowbill").json()).decode().splitlines()
    shop.sim("/pay/settings", {"bill_separate_fees": True, "bill_decimal_counts": True})
    apart = fetch(shop, apply(shop, yesterday, "fundflowbill").json()).decode().splitlines()
    rows = [cells(line) for line in apart[1:-2]]
    assert ("扣除交易手续费", "支出") in [(row[4], row[5]) for row in rows]
    assert len({row[2] for row in rows}) == len(rows)

    def changes(lines: list[str]) -> dict[str, float]:
        sums: dict[str, float] = {}
        for row in map(cells, lines[1:-2]):
            sign = 1 if row[5] == "收入" else -1
            sums[row[1]] = round(sums.get(row[1], 0) + sign * float(row[6]), 2)
        return sums

    assert changes(apart) == changes(together)
    assert [row[7] for row in rows][-1] == cells(together[-3])[7]
    assert cells(apart[-1])[0] == f"{len(rows)}.0"


@pytest.mark.parametrize(("kind", "columns"), [("ALL", 24), ("SUCCESS", 18), ("REFUND", 26)])
def test_an_old_merchants_trade_bill_has_the_columns_of_then(
    shop: Shop, yesterday: str, kind: str, columns: int
) -> None:
    shop.sim("/pay/settings", {"bill_classic": True, "bill_style": "gbk"})
    lines = fetch(shop, apply(shop, yesterday, bill_type=kind).json()).decode("gb18030").splitlines()
    assert len(lines[0].split(",")) == columns
    assert all(len(cells(line)) == columns for line in lines[1:-2])
    assert "总金额" in lines[0]
    assert "订单金额" not in lines[0]
    assert len(lines[-2].split(",")) == len(cells(lines[-1])) == 5


def test_a_style_nobody_knows_is_refused(shop: Shop) -> None:
    answer = requests.post(
        f"{shop.simulator.base}/_sim/pay/settings", json={"bill_style": "tabs"}, timeout=30
    )
    assert (answer.status_code, "crlf" in answer.json()["error"]) == (400, True)


def test_a_bill_is_there_from_ten_oclock_on(shop: Shop, yesterday: str) -> None:
    shop.sim("/clock", {"advance": -2 * 3600})
    assert refused(apply(shop, yesterday)) == (400, "STATEMENT_CREATING")
    shop.sim("/clock", {"advance": 2 * 3600})
    assert apply(shop, yesterday).ok


@pytest.mark.parametrize(
    "day", ["2026-05-05", "2026-06-01", "2025-01-01", "20260504", "2026-02-30", "yesterday"]
)
def test_other_days_have_no_bill(shop: Shop, yesterday: str, day: str) -> None:
    assert refused(apply(shop, day)) == (400, "INVALID_REQUEST")


def test_a_day_without_lines_and_an_account_without_any(shop: Shop, yesterday: str) -> None:
    assert refused(apply(shop, "2026-05-03")) == (400, "NO_STATEMENT_EXIST")
    assert refused(apply(shop, yesterday, "fundflowbill", account_type="FEES")) == (400, "NO_STATEMENT_EXIST")


def test_an_address_lives_five_minutes_and_is_for_one_merchant(shop: Shop, yesterday: str) -> None:
    target = apply(shop, yesterday).json()["download_url"].removeprefix(shop.simulator.base)
    assert refused(shop.call("GET", target, headers={"Authorization": "x"})) == (401, "SIGN_ERROR")
    public = shop.key.public_key().export_key().decode()
    shop.sim("/merchants", {"mchid": "1900000110", "public_key": public, "serial_no": shop.serial})
    shop.mchid = "1900000110"
    assert refused(shop.call("GET", target)) == (403, "NO_AUTH")
    shop.mchid = MCHID
    shop.sim("/clock", {"advance": 301})
    assert refused(shop.call("GET", target)) == (400, "INVALID_REQUEST")


def test_wrong_parameters_are_named(shop: Shop, yesterday: str) -> None:
    for query in ({"bill_type": "SOME"}, {"tar_type": "ZIP"}):
        assert refused(apply(shop, yesterday, **query)) == (400, "PARAM_ERROR")
    assert refused(shop.call("GET", "/v3/bill/tradebill")) == (400, "PARAM_ERROR")


def test_a_long_bill_can_be_made_of_payments_nobody_made(shop: Shop, yesterday: str) -> None:
    shop.sim(f"/merchants/{MCHID}/ballast", {"day": yesterday, "count": 5000, "total": 100, "prefix": "LOAD"})
    lines = fetch(shop, apply(shop, yesterday, bill_type="SUCCESS").json()).decode().splitlines()
    assert len(lines) == 5005
    assert cells(lines[-1])[5] == "5100.01"
    assert cells(lines[-3])[6] == "LOAD0000004999"
