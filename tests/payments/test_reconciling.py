import datetime
import gzip
from collections.abc import Callable
from io import BytesIO
from typing import Any, cast

import pytest
import time_machine
from Crypto.Hash import SHA1
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from payments.bills import reconciling, sums
from payments.bills.models import Bill, BillLine, Discrepancy, FundLine
from payments.merchants.models import Merchant
from payments.orders.models import Order, Refund
from payments.orders.refunds import refunding
from payments.orders.states import OrderState
from tests.cast import Cast, signed_in
from tests.payments.conftest import Ordered
from tests.payments.world import REFUND_ID, TRANSACTION_ID, answer_query, answer_unknown, notify, reply
from tests.sdk.pay.platform import PayPlatform, refused
from tests.sdk.pay.vectors import BILLS
from tests.sdk.platform import Reply
from wechat.kernel import work
from wechat.sdk.beijing import BEIJING
from wechat.sdk.pay.bills import FILE

DAY = datetime.date(2026, 3, 1)
NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=BEIJING)
TRADE, FUNDS = "/v3/bill/tradebill", "/v3/bill/fundflowbill"
COLUMNS = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
    "代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
SUMMARY = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"


def row(number: str, transaction_id: str = TRANSACTION_ID, yuan: str = "100.00") -> str:
    return (
        f"`2026-03-01 12:00:00,`wx,`19,`0,`,`{transaction_id},`{number},`o,`JSAPI,`SUCCESS,`OTHERS,`CNY,"
        f"`{yuan},`0.00,`0,`0,`0.00,`0.00,`,`,`卡,`,`0.60000,`0.60%,`{yuan},`0.00,`"
    )


def refund_row(
    number: str, refund: str, yuan: str, state: str = "SUCCESS", refund_id: str = REFUND_ID
) -> str:
    return (
        f"`2026-03-01 13:00:00,`wx,`19,`0,`,`{TRANSACTION_ID},`{number},`o,`JSAPI,`REFUND,`OTHERS,`CNY,`0.00,"
        f"`0.00,`{refund_id},`{refund},`{yuan},`0.00,`ORIGINAL,`{state},`卡,`,`-0.18000,`0.60%,`0.00,`{yuan},`"
    )


def file(*rows: str, end: str = "\r\n") -> bytes:
    return end.join([COLUMNS, *rows, ""]).encode()


@pytest.fixture
def serve(pay: PayPlatform) -> Callable[[bytes], None]:
    def content(body: bytes, path: str = TRADE) -> None:
        from django.conf import settings

        address = f"{settings.WECHAT_PAY_API_BASE}{FILE}?token=t&tartype=gzip"
        sha1 = SHA1.new(body).hexdigest()
        pay.pay[path] = lambda request: reply(download_url=address, hash_type="SHA1", hash_value=sha1)
        pay.pay[FILE] = lambda request: Reply(gzip.compress(body), "application/octet-stream")

    return content


@pytest.fixture
def bill(merchant: Merchant) -> Bill:
    return Bill.objects.create(merchant=merchant, kind="trade", day=DAY, due_at=timezone.now())


def fetched(bill: Bill) -> Bill:
    reconciling.BILLS.attempt(Bill.objects.select_related("merchant").get(pk=bill.pk), reconciling.fetch)
    bill.refresh_from_db()
    return bill


def kinds() -> list[str]:
    return sorted(Discrepancy.objects.values_list("kind", flat=True))


@pytest.fixture
def sold(ordered: Ordered) -> Order:
    """An order that was paid at noon of the bill's day."""
    order = ordered()
    notify(order, success_time=NOON.isoformat())
    order.refresh_from_db()
    return order


def test_a_bill_that_agrees_leaves_nothing_to_do(sold: Order, bill: Bill, serve: Any) -> None:
    serve(file(row(sold.out_trade_no)))
    assert fetched(bill).state == Bill.State.MATCHED
    assert (bill.lines, bill.income, bill.spent, bill.fees, bill.due_at) == (1, 10000, 0, 60000, None)
    assert BillLine.objects.get().order == sold
    assert kinds() == []
    with bill.file.open("rb") as kept:
        assert gzip.decompress(kept.read()) == file(row(sold.out_trade_no))


