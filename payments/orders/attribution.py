"""What the followers of a channel paid for: a payment is put down to the channel that first brought them."""

from collections.abc import Mapping

from accounts.official.models import OfficialAccount
from payments.orders import revenue
from wechat.console.periods import Period
from wechat.console.revenue import Revenue


def by_channel(account: OfficialAccount, period: Period) -> Mapping[int, Revenue]:
    """Returns by channel how many orders were paid in the period, and the fen paid less those refunded."""
    found = revenue.paid(account, period, [revenue.Facet.CHANNEL]).facets[revenue.Facet.CHANNEL]
    return {
        int(channel): Revenue(amounts.count, amounts.net) for channel, amounts in found.items() if channel
    }
