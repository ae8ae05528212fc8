"""The attribution of payments to channels: a payment counts for the channel that first brought the payer."""

from collections.abc import Mapping

from accounts.official.models import OfficialAccount
from payments.orders import revenue
from wechat.console.periods import Period
from wechat.console.revenue import Revenue


def by_channel(account: OfficialAccount, period: Period) -> Mapping[int, Revenue]:
    """Returns by channel the number of orders paid in the period, and the paid fen less refunds."""
    found = revenue.paid(account, period, [revenue.Facet.CHANNEL]).facets[revenue.Facet.CHANNEL]
    return {
        int(channel): Revenue(amounts.count, amounts.net) for channel, amounts in found.items() if channel
    }
