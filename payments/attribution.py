"""What the followers of a channel paid for: a payment is put down to the channel that first brought them."""

from collections.abc import Mapping

from django.db.models import Count, F, OuterRef, Subquery, Sum

from accounts.models import OfficialAccount
from payments.models import Order
from wechat.channels import report
from wechat.channels.models import Attribution
from wechat.channels.report import Period, Revenue


@report.register_revenue
def by_channel(account: OfficialAccount, period: Period) -> Mapping[int, Revenue]:
    """Paid in the period, less what was given back of it."""
    known = Attribution.objects.filter(account=OuterRef("account"), openid=OuterRef("payer_openid"))
    paid = Order.objects.filter(account=account, paid_at__gte=period.begins, paid_at__lt=period.ends)
    found = (
        paid.annotate(channel=Subquery(known.values("first_channel")[:1]))
        .filter(channel__isnull=False)
        .order_by()
        .values("channel")
        .annotate(orders=Count("pk"), net=Sum(F("total") - F("refunded")))
    )
    return {row["channel"]: Revenue(row["orders"], row["net"]) for row in found}
