"""The report of unanswered messages: similar texts are grouped and counted over a recent period."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from accounts.official.models import OfficialAccount
from wechat.inbox.models import IgnoredText, InboundMessage
from wechat.kernel import rows_by_time

# Grouping reads every text of the window: at this size it takes well under a second.
WINDOW = 20_000
SHOWN = 100

# Case, width, spaces and punctuation do not make another question. What is nothing but punctuation is kept.
# Grouped by follower first: counting distinct followers otherwise sorts the whole window.
GROUPED = """
WITH asked AS (
    SELECT id, openid, text, received_at, left(coalesce(nullif(
        translate(lower(normalize(text, NFKC)), E' \\t\\r\\n.,!?:;~_()"''-。、…·“”‘’《》【】', ''),
    ''), text), 200) AS similar_text
    FROM inbox_inboundmessage
    WHERE account_id = %(account)s AND answered_by = '' AND kind = 'text'
        AND id >= %(first_id)s AND received_at >= %(since)s
    ORDER BY id DESC LIMIT %(window)s
), by_follower AS (
    SELECT similar_text, openid, count(*) AS number, max(received_at) AS last_asked, max(id) AS last_id,
        min(text) AS one, max(text) AS other
    FROM asked GROUP BY similar_text, openid
), questions AS (
    SELECT similar_text, sum(number) AS number, count(*) AS followers, max(last_asked) AS last_asked,
        min(one) AS one, max(other) AS other, max(last_id) AS last_id
    FROM by_follower
    WHERE similar_text NOT IN (SELECT text FROM inbox_ignoredtext WHERE account_id = %(account)s)
    GROUP BY similar_text ORDER BY number DESC, last_asked DESC LIMIT %(shown)s
)
SELECT similar_text, number::bigint, followers, last_asked, one, other, openid
FROM questions JOIN inbox_inboundmessage ON id = last_id ORDER BY number DESC, last_asked DESC
"""


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    count: int
    followers: int
    last_asked: datetime.datetime
    example: str
    other: str
    last_openid: str


@dataclass(frozen=True, slots=True)
class UnansweredReport:
    """The grouped texts and their period; ``cut_at`` is set if the period was shortened."""

    questions: Sequence[Question]
    since: datetime.datetime
    cut_at: datetime.datetime | None


def report(account: OfficialAccount, days: int) -> UnansweredReport:
    since = timezone.now() - datetime.timedelta(days=days)
    first_id = rows_by_time.first_id(InboundMessage, "received_at", since - rows_by_time.LONGEST_DELAY)
    asked: dict[str, int | datetime.datetime] = {
        "account": account.pk, "since": since, "first_id": first_id, "window": WINDOW, "shown": SHOWN,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(GROUPED, asked)
        questions = [Question(*row) for row in cursor.fetchall()]
    return UnansweredReport(questions, since, _cut_at(account, first_id, since))


def ignore(account: OfficialAccount, text: str) -> None:
    """Excludes similar texts from the report from now on."""
    IgnoredText.objects.get_or_create(account=account, text=text)


def _cut_at(account: OfficialAccount, first_id: int, since: datetime.datetime) -> datetime.datetime | None:
    """Returns the shortened start if the period has too many texts; else ``None``."""
    rows = InboundMessage.objects.filter(
        account=account, answered_by="", kind="text", pk__gte=first_id, received_at__gte=since
    )
    return rows.order_by("-pk").values_list("received_at", flat=True)[WINDOW : WINDOW + 1].first()