def test_the_bill_of_a_killed_worker_is_fetched_within_seconds(sold: Order, bill: Bill, serve: Any) -> None:
    serve(file(row(sold.out_trade_no)))
    # Nobody hears of that worker again.
    assert reconciling.BILLS.claim()
    assert work.run("bills.fetch_bills") == 0
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=16)):
        work.run("bills.fetch_bills")
    bill.refresh_from_db()
    assert bill.state == Bill.State.MATCHED


def test_fetched_again_it_is_the_same(sold: Order, bill: Bill, serve: Any) -> None:
    serve(file(row(sold.out_trade_no, yuan="99.00")))
    fetched(bill)
    fetched(bill)
    assert BillLine.objects.count() == 1
    assert kinds() == ["bill_amount"]


LOOKS = [("WC20260301123456789012", "unknown_order"), ("SO-of-another-system", "foreign")]


@pytest.mark.parametrize(("number", "kind"), LOOKS)
def test_a_payment_we_never_asked_for_is_an_exception(bill: Bill, serve: Any, number: str, kind: str) -> None:
    serve(file(row(number), row(number, "4200002") if kind == "foreign" else row(number)))
    fetched(bill)
    assert kinds() == [kind]


def test_a_payment_we_did_not_hear_of_is_asked_about_and_taken(
    ordered: Ordered, bill: Bill, serve: Any, pay: PayPlatform
) -> None:
    order = ordered()
    answer_query(pay, order, "SUCCESS", success_time=NOON.isoformat())
    serve(file(row(order.out_trade_no)))
    fetched(bill)
    order.refresh_from_db()
    assert order.state == OrderState.PAID
    assert kinds() == []


def test_a_payment_that_nobody_confirms_is_an_exception(
    ordered: Ordered, bill: Bill, serve: Any, pay: PayPlatform
) -> None:
    order = ordered()
    answer_unknown(pay, order)
    serve(file(row(order.out_trade_no)))
    fetched(bill)
    assert kinds() == ["not_paid_here"]
    found = Discrepancy.objects.get()
    assert (found.order, found.account) == (order, order.account)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (lambda order: row(order.out_trade_no, yuan="99.99"), "bill_amount"),
        (lambda order: row(order.out_trade_no, "4200009"), "second_payment"),
    ],
)
def test_a_payment_that_differs_is_an_exception(
    sold: Order, bill: Bill, serve: Any, line: Callable[[Order], str], kind: str
) -> None:
    serve(file(line(sold)))
    fetched(bill)
    assert kinds() == [kind]


def test_what_we_were_paid_and_the_bill_does_not_have_is_an_exception(
    sold: Order, bill: Bill, serve: Any
) -> None:
    serve(file())
    fetched(bill)
    assert kinds() == ["not_in_bill"]


def test_a_day_without_trade_is_fine_only_without_trade_here(
    sold: Order, bill: Bill, pay: PayPlatform
) -> None:
    pay.pay[TRADE] = lambda request: refused(400, "NO_STATEMENT_EXIST")
    assert fetched(bill).state == Bill.State.EMPTY
    assert kinds() == ["not_in_bill"]


@pytest.fixture
def given_back(sold: Order) -> Refund:
    with time_machine.travel(NOON + datetime.timedelta(hours=1)):
        refund = refunding.request(sold, 3000, source="test", key="r")
    Refund.objects.update(state="processing", refund_id=REFUND_ID)
    refund.refresh_from_db()
    return refund


@pytest.mark.parametrize(
    ("yuan", "state", "expected"),
    [
        ("30.00", "PROCESSING", []),
        ("30.00", "SUCCESS", []),
        ("30.01", "SUCCESS", ["bill_refund"]),
    ],
)
def test_refunds_are_compared_too(
    given_back: Refund, bill: Bill, serve: Any, yuan: str, state: str, expected: list[str]
) -> None:
    number = given_back.order.out_trade_no
    serve(file(row(number), refund_row(number, given_back.out_refund_no, yuan, state)))
    fetched(bill)
    assert (bill.income, bill.spent) == (10000, int(yuan.replace(".", "")))
    assert kinds() == expected


def test_a_refund_that_was_made_elsewhere_is_an_exception(sold: Order, bill: Bill, serve: Any) -> None:
    serve(file(row(sold.out_trade_no), refund_row(sold.out_trade_no, "by-hand", "1.00")))
    fetched(bill)
    assert kinds() == ["unknown_refund"]


