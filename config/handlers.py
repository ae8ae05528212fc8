"""The links between apps of one level, which must not import each other."""

import datetime
from collections.abc import Iterator

from accounts.official.models import OfficialAccount
from menus import statistics
from payments.orders.models import Order


@statistics.register
def paid_orders(account: OfficialAccount, since: datetime.datetime) -> Iterator[statistics.Purchase]:
    """Yields what followers paid, less refunds, for the statistics of menu buttons."""
    paid = Order.objects.filter(account=account, paid_at__gte=since).exclude(payer_openid="")
    rows = paid.order_by("paid_at").values_list("payer_openid", "paid_at", "total", "refunded")
    for openid, paid_at, total, refunded in rows.iterator():
        assert paid_at is not None
        yield statistics.Purchase(openid, paid_at, total - refunded)
