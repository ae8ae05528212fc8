"""The dispatch of running campaigns: their next recipients are queued as pushes.

Enough messages are queued ahead to last until a busy worker comes back; a pause takes them back. The rows of
a batch and its pushes are written in one transaction: a killed worker queues nobody twice and leaves nobody
out.
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
from wechat.kernel.placeholders import fill_address, fill_all
from wechat.pushes import batches, transitions
from wechat.pushes.models import Push
from wechat.pushes.queueing import queue_many
from wechat.sdk import template_messages
from wechat.sdk.template_messages import TemplateMessage

State, Reason, Kind = Recipient.State, Push.Reason, Push.Kind
# A row for ``queue_many``: openid, content as JSON, idempotency key, due time.
Row = tuple[str, str, str, datetime.datetime]

BATCH = 2_000
# The most messages queued and not sent yet; of a campaign with its own speed, in seconds of sending.
AHEAD = 20_000
AHEAD_SECONDS = 25.0
# The reasons of failures in which nothing arrived and a retry may succeed.
RETRIED = (Reason.GAVE_UP, Reason.TEMPLATE_GONE)

SELECT_NEXT = """
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
    SELECT subscribed, blacklisted FROM followers_follower
    WHERE account_id = %s AND openid = mine.openid LIMIT 1
) follower ON true
LEFT JOIN campaigns_audiencerow line ON line.campaign_id = mine.campaign_id AND line.openid = mine.openid
ORDER BY mine.id
"""
UPDATE_MOVED = """
UPDATE campaigns_recipient mine
SET state = moved.state, reason = moved.reason, kind = moved.kind, push_id = moved.push_id
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[])
    AS moved(id, state, reason, kind, push_id)
WHERE mine.id = moved.id AND mine.state = 'waiting'
"""
CHOSEN = """
SELECT row.openid, row.content::jsonb, row.key, row.due_at
FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[]) AS row(openid, content, key, due_at)
"""


@dataclass(frozen=True, slots=True)
class NextRecipient:
    """The next recipient to queue; ``may_talk``: a customer-service message may be sent now."""

    id: int
    openid: str
    kind: str
    letter: str
    words: dict[str, str]
    follows: bool
    blacklisted: bool
    may_talk: bool


class FileNotReady(Exception):
    """The error for a message whose picture or video has no media id yet."""


class Dispatcher:
    """The dispatcher of one campaign, whose row the caller has locked."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.variants = {
            variant.letter: variant for variant in campaign.variants.select_related("asset", "cover")
        }

    def queue_next(self, limit: int) -> int:
        """Queues or skips at most ``limit`` recipients; returns their number. Raises ``FileNotReady``."""
        turn = self._next(limit)
        going = [each for each in turn if each.follows and not each.blacklisted]
        kinds = {each.id: self._kind(each) for each in going}
        moments = self._moments(len(going))
        chosen: dict[tuple[str, str], list[Row]] = {}
        for each, moment in zip(going, moments, strict=True):
            content = json.dumps(self._content(each, kinds[each.id]))
            row = (each.openid, content, self._key(each), moment)
            chosen.setdefault((kinds[each.id], each.letter), []).append(row)
        pushes: dict[str, int] = {}
        for (kind, letter), rows in chosen.items():
            pushes |= self._queue(Kind(kind), letter, rows)
        self._move(turn, kinds, pushes)
        return len(turn)

    def _key(self, each: NextRecipient) -> str:
        """Returns the idempotency key of the recipient's push, so that nobody is queued twice."""
        return f"{self.campaign.cause}:{each.openid}"

    def _next(self, limit: int) -> list[NextRecipient]:
        account = self.campaign.account_id
        with connection.cursor() as cursor:
            cursor.execute(SELECT_NEXT, [account, timezone.now(), self.campaign.pk, limit, account])
            return [
                NextRecipient(pk, openid, kind, letter, _object(words), follows, blacklisted, may_talk)
                for pk, openid, kind, letter, words, follows, blacklisted, may_talk in cursor.fetchall()
            ]

    def _kind(self, each: NextRecipient) -> str:
        """Returns the kind of message to send to the recipient.

        It is the template's kind if the send window has closed since the recipients were selected.
        """
        template = self.campaign.template
        if each.kind == Kind.SERVICE and not each.may_talk and self.campaign.uses_template and template:
            return template.kind
        return each.kind

    def _moments(self, count: int) -> list[datetime.datetime]:
        """Returns the due times of ``count`` messages, spread out if the campaign has a speed of its own."""
        now = timezone.now()
        if not self.campaign.per_second:
            return [now] * count
        step = datetime.timedelta(seconds=1 / self.campaign.per_second)
        start = max(self.campaign.queued_until or now, now)
        self.campaign.queued_until = start + step * count
        return [start + step * number for number in range(count)]

    def _content(self, each: NextRecipient, kind: str) -> dict[str, Any]:
        words = {**each.words, "openid": each.openid, "account": self.campaign.account.name}
        link = links.address(each.id) if self.campaign.tracked else ""
        return content(self.variants[each.letter], kind, words, link)

    def _queue(self, kind: Push.Kind, letter: str, rows: Sequence[Row]) -> dict[str, int]:
        template = self.campaign.template
        return queue_many(
            account=self.campaign.account,
            kind=kind,
            template=template.platform_id if template and kind != Kind.SERVICE else "",
            cause=self.campaign.cause,
            variant=letter,
            chosen=CHOSEN,
            parameters=[list(column) for column in zip(*rows, strict=True)],
        )

    def _move(self, turn: Sequence[NextRecipient], kinds: dict[int, str], pushes: dict[str, int]) -> None:
        """Marks the recipients as queued, or as skipped if they left or were blacklisted in the meantime."""
        moved = [
            (each.id, State.QUEUED, "", kinds[each.id], pushes[self._key(each)])
            if each.id in kinds
            else (each.id, State.SKIPPED, _left(each), each.kind, None)
            for each in turn
        ]
        if moved:
            with connection.cursor() as cursor:
                cursor.execute(UPDATE_MOVED, [list(column) for column in zip(*moved, strict=True)])


def content(variant: Variant, kind: str, words: dict[str, str], link: str = "") -> dict[str, Any]:
    """Returns the content of a push of that kind for a variant, with the variables filled in.

    ``link`` replaces the variant's own link. Raises ``FileNotReady``.
    """
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
    """Returns the number of messages that may be queued now."""
    free = max(0, AHEAD - batches.count_open(campaign.cause))
    if not campaign.per_second:
        return free
    ahead = (
        max(0.0, (campaign.queued_until - timezone.now()).total_seconds()) if campaign.queued_until else 0.0
    )
    return min(free, max(0, int((AHEAD_SECONDS - ahead) * campaign.per_second)) or int(ahead == 0))


@transaction.atomic
def take_back(campaign: Campaign) -> int:
    """Takes the untried messages back from the queue; returns the number of recipients that wait again."""
    pushes = transitions.take_back(campaign.account_id, campaign.cause)
    queued = campaign.recipients.filter(push__in=pushes)
    return queued.update(state=State.WAITING, push=None)


def put_back_failed(campaign: Campaign) -> int:
    """Queues the failed messages again that may be retried; returns their number."""
    return transitions.put_back(campaign.account_id, campaign.cause, RETRIED)


def _left(each: NextRecipient) -> str:
    return Recipient.Reason.BLACKLISTED if each.blacklisted else Reason.NOT_FOLLOWING


def _object(value: Any) -> dict[str, str]:
    return json.loads(value) if isinstance(value, str) else value or {}
