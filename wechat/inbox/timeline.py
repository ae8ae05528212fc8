"""The moments of a follower's timeline that come from messages and their immediate answers."""

import datetime
from collections.abc import Iterator

from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from accounts.followers import timeline
from accounts.followers.labels import name_of
from accounts.followers.models import Follower
from accounts.followers.timeline import Moment
from accounts.staff.rights import Area
from wechat.inbox import event_names
from wechat.inbox.models import NOT_A_RECEIPT, InboundMessage

SHOWN = 120


@timeline.adds_moments(Area.MESSAGES)
def received(follower: Follower, before: datetime.datetime | None, limit: int) -> Iterator[Moment]:
    rows = InboundMessage.objects.filter(account=follower.account_id, openid=follower.openid)
    # The follower's row itself remembers when they came and went.
    rows = rows.filter(NOT_A_RECEIPT).exclude(event__in=["subscribe", "unsubscribe"])
    if before is not None:
        rows = rows.filter(received_at__lt=before)
    newest = sorted(rows.order_by("-pk")[:limit], key=lambda row: row.received_at, reverse=True)
    event_names.attach_event_names(newest)
    for row in newest:
        yield Moment(row.received_at, name_of(row.kind, row.event), _text(row), _link(row))


def _text(row: InboundMessage) -> str:
    text = Truncator(row.read).chars(SHOWN)
    if row.kind == "text" and not row.answered_by:
        return _("%(text)s (no rule answered)") % {"text": text}
    return text


def _link(row: InboundMessage) -> str:
    return reverse("admin:inbox_inboundmessage_change", args=[row.pk])
