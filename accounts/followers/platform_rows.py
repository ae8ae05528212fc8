"""The writing of the platform's data about followers: many rows a statement, unchanged rows left alone.

A profile is as old as the moment it was asked for. What a follower did after that, and changes made here that
were not yet sent to the platform, are newer and stay.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.followers import erasures, newcomers, tagging
from accounts.followers.models import Follower, Tag
from accounts.official import error_sentences
from accounts.official.models import OfficialAccount
from wechat.sdk import answers
from wechat.sdk.calls import tags as tags_api
from wechat.sdk.calls.tags import PlatformTag, TagList
from wechat.sdk.client import Client

LONGEST_REMARK = 30

KNOW = """
INSERT INTO followers_follower AS known
    (account_id, openid, unionid, subscribed, first_subscribed_at, subscribed_at, subscribe_scene, qr_scene,
     qr_scene_str, language, remark, last_seen_kind, profiled_at)
SELECT %(account)s, openid, unionid, TRUE, followed_at, followed_at, scene, qr_scene, qr_scene_str, language,
    remark, '', %(asked_at)s
FROM unnest(%(openids)s::text[], %(unionids)s::text[], %(followed)s::timestamptz[], %(scenes)s::text[],
    %(numbers)s::bigint[], %(channels)s::text[], %(languages)s::text[], %(remarks)s::text[])
    AS profile(openid, unionid, followed_at, scene, qr_scene, qr_scene_str, language, remark)
ORDER BY openid
ON CONFLICT (account_id, openid) DO UPDATE SET
    unionid = COALESCE(NULLIF(excluded.unionid, ''), known.unionid),
    subscribed = known.unsubscribed_at IS NULL OR known.unsubscribed_at <= %(asked_at)s,
    first_subscribed_at = LEAST(known.first_subscribed_at, excluded.subscribed_at),
    subscribed_at = GREATEST(known.subscribed_at, excluded.subscribed_at),
    subscribe_scene = excluded.subscribe_scene,
    qr_scene = excluded.qr_scene, qr_scene_str = excluded.qr_scene_str, language = excluded.language,
    remark = CASE WHEN EXISTS (
        SELECT FROM followers_change WHERE follower_id = known.id AND kind = 'remark' AND due_at IS NOT NULL
    ) THEN known.remark ELSE excluded.remark END,
    profiled_at = excluded.profiled_at
WHERE known.profiled_at IS NULL OR (
    known.subscribed, known.subscribed_at, known.subscribe_scene, known.qr_scene, known.qr_scene_str,
    known.language, known.remark, known.unionid
) IS DISTINCT FROM (
    TRUE, excluded.subscribed_at, excluded.subscribe_scene, excluded.qr_scene, excluded.qr_scene_str,
    excluded.language, excluded.remark, COALESCE(NULLIF(excluded.unionid, ''), known.unionid)
)
RETURNING openid, xmax = 0
"""
# Of erased people only the fact that they follow is stored.
STILL_FOLLOWING = """
INSERT INTO followers_follower AS known
    (account_id, openid, unionid, subscribed, subscribe_scene, remark, last_seen_kind, profiled_at)
SELECT %(account)s, openid, '', TRUE, '', '', '', %(asked_at)s
FROM unnest(%(openids)s::text[]) AS profile(openid)
ORDER BY openid
ON CONFLICT (account_id, openid) DO UPDATE SET profiled_at = excluded.profiled_at,
    subscribed = known.unsubscribed_at IS NULL OR known.unsubscribed_at <= excluded.profiled_at
WHERE known.profiled_at IS NULL OR NOT known.subscribed
"""
GONE = """
UPDATE followers_follower SET subscribed = FALSE, profiled_at = %(asked_at)s,
    unsubscribed_at = GREATEST(unsubscribed_at, %(asked_at)s)
WHERE account_id = %(account)s AND openid = ANY(%(openids)s) AND subscribed
    AND (subscribed_at IS NULL OR subscribed_at <= %(asked_at)s)
