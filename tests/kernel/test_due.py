import datetime
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import OfficialAccount
from wechat.inbox.models import InboundMessage
from wechat.inbox.tasks import react
from wechat.kernel import due

LEASE = datetime.timedelta(minutes=1)


def fill(account: OfficialAccount, count: int) -> None:
    now = timezone.now()
    InboundMessage.objects.bulk_create(
        InboundMessage(
            account=account, key=str(n), openid="oA", kind="text", sent_at=now, received_at=now, due_at=now
        )
        for n in range(count)
    )


@pytest.mark.django_db(transaction=True)
def test_workers_that_claim_at_the_same_time_share_the_rows(account: OfficialAccount) -> None:
    fill(account, 60)

    def work(_: int) -> list[int]:
        try:
            return [row.pk for row in due.claim(InboundMessage.objects.all(), lease=LEASE, limit=7)]
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        claimed = [pk for batch in pool.map(work, range(12)) for pk in batch]
    assert len(claimed) == len(set(claimed)) == 60


@pytest.mark.django_db
def test_what_is_due_is_worked_off_each_row_once_until_nothing_is_left(account: OfficialAccount) -> None:
    fill(account, 5)
    done: list[InboundMessage] = []
    rows = InboundMessage.objects.all()
    assert due.work_off(rows, done.append, lease=LEASE, limit=2, seconds=0) == 0
    assert due.work_off(rows, done.append, lease=LEASE, limit=2) == 5
    assert len({row.pk for row in done}) == len(done) == 5


@pytest.mark.django_db
def test_a_claimed_row_is_not_due_until_its_lease_ends(account: OfficialAccount) -> None:
    fill(account, 1)
    assert len(due.claim(InboundMessage.objects.all(), lease=LEASE, limit=9)) == 1
    assert due.claim(InboundMessage.objects.all(), lease=LEASE, limit=9) == []
    InboundMessage.objects.update(due_at=timezone.now())
    assert len(due.claim(InboundMessage.objects.all(), lease=LEASE, limit=9)) == 1


def test_a_broker_that_is_away_loses_a_ring_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object, **options: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(react, "apply_async", away)
    assert not due.ring(react)


@pytest.mark.django_db
def test_the_tick_rings_only_where_something_is_due(account: OfficialAccount) -> None:
    assert "inbox.react" not in due.ring_due()
    fill(account, 1)
    assert "inbox.react" in due.ring_due()
