"""The conditions on recent messages and events of a follower, for segments and branches of sequences."""

import datetime
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers.comparisons import LATELY, days, lately
from accounts.followers.segments import ConditionKind, condition, family
from accounts.official.models import OfficialAccount
from wechat.console import codes
from wechat.inbox.models import InboundMessage
from wechat.kernel import rows_by_time

# What somebody wrote or said; events are told of by the platform.
WRITTEN = ("text", "image", "voice", "video", "shortvideo", "location", "link")
TAPS = (
    "click", "view", "view_miniprogram", "scancode_push", "scancode_waitmsg", "pic_sysphoto",
    "pic_photo_or_album", "pic_weixin", "location_select",
)  # fmt: skip


@condition("inbox.wrote", gettext_lazy("wrote a message"), LATELY, days)
def wrote(account: OfficialAccount, compare: str, value: int) -> Q:
    return lately(compare, value, partial(_senders, account, kind__in=WRITTEN))


@condition("inbox.tapped", gettext_lazy("tapped something in the menu"), LATELY, days)
def tapped(account: OfficialAccount, compare: str, value: int) -> Q:
    return lately(compare, value, partial(_senders, account, kind="event", event__in=TAPS))


@condition("inbox.opened", gettext_lazy("opened a page from the menu"), LATELY, days)
def opened(account: OfficialAccount, compare: str, value: int) -> Q:
    return lately(
        compare, value, partial(_senders, account, kind="event", event__in=["view", "view_miniprogram"])
    )


@family
def menu_items(account: OfficialAccount) -> Iterator[ConditionKind]:
    """Yields a condition for each item of the live menu that has a key."""
    for key, name in codes.menu_keys.offered(account.pk):
        label = _("tapped the menu item “%(name)s”") % {"name": name}
        yield ConditionKind(f"tap.{key}", label, LATELY, days, partial(_tapped_item, key))


def _tapped_item(key: str, account: OfficialAccount, compare: str, value: int) -> Q:
    return lately(compare, value, partial(_senders, account, kind="event", event__in=TAPS, text=key))


def _senders(
    account: OfficialAccount, since: datetime.datetime, **which: Any
) -> QuerySet[InboundMessage, str]:
    rows = InboundMessage.objects.filter(account=account, **which)
    return rows_by_time.between(rows, "received_at", since, None).order_by().values_list("openid", flat=True)