"""
# Profiles that the platform did not return are not asked for again until the follower does something.
UNANSWERED = """
UPDATE followers_follower SET profiled_at = %(asked_at)s
WHERE account_id = %(account)s AND openid = ANY(%(openids)s) AND profiled_at IS NULL
"""
TAGGED = """
WITH asked AS (
    SELECT id, openid FROM followers_follower
    WHERE account_id = %(account)s AND openid = ANY(%(openids)s)
), listed AS (
    SELECT asked.id AS follower_id, tag.id AS tag_id
    FROM unnest(%(tagged)s::text[], %(numbers)s::bigint[]) AS pair(openid, number)
    JOIN asked USING (openid)
    JOIN followers_tag AS tag ON tag.account_id = %(account)s AND tag.platform_id = pair.number
), waiting AS (
    SELECT follower_id, tag_id FROM followers_change
    WHERE follower_id IN (SELECT id FROM asked) AND kind = 'tag' AND due_at IS NOT NULL
), taken AS (
    DELETE FROM followers_follower_tags AS has USING asked, followers_tag AS tag
    WHERE has.follower_id = asked.id AND has.tag_id = tag.id AND tag.platform_id IS NOT NULL
        AND (has.follower_id, has.tag_id) NOT IN (SELECT follower_id, tag_id FROM listed)
        AND (has.follower_id, has.tag_id) NOT IN (SELECT follower_id, tag_id FROM waiting)
    RETURNING has.follower_id, has.tag_id
), given AS (
    INSERT INTO followers_follower_tags (follower_id, tag_id)
    SELECT DISTINCT follower_id, tag_id FROM listed
    WHERE (follower_id, tag_id) NOT IN (SELECT follower_id, tag_id FROM waiting)
    ON CONFLICT DO NOTHING
    RETURNING follower_id, tag_id
)
SELECT tag_id, TRUE, array_agg(follower_id) FROM given WHERE follower_id = ANY(%(profiled)s) GROUP BY tag_id
UNION ALL
SELECT tag_id, FALSE, array_agg(follower_id) FROM taken WHERE follower_id = ANY(%(profiled)s) GROUP BY tag_id
"""
BLOCKED = """
UPDATE followers_follower AS f SET blacklisted = (f.openid = ANY(%(openids)s))
WHERE account_id = %(account)s AND ((blacklisted AND %(is_whole)s) OR openid = ANY(%(openids)s))
    AND blacklisted <> (f.openid = ANY(%(openids)s))
    AND NOT EXISTS (
        SELECT FROM followers_change WHERE follower_id = f.id AND kind = 'blacklist' AND due_at IS NOT NULL
    )
"""


@dataclass(frozen=True, slots=True)
class ProfileUpdate:
    """The numbers of followers who were new, and of those who had left."""

    added: int
    left: int


def update_profiles(
    account: OfficialAccount,
    client: Client,
    asked: Sequence[str],
    profiles: Iterable[Mapping[str, Any]],
    asked_at: datetime.datetime,
) -> ProfileUpdate:
    """Stores the profiles of the openids asked for; returns the numbers of new and of left followers.

    Reads the account's tags again if a profile has an unknown one.
    """
    wanted = set(asked)
    by_openid = {openid: each for each in profiles if (openid := answers.text(each, "openid")) in wanted}
    # A profile that does not say whether its person follows says nothing.
    follows = {openid: answers.flag(each, "subscribe") for openid, each in by_openid.items()}
    following = {openid: each for openid, each in by_openid.items() if follows[openid]}
    gone = [openid for openid, does in follows.items() if does is False]
    ensure_tags(account, client, {number for each in following.values() for number in _numbers(each)})
    common: dict[str, Any] = {"account": account.pk, "asked_at": asked_at}
    with transaction.atomic(), connection.cursor() as cursor:
        erased = _erased(account, following)
        followers = {openid: each for openid, each in following.items() if openid not in erased}
        profiled = _profiled(account, list(followers))
        cursor.execute(KNOW, {**common, **_columns(followers)})
        added = [openid for openid, inserted in cursor.fetchall() if inserted]
        cursor.execute(STILL_FOLLOWING, {**common, "openids": erased})
        cursor.execute(GONE, {**common, "openids": gone})
        left = cursor.rowcount
        cursor.execute(UNANSWERED, {**common, "openids": [each for each in asked if each not in following]})
        tagged = {**_tagged(followers), "profiled": profiled}
        listed = [openid for openid, each in followers.items() if _lists_tags(each)]
        cursor.execute(TAGGED, {**common, "openids": listed, **tagged})
        _notify_of_tags(cursor.fetchall())
        newcomers.notify(account.pk, added)
    return ProfileUpdate(len(added), left)


def _erased(account: OfficialAccount, following: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Returns the openids erased since they followed: their profiles are from before the erasure."""
    erasures.block_erasures(account.pk)
    moments = erasures.moments(account.pk, following)
    return [openid for openid, at in moments.items() if (_moment(following[openid]) or at) <= at]


def _profiled(account: OfficialAccount, openids: list[str]) -> list[int]:
    """Returns the ids of followers whose tags were read before.

    A tag that is new on them was therefore set at WeChat since.
    """
    known = Follower.objects.filter(account=account, openid__in=openids, profiled_at__isnull=False)
    return list(known.values_list("pk", flat=True))


def _notify_of_tags(changes: Sequence[tuple[int, bool, list[int]]]) -> None:
    tags = Tag.objects.select_related("account").in_bulk({tag for tag, _added, _followers in changes})
    for tag, added, followers in changes:
        tagging.notify(tags[tag], followers, added=added)


def _tagged(followers: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Any]]:
    pairs = [(openid, number) for openid, each in followers.items() for number in _numbers(each)]
    return {"tagged": [openid for openid, _n in pairs], "numbers": [number for _o, number in pairs]}


