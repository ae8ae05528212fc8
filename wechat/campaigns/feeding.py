"""A running campaign: its next recipients become pushes, and what became of those is taken over.

More seconds' worth of messages are queued ahead than a busy worker needs to come back; a pause takes them
back. The rows of a batch and its pushes are written in one transaction: whatever is killed, nobody is queued
twice or left out.
"""

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from wechat.campaigns import links
from wechat.campaigns.models import Campaign, Recipient, Variant
from wechat.kernel import due
from wechat.kernel.placeholders import fill_address, fill_all
from wechat.pushes.models import Push
from wechat.pushes.queueing import queue_many
from wechat.pushes.tasks import send
from wechat.sdk import template_messages
from wechat.sdk.template_messages import TemplateMessage

State, Reason, Kind = Recipient.State, Push.Reason, Push.Kind

BATCH = 2_000
# At most so many are queued and not sent yet; of a campaign with a speed of its own, so many seconds' worth.
AHEAD = 20_000
AHEAD_SECONDS = 25.0
# What surely did not arrive, and may do so the next time.
RETRIED = (Reason.GAVE_UP, Reason.TEMPLATE_GONE)

NEXT = """
SELECT mine.id, mine.openid, mine.kind, mine.letter, line.words,
    COALESCE(follower.subscribed, false), COALESCE(follower.blacklisted, false),
    EXISTS (
        SELECT 1 FROM pushes_sendwindow may
        WHERE may.account_id = %s AND may.openid = mine.openid AND may."left" > 0 AND may.expires_at > %s
    )
FROM (
    SELECT * FROM campaigns_recipient
    WHERE campaign_id = %s AND state = 'waiting' AND reason = '' ORDER BY id LIMIT %s
) mine
LEFT JOIN LATERAL (
    SELECT subscribed, blacklisted FROM accounts_follower
    WHERE account_id = %s AND openid = mine.openid LIMIT 1
) follower ON true
LEFT JOIN campaigns_audiencerow line ON line.campaign_id = mine.campaign_id AND line.openid = mine.openid
ORDER BY mine.id
"""
MOVE = """
UPDATE campaigns_recipient mine SET state = moved.state, reason = moved.reason, kind = moved.kind
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS moved(id, state, reason, kind)
WHERE mine.id = moved.id AND mine.state = 'waiting'
"""
CHOSEN = """
SELECT row.openid, row.content::jsonb, row.key, row.due_at
FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[]) AS row(openid, content, key, due_at)
"""
# The limit has each push looked up by its key; without it the planner may read all pushes there are.
OUTCOMES = """
UPDATE campaigns_recipient mine SET state = became.state, reason = became.reason
FROM (
    SELECT queued.id, push.state, push.reason FROM campaigns_recipient queued
    CROSS JOIN LATERAL (
        SELECT state, reason, due_at FROM pushes_push
        WHERE account_id = %s AND key = 'campaign:' || queued.campaign_id || ':' || queued.openid LIMIT 1
    ) push
    WHERE queued.campaign_id = %s AND queued.state = ANY(%s) AND push.due_at IS NULL
) became
WHERE mine.id = became.id AND (mine.state, mine.reason) <> (became.state, became.reason)
"""
# What was never tried, or was surely refused, can be taken back; the rest is on its way.
TAKE_BACK = """
WITH gone AS (
    DELETE FROM pushes_push push USING campaigns_recipient mine
    WHERE mine.campaign_id = %s AND mine.state = 'queued' AND push.account_id = %s
        AND push.key = 'campaign:' || mine.campaign_id || ':' || mine.openid
        AND push.state = 'pending' AND push.tried_at IS NULL
    RETURNING mine.id
)
UPDATE campaigns_recipient mine SET state = 'waiting' FROM gone WHERE mine.id = gone.id
"""
PUT_BACK = """
WITH again AS (
    UPDATE pushes_push push
    SET state = 'pending', reason = '', errcode = NULL, error = '', due_at = now(), tried_at = NULL,
        sent_at = NULL, msgid = NULL
    FROM campaigns_recipient mine
    WHERE mine.campaign_id = %s AND mine.state = 'failed' AND mine.reason = ANY(%s) AND push.account_id = %s
        AND push.key = 'campaign:' || mine.campaign_id || ':' || mine.openid AND push.state = 'failed'
    RETURNING mine.id
)
UPDATE campaigns_recipient mine SET state = 'queued', reason = '' FROM again WHERE mine.id = again.id
"""


@dataclass(frozen=True, slots=True)
class Next:
    """A recipient whose turn it is; ``may_talk``: a customer-service message may be sent now."""

    id: int
    openid: str
    kind: str
    letter: str
    words: dict[str, str]
    follows: bool
    blacklisted: bool
    may_talk: bool


class FileNotReady(Exception):
    """A picture or video of the message has no media id yet."""


