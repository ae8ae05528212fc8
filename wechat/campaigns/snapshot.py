"""The selection of a campaign's recipients: one statement writes a row for each, with the kind or the reason.

Checking a draft and preparing an approved campaign are the same work.
"""

import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.followers.models import Follower
from accounts.followers.segments import UnknownCondition, fingerprint_of
from wechat.campaigns import audience_file, capping, counters
from wechat.campaigns.models import Campaign, Recipient
from wechat.kernel.subqueries import select_sql
from wechat.pushes import subscription_quota
from wechat.pushes.models import SendWindow, Template

LOCK_CLASS = 0x63616D70
# Kinds that need the follower's agreement.
BY_AGREEMENT = frozenset({Template.Kind.NOTICE, Template.Kind.SUBSCRIBE})

OF_TABLE = """
SELECT line.openid, follower.subscribed, follower.blacklisted, line.reason
FROM campaigns_audiencerow line
LEFT JOIN followers_follower follower ON follower.account_id = %s AND follower.openid = line.openid
WHERE line.campaign_id = %s
"""
FOLLOWERS = "SELECT openid, subscribed, blacklisted, '' FROM ({found}) AS found"
# The same openid falls into the same group every time the recipients of this campaign are selected.
INSERT = """
WITH asked(campaign, held_out, letters, uses_service, uses_template, by_agreement, template_kind, no_way) AS (
    VALUES (%s::bigint, %s::int, %s, %s::bool, %s::bool, %s::bool, %s, %s)
),
chosen(openid, subscribed, blacklisted, fault) AS ({chosen}),
may_talk AS ({may_talk}),
agreed AS ({agreed}),
recent AS ({recent}),
weighed AS (
    SELECT chosen.openid,
        CASE
            WHEN asked.uses_service AND may_talk.openid IS NOT NULL THEN 'service'
            WHEN asked.uses_template AND (NOT asked.by_agreement OR agreed.openid IS NOT NULL)
                THEN asked.template_kind
            ELSE '' END AS kind,
        CASE
            WHEN chosen.subscribed IS NULL THEN 'stranger'
            WHEN NOT chosen.subscribed THEN 'unfollowed'
            WHEN chosen.blacklisted THEN 'blacklisted'
            WHEN chosen.fault <> '' THEN chosen.fault
            WHEN recent.openid IS NOT NULL THEN 'recently'
            ELSE '' END AS fault,
        ('x' || substr(hash, 1, 6))::bit(24)::int %% 100 AS place,
        ('x' || substr(hash, 7, 6))::bit(24)::int AS lot
    FROM chosen
    CROSS JOIN asked
    CROSS JOIN LATERAL (SELECT md5(asked.campaign || ':' || chosen.openid)) AS hashed(hash)
    LEFT JOIN may_talk ON may_talk.openid = chosen.openid
    LEFT JOIN agreed ON agreed.openid = chosen.openid
    LEFT JOIN recent ON recent.openid = chosen.openid
), judged AS (
    SELECT openid, kind, place, lot,
        CASE WHEN fault <> '' THEN fault WHEN kind = '' THEN asked.no_way ELSE '' END AS reason
    FROM weighed CROSS JOIN asked
)
INSERT INTO campaigns_recipient (campaign_id, openid, kind, letter, state, reason)
SELECT campaign, openid,
    CASE WHEN state = 'waiting' THEN kind ELSE '' END,
    CASE WHEN state = 'waiting' THEN substr(letters, 1 + lot %% length(letters), 1) ELSE '' END,
    state, reason
FROM judged
CROSS JOIN asked
CROSS JOIN LATERAL (
    SELECT CASE WHEN reason <> '' THEN 'excluded' WHEN place < held_out THEN 'control' ELSE 'waiting' END
) AS outcome(state)
"""


class AudienceGone(Exception):
    """The error for a segment or tag that was deleted, or a condition on something that was deleted."""


class AudienceChanged(Exception):
    """The error for a segment that asks something else than when the campaign was looked at."""


def take(campaign: Campaign) -> bool:
    """Writes the recipients anew. Raises ``AudienceGone`` and ``AudienceChanged``.

    Returns ``False`` if another worker is doing that, or the campaign was edited.
    """
    if campaign.state == Campaign.State.PREPARING and campaign.is_segment_changed:
        raise AudienceChanged
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK_CLASS, campaign.pk])
        if cursor.fetchone() != (True,):
            return False
        if campaign.audience == Campaign.Audience.FILE:
            audience_file.record_verdicts(campaign)
        cursor.execute("DELETE FROM campaigns_recipient WHERE campaign_id = %s", [campaign.pk])
        sql, parameters = _statement(campaign)
        cursor.execute(sql, parameters)
        if cursor.rowcount > 1000:
            # Without fresh statistics the planner would assume that the table has no such rows.
            cursor.execute("ANALYZE campaigns_recipient")
        return _save_result(campaign)