def _columns(following: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Any]]:
    rows = following.values()
    return {
        "openids": list(following),
        "unionids": [answers.text(row, "unionid")[:64] for row in rows],
        "followed": [_moment(row) for row in rows],
        "scenes": [answers.text(row, "subscribe_scene")[:64] for row in rows],
        "numbers": [max(0, answers.number(row, "qr_scene")) for row in rows],
        "channels": [answers.text(row, "qr_scene_str")[:64] for row in rows],
        "languages": [answers.text(row, "language")[:16] for row in rows],
        "remarks": [answers.text(row, "remark")[:LONGEST_REMARK] for row in rows],
    }


def _moment(row: Mapping[str, Any]) -> datetime.datetime | None:
    found = answers.seconds(row, "subscribe_time")
    return datetime.datetime.fromtimestamp(found, tz=datetime.UTC) if found else None


def _numbers(row: Mapping[str, Any]) -> list[int]:
    return [each for each in answers.numbers(row, "tagid_list") if 0 < each <= answers.MOST]


def _lists_tags(row: Mapping[str, Any]) -> bool:
    """Returns whether a profile says which tags its follower has, be it none."""
    return isinstance(row.get("tagid_list"), list)


# --- Tags


def ensure_tags(account: OfficialAccount, client: Client, numbers: set[int]) -> None:
    """Creates a row for each of these tags of the platform, given by their numbers there, that has none."""
    if not (unknown := _unknown(account, numbers)):
        return
    sync_tags(account, tags_api.get(client))
    # The platform's list of tags may lack a tag that followers have.
    for number in _unknown(account, unknown):
        name = _free_name(account, _default_name(number), number)
        Tag.objects.create(account=account, platform_id=number, name=name, state=Tag.State.THERE, due_at=None)


def _unknown(account: OfficialAccount, numbers: set[int]) -> set[int]:
    known = Tag.objects.filter(account=account, platform_id__in=numbers)
    return numbers - set(known.values_list("platform_id", flat=True))


@transaction.atomic
def sync_tags(account: OfficialAccount, found: TagList) -> None:
    """Updates the account's tags to those of the platform; a tag with an unsent change keeps it."""
    platform_tags = found.tags
    rows = Tag.objects.select_for_update().filter(account=account)
    by_number = {tag.platform_id: tag for tag in rows if tag.platform_id is not None}
    by_name = {tag.name: tag for tag in rows if tag.platform_id is None}
    for each in platform_tags:
        tag = by_number.get(each.id) or by_name.pop(each.name, None) or Tag(account=account)
        _sync_tag(tag, each)
    if not found.is_whole:
        return
    missing = {number for number in by_number if number not in {each.id for each in platform_tags}}
    Tag.objects.filter(account=account, platform_id__in=missing, state=Tag.State.DELETING).delete()
    # Not deleted here as well: without its tag, a rule "only for this tag" would apply to everybody.
    Tag.objects.filter(account=account, platform_id__in=missing).update(
        platform_id=None,
        state=Tag.State.FAILED,
        due_at=None,
        errcode=None,
        error=error_sentences.DELETED_THERE,
    )


def _sync_tag(tag: Tag, platform_tag: PlatformTag) -> None:
    is_waiting = tag.platform_id is not None and tag.state != Tag.State.THERE
    tag.platform_id, tag.count = platform_tag.id, platform_tag.count
    if not is_waiting:
        tag.state, tag.due_at, tag.error, tag.errcode = Tag.State.THERE, None, "", None
        if tag.pk is None or platform_tag.name not in ("", tag.name):
            name = platform_tag.name or _default_name(platform_tag.id)
            tag.name = _free_name(tag.account, name, platform_tag.id)
    tag.save()


def _default_name(number: int) -> str:
    return _("Tag %(number)d") % {"number": number}


def _free_name(account: OfficialAccount, name: str, number: int) -> str:
    """Returns the name, with the number added if another tag has it: the platform may swap two names."""
    taken = Tag.objects.filter(account=account, name=name[:30]).exclude(platform_id=number)
    return f"{name[:20]} ({number})" if taken.exists() else name[:30]


# --- The blacklist


def note_blacklist(account: OfficialAccount, openids: Sequence[str], *, is_whole: bool) -> None:
    """Marks these followers of an account as blacklisted, and all others as not, if the list ``is_whole``.

    Followers with an unsent change of the blacklist are left as they are.
    """
    with connection.cursor() as cursor:
        cursor.execute(BLOCKED, {"account": account.pk, "openids": list(openids), "is_whole": is_whole})


def unprofiled(account: OfficialAccount) -> bool:
    """Returns whether the account has followers whose profiles have not been read yet."""
    return Follower.objects.filter(account=account, subscribed=True, profiled_at__isnull=True).exists()
