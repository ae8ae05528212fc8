"""The fund flow of one day, line by line (pay reference 6.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.pay import moments
from simulator.pay.state import Merchant, Movement
from simulator.pay.trade_bill import DAY, line, yuan

HEADER = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号"
)
SUMMARY = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"


@dataclass(slots=True)
class FundBill:
    """The account BASIC; nothing ever moves on the others."""

    merchant: Merchant
    day: str
    account: str = "BASIC"

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
            side = income if each.change >= 0 else spending
            side[0] += 1
            side[1] += abs(each.change)
            yield line(self.row(each))
        yield SUMMARY
        counts = [
            str(income[0] + spending[0]),
            str(income[0]),
            yuan(income[1]),
            str(spending[0]),
            yuan(spending[1]),
        ]
        yield line(counts)

    def row(self, each: Movement) -> list[str]:
        paid = each.kind == "交易"
        gross, fee = yuan(each.gross), yuan(each.fee)
        remark = (
            f"结算总金额 {gross} 元;含手续费 {fee} 元" if paid else f"退款总金额{gross}元;含手续费{fee}元"
        )
        return [
            moments.in_bill(each.at),
            each.number,
            each.transaction_id,
            each.kind,
            each.kind,
            "收入" if each.change >= 0 else "支出",
            yuan(abs(each.change)),
            yuan(each.balance),
            "system" if paid else f"{self.merchant.mchid}API",
            remark,
            each.voucher,
        ]
