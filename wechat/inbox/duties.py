"""What a message means for the follower it came from: made when new, seen, followed, left."""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Case, F, Q, QuerySet, Value, When

from accounts.followers.models import Follower
from accounts.followers.sync_requests import ask_soon
from wechat.inbox.models import InboundMessage

# These come from a helper of the platform or speak of somebody else: nobody was seen.
NOT_BY_THE_FOLLOWER = frozenset(
    {
        "templatesendjobfinish", "masssendjobfinish", "publishjobfinish", "wxa_media_check",
        "subscribe_msg_sent_event", "user_info_modified", "user_authorization_revoke",
        "user_authorization_cancellation", "qualification_verify_success", "qualification_verify_fail",
        "naming_verify_success", "naming_verify_fail", "annual_renew", "verify_expired",
        "kf_create_session", "kf_close_session", "kf_switch_session",
    }
)  # fmt: skip

# A scene that is a number has at most 32 bits; a text of digits may be longer.
LONGEST_NUMBER = 11

# Rows of one statement must not touch a follower twice, so each follower's newest message speaks; an
# older message that is handled later changes nothing.
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
"""


def keep_followers_fresh(rows: Sequence[InboundMessage]) -> None:
    """Runs twice without harm, and in any order of messages."""
    by_follower = [row for row in rows if row.openid and row.event not in NOT_BY_THE_FOLLOWER]
    _seen(by_follower)
    for row in sorted(by_follower, key=lambda row: row.sent_at):
        if row.event == "subscribe":
            _followed(row)
        elif row.event == "unsubscribe":
            _left(row)
    if came := {row.account_id for row in by_follower if row.event == "subscribe"}:
        ask_soon(came)


def _seen(rows: Iterable[InboundMessage]) -> None:
    newest: dict[tuple[int, str], InboundMessage] = {}
    for row in sorted(rows, key=lambda row: row.sent_at):
        newest[row.account_id, row.openid] = row
    if not newest:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            UPSERT,
            [
                [row.account_id for row in newest.values()],
                [row.openid for row in newest.values()],
                [row.sent_at for row in newest.values()],
                [row.event or row.kind for row in newest.values()],
            ],
        )


def _followed(row: InboundMessage) -> None:
    later = Q(unsubscribed_at__isnull=True) | Q(unsubscribed_at__lte=row.sent_at)
    _follower(row).filter(Q(subscribed_at__isnull=True) | Q(subscribed_at__lt=row.sent_at)).update(
        subscribed=Case(When(later, then=Value(value=True)), default=F("subscribed")),
        subscribed_at=row.sent_at,
        first_subscribed_at=_earlier("first_subscribed_at", row.sent_at),
        profiled_at=None,
        **_code_of(row),
    )


def _code_of(row: InboundMessage) -> dict[str, Any]:
    """The code with parameters that somebody followed by; without one the platform knows how they came."""
    scene = row.message.event_key.removeprefix("qrscene_")
    code: dict[str, Any] = {"subscribe_scene": "", "qr_scene": 0, "qr_scene_str": ""}
    if not scene:
        return code
    is_number = scene.isdecimal() and len(scene) < LONGEST_NUMBER
    scenes = {"qr_scene": int(scene)} if is_number else {"qr_scene_str": scene[:64]}
    return {**code, "subscribe_scene": "ADD_SCENE_QR_CODE", **scenes}


def _left(row: InboundMessage) -> None:
    stayed_gone = Q(subscribed_at__isnull=True) | Q(subscribed_at__lte=row.sent_at)
    _follower(row).filter(Q(unsubscribed_at__isnull=True) | Q(unsubscribed_at__lt=row.sent_at)).update(
        subscribed=Case(When(stayed_gone, then=Value(value=False)), default=F("subscribed")),
        unsubscribed_at=row.sent_at,
    )


def _follower(row: InboundMessage) -> QuerySet[Follower]:
    return Follower.objects.filter(account_id=row.account_id, openid=row.openid)


def _earlier(name: str, moment: datetime.datetime) -> Case:
    return Case(When(**{f"{name}__isnull": True}, then=Value(moment)), default=F(name))