def test_a_refund_reported_as_failed_that_succeeded_here_is_an_exception(
    given_back: Refund, bill: Bill, serve: Any
) -> None:
    Refund.objects.update(state="success", succeeded_at=timezone.now(), due_at=None)
    number = given_back.order.out_trade_no
    serve(file(row(number), refund_row(number, given_back.out_refund_no, "30.00", "FAIL")))
    fetched(bill)
    assert kinds() == ["bill_state"]


@pytest.mark.parametrize(("day_before", "expected"), [("matched", ["refund_not_in_bill"]), ("waiting", [])])
def test_a_refund_that_was_paid_out_and_is_in_no_bill_is_an_exception(
    given_back: Refund, bill: Bill, merchant: Merchant, serve: Any, day_before: str, expected: list[str]
) -> None:
    before = DAY - datetime.timedelta(days=1)
    Bill.objects.create(merchant=merchant, kind="trade", day=before, state=day_before)
    Refund.objects.update(
        state="success", created_at=NOON - datetime.timedelta(days=1), succeeded_at=NOON, due_at=None
    )
    serve(file(row(given_back.order.out_trade_no)))
    fetched(bill)
    assert kinds() == expected


def test_a_refund_that_waited_for_days_is_in_the_bill_of_the_day_it_was_accepted(
    given_back: Refund, bill: Bill, serve: Any
) -> None:
    """Asked for on the first day, and taken by WeChat Pay in the night after the second."""
    night = datetime.datetime.combine(DAY, datetime.time(0, 30), tzinfo=BEIJING) + datetime.timedelta(days=2)
    Refund.objects.update(state="success", succeeded_at=night, due_at=None)
    number = given_back.order.out_trade_no
    for contents in (
        file(row(number)),
        file(),
        file(refund_row(number, given_back.out_refund_no, "30.00")),
    ):
        serve(contents)
        fetched(Bill.objects.filter(kind="trade").latest("day"))
        assert kinds() == []


def test_a_reversed_barcode_payment_of_another_system_went_back(sold: Order, bill: Bill, serve: Any) -> None:
    bar, back = row("BAR1", "4200BAR", "30.00"), refund_row("BAR1", "BACK1", "30.00")
    summary = f"{SUMMARY}\r\n`3,`130.00,`30.00,`0.00,`1.02000,`130.00,`30.00"
    serve(file(row(sold.out_trade_no), bar, back.replace("`REFUND,", "`REVOKED,"), summary))
    assert fetched(bill).state == Bill.State.MATCHED
    assert (bill.income, bill.spent) == (13000, 3000)
    reversal = BillLine.objects.get(state="REVOKED")
    assert (reversal.kind, reversal.amount, reversal.settled) == (BillLine.Kind.OTHER, 3000, 3000)
    assert "bill_summary" not in kinds()


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        (f"{SUMMARY}\r\n`1,`100.00,`0.00,`0.00,`0.60000,`100.00,`0.00", []),
        (f"{SUMMARY}\r\n`1,`100.00,`0.00,`0.00,`0.60000,`100.01,`0.00", ["bill_summary"]),
        (f"{SUMMARY}\r\n`2,`100.00,`0.00,`0.00,`0.60000,`100.00,`0.00", ["bill_summary"]),
        (f"{SUMMARY}\r\n`1,`100.00,`0.00,`0.00,`0.61000,`100.00,`0.00", ["bill_summary"]),
    ],
)
def test_a_summary_that_is_not_the_sum_of_its_lines_is_an_exception(
    sold: Order, bill: Bill, serve: Any, summary: str, expected: list[str]
) -> None:
    serve(file(row(sold.out_trade_no), summary))
    fetched(bill)
    assert kinds() == expected


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", "甲,乙\n`1,`2\n".encode(), file("`1,`2"), file(row("A").replace("100.00", "much"))],
)
def test_a_file_that_is_no_bill_changes_nothing_and_is_fetched_again(
    bill: Bill, serve: Any, body: bytes
) -> None:
    serve(body)
    assert fetched(bill).state == Bill.State.WAITING
    assert bill.error
    assert bill.due_at
    assert not BillLine.objects.exists()


