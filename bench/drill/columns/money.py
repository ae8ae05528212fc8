"""The columns of orders and refunds: the database has to equal the merchant's ledger at WeChat Pay."""

from collections import Counter

from django.db.models import QuerySet

from bench.drill.columns.column import Column, once_each
from payments.orders import ordering
from payments.orders.models import Order, Refund

PRICE, GIVEN_BACK = 12_800, 100


class Orders(Column):
    """A shop that creates orders with its own numbers, until they are accepted, which a person then pays."""

    name = "order"
    pause = 2.0

    def prepare(self) -> None:
        self.numbers: list[str] = []

    def act(self, number: int) -> None:
        wanted = {"way": "native", "total": PRICE, "description": f"手工课 {self.mark}"}
        key, post = f"order-{self.mark}-{number}", self.there.caller.post
        made = self.client.until_accepted(lambda: post("/api/v1/orders", wanted, key)).json()
        self.there.platform.sim(
            "/pay", {"prepay": made["pay"]["code_url"], "openid": self.person(number), "wait": False}
        )
        self.numbers.append(made["out_trade_no"])
        self.acts += 1

    def waiting(self) -> int:
        return len(self.numbers) - self._paid().count()

    def wrong(self) -> list[str]:
        ledger = self.there.platform.merchant_ledger(self.there.merchant.mchid)
        there = Counter({each["out_trade_no"]: 0 for each in ledger["payments"]})
        there.update(each["out_trade_no"] for each in ledger["payments"])
        made = Order.objects.filter(account=self.there.account, description=f"手工课 {self.mark}")
        unpaid = len(self.numbers) - self._paid().count()
        ours = {each.out_trade_no: each.payer_total for each in self._paid()}
        theirs = {each["out_trade_no"]: each["payer_total"] for each in ledger["payments"]}
        differ = [number for number, total in ours.items() if theirs.get(number) != total]
        return [
            *once_each("payment", self.numbers, Counter({each: there[each] for each in self.numbers})),
            *([f"{made.count()} orders for {self.acts} requests"] if made.count() != self.acts else []),
            *([f"{unpaid} are not paid here"] if unpaid else []),
            *([f"{len(differ)} amounts differ, as of {differ[0]}"] if differ else []),
        ]

    def _paid(self) -> QuerySet[Order]:
        return Order.objects.filter(out_trade_no__in=self.numbers, paid_at__isnull=False)


class Refunds(Column):
    """A shop that refunds a part of paid orders, each refund with its own idempotency key."""

    name = "refund"
    pause = 2.0
    most = 5

    def prepare(self) -> None:
        self.orders = [self._sold(number) for number in range(self.most)]

    def act(self, number: int) -> None:
        if number >= self.most:
            return
        wanted = {"out_trade_no": self.orders[number], "amount": GIVEN_BACK}
        key, post = f"refund-{self.mark}-{number}", self.there.caller.post
        # The notification of its payment may still be in transit.
        self.client.until_accepted(lambda: post("/api/v1/refunds", wanted, key), also=frozenset({400}))
        self.acts += 1

    def waiting(self) -> int:
        return self.acts - self._refunds().filter(state="success").count()

    def wrong(self) -> list[str]:
        ledger = self.there.platform.merchant_ledger(self.there.merchant.mchid)
        given: Counter[str] = Counter()
        for each in ledger["refunds"]:
            given[each["out_trade_no"]] += each["amount"]
        wanted = dict.fromkeys(self.orders[: self.acts], GIVEN_BACK)
        differ = [number for number in self.orders if given[number] != wanted.get(number, 0)]
        open_ones = Counter(self._refunds().exclude(state="success").values_list("state", flat=True))
        return [
            *([f"{len(differ)} refunds differ, as of {differ[0]}"] if differ else []),
            *(f"{count} are {state} here" for state, count in open_ones.items()),
        ]

    def _refunds(self) -> QuerySet[Refund]:
        return Refund.objects.filter(order__out_trade_no__in=self.orders)

    def _sold(self, number: int) -> str:
        order = ordering.create(
            ordering.OrderRequest(
                account=self.there.account, merchant=self.there.merchant, source="drill",
                key=f"{self.mark}:{number}", way=Order.Way.NATIVE, total=PRICE, description="手工课",
            )
        )  # fmt: skip
        prepay = ordering.place(order).prepay
        self.there.platform.sim("/pay", {"prepay": prepay, "openid": self.person(number), "wait": False})
        return order.out_trade_no
