"""Tests of the numbers of a batch's pushes by state, which need no reading of rows."""

import pytest
from django.db import connection
from django.db.models import Count

from accounts.official.models import OfficialAccount
from wechat.pushes import batches
from wechat.pushes.batches import BatchCount
from wechat.pushes.models import Push
from wechat.pushes.queueing import queue_many

pytestmark = pytest.mark.django_db

ROWS = "SELECT 'o' || n, '{\"values\": {}}'::jsonb, %s || n, now() FROM generate_series(1, %s) AS n"


@pytest.fixture
def campaign(account: OfficialAccount) -> OfficialAccount:
    for cause, variant, number in (
        ("campaign:1", "A", 2_000),
        ("campaign:1", "B", 3_000),
        ("campaign:2", "A", 9),
    ):
        queue_many(
            account=account, kind=Push.Kind.TEMPLATE, template="T", cause=cause, variant=variant, chosen=ROWS,
            parameters=[f"{cause}{variant}", number],
        )  # fmt: skip
    return account


def test_those_of_a_batch_are_counted_by_state_and_variant(campaign: OfficialAccount) -> None:
    Push.objects.filter(cause="campaign:1", variant="A").update(state="failed", reason="refused", due_at=None)
    assert sorted(batches.counts("campaign:1"), key=lambda each: each.variant) == [
        BatchCount("failed", "refused", "template", "A", 2_000),
        BatchCount("pending", "", "template", "B", 3_000),
    ]
    assert batches.count_open("campaign:1") == 3_000


def test_counting_reads_the_index_and_no_row(campaign: OfficialAccount) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE pushes_push")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    grouped = batches.of("campaign:1").order_by().values("state", "reason", "kind", "variant")
    assert "Index Only Scan using push_batch" in grouped.annotate(number=Count("*")).explain()
