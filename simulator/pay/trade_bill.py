"""The trade bill of one day (pay reference 6.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from simulator.pay import moments
from simulator.pay.bill_layout import CURRENT, Layout
from simulator.pay.records.money import Ballast
from simulator.pay.records.orders import Order
from simulator.pay.records.refunds import Refund
from simulator.pay.state import Merchant

START = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行"
)
MONEY = ",货币种类,应结订单金额,代金券金额"
TIMES = ",退款申请时间,退款成功时间"
BACK = ",微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态"
GOODS = ",商品名称,商户数据包,手续费,费率,订单金额"
HEADERS = {
    "ALL": f"{START}{MONEY}{BACK}{GOODS},申请退款金额,费率备注",
    "SUCCESS": f"{START}{MONEY}{GOODS},费率备注",
    "REFUND": f"{START}{MONEY}{TIMES}{BACK}{GOODS},申请退款金额,费率备注",
}
# The layout of old merchants: paid amounts, without order amounts.
CLASSIC_MONEY = ",货币种类,总金额,代金券或立减优惠金额"
CLASSIC_BACK = ",微信退款单号,商户退款单号,退款金额,代金券或立减优惠退款金额,退款类型,退款状态"
CLASSIC_GOODS = ",商品名称,商户数据包,手续费,费率"
CLASSIC_HEADERS = {
    "ALL": f"{START}{CLASSIC_MONEY}{CLASSIC_BACK}{CLASSIC_GOODS}",
    "SUCCESS": f"{START}{CLASSIC_MONEY}{CLASSIC_GOODS}",
    "REFUND": f"{START}{CLASSIC_MONEY}{TIMES}{CLASSIC_BACK}{CLASSIC_GOODS}",
}
CLASSIC_SUMMARY = "总交易单数,总交易额,总退款金额,总代金券或立减优惠退款金额,手续费总金额"
SUMMARY = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
NO_REFUND = ["0", "0", "0.00", "0.00", "", ""]
STATES = {"SUCCESS": "SUCCESS", "PROCESSING": "PROCESSING", "CLOSED": "FAIL", "ABNORMAL": "CHANGE"}
DAY = 86_400
SNAPSHOT = 9 * 3600


@dataclass(slots=True)
class TradeBill:
    """The trade bill of a day; its totals are complete once all lines were generated.

    ``kind`` is ALL, SUCCESS or REFUND. A service provider's bill has all merchants it serves, or only
    ``sub_mchid``.
    """

    merchant: Merchant
    day: str
    kind: str
    layout: Layout = CURRENT
    sub_mchid: str = ""
    count: int = 0
    settled: int = 0
    refunded: int = 0
    fees: int = 0
    total: int = 0
    applied: int = 0
    start: float = field(init=False)

    def __post_init__(self) -> None:
        self.start = moments.start_of(self.day)

    @property
    def is_empty(self) -> bool:
        return next(self.rows(), None) is None

    def lines(self) -> Iterator[str]:
        classic = self.layout.classic
        yield (CLASSIC_HEADERS if classic else HEADERS)[self.kind]
        yield from (line(values) for values in self.rows())
        yield CLASSIC_SUMMARY if classic else SUMMARY
        sums = [
            self.layout.count(self.count),
            yuan(self.settled),
            yuan(self.refunded),
            "0.00",
            fee_text(self.fees),
        ]
        yield line(sums if classic else [*sums, yuan(self.total), yuan(self.applied)])

    def rows(self) -> Iterator[list[str]]:
        """Yields the rows, the latest first."""
        found: list[tuple[float, Order, Refund | None]] = []
        if self.kind != "REFUND":
            found += [
                (each.paid_at, each, None)
                for each in self.merchant.orders.values()
                if self.holds(each.paid_at) and self.concerns(each)
            ]
        if self.kind != "SUCCESS":
            found += [
                (each.made_at, self.merchant.orders[each.out_trade_no], each)
                for each in self.merchant.refunds.values()
                if self.holds(each.made_at) and self.concerns(self.merchant.orders[each.out_trade_no])
            ]
        found.sort(key=lambda each: each[0], reverse=True)
        own = (self.payment(order) if back is None else self.refund(order, back) for _, order, back in found)
        return chain(own, self.ballast())

    def concerns(self, order: Order) -> bool:
        return self.sub_mchid in ("", order.sub_mchid)

    def holds(self, moment: float) -> bool:
        return self.start <= moment < self.start + DAY

    def payment(self, order: Order) -> list[str]:
        self.count += 1
        self.settled += order.payer_total
        self.fees += order.fee
        self.total += order.total
        money = ["CNY", yuan(order.payer_total), yuan(order.coupon)]
        empty = NO_REFUND if self.kind == "ALL" else []
        end = ["0.00", ""] if self.kind == "ALL" else [""]
        return [
            *self.head(order, order.paid_at, "SUCCESS"),
            *money,
            *empty,
            *self.goods(order, order.fee, order.total, end),
        ]

    def refund(self, order: Order, refund: Refund) -> list[str]:
        """Returns the line of a refund, and adds it to the totals.

        Its state is that of the next morning, when bills are generated, and is not updated later.
        """
        status = refund.status_at(self.start + DAY + SNAPSHOT)
        self.count += 1
        self.refunded += refund.payer_amount
        self.fees -= refund.fee
        self.applied += refund.amount
        done = moments.in_bill(refund.turns[-1].at) if status == "SUCCESS" else ""
        times = [moments.in_bill(refund.made_at), done] if self.kind == "REFUND" else []
        back = [
            refund.refund_id,
            refund.out_refund_no,
            yuan(refund.payer_amount),
            "0.00",
            "ORIGINAL",
            STATES[status],
        ]
        money = ["CNY", "0.00", "0.00", *times]
        end = self.goods(order, -refund.fee, 0, [yuan(refund.amount), ""])
        return [
            *self.head(order, refund.made_at, "REVOKED" if refund.reversal else "REFUND"),
            *money,
            *back,
            *end,
        ]

    def head(self, order: Order, at: float, state: str) -> list[str]:
        return [
            moments.in_bill(at),
            order.appid,
            self.merchant.mchid,
            order.sub_mchid or "0",
            order.device,
            order.transaction_id,
            order.out_trade_no,
            order.payer,
            order.trade_type,
            state,
            order.bank,
        ]

    def goods(self, order: Order, fee: int, total: int, end: list[str]) -> list[str]:
        """Returns the last columns of a line; the classic layout ends with the rate."""
        goods = [escaped(order.description), escaped(order.attach), fee_text(fee), self.rate]
        return goods if self.layout.classic else [*goods, yuan(total), *end]

    @property
    def rate(self) -> str:
        return f"{self.merchant.fee_rate / 100:.2f}%"

    def ballast(self) -> Iterator[list[str]]:
        for each in self.merchant.ballast:
            if each.day == self.day and self.kind != "REFUND":
                yield from (self.payment(self.invented(each, number)) for number in range(each.count))

    def invented(self, ballast: Ballast, number: int) -> Order:
        """Returns an invented order, deterministic by its number; all are paid at noon without a fee."""
        return Order(
            f"{ballast.prefix}{number:010d}",
            appid=(self.merchant.appids or [""])[0],
            trade_type="JSAPI",
            total=ballast.total,
            description="压力测试",
            paid_at=self.start + DAY / 2,
            transaction_id=f"4200009999{self.day.replace('-', '')}{number:010d}",
            payer="oBallast",
            bank="OTHERS",
        )


def line(values: list[str]) -> str:
    return "`" + ",`".join(values)


def yuan(fen: int) -> str:
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def fee_text(fen: int) -> str:
    return f"{yuan(fen)}000"


def escaped(text: str) -> str:
    return text.replace(",", "\\ ").replace("\r", "").replace("\n", "\\n").replace('"', '\\"')
