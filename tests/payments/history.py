"""The random histories of payments with the simulator: both clocks move together, any answer may be lost."""

import contextlib
import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests
import time_machine
from django.db import connection
from django.utils import timezone

from payments.merchants.directory import cashier_for
from payments.merchants.models import Merchant
from payments.orders import ordering, polling
from payments.orders.models import Order, Refund
from payments.orders.ordering import OrderRefused, OrderRequest, Uncertain
from payments.orders.refunds import refunding
from payments.orders.states import RefundState
from tests.simulated import Simulated
from wechat.kernel import work
from wechat.sdk.errors import WeChatError

PLACING, CLOSING = "/v3/pay/transactions/jsapi", "/v3/pay/transactions/out-trade-no/{out_trade_no}/close"
REFUNDING = "/v3/refund/domestic/refunds"
NEXT_MORNING = datetime.time(10, 30, tzinfo=timezone.get_fixed_timezone(480))


class SimulatedCrash(BaseException):
    """An exception that no code of the console catches."""


@dataclass
class CrashingWrapper:
    """A wrapper of database statements, which raises ``SimulatedCrash`` after a number of them."""

    left: int

    def __call__(self, execute: Callable[..., Any], *statement: Any) -> Any:
        if self.left == 0:
            raise SimulatedCrash
        self.left -= 1
        return execute(*statement)


@dataclass
class History:
    """A history of payments, with one method for each event.

    ``recover`` runs all automatic recovery afterwards.
    """

    simulated: Simulated
    merchant: Merchant
    traveller: time_machine.Traveller
    orders: list[Order] = field(default_factory=list)

    def order(self, fen: int, fault: dict[str, Any]) -> None:
        with self.faulty(PLACING, fault):
            made = ordering.create(self.wanted(fen))
            self.orders.append(made)
            with contextlib.suppress(Uncertain, OrderRefused):
                ordering.place(made)

    def crash_while_ordering(self, fen: int) -> None:
        """Places an order, and crashes before recording that WeChat Pay accepted it."""
        made = ordering.create(self.wanted(fen))
        self.orders.append(made)
        with contextlib.suppress(WeChatError):
            ordering._called(cashier_for(made.merchant, made.protocol), made)

    def pay(self, number: int, fault: dict[str, Any], *, late: bool) -> None:
        if self.orders:
            order = self.orders[number % len(self.orders)]
            with self.faulty("notification", fault):
                body = {
                    "mchid": self.merchant.mchid,
                    "out_trade_no": order.out_trade_no,
                    "openid": order.openid,
                    "late": late,
                }
                # Paying a closed, paid or unknown order is refused, as on a phone.
                requests.post(f"{self.simulated.base}/_sim/pay", json=body, timeout=60)

    def close(self, number: int, fault: dict[str, Any]) -> None:
        if self.orders:
            order = Order.objects.get(pk=self.orders[number % len(self.orders)].pk)
            with self.faulty(CLOSING, fault):
                if order.is_open and polling.start_closing(order, by="test"):
                    polling.poll([Order.objects.select_related("account", "merchant").get(pk=order.pk)])

    def refund(self, number: int, fen: int, fault: dict[str, Any]) -> None:
        if self.orders:
            order = Order.objects.get(pk=self.orders[number % len(self.orders)].pk)
            with contextlib.suppress(OrderRefused), self.faulty(REFUNDING, fault):
                refunding.request(order, fen, source="test", key=f"{timezone.now().timestamp()}")
                work.run("orders.refund")

    def crash_while_refunding(self, number: int, fen: int) -> None:
        """Requests a refund, and crashes before recording the answer."""
        if self.orders:
            order = Order.objects.get(pk=self.orders[number % len(self.orders)].pk)
            with contextlib.suppress(OrderRefused, WeChatError):
                made = refunding.request(order, fen, source="test", key=f"{timezone.now().timestamp()}")
                Refund.objects.filter(pk=made.pk).update(calls=1)
                cashier_for(order.merchant, order.protocol).refund(refunding._new(made))

    def crash(self, after: int, doing: str, number: int, fen: int) -> None:
        """Crashes the process after a number of statements."""
        work: dict[str, Callable[[], None]] = {
            "ordering": lambda: self.order(fen, {}),
            "closing": lambda: self.close(number, {}),
            "refunding": lambda: self.refund(number, fen, {}),
            "working": self.work,
        }
        with contextlib.suppress(SimulatedCrash), connection.execute_wrapper(CrashingWrapper(after)):
            work[doing]()

    def end_refunds(self, state: str) -> None:
        self.fault(at="refund", ends=state, times=1)

    def pass_time(self, seconds: float) -> None:
        self.traveller.shift(seconds)
        self.simulated.pass_time(seconds)
        self.work()

    def work(self) -> None:
        work.run("orders.poll")
        work.run("orders.refund")
        work.run("notifications.handle")
        work.run("orders.publish")
        work.run("bills.fetch_bills")

    def recover(self) -> None:
        """Ends all faults, and moves the clock until the bills of these days are available."""
        requests.delete(f"{self.simulated.base}/_sim/pay/faults", timeout=60)
        for _again in range(4):
            self.pass_time(3600)
        for _day in range(2):
            self.pass_time(24 * 3600)
        morning = datetime.datetime.combine(
            timezone.now().astimezone(NEXT_MORNING.tzinfo).date() + datetime.timedelta(days=1), NEXT_MORNING
        )
        self.pass_time((morning - timezone.now()).total_seconds())
        self.pass_time(3600)

    def wanted(self, fen: int) -> OrderRequest:
        return OrderRequest(
            account=self.merchant.accounts.get(),
            merchant=self.merchant,
            source="test",
            key=f"{timezone.now().timestamp()}:{len(self.orders)}",
            way=Order.Way.JSAPI,
            total=fen,
            description="礼盒",
            openid=f"oPayer{len(self.orders) % 3}",
        )

    @contextlib.contextmanager
    def faulty(self, at: str, fault: dict[str, Any]) -> Any:
        """Applies a fault to the next call of this kind."""
        if fault:
            self.fault(at=at, times=1, **fault)
        yield

    def fault(self, **fault: Any) -> None:
        self.simulated.sim("/pay/faults", {"mchid": self.merchant.mchid, **fault})


def our_ledger(merchant: Merchant) -> dict[str, Any]:
    paid = Order.objects.filter(merchant=merchant, paid_at__isnull=False)
    taken = Refund.objects.filter(order__merchant=merchant, refund_id__isnull=False)
    going = [each for each in taken if each.state not in {RefundState.CLOSED, RefundState.REFUSED}]
    return {
        "payments": {each.out_trade_no: (each.transaction_id, each.total) for each in paid},
        "refunds": {each.out_refund_no: (each.refund_id, each.amount, each.state.upper()) for each in taken},
        "paid": sum(each.total for each in paid),
        "refunded": sum(each.amount for each in going),
    }


def their_ledger(simulated: Simulated, merchant: Merchant) -> dict[str, Any]:
    ledger = simulated.merchant_ledger(merchant.mchid)
    return {
        "payments": {
            each["out_trade_no"]: (each["transaction_id"], each["total"]) for each in ledger["payments"]
        },
        "refunds": {
            each["out_refund_no"]: (each["refund_id"], each["amount"], each["status"])
            for each in ledger["refunds"]
        },
        "paid": ledger["paid"],
        "refunded": ledger["refunded"],
    }
