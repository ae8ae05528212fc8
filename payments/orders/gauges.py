"""The gauges of orders and refunds."""

import datetime
from collections.abc import Iterable, Iterator

from django.db.models import Count, QuerySet
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from accounts.official.models import OfficialAccount
from payments.orders.models import Order, Refund
from payments.orders.states import OPEN, SETTLED, RefundState
from wechat.kernel.exposition import gauges


@gauges("orders")
def orders_and_refunds() -> Iterator[Metric]:
    """Yields the numbers of unfinished orders and refunds by state, and of orders paid in the last hour.

    An index answers each query.
    """
    accounts = list(OfficialAccount.objects.values_list("pk", flat=True))
    orders = Order.objects.filter(account__in=accounts)
    yield _by_state("wechat_orders_open", "Orders that are not finished", orders, OPEN)
    unsettled = set(RefundState) - SETTLED
    refunds = Refund.objects.filter(account__in=accounts)
    yield _by_state("wechat_refunds_open", "Refunds that are not finished", refunds, unsettled)
    hour = timezone.now() - datetime.timedelta(hours=1)
    paid = orders.filter(paid_at__gte=hour).count()
    yield GaugeMetricFamily("wechat_orders_paid_last_hour", "Orders paid in the last hour", value=paid)


def _by_state(
    name: str, help_text: str, rows: QuerySet[Order] | QuerySet[Refund], states: Iterable[str]
) -> Metric:
    found = GaugeMetricFamily(name, help_text, labels=["state"])
    counted = dict(rows.filter(state__in=states).order_by().values_list("state").annotate(number=Count("pk")))
    for state in sorted(states):
        found.add_metric([state], counted.get(state, 0))
    return found
