"""The activity of followers, as messages and refused calls show it: last seen, followed, left.

Messages may be handled in any order, and twice.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, F, Q, QuerySet, Value, When

from accounts.followers import newcomers
from accounts.followers.models import Follower

# The code of WeChat's refusal of a call for somebody who does not follow the account.
REQUIRES_FOLLOWING = 43004
# A scene that is a number has at most 32 bits; a text of digits may be longer.
DIGITS_OF_A_SCENE = 10

# One statement must not update a row twice, so only the newest message of each follower is used; an older
# message that is handled later changes nothing.
UPSERT = """
INSERT INTO followers_follower
    (account_id, openid, unionid, subscribed, subscribe_scene, remark, last_seen_at, last_seen_kind)
SELECT account_id, openid, '', TRUE, '', '', seen_at, kind
FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::text[])
    AS seen(account_id, openid, seen_at, kind)
ORDER BY account_id, openid
ON CONFLICT (account_id, openid) DO UPDATE SET
    last_seen_at = excluded.last_seen_at, last_seen_kind = excluded.last_seen_kind
WHERE followers_follower.last_seen_at IS NULL OR followers_follower.last_seen_at < excluded.last_seen_at
RETURNING account_id, openid, xmax = 0
"""


@dataclass(frozen=True, slots=True)
class Sighting:
    """An activity of a follower at a moment; ``kind`` is the type of the message or the name of the event."""

    account_id: int
    openid: str
    at: datetime.datetime
    kind: str


@transaction.atomic
def seen(sightings: Iterable[Sighting]) -> None:
    """Records when each follower was seen last; creates a follower for an unknown openid."""
    newest = {
        (one.account_id, one.openid): one for one in sorted(sightings, key=lambda sighting: sighting.at)
    }
    if not newest:
        return
    columns = zip(*[(one.account_id, one.openid, one.at, one.kind) for one in newest.values()], strict=True)
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, [list(column) for column in columns])
        made = [(account_id, openid) for account_id, openid, is_new in cursor.fetchall() if is_new]
    for account_id, new in groupby(sorted(made), key=itemgetter(0)):
        newcomers.notify(account_id, [openid for _account_id, openid in new])


def followed(account_id: int, openid: str, at: datetime.datetime, scene: str) -> None:
    """Records that somebody followed; ``scene`` is that of the QR code they scanned, or the empty text."""
    later = Q(unsubscribed_at__isnull=True) | Q(unsubscribed_at__lte=at)
    news = Q(subscribed_at__isnull=True) | Q(subscribed_at__lt=at)
    _follower(account_id, openid).filter(news).update(
        subscribed=Case(When(later, then=Value(value=True)), default=F("subscribed")),
        subscribed_at=at,
        first_subscribed_at=_earlier("first_subscribed_at", at),
        profiled_at=None,
        **_code_of(scene),
    )


def left(account_id: int, openid: str, at: datetime.datetime) -> None:
    """Records that somebody unfollowed."""
    stayed_gone = Q(subscribed_at__isnull=True) | Q(subscribed_at__lte=at)
    news = Q(unsubscribed_at__isnull=True) | Q(unsubscribed_at__lt=at)
    _follower(account_id, openid).filter(news).update(
        subscribed=Case(When(stayed_gone, then=Value(value=False)), default=F("subscribed")),
        unsubscribed_at=at,
    )


def found_gone(account_id: int, openid: str, at: datetime.datetime) -> None:
    """Records that WeChat refused a call for somebody who does not follow; the call began at that moment.

    Whoever followed or was seen since stays a follower, and who is known to have left has left when they did.
    """
    # The platform's moments are whole seconds: somebody may follow in the second of the call, after it.
    second = at.replace(microsecond=0)
    not_since = Q(subscribed_at__isnull=True) | Q(subscribed_at__lt=second)
    unseen_since = Q(last_seen_at__isnull=True) | Q(last_seen_at__lt=second)
    known = _follower(account_id, openid).filter(not_since, unseen_since, subscribed=True)
    known.update(subscribed=False, unsubscribed_at=second)


def scene_number(scene: str) -> int | None:
    """Returns the number a QR code was made with, or ``None`` for the scene of a code made with a text."""
    return int(scene) if scene.isdecimal() and len(scene) <= DIGITS_OF_A_SCENE else None


def _code_of(scene: str) -> dict[str, Any]:
    """Returns the columns about the scanned QR code; without one, empty values until the profile is read."""
    code: dict[str, Any] = {"subscribe_scene": "", "qr_scene": 0, "qr_scene_str": ""}
    if not scene:
        return code
    number = scene_number(scene)
    scenes = {"qr_scene_str": scene[:64]} if number is None else {"qr_scene": number}
    return {**code, "subscribe_scene": "ADD_SCENE_QR_CODE", **scenes}


def _follower(account_id: int, openid: str) -> QuerySet[Follower]:
    return Follower.objects.filter(account_id=account_id, openid=openid)


def _earlier(name: str, moment: datetime.datetime) -> Case:
    return Case(When(**{f"{name}__isnull": True}, then=Value(moment)), default=F(name))