def _save_result(campaign: Campaign) -> bool:
    """Saves the result on the campaign; returns ``False``, and rolls back, if it was edited meanwhile."""
    tally = counters.counted(campaign)
    prepared = campaign.state == Campaign.State.PREPARING
    now = timezone.now()
    changes: dict[str, Any] = {"checked_at": now, "tally": tally, "tallied_at": now, "trouble": ""}
    if prepared:
        changes |= {"state": Campaign.State.RUNNING, "prepared_at": now, "started_at": now, "due_at": now}
    else:
        changes |= {"due_at": None, "segment_fingerprint": fingerprint_of(campaign.segment)}
    same = Campaign.objects.filter(pk=campaign.pk, version=campaign.version, state=campaign.state)
    kept = bool(same.update(**changes))
    if not kept:
        transaction.set_rollback(True)
    return kept


def audience(campaign: Campaign) -> "QuerySet[Follower]":
    """Returns the followers of the campaign's audience, other than a table. Raises ``AudienceGone``."""
    followers = Follower.objects.filter(account=campaign.account_id)
    match campaign.audience:
        case Campaign.Audience.SEGMENT:
            if campaign.segment is None:
                raise AudienceGone
            try:
                return followers.filter(campaign.segment.condition())
            except UnknownCondition as error:
                raise AudienceGone from error
        case Campaign.Audience.TAG:
            if campaign.tag is None:
                raise AudienceGone
            return followers.filter(tags=campaign.tag)
    return followers.filter(subscribed=True)


def _statement(campaign: Campaign) -> tuple[str, list[Any]]:
    parts = {
        "chosen": _chosen(campaign),
        "may_talk": _may_talk(campaign),
        "agreed": _agreed(campaign),
        "recent": _recent(campaign),
    }
    kind = campaign.template.kind if campaign.template else ""
    asked = [
        campaign.pk,
        campaign.held_out,
        "".join(sorted(campaign.variants.values_list("letter", flat=True))),
        campaign.uses_service,
        campaign.uses_template,
        kind in BY_AGREEMENT,
        kind,
        Recipient.Reason.NOT_AGREED if campaign.uses_template else Recipient.Reason.NO_WAY,
    ]
    parameters = [*asked, *(each for _sql, given in parts.values() for each in given)]
    return INSERT.format(**{name: sql for name, (sql, _given) in parts.items()}), parameters


def _chosen(campaign: Campaign) -> tuple[str, list[Any]]:
    if campaign.audience == Campaign.Audience.FILE:
        return OF_TABLE, [campaign.account_id, campaign.pk]
    sql, given = select_sql(audience(campaign).order_by().values_list("openid", "subscribed", "blacklisted"))
    return FOLLOWERS.format(found=sql), given


def _may_talk(campaign: Campaign) -> tuple[str, list[Any]]:
    """Returns the query for the openids whose send window allows a customer-service message now."""
    windows = SendWindow.objects.filter(account=campaign.account_id, left__gt=0, expires_at__gt=Now())
    return select_sql(windows.order_by().values_list("openid", flat=True).distinct())


def _agreed(campaign: Campaign) -> tuple[str, list[Any]]:
    template = campaign.template
    if template is None or template.kind not in BY_AGREEMENT:
        return "SELECT ''::text AS openid WHERE false", []
    usable = subscription_quota.usable(campaign.account, template.platform_id)
    return select_sql(usable.order_by().values_list("openid", flat=True).distinct())


def _recent(campaign: Campaign) -> tuple[str, list[Any]]:
    """Returns the query for the openids that were sent another unrequested message in the days of the cap."""
    if not campaign.cap_days:
        return "SELECT ''::text AS openid WHERE false", []
    since = timezone.now() - datetime.timedelta(days=campaign.cap_days)
    reached = capping.reached_since(campaign.account, since, exclude=campaign.cause)
    parts = [select_sql(each) for each in reached]
    return " UNION ".join(f"({sql})" for sql, _given in parts), [
        each for _sql, given in parts for each in given
    ]


def invalidate(campaign: Campaign) -> None:
    """Discards the check of a campaign after an edit, and increments the campaign's version."""
    Campaign.objects.filter(pk=campaign.pk).update(
        version=F("version") + 1, checked_at=None, tally=[], tallied_at=None, due_at=None
    )
