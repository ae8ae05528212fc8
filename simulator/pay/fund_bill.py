"""The fund flow bill of one day (pay reference 6.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.pay import moments
from simulator.pay.bill_layout import CURRENT, Layout
from simulator.pay.records.money import Movement
from simulator.pay.state import Merchant
from simulator.pay.trade_bill import DAY, line, yuan

HEADER = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号"
)
REFUNDS = ("退款", "退款退回")
SUMMARY = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a movement that is one line; ``change`` is signed, in fen."""

    kind: str
    number: str
    change: int
    balance: int
    remark: str


@dataclass(slots=True)
class FundBill:
    """The fund flow bill of one day for the account BASIC; the other accounts have no movements."""

    merchant: Merchant
    day: str
    account: str = "BASIC"
    layout: Layout = CURRENT

    @property
    def is_empty(self) -> bool:
        return next(self.movements(), None) is None

    def movements(self) -> Iterator[Movement]:
        start = moments.start_of(self.day)
        if self.account == "BASIC":
            yield from (each for each in list(self.merchant.movements) if start <= each.at < start + DAY)

    def lines(self) -> Iterator[str]:
        yield HEADER
        income = [0, 0]
        spending = [0, 0]
        for each in self.movements():
            for part in self.parts(each):
                side = income if part.change >= 0 else spending
                side[0] += 1
                side[1] += abs(part.change)
                yield line(self.row(each, part))
        yield SUMMARY
        count = self.layout.count
        yield line(
            [
                count(income[0] + spending[0]),
                count(income[0]),
                yuan(income[1]),
                count(spending[0]),
                yuan(spending[1]),
            ]
        )

    def parts(self, each: Movement) -> Iterator[Part]:
        """Yields one line that includes the fee, or separate lines for amount and fee."""
        if not self.layout.separate_fees or not each.fee:
            remark = remark_of(each, f";含手续费 {yuan(each.fee)} 元")
            yield Part(each.kind, each.transaction_id, each.change, each.balance, remark)
            return
        change = each.gross if each.change >= 0 else -each.gross
        after = each.change - change
        yield Part(each.kind, f"8{each.number[-27:]}", change, each.balance - after, remark_of(each))
        kind = "扣除交易手续费" if change >= 0 else "退回交易手续费"
        yield Part(kind, f"9{each.number[-27:]}", after, each.balance, "")

    def row(self, each: Movement, part: Part) -> list[str]:
        by_api = each.kind != "交易" and part.kind == each.kind
        return [
            moments.in_bill(each.at),
            each.number,
            part.number,
            each.kind,
            part.kind,
            "收入" if part.change >= 0 else "支出",
            yuan(abs(part.change)),
            yuan(part.balance),
            f"{self.merchant.mchid}API" if by_api else "system",
            part.remark,
            each.voucher,
        ]


def remark_of(each: Movement, fee: str = "") -> str:
    """Returns the remark of a line: without blanks for a refund, empty for a transfer."""
    if each.kind == "交易":
        return f"结算总金额 {yuan(each.gross)} 元{fee}"
    return f"退款总金额{yuan(each.gross)}元{fee.replace(' ', '')}" if each.kind in REFUNDS else ""
