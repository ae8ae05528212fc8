"""The counting of rules that answered, or would have without shadow mode: once per message.

The callback writes nothing for it: the worker counts the messages of a batch together when it handled them.
"""

import datetime
from collections.abc import Iterator, Sequence

from django.db import connection

from wechat.inbox.models import InboundMessage
from wechat.replies import rulebook
from wechat.replies.facts import facts_from, followers_of, moment_of
from wechat.replies.models import ShadowMatch
from wechat.replies.specs import RuleSpec
from wechat.sdk.errors import MalformedMessage

# Of a rule that was deleted meanwhile nothing is counted.
ADD = """
INSERT INTO replies_rulehits (rule_id, in_shadow, hits, last_at)
SELECT id, seen.in_shadow, seen.hits, seen.last_at
FROM unnest(%s::bigint[], %s::boolean[], %s::bigint[], %s::timestamptz[])
    AS seen(rule_id, in_shadow, hits, last_at)
JOIN replies_rule ON replies_rule.id = seen.rule_id
ORDER BY id, seen.in_shadow
ON CONFLICT (rule_id, in_shadow) DO UPDATE SET
    hits = replies_rulehits.hits + excluded.hits,
    last_at = greatest(replies_rulehits.last_at, excluded.last_at)
"""

Hits = dict[tuple[int, bool], tuple[int, datetime.datetime]]


def count(rows: Sequence[InboundMessage]) -> None:
    hits: Hits = {}
    for row in rows:
        rule_id = _answering(row)
        if rule_id is not None:
            _add(hits, (rule_id, False), row.sent_at)
    matches = list(_in_shadow(rows))
    for rule, row in matches:
        _add(hits, (rule.id, True), row.sent_at)
    _write(hits)
    ShadowMatch.objects.bulk_create(
        [ShadowMatch(rule_id=rule.id, message=row) for rule, row in matches], ignore_conflicts=True
    )


def _answering(row: InboundMessage) -> int | None:
    mark, _colon, rule_id = row.answered_by.partition(":")
    return int(rule_id) if mark == "rule" and rule_id.isdecimal() else None


def _in_shadow(rows: Sequence[InboundMessage]) -> Iterator[tuple[RuleSpec, InboundMessage]]:
    """Yields the rules in shadow that would have answered, each with the message.

    Messages answered by something other than a rule are left out: they never came as far as the rules.
    """
    for row in rows:
        compiled = rulebook.of(row.account).compiled
        if not compiled.has_shadows or (row.answered_by and _answering(row) is None):
            continue
        try:
            message = row.message
        except MalformedMessage:
            continue
        facts = facts_from(followers_of(row.account, [row.openid]).get(row.openid), message)
        for rule in compiled.in_shadow(message, moment_of(message), facts):
            yield rule, row


def _add(hits: Hits, of: tuple[int, bool], at: datetime.datetime) -> None:
    number, last_at = hits.get(of, (0, at))
    hits[of] = (number + 1, max(last_at, at))


def _write(hits: Hits) -> None:
    if not hits:
        return
    columns = zip(*((rule, in_shadow, *counted) for (rule, in_shadow), counted in hits.items()), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(ADD, [list(column) for column in columns])
