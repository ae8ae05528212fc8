"""The loading of a bill's rows into Postgres by COPY, in constant memory.

WeChat Pay reference 6.2.
"""

import datetime
import gzip
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from django.db import connection
from django.utils.translation import gettext as _

from payments.bills.discrepancies import record
from payments.bills.models import Bill, BillLine, FundLine
from payments.orders.mismatches import Mismatch, MismatchKind
from wechat.sdk.beijing import BEIJING
from wechat.sdk.pay.bill_files import BillReader
from wechat.sdk.pay.errors import BillDamaged
from wechat.sdk.pay.money import count, fen, thousandths

PIECE = 256 << 10
TRADE_COLUMNS = (
    "bill_id", "number", "kind", "at", "transaction_id", "out_trade_no", "platform_refund_id",
    "out_refund_no", "state", "amount", "settled", "fee",
)  # fmt: skip
FUND_COLUMNS = (
    "bill_id", "number", "at", "business_no", "flow_no", "business", "amount", "balance", "remark", "voucher",
)  # fmt: skip
KINDS = {"SUCCESS": BillLine.Kind.PAYMENT, "REFUND": BillLine.Kind.REFUND}
# A barcode payment that was reversed goes back like a refund; no order here is paid that way.
GOES_BACK = frozenset({"REFUND", "REVOKED"})
INCOME = "收入"


def load(bill: Bill, file: BinaryIO | gzip.GzipFile) -> None:
    """Replaces the bill's rows by those of the file and sums them. Raises ``BillDamaged``.

    Sets ``bill.error`` if there is something about the loaded bill that staff should know.
    """
    bill.lines = bill.income = bill.spent = bill.fees = 0
    bill.error = ""
    reader = BillReader(iter(lambda: file.read(PIECE), b""))
    try:
        if bill.kind == Bill.Kind.TRADE:
            _copy(BillLine, bill, TRADE_COLUMNS, _trade_rows(bill, reader))
        else:
            _copy(FundLine, bill, FUND_COLUMNS, _fund_rows(bill, reader))
    except (KeyError, ValueError) as error:
        raise BillDamaged(f"line {bill.lines + 1}: {error}") from None
    bill.summary = dict(reader.summary)
    _check_summary(bill)


def _copy(
    model: type[BillLine] | type[FundLine],
    bill: Bill,
    columns: Iterable[str],
    rows: Iterator[tuple[Any, ...]],
) -> None:
    model._default_manager.filter(bill=bill).delete()
    statement = f"COPY {model._meta.db_table} ({', '.join(columns)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _trade_rows(bill: Bill, reader: BillReader) -> Iterator[tuple[Any, ...]]:
    for row in reader:
        kind = KINDS.get(row["交易状态"], BillLine.Kind.OTHER)
        is_refund = kind == BillLine.Kind.REFUND
        goes_back = row["交易状态"] in GOES_BACK
        # Older bills have only the amounts after coupons; the oldest have one amount, by another name.
        names = ("申请退款金额", "退款金额") if goes_back else ("订单金额", "应结订单金额")
        amount = fen(_first(row, *names, "总金额"))
        settled = fen(_first(row, *reversed(names), "总金额"))
        fee = thousandths(row["手续费"])
        bill.lines += 1
        bill.income += 0 if goes_back else amount
        bill.spent += amount if goes_back else 0
        bill.fees += fee
        yield (
            bill.pk,
            bill.lines,
            kind.value,
            _moment(row["交易时间"]),
            row["微信订单号"],
            row["商户订单号"],
            row.get("微信退款单号", "") if is_refund else "",
            row.get("商户退款单号", "") if is_refund else "",
            row.get("退款状态", "") if is_refund else row["交易状态"],
            amount,
            settled,
            fee,
        )


def _fund_rows(bill: Bill, reader: BillReader) -> Iterator[tuple[Any, ...]]:
    for row in reader:
        amount = fen(row["收支金额(元)"])
        is_income = row["收支类型"] == INCOME
        bill.lines += 1
        bill.income += amount if is_income else 0
        bill.spent += 0 if is_income else amount
        yield (
            bill.pk,
            bill.lines,
            _moment(row["记账时间"]),
            row["微信支付业务单号"],
            row["资金流水单号"],
            row["业务名称"],
            amount if is_income else -amount,
            fen(row["账户结余(元)"]),
            row.get("备注", "")[:300],
            row.get("业务凭证号", "")[:128],
        )


def _check_summary(bill: Bill) -> None:
    """Records a discrepancy if the summary differs from the rows or cannot be read; it may be missing."""
    if not bill.summary:
        return
    sums = _trade_sums if bill.kind == Bill.Kind.TRADE else _fund_sums
    try:
        theirs = sums(bill.summary)
    except (KeyError, ValueError):
        bill.error = _("The summary of the bill cannot be read, so its lines were not checked against it.")
        _keep_mismatch(bill, " ".join(bill.summary.values()))
        return
    if (bill.lines, bill.income, bill.spent, bill.fees)[: len(theirs)] != theirs:
        _keep_mismatch(bill, theirs)


def _keep_mismatch(bill: Bill, theirs: object) -> None:
    ours = (bill.lines, bill.income, bill.spent, bill.fees)
    record(
        bill.merchant,
        Mismatch(MismatchKind.BILL_SUMMARY, f"{bill.day} {bill.kind}", here=ours, there=theirs),
        bill,
    )


def _trade_sums(summary: Mapping[str, str]) -> tuple[int, ...]:
    income = fen(_first(summary, "订单总金额", "应结订单总金额", "总交易额"))
    spent = fen(_first(summary, "申请退款总金额", "退款总金额", "总退款金额"))
    return count(summary["总交易单数"]), income, spent, thousandths(summary["手续费总金额"])


def _fund_sums(summary: Mapping[str, str]) -> tuple[int, ...]:
    return count(summary["资金流水总笔数"]), fen(summary["收入金额"]), fen(summary["支出金额"])


def _first(row: Mapping[str, str], *names: str) -> str:
    return next((row[name] for name in names if name in row), "")


def _moment(text: str) -> datetime.datetime:
    return datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