def test_a_file_with_another_hash_changes_nothing(bill: Bill, serve: Any, pay: PayPlatform) -> None:
    serve(file(row("A")))
    pay.pay[FILE] = lambda request: Reply(gzip.compress(file(row("B"))), "application/octet-stream")
    assert fetched(bill).state == Bill.State.WAITING
    assert "hash" in bill.error


def test_a_bill_that_is_not_ready_is_asked_for_half_an_hour_later(bill: Bill, pay: PayPlatform) -> None:
    pay.pay[TRADE] = lambda request: refused(400, "STATEMENT_CREATING", "账单生成中")
    assert fetched(bill).state == Bill.State.WAITING
    assert bill.due_at > timezone.now() + datetime.timedelta(minutes=29)  # type: ignore[operator]


def test_days_follow_one_another_whatever_becomes_of_each(merchant: Merchant, pay: PayPlatform) -> None:
    pay.pay[TRADE] = pay.pay[FUNDS] = lambda request: refused(400, "NO_STATEMENT_EXIST")
    with time_machine.travel(datetime.datetime(2026, 3, 1, 15, tzinfo=BEIJING)):
        reconciling.begin(merchant)
        assert work.run("bills.fetch_bills") == 0
    with time_machine.travel(datetime.datetime(2026, 3, 2, 10, 4, tzinfo=BEIJING)):
        reconciling.begin(merchant)
        assert work.run("bills.fetch_bills") == 0
    with time_machine.travel(datetime.datetime(2026, 3, 5, 10, 6, tzinfo=BEIJING)):
        assert work.run("bills.fetch_bills") == 8
    days = Bill.objects.filter(kind="trade").order_by("day").values_list("day__day", "state")
    assert list(days) == [(1, "empty"), (2, "empty"), (3, "empty"), (4, "empty"), (5, "waiting")]


FUND_COLUMNS = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),"
    "账户结余(元),资金变更提交申请人,备注,业务凭证号"
)


def moved(number: str, business_no: str, yuan: str, side: str = "收入") -> str:
    return (
        f"`2026-03-01 12:00:00,`{business_no},`{TRANSACTION_ID},`交易,`交易,`{side},`{yuan},`5000.00,`system,"
        f"`,`{number}"
    )


@pytest.fixture
def funds(merchant: Merchant) -> Bill:
    return Bill.objects.create(merchant=merchant, kind="funds", day=DAY, due_at=timezone.now())


def flow(*rows: str) -> bytes:
    return "\n".join([FUND_COLUMNS, *rows, ""]).encode()


def test_every_movement_is_put_to_its_order_and_refund(
    sold: Order, given_back: Refund, bill: Bill, funds: Bill, serve: Any
) -> None:
    refund = given_back
    serve(file(row(sold.out_trade_no), refund_row(sold.out_trade_no, refund.out_refund_no, "30.00")))
    fetched(bill)
    given = moved(refund.out_refund_no, str(refund.refund_id), "29.82", "支出")
    serve(flow(moved(sold.out_trade_no, TRANSACTION_ID, "99.40"), given), FUNDS)
    fetched(funds)
    assert [(line.order, line.refund) for line in FundLine.objects.order_by("number")] == [
        (sold, None),
        (None, refund),
    ]
    assert kinds() == []
    assert all(line.agrees and line.ours for line in sums.sums(funds))


@pytest.mark.parametrize("trade_first", [True, False])
def test_a_movement_of_another_amount_is_an_exception_whichever_bill_comes_first(
    sold: Order, bill: Bill, funds: Bill, serve: Any, trade_first: bool
) -> None:
    for each in (bill, funds) if trade_first else (funds, bill):
        serve(file(row(sold.out_trade_no)))
        serve(flow(moved(sold.out_trade_no, TRANSACTION_ID, "99.39")), FUNDS)
        if each == bill:
            serve(file(row(sold.out_trade_no)))
        fetched(each)
    found = Discrepancy.objects.get()
    assert (found.kind, found.order, found.here, found.there) == ("fund_amount", sold, "9940", "9939")


