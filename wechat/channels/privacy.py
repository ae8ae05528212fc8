"""The channels of a follower: on their page, and when they are erased."""

import datetime
from collections.abc import Iterator

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.followers import erasing, timeline
from accounts.followers.erasing import Holding
from accounts.followers.models import Follower
from accounts.followers.timeline import Moment, Panel, PanelLine
from accounts.staff.rights import Area
from wechat.channels.models import Attribution, Channel, Scan


@timeline.adds_moments(Area.FOLLOWERS)
def scanned(follower: Follower, before: datetime.datetime | None, limit: int) -> Iterator[Moment]:
    rows = _scans(follower).select_related("channel")
    if before is not None:
        rows = rows.filter(at__lt=before)
    for scan in rows.order_by("-at", "-pk")[:limit]:
        text = f"{scan.channel} · {scan.get_kind_display()}"
        yield Moment(scan.at, _("scanned a channel's code"), text, _page(scan.channel), "good")


@timeline.adds_panel(order=20)
def came_by(follower: Follower) -> Panel | None:
    """Returns the first and the last channel that the follower came by, if there is any."""
    touches = _touches(follower).select_related("first_channel", "last_channel").first()
    if touches is None:
        return None
    first, last = touches.first_channel, touches.last_channel
    return Panel(
        _("Channels they came by"),
        [
            PanelLine(_("First channel"), first.name, _page(first)),
            PanelLine(_("Last channel"), last.name, _page(last)),
        ],
    )


@erasing.holds
def scans(follower: Follower) -> Holding | None:
    """Returns the follower's scans as something to erase.

    They stay as numbers: without them the channels' figures would shrink afterwards.
    """
    rows, touches = _scans(follower), _touches(follower)
    count = rows.count()
    if not count and not touches.exists():
        return None
    what = ngettext(
        "which channels they came by: %d scan stays in the figures without a name, and what they paid for is"
        " no longer put down to a channel",
        "which channels they came by: %d scans stay in the figures without a name, and what they paid for is"
        " no longer put down to a channel",
        count,
    )

    def erase() -> None:
        rows.update(openid="", message=None)
        touches.delete()

    return Holding(what % count, erase)


def _scans(follower: Follower) -> QuerySet[Scan]:
    return Scan.objects.filter(account=follower.account_id, openid=follower.openid)


def _touches(follower: Follower) -> QuerySet[Attribution]:
    return Attribution.objects.filter(account=follower.account_id, openid=follower.openid)


def _page(channel: Channel) -> str:
    return reverse("admin:channels_channel_change", args=[channel.pk])
