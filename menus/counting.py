"""The counting of taps, each counted once however often its message is handled."""

import datetime

from django.db import connection, transaction
from django.utils import timezone

from menus.answering import TappableButton
from wechat.inbox.models import InboundMessage

# One statement: the tap's row is what makes it count, so a second run changes nothing, and two followers
# who tap at once only wait for each other's line of the day.
COUNT = """
WITH tap AS (
    INSERT INTO menus_tap (message_id, account_id, version_id, uid, openid, at)
    SELECT %(message)s, %(account)s, id, %(uid)s, %(openid)s, %(at)s
    FROM menus_version WHERE id = %(version)s
    ON CONFLICT (message_id) DO NOTHING
    RETURNING version_id
), tapper AS (
    INSERT INTO menus_tapper (version_id, uid, openid)
    SELECT version_id, %(uid)s, %(openid)s FROM tap
    ON CONFLICT (version_id, uid, openid) DO NOTHING
    RETURNING version_id
)
INSERT INTO menus_tapday (version_id, uid, day, taps, followers)
SELECT version_id, %(uid)s, %(day)s, 1, (SELECT count(*) FROM tapper) FROM tap
ON CONFLICT (version_id, uid, day) DO UPDATE SET
    taps = menus_tapday.taps + 1, followers = menus_tapday.followers + excluded.followers
"""


def count(row: InboundMessage, entry: TappableButton) -> bool:
    """Counts a tap; returns ``False`` if it was counted before, or its version is gone."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            COUNT,
            {
                "message": row.pk,
                "account": row.account_id,
                "version": entry.version_id,
                "uid": entry.uid,
                "openid": row.openid,
                "at": row.sent_at,
                "day": day_of(row.sent_at),
            },
        )
        return bool(cursor.rowcount)


def day_of(at: datetime.datetime) -> datetime.date:
    return timezone.localdate(at)