@pytest.mark.parametrize("trade_first", [True, False])
def test_a_payment_that_only_the_bills_tell_of_is_put_to_its_movement_whichever_bill_comes_first(
    ordered: Ordered, bill: Bill, funds: Bill, serve: Any, pay: PayPlatform, trade_first: bool
) -> None:
    order = ordered()
    answer_query(pay, order, "SUCCESS", success_time=NOON.isoformat())
    contents = {bill: (file(row(order.out_trade_no)), TRADE)}
    contents[funds] = (flow(moved(order.out_trade_no, TRANSACTION_ID, "99.40")), FUNDS)
    for each in (bill, funds) if trade_first else (funds, bill):
        serve(*contents[each])
        fetched(each)
    assert FundLine.objects.get().order == order
    after = Bill.objects.get(kind="funds", day=DAY + datetime.timedelta(days=1))
    pay.pay[FUNDS] = lambda request: refused(400, "NO_STATEMENT_EXIST")
    fetched(after)
    assert kinds() == []


@pytest.mark.parametrize(("fee", "expected"), [("0.60", []), ("0.61", ["fund_amount"])])
def test_fees_that_move_in_lines_of_their_own_count_with_their_payment_and_refund(
    sold: Order, given_back: Refund, bill: Bill, funds: Bill, serve: Any, fee: str, expected: list[str]
) -> None:
    paid, refund = sold.out_trade_no, given_back
    serve(file(row(paid), refund_row(paid, refund.out_refund_no, "30.00")))
    fetched(bill)
    serve(
        flow(
            moved(paid, TRANSACTION_ID, "100.00"),
            moved(paid, TRANSACTION_ID, fee, "支出"),
            moved(refund.out_refund_no, REFUND_ID, "30.00", "支出"),
            moved(refund.out_refund_no, REFUND_ID, "0.18"),
        ),
        FUNDS,
    )
    fetched(funds)
    assert kinds() == expected
    assert [line.agrees for line in sums.sums(funds)] == [not expected, True]


def test_a_bill_with_fees_in_lines_of_their_own_adds_up_by_the_numbers_of_wechat_pay(
    ordered: Ordered, bill: Bill, funds: Bill, serve: Any
) -> None:
    """A recorded one: two payments, a refund, a line for the fee of each, and counts such as 6.0."""
    wholes = {
        "SO20260302090000001": ("4200002701202603020000000001", 10000, "0.60000"),
        "SO20260302100000002": ("4200002701202603020000000002", 4990, "0.30000"),
    }
    rows, orders = [], []
    for number, (transaction_id, fen, fee) in wholes.items():
        order = ordered(key=number, total=fen)
        Order.objects.filter(pk=order.pk).update(out_trade_no=number)
        order.refresh_from_db()
        notify(order, success_time=NOON.isoformat(), transaction_id=transaction_id)
        rows.append(row(number, transaction_id, f"{fen / 100:.2f}").replace("`0.60000", f"`{fee}"))
        orders.append(order)
    with time_machine.travel(NOON + datetime.timedelta(hours=1)):
        refund = refunding.request(orders[0], 3000, source="test", key="r")
    names = {"out_refund_no": "RF20260302150000001", "refund_id": "50302602026030200000000000001"}
    Refund.objects.filter(pk=refund.pk).update(state="processing", **names)
    first, _second = wholes
    back = refund_row(first, names["out_refund_no"], "30.00", refund_id=names["refund_id"])
    serve(file(*rows, back))
    fetched(bill)
    serve((BILLS / "fundflowbill_separate_fee_lines.csv").read_bytes(), FUNDS)
    assert fetched(funds).state == Bill.State.MATCHED
    assert (funds.lines, funds.income, funds.spent, funds.error) == (6, 15008, 3090, "")
    assert kinds() == []
    assert [(line.ours, line.theirs) for line in sums.sums(funds)] == [(14900, 14900), (2982, 2982)]


def test_what_a_closed_refund_took_comes_back_whole(
    sold: Order, given_back: Refund, bill: Bill, funds: Bill, serve: Any
) -> None:
    refund = given_back
    Refund.objects.update(state="closed", due_at=None)
    serve(file(row(sold.out_trade_no), refund_row(sold.out_trade_no, refund.out_refund_no, "30.00", "FAIL")))
    fetched(bill)
    there_and_back = [moved(refund.out_refund_no, REFUND_ID, "29.82", side) for side in ("支出", "收入")]
    serve(flow(moved(sold.out_trade_no, TRANSACTION_ID, "99.40"), *there_and_back), FUNDS)
    fetched(funds)
    assert kinds() == []