class Feeder:
    """Queues the next recipients of a campaign whose row is locked."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.variants = {
            variant.letter: variant for variant in campaign.variants.select_related("asset", "cover")
        }

    def feed(self, limit: int) -> int:
        """Queue up to so many; how many recipients were dealt with. Raises ``FileNotReady``."""
        turn = self._next(limit)
        going = [each for each in turn if each.follows and not each.blacklisted]
        kinds = {each.id: self._kind(each) for each in going}
        moments = self._moments(len(going))
        pushes: dict[str, list[tuple[str, str, str, datetime.datetime]]] = {}
        for each, moment in zip(going, moments, strict=True):
            kind = kinds[each.id]
            key = f"campaign:{self.campaign.pk}:{each.openid}"
            pushes.setdefault(kind, []).append(
                (each.openid, json.dumps(self._content(each, kind)), key, moment)
            )
        for kind, rows in pushes.items():
            self._queue(Kind(kind), rows)
        self._move(turn, kinds)
        return len(turn)

    def _next(self, limit: int) -> list[Next]:
        account = self.campaign.account_id
        with connection.cursor() as cursor:
            cursor.execute(NEXT, [account, timezone.now(), self.campaign.pk, limit, account])
            return [
                Next(pk, openid, kind, letter, _object(words), follows, blacklisted, may_talk)
                for pk, openid, kind, letter, words, follows, blacklisted, may_talk in cursor.fetchall()
            ]

    def _kind(self, each: Next) -> str:
        """A window that closed since the recipients were worked out leaves the template."""
        template = self.campaign.template
        if each.kind == Kind.SERVICE and not each.may_talk and self.campaign.uses_template and template:
            return template.kind
        return each.kind

    def _moments(self, count: int) -> list[datetime.datetime]:
        """When each may go; a speed of the campaign's own spreads them."""
        now = timezone.now()
        if not self.campaign.per_second:
            return [now] * count
        step = datetime.timedelta(seconds=1 / self.campaign.per_second)
        start = max(self.campaign.fed_until or now, now)
        self.campaign.fed_until = start + step * count
        return [start + step * number for number in range(count)]

    def _content(self, each: Next, kind: str) -> dict[str, Any]:
        words = {**each.words, "openid": each.openid, "account": self.campaign.account.name}
        link = links.address(each.id) if self.campaign.tracked else ""
        return content(self.variants[each.letter], kind, words, link)

    def _queue(self, kind: Push.Kind, rows: Sequence[tuple[str, str, str, datetime.datetime]]) -> None:
        template = self.campaign.template
        queue_many(
            account=self.campaign.account,
            kind=kind,
            template=template.platform_id if template and kind != Kind.SERVICE else "",
            cause=f"campaign:{self.campaign.pk}",
            chosen=CHOSEN,
            parameters=[list(column) for column in zip(*rows, strict=True)],
        )

    def _move(self, turn: Sequence[Next], kinds: dict[int, str]) -> None:
        """Queued, or not sent because they left in the meantime."""
        ids, states, reasons, ways = [], [], [], []
        for each in turn:
            ids.append(each.id)
            states.append(State.QUEUED if each.id in kinds else State.SKIPPED)
            reasons.append("" if each.id in kinds else _left(each))
            ways.append(kinds.get(each.id, each.kind))
        with connection.cursor() as cursor:
            cursor.execute(MOVE, [ids, states, reasons, ways])


def content(variant: Variant, kind: str, words: dict[str, str], link: str = "") -> dict[str, Any]:
    """What a push of that kind holds. ``link`` stands in for the variant's own. Raises ``FileNotReady``."""
    if kind == Kind.SERVICE:
        complete = variant.complete
        if any(name in complete and not complete[name] for name in ("media_id", "thumb_media_id")):
            raise FileNotReady
        return fill_all(links.in_content(complete, link), words)
    message = TemplateMessage(
        template_id="",
        values=fill_all(variant.values, words),
        url=link if link and variant.url else fill_address(variant.url, words),
        appid=variant.appid,
        pagepath=fill_address(variant.pagepath, words),
    )
    return template_messages.to_dict(message)


def room(campaign: Campaign) -> int:
    """How many may be queued now."""
    queued = campaign.recipients.filter(state=State.QUEUED).count()
    free = max(0, AHEAD - queued)
    if not campaign.per_second:
        return free
    ahead = max(0.0, (campaign.fed_until - timezone.now()).total_seconds()) if campaign.fed_until else 0.0
    return min(free, max(0, int((AHEAD_SECONDS - ahead) * campaign.per_second)) or int(ahead == 0))


def take_over(campaign: Campaign, *states: str) -> int:
    """What became of the pushes, for the recipients in these states; how many changed."""
    with connection.cursor() as cursor:
        cursor.execute(OUTCOMES, [campaign.account_id, campaign.pk, list(states)])
        return int(cursor.rowcount)


def take_back(campaign: Campaign) -> int:
    """What is queued and has not been tried waits again; how many."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE_BACK, [campaign.pk, campaign.account_id])
        return int(cursor.rowcount)


def put_back_failed(campaign: Campaign) -> int:
    """What can be sent once more is queued; how many."""
    with connection.cursor() as cursor:
        cursor.execute(PUT_BACK, [campaign.pk, [each.value for each in RETRIED], campaign.account_id])
        count = int(cursor.rowcount)
    transaction.on_commit(lambda: due.ring(send))
    return count


def _left(each: Next) -> str:
    return Recipient.Reason.BLACKLISTED if each.blacklisted else Reason.NOT_FOLLOWING


def _object(told: Any) -> dict[str, str]:
    return json.loads(told) if isinstance(told, str) else told or {}
