"""Tests that claiming stays an index look-up, however many messages wait."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.official.models import OfficialAccount
from wechat.pushes import claiming, lateness, transitions
from wechat.pushes.models import Push
from wechat.pushes.queueing import queue_many
from wechat.pushes.senders import SENDERS

pytestmark = pytest.mark.django_db

WAITING = 20_000
ROWS = """
SELECT 'o' || n, '{"type": "template", "values": {}}'::jsonb, 'campaign:1:' || n, now()
FROM generate_series(1, %s) AS n
"""

# Two messages for each follower: what was asked for first is for tomorrow.
PLANNED = """
SELECT 'o' || n %% %s, '{"type": "text", "content": "你好"}'::jsonb, n::text,
    now() + (n < %s)::int * interval '1 day'
FROM generate_series(0, %s) AS n
"""


@pytest.fixture
def campaign(account: OfficialAccount) -> OfficialAccount:
    """A campaign of one account is all that waits, with updated table statistics of Postgres."""
    queue_many(
        account=account, kind=Push.Kind.TEMPLATE, template="T", cause="campaign:1", chosen=ROWS,
        parameters=[WAITING],
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE pushes_push")
    return account


def plan(sql: str, parameters: dict[str, Any]) -> str:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) " + sql, parameters)
        return "\n".join(line for (line,) in cursor.fetchall())


def test_queues_are_looked_up_at_their_heads(campaign: OfficialAccount) -> None:
    asked = {"accounts": [campaign.pk], "kinds": list(SENDERS), "in_order": ["service"], "bulk": True}
    none: dict[str, list[Any]] = {"held": [], "held_kinds": [], "until": []}
    found = plan(claiming.QUEUES, {**asked, **none, "now": timezone.now()})
    assert "push_waiting" in found
    assert "Seq Scan on pushes_push" not in found
    assert "Rows Removed by Filter" not in found


@pytest.mark.parametrize("statement", [transitions.IN_ORDER, transitions.IN_ANY_ORDER])
def test_a_claim_reads_only_what_it_takes(campaign: OfficialAccount, statement: str) -> None:
    now = timezone.now()
    asked = {"account": campaign.pk, "kind": "template", "bulk": True, "now": now, "lease": now, "limit": 100}
    found = plan(statement, asked)
    assert "push_waiting" in found
    assert "Seq Scan" not in found


def test_a_claim_of_one_message_a_follower_looks_the_earlier_ones_up(account: OfficialAccount) -> None:
    queue_many(
        account=account, kind=Push.Kind.SERVICE, cause="campaign:1", chosen=PLANNED,
        parameters=[WAITING, WAITING, 2 * WAITING - 1],
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE pushes_push")
    now = timezone.now()
    asked = {"account": account.pk, "kind": "service", "bulk": True, "now": now, "lease": now, "limit": 100}
    found = plan(transitions.IN_ORDER, asked)
    assert "push_waiting" in found
    assert "push_in_line" in found
    assert "Seq Scan" not in found


def test_what_waits_for_a_decision_is_not_looked_for_among_all_that_was_skipped(
    campaign: OfficialAccount,
) -> None:
    Push.objects.update(state="skipped", reason="no_window", due_at=None)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE pushes_push")
    with CaptureQueriesContext(connection) as asked:
        assert lateness.waiting(campaign.pk) is None
    assert "push_late" in plan(asked[0]["sql"], {})


def test_the_campaign_is_the_only_queue_there_is(campaign: OfficialAccount) -> None:
    (queue,) = claiming.due_queues(bulk=True)
    assert (queue.account_id, queue.kind, queue.bulk) == (campaign.pk, "template", True)
    assert [push.openid for push in claiming.claim(queue, 3)] == ["o1", "o2", "o3"]