def test_a_movement_for_an_unknown_number_of_ours_is_an_exception(
    sold: Order, funds: Bill, serve: Any
) -> None:
    withdrawal = moved("20260301WITHDRAWAL", "9", "500.00", "支出")
    serve(flow(moved("WC20260301000000000001", "4200", "1.00"), withdrawal), FUNDS)
    fetched(funds)
    assert kinds() == ["fund_unknown"]


def test_a_number_is_unknown_only_once_the_trade_bill_of_the_day_is_there(
    sold: Order, bill: Bill, funds: Bill, serve: Any
) -> None:
    serve(flow(moved("WC20260301000000000001", "4200", "1.00")), FUNDS)
    fetched(funds)
    assert kinds() == []
    serve(file(row(sold.out_trade_no)))
    fetched(bill)
    assert kinds() == ["fund_unknown"]


def test_a_payment_for_which_no_money_moved_is_an_exception_the_day_after(
    sold: Order, ordered: Ordered, funds: Bill, serve: Any, pay: PayPlatform
) -> None:
    with time_machine.travel(NOON, tick=False):
        unmoved = ordered(key="unmoved")
        notify(unmoved, transaction_id="4200UNMOVED")
    serve(flow(moved(sold.out_trade_no, TRANSACTION_ID, "99.40")), FUNDS)
    fetched(funds)
    assert kinds() == []
    after = Bill.objects.get(kind="funds", day=DAY + datetime.timedelta(days=1))
    pay.pay[FUNDS] = lambda request: refused(400, "NO_STATEMENT_EXIST")
    fetched(after)
    assert [(found.kind, found.order) for found in Discrepancy.objects.all()] == [("fund_missing", unmoved)]


FUND_SUMMARY = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"


@pytest.mark.parametrize(
    ("summary", "expected"),
    [("`1.0,`1.0,`99.40,`0.0,`0.00", []), ("`2.0,`2.0,`99.40,`0.0,`0.00", ["bill_summary"])],
)
def test_counts_with_a_decimal_are_counts(
    sold: Order, funds: Bill, serve: Any, summary: str, expected: list[str]
) -> None:
    serve(flow(moved(sold.out_trade_no, TRANSACTION_ID, "99.40"), FUND_SUMMARY, summary), FUNDS)
    assert fetched(funds).state == Bill.State.MATCHED
    assert kinds() == expected


def test_a_summary_that_cannot_be_read_is_an_exception_and_said_on_the_bill(
    sold: Order, bill: Bill, serve: Any
) -> None:
    serve(file(row(sold.out_trade_no), f"{SUMMARY}\r\n`one,`100.00,`0.00,`0.00,`0.60000,`100.00,`0.00"))
    assert fetched(bill).state == Bill.State.MATCHED
    assert bill.error
    assert kinds() == ["bill_summary"]
    assert "one" in Discrepancy.objects.get().there


def test_columns_in_another_order_with_new_ones_and_a_cut_name_change_nothing(
    sold: Order, bill: Bill, serve: Any
) -> None:
    named = dict(zip(COLUMNS.split(","), row(sold.out_trade_no)[1:].split(",`"), strict=True))
    named = {"新列": "", **dict(reversed(named.items()))}
    line = f"`{',`'.join(named.values())}\r\n".encode()
    # The name of the goods ends inside of a character.
    serve(f"{','.join(named)}\r\n".encode() + line.replace("卡".encode(), "卡".encode()[:2]))
    assert (fetched(bill).state, bill.lines, bill.income, bill.fees) == (Bill.State.MATCHED, 1, 10000, 60000)
    assert kinds() == []


def test_a_bill_without_lines_agrees_with_a_day_without_trade(bill: Bill, serve: Any) -> None:
    serve(file(SUMMARY, "`0,`0.00,`0.00,`0.00,`0.00000,`0.00,`0.00"))
    assert (fetched(bill).state, bill.lines, bill.error) == (Bill.State.MATCHED, 0, "")
    assert kinds() == []


def test_a_value_that_nothing_here_can_hold_is_said_on_the_bill(bill: Bill, serve: Any) -> None:
    serve(file(row("N" * 33)))
    assert fetched(bill).state == Bill.State.WAITING
    assert "33" in bill.error or "long" in bill.error
    assert bill.due_at


