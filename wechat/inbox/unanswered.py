"""What followers asked that no rule answered: similar texts together, counted over a recent window."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts.models import OfficialAccount
from wechat.inbox.models import IgnoredText, InboundMessage
from wechat.kernel import timeline

# Grouping reads every text of the window: at this size it takes well under a second.
WINDOW = 50_000
SHOWN = 100

# Case, width, spaces and punctuation do not make another question. What is nothing but punctuation is kept.
SIMILAR = """
left(coalesce(
    nullif(translate(lower(normalize(text, NFKC)), E' \\t\\r\\n.,!?:;~_()"''-。、…·“”‘’《》【】', ''), ''), text
), 200)
"""

GROUPED = """
SELECT similar_text, count(*), count(DISTINCT openid), max(received_at),
       (array_agg(DISTINCT text))[1:3], (array_agg(openid ORDER BY id DESC))[1]
FROM ({rows}) AS asked
WHERE similar_text NOT IN (SELECT text FROM inbox_ignoredtext WHERE account_id = %s)
GROUP BY similar_text ORDER BY count(*) DESC, max(received_at) DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    count: int
    followers: int
    last_asked: datetime.datetime
    examples: Sequence[str]
    last_openid: str


@dataclass(frozen=True, slots=True)
class Report:
    """The questions, and the window they were counted in: ``cut_at`` is set if it was shortened."""

    questions: Sequence[Question]
    since: datetime.datetime
    cut_at: datetime.datetime | None


def report(account: OfficialAccount, days: int) -> Report:
    since = timezone.now() - datetime.timedelta(days=days)
    rows = timeline.between(_unanswered(account), "received_at", since, None)
    cut_at = _cut_at(rows)
    window = rows.annotate(similar_text=RawSQL(SIMILAR, ())).order_by("-pk")[:WINDOW]
    sql, parameters = window.values("id", "openid", "text", "received_at", "similar_text").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(GROUPED.format(rows=sql), [*parameters, account.pk, SHOWN])
        questions = [Question(*row) for row in cursor.fetchall()]
    return Report(questions, since, cut_at)


def ignore(account: OfficialAccount, text: str) -> None:
    """Leave similar texts out of the report from now on."""
    IgnoredText.objects.get_or_create(account=account, text=text)


def _unanswered(account: OfficialAccount) -> QuerySet[InboundMessage]:
    return InboundMessage.objects.filter(account=account, answered_by="", kind="text")


def _cut_at(rows: QuerySet[InboundMessage]) -> datetime.datetime | None:
    return rows.order_by("-pk").values_list("received_at", flat=True)[WINDOW : WINDOW + 1].first()
