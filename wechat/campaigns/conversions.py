"""The registry of what recipients paid after a campaign.

@register
def paid(account, openids, since): return Revenue(orders, fen)
"""

import datetime
from collections.abc import Callable

from django.db.models import QuerySet

from accounts.official.models import OfficialAccount
from wechat.campaigns.models import Campaign, Recipient
from wechat.console.revenue import Revenue
from wechat.kernel.registry import Registry

# An order later than that has other reasons.
WITHIN = datetime.timedelta(days=7)


# ``openids`` is a query for one column, of up to millions of rows: to be used as a subquery.
Source = Callable[
    [OfficialAccount, "QuerySet[Recipient, str]", datetime.datetime, datetime.datetime], Revenue
]

_sources: Registry[Source] = Registry("source of revenue after a campaign")


def register(source: Source) -> Source:
    return _sources.register(source)


def known() -> bool:
    return bool(_sources)


def after(campaign: Campaign, recipients: "QuerySet[Recipient]") -> Revenue:
    """Returns what these recipients paid for within a week after the campaign began."""
    begun = campaign.started_at
    total = Revenue()
    if begun is None:
        return total
    openids = recipients.order_by().values_list("openid", flat=True)
    for source in _sources:
        total += source(campaign.account, openids, begun, begun + WITHIN)
    return total
