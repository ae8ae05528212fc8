"""The effect of a scan: it is counted once, with the follower's first and last channel, and who left.

Everything here may run twice and in any order of events, and gives the same rows.
"""

import datetime
from typing import Any

from django.db import connection
from django.db.models import Min, Q

from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from wechat.channels.models import Channel, Scan
from wechat.inbox.models import InboundMessage
from wechat.sdk.messages import Scan as Scanned
from wechat.sdk.messages import Subscribe

Kind = Scan.Kind
FOLLOWED = (Kind.NEW, Kind.AGAIN)

# The earlier scan is the first touch and the later one the last, whichever is handled first; of two in the
# same second the channel with the smaller id is the earlier.
ATTRIBUTE = """
INSERT INTO channels_attribution AS known
    (account_id, openid, first_channel_id, first_at, last_channel_id, last_at)
VALUES (%(account)s, %(openid)s, %(channel)s, %(at)s, %(channel)s, %(at)s)
ON CONFLICT (account_id, openid) DO UPDATE SET
    first_channel_id = CASE WHEN (excluded.first_at, excluded.first_channel_id)
        < (known.first_at, known.first_channel_id)
        THEN excluded.first_channel_id ELSE known.first_channel_id END,
    first_at = LEAST(known.first_at, excluded.first_at),
    last_channel_id = CASE WHEN (excluded.last_at, excluded.last_channel_id)
        > (known.last_at, known.last_channel_id)
        THEN excluded.last_channel_id ELSE known.last_channel_id END,
    last_at = GREATEST(known.last_at, excluded.last_at)
"""


def record(row: InboundMessage, message: Subscribe | Scanned) -> Channel | None:
    """Counts a scan, and returns the channel whose code it was.

    Returns ``None`` if the scene is no channel's of this account.
    """
    channel = Channel.objects.filter(account=row.account_id, scene=message.scene).first()
    if channel is not None:
        follower = _locked_follower(row)
        _count(channel, row, _kind(row, follower) if isinstance(message, Subscribe) else Kind.EXISTING)
        _attribute(channel, row)
    return channel


def note_leaving(row: InboundMessage) -> None:
    """Notes on the scans by which somebody had followed that they are gone as of now.

    Scans after which they had left before this keep their time.
    """
    _locked_follower(row)
    scans = Scan.objects.filter(
        account=row.account_id, openid=row.openid, kind__in=FOLLOWED, at__lte=row.sent_at
    )
    scans.filter(Q(left_at__isnull=True) | Q(left_at__gt=row.sent_at)).update(left_at=row.sent_at)


def _locked_follower(row: InboundMessage) -> Follower | None:
    """Returns the follower, with the row locked.

    Two workers must not handle a follow and a leaving of one person past each other.
    """
    followers = Follower.objects.select_for_update(no_key=True)
    return followers.filter(account=row.account_id, openid=row.openid).first()


def _count(channel: Channel, row: InboundMessage, kind: Kind) -> None:
    scan = Scan(
        account_id=row.account_id,
        channel=channel,
        openid=row.openid,
        kind=kind,
        at=row.sent_at,
        left_at=_left_after(row) if kind in FOLLOWED else None,
        message=row,
    )
    Scan.objects.bulk_create([scan], ignore_conflicts=True)
    if kind == Kind.NEW:
        # Handled late: what followed it was taken for the first time and was not.
        later = Scan.objects.filter(account=row.account_id, openid=row.openid, at__gt=row.sent_at)
        later.filter(kind=Kind.NEW).update(kind=Kind.AGAIN)


def _kind(row: InboundMessage, follower: Follower | None) -> Kind:
    has_followed = _has_followed(row.account_id, row.openid, follower, row.sent_at)
    return Kind.AGAIN if has_followed else Kind.NEW


def has_followed_before(account: OfficialAccount, openid: str, moment: datetime.datetime) -> bool:
    """Returns whether somebody who follows at that moment is back, and no new follower."""
    follower = Follower.objects.filter(account=account, openid=openid).first()
    return _has_followed(account.pk, openid, follower, moment)


def _has_followed(account_id: int, openid: str, follower: Follower | None, moment: datetime.datetime) -> bool:
    """Returns whether somebody followed or left before that moment."""
    known = follower or Follower()
    moments = (known.first_subscribed_at, known.subscribed_at, known.unsubscribed_at)
    if any(each is not None and each < moment for each in moments):
        return True
    earlier = Scan.objects.filter(account=account_id, openid=openid, at__lt=moment)
    return earlier.filter(kind__in=FOLLOWED).exists()


def _left_after(row: InboundMessage) -> datetime.datetime | None:
    """Returns the first leaving since, where it was handled before this."""
    left = InboundMessage.objects.filter(
        account=row.account_id, openid=row.openid, event="unsubscribe", sent_at__gte=row.sent_at
    )
    first: datetime.datetime | None = left.aggregate(first=Min("sent_at"))["first"]
    return first


def _attribute(channel: Channel, row: InboundMessage) -> None:
    values: dict[str, Any] = {
        "account": row.account_id,
        "openid": row.openid,
        "channel": channel.pk,
        "at": row.sent_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(ATTRIBUTE, values)