OLDEST_COLUMNS = (
    "交易时间,公众账号ID,商户号,子商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,总金额,企业红包金额,"
    "微信退款单号,商户退款单号,退款金额,企业红包退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率"
)
OLDEST_SUMMARY = "总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_bill_of_the_oldest_layout_is_read(
    sold: Order, given_back: Refund, bill: Bill, serve: Any, encoding: str
) -> None:
    paid = row(sold.out_trade_no).split(",")[:24]
    back = refund_row(sold.out_trade_no, given_back.out_refund_no, "30.00").split(",")[:24]
    lines = [
        OLDEST_COLUMNS,
        ",".join(paid),
        ",".join(back),
        OLDEST_SUMMARY,
        "`2,`100.00,`30.00,`0.00,`0.42000",
    ]
    serve("\r\n".join([*lines, ""]).encode(encoding))
    assert fetched(bill).state == Bill.State.MATCHED
    assert (bill.lines, bill.income, bill.spent, bill.fees, bill.error) == (2, 10000, 3000, 42000, "")
    assert kinds() == []


def test_the_recorded_bills_are_read(merchant: Merchant, serve: Any) -> None:
    for name in ("tradebill_ALL_2026-03-01.csv", "tradebill_ALL_2026-03-01_bom_lf.csv"):
        Bill.objects.all().delete()
        serve((BILLS / name).read_bytes())
        bill = Bill.objects.create(merchant=merchant, kind="trade", day=DAY, due_at=timezone.now())
        assert fetched(bill).state == Bill.State.MATCHED
        assert (bill.lines, bill.income, bill.spent, bill.fees) == (6, 139447, 8990, 777000)
    serve((BILLS / "fundflowbill_BASIC_2026-03-01.csv").read_bytes(), FUNDS)
    funds = Bill.objects.create(merchant=merchant, kind="funds", day=DAY, due_at=timezone.now())
    assert fetched(funds).state == Bill.State.MATCHED
    assert (funds.lines, funds.income, funds.spent) == (6, 137616, 8936)
    last = FundLine.objects.order_by("number").last()
    assert last
    assert (last.amount, last.balance) == (122715, 628680)
    assert "bill_summary" not in kinds()


BILLS_PAGE = "/admin/bills/bill"


def days_ago(count: int) -> datetime.date:
    return timezone.now().astimezone(BEIJING).date() - datetime.timedelta(days=count)


def test_a_bill_that_failed_is_fetched_again_from_its_page(
    sold: Order, bill: Bill, serve: Any, money: Client, staff: Cast
) -> None:
    Bill.objects.update(
        day=days_ago(1), state="failed", due_at=None, attempts=reconciling.MOST_ATTEMPTS, error="gone"
    )
    serve(file(row(sold.out_trade_no)))
    assert "gone" in money.get(f"{BILLS_PAGE}/{bill.pk}/change/").content.decode()
    again = f"{BILLS_PAGE}/{bill.pk}/again/"
    assert signed_in(staff.auditor).post(again).status_code == 403
    money.get(again)
    assert work.run("bills.fetch_bills") == 0
    assert money.post(again).status_code == 302
    assert work.run("bills.fetch_bills") >= 1
    bill.refresh_from_db()
    assert (bill.state, bill.error) == (Bill.State.MATCHED, "")


def test_a_day_before_the_merchant_was_set_up_is_fetched_from_the_page(
    merchant: Merchant, pay: PayPlatform, money: Client
) -> None:
    pay.pay[TRADE] = pay.pay[FUNDS] = lambda request: refused(400, "NO_STATEMENT_EXIST")
    reconciling.begin(merchant)
    asked = {"merchant": merchant.pk, "day": f"{days_ago(60)}"}
    assert money.post(f"{BILLS_PAGE}/fetch/", asked).status_code == 302
    assert work.run("bills.fetch_bills") == 2
    # It begins no second chain of days.
    assert list(Bill.objects.filter(state="empty").values_list("day", flat=True)) == [days_ago(60)] * 2
    assert Bill.objects.filter(state="waiting").count() == 2


