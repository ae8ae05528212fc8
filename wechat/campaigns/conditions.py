"""The conditions on what followers did with messages, for segments and branches of sequences."""

import datetime
from functools import partial

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy

from accounts.followers.comparisons import LATELY, days, lately
from accounts.followers.segments import condition
from accounts.official.models import OfficialAccount
from wechat.campaigns.models import Recipient


@condition("campaigns.tapped", gettext_lazy("tapped the link of a campaign"), LATELY, days)
def tapped(account: OfficialAccount, compare: str, value: int) -> Q:
    return lately(compare, value, partial(_tappers, account))


def _tappers(account: OfficialAccount, since: datetime.datetime) -> QuerySet[Recipient, str]:
    rows = Recipient.objects.filter(campaign__account=account, tapped_at__gte=since)
    return rows.order_by().values_list("openid", flat=True)
