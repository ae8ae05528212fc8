"""The profit sharing bill of one day, in the columns that published programs expect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.pay import moments
from simulator.pay.bill_layout import CURRENT, Layout
from simulator.pay.records.sharing import Share, Sharing, SharingReturn
from simulator.pay.state import Merchant
from simulator.pay.trade_bill import DAY, escaped, line, yuan

HEADER = (
    "分账时间,分账发起方,分账方,微信订单号,微信分账/回退单号,分账明细单号,商户分账/回退单号,订单金额,"
    "分账接收方,金额,业务类型,处理状态,备注"
)
STATES = {"SUCCESS": "成功", "CLOSED": "关闭", "FAILED": "失败"}


@dataclass(slots=True)
class SharingBill:
    """The bill of shares paid out, closed or returned on a day.

    It covers ``sub_mchid``, or all served merchants.
    """

    merchant: Merchant
    day: str
    layout: Layout = CURRENT
    sub_mchid: str = ""

    @property
    def is_empty(self) -> bool:
        return next(self.rows(), None) is None

    def lines(self) -> Iterator[str]:
        yield HEADER
        yield from (line(values) for values in self.rows())

    def rows(self) -> Iterator[list[str]]:
        for sharing in self.merchant.sharings.values():
            if sharing.due_at is None and self.holds(sharing.finished_at, sharing.sub_mchid):
                yield from (self.shared(sharing, each) for each in sharing.shares)
        for each in self.merchant.sharing_returned.values():
            if self.holds(each.at, each.sub_mchid):
                yield self.returned(each)

    def holds(self, moment: float, sub_mchid: str) -> bool:
        start = moments.start_of(self.day)
        return start <= moment < start + DAY and self.sub_mchid in ("", sub_mchid)

    def shared(self, sharing: Sharing, share: Share) -> list[str]:
        numbers = (sharing.order_id, share.detail_id, sharing.out_order_no)
        kind = "解冻" if share.is_rest else "分账"
        end = [share.account, yuan(share.amount), kind, STATES[share.result], escaped(share.description)]
        return [*self.head(sharing, sharing.finished_at, numbers), *end]

    def returned(self, each: SharingReturn) -> list[str]:
        sharing = self.merchant.sharings[each.out_order_no]
        numbers = (each.return_id, each.return_id, each.out_return_no)
        end = [each.return_mchid, yuan(each.amount), "分账回退", STATES[each.result]]
        return [*self.head(sharing, each.at, numbers), *end, escaped(each.description)]

    def head(self, sharing: Sharing, at: float, numbers: tuple[str, str, str]) -> list[str]:
        total = self.merchant.orders[sharing.out_trade_no].total
        sharer = sharing.sub_mchid or sharing.mchid
        return [
            moments.in_bill(at), sharing.mchid, sharer, sharing.transaction_id, *numbers, yuan(total),
        ]  # fmt: skip