@pytest.mark.parametrize(("ago", "state"), [(0, "waiting"), (90, "matched")])
def test_a_bill_that_wechat_pay_does_not_have_is_not_fetched_from_its_page(
    bill: Bill, pay: PayPlatform, money: Client, ago: int, state: str
) -> None:
    pay.pay[TRADE] = lambda request: refused(400, "INVALID_REQUEST")
    tomorrow = timezone.now() + datetime.timedelta(days=1)
    due_at = tomorrow if state == "waiting" else None
    Bill.objects.update(day=days_ago(ago), state=state, due_at=due_at)
    page, again = f"{BILLS_PAGE}/{bill.pk}/change/", f"{BILLS_PAGE}/{bill.pk}/again/"
    assert again not in money.get(page).content.decode()
    assert f"{days_ago(1)}" in money.post(again, follow=True).content.decode()
    assert work.run("bills.fetch_bills") == 0
    bill.refresh_from_db()
    assert (bill.state, bill.due_at) == (state, due_at)


def test_a_bill_that_was_there_once_is_kept_when_wechat_pay_says_there_was_no_trade(
    sold: Order, bill: Bill, serve: Any, pay: PayPlatform
) -> None:
    serve(file(row(sold.out_trade_no)))
    fetched(bill)
    reconciling.fetch_again(bill)
    pay.pay[TRADE] = lambda request: refused(400, "NO_STATEMENT_EXIST")
    assert fetched(bill).state == Bill.State.MATCHED
    assert bill.error
    assert (bill.lines, bill.income, bill.rows.count(), kinds()) == (1, 10000, 1, [])


@pytest.mark.parametrize("ago", [0, -1, 90])
def test_a_day_without_bills_at_wechat_pay_is_refused(merchant: Merchant, money: Client, ago: int) -> None:
    answer = money.post(
        f"{BILLS_PAGE}/fetch/", {"merchant": merchant.pk, "day": f"{days_ago(ago)}"}, follow=True
    )
    assert f"{days_ago(1)}" in answer.content.decode()
    assert not Bill.objects.exists()


def test_bills_of_a_merchant_of_others_are_not_fetched(merchant: Merchant, staff: Cast) -> None:
    asked = {"merchant": merchant.pk, "day": f"{days_ago(3)}"}
    for user in (staff.outsider, staff.auditor, staff.editor):
        signed_in(user).post(f"{BILLS_PAGE}/fetch/", asked)
    assert not Bill.objects.exists()


def exported(client: Client, month: str, by: str) -> Any:
    answer = client.get(f"{BILLS_PAGE}/export/?month={month}&as=xlsx&by={by}")
    return load_workbook(BytesIO(b"".join(cast(Any, answer))))


def test_the_export_of_a_month_adds_up_to_its_bills(
    sold: Order, given_back: Refund, bill: Bill, serve: Any, money: Client
) -> None:
    serve(file(row(sold.out_trade_no), refund_row(sold.out_trade_no, given_back.out_refund_no, "30.00")))
    before = {line[0]: line[1:] for line in exported(money, "2026-03", "accepted")["合计"].values}
    assert before["支付"] == (1, 100, 0, 1)
    fetched(bill)
    rows = list(exported(money, "2026-03", "accepted").worksheets[0].values)[1:]
    amounts, fees = [line[8] for line in rows], [line[11] for line in rows]
    assert sum(amount for amount in amounts if amount > 0) * 100 == bill.income
    assert -sum(amount for amount in amounts if amount < 0) * 100 == bill.spent
    assert round(sum(fees) * 100_000) == bill.fees
    # Numbers of fifteen digits and more would be rounded as numbers.
    assert {type(line[3]) for line in rows} == {str}
    totals = {line[0]: line[1:] for line in exported(money, "2026-03", "accepted")["合计"].values}
    assert totals["支付"] == (1, 100, 0.6, 0)
    assert totals["退款"] == (1, -30, -0.18, 0)


def test_a_refund_is_exported_by_either_of_its_dates(
    sold: Order, given_back: Refund, bill: Bill, serve: Any, money: Client
) -> None:
    serve(file(row(sold.out_trade_no), refund_row(sold.out_trade_no, given_back.out_refund_no, "30.00")))
    fetched(bill)
    april = datetime.datetime(2026, 4, 2, tzinfo=BEIJING)
    Refund.objects.update(state="success", succeeded_at=april, due_at=None)

    def refunds(month: str, by: str) -> list[Any]:
        rows = exported(money, month, by).worksheets[0].values
        return [line[13] for line in rows if line[4] == given_back.out_refund_no]

    assert refunds("2026-03", "accepted") == ["2026-04-02 00:00:00"] == refunds("2026-04", "paid_back")
    assert refunds("2026-04", "accepted") == [] == refunds("2026-03", "paid_back")
