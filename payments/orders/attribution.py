"""What the followers of a channel paid for: a payment is put down to the channel that first brought them."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from accounts.official.models import OfficialAccount
from wechat.channels.models import Attribution
from wechat.channels.report import Period, Revenue

# By payer first: there are fewer of them than of orders, and each is looked up once.
PAID = """
SELECT known.first_channel_id, sum(payer.orders)::bigint, sum(payer.total)::bigint,
    sum(payer.refunded)::bigint
FROM (
    SELECT payer_openid, count(*) AS orders, sum(total) AS total, sum(refunded) AS refunded
    FROM orders_order
    WHERE account_id = %(account)s AND paid_at >= %(begins)s AND paid_at < %(ends)s
    GROUP BY payer_openid
) AS payer
JOIN channels_attribution AS known ON known.account_id = %(account)s AND known.openid = payer_openid
WHERE known.first_channel_id IS NOT NULL
GROUP BY known.first_channel_id ORDER BY 3 DESC
"""


@dataclass(frozen=True, slots=True)
class Share:
    """Of one channel, by its id; amounts in fen."""

    channel: int
    orders: int
    total: int
    refunded: int


def shares(account: OfficialAccount, period: Period) -> list[Share]:
    """Returns what was paid in the period, the most first."""
    if not Attribution.objects.filter(account=account).exists():
        return []
    with connection.cursor() as cursor:
        cursor.execute(PAID, {"account": account.pk, "begins": period.begins, "ends": period.ends})
        return [Share(*row) for row in cursor.fetchall()]


def by_channel(account: OfficialAccount, period: Period) -> Mapping[int, Revenue]:
    """Paid in the period, less what was given back of it."""
    return {one.channel: Revenue(one.orders, one.total - one.refunded) for one in shares(account, period)}
