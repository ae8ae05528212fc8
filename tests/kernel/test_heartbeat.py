"""Tests of heartbeats: a short lease lasts as long as its worker lives, even if the worker waits."""

import datetime
import threading

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from accounts.followers.models import FollowerSync
from accounts.followers.syncing import SYNCS
from accounts.official.models import OfficialAccount
from wechat.kernel.work import heartbeat
from wechat.kernel.work.heartbeat import LEASE, Heartbeat

pytestmark = pytest.mark.django_db(transaction=True)

SECOND = datetime.timedelta(seconds=1)


@pytest.fixture
def row(account: OfficialAccount) -> FollowerSync:
    FollowerSync.objects.create(account=account, due_at=timezone.now())
    (claimed,) = SYNCS.claim()
    claimed.guard = threading.Lock()
    return claimed


def due(row: FollowerSync) -> datetime.datetime:
    found = FollowerSync.objects.get(pk=row.pk).due_at
    assert found is not None
    return found


def test_a_beat_moves_the_end_of_the_lease_and_the_worker_still_holds_the_row(row: FollowerSync) -> None:
    later = timezone.now() + 5 * SECOND
    with time_machine.travel(later, tick=False):
        heartbeat.renew(row)
        assert due(row) == row.due_at == timezone.now() + LEASE
        assert row.done()


def test_a_beat_takes_no_row_back_that_is_another_workers(row: FollowerSync) -> None:
    others = timezone.now() + 20 * SECOND
    FollowerSync.objects.update(due_at=others)
    with time_machine.travel(timezone.now() + 15 * SECOND):
        heartbeat.renew(row)
    assert due(row) == others
    assert not row.done()


def test_a_beat_shortens_no_longer_lease(row: FollowerSync) -> None:
    assert row.renew(datetime.timedelta(minutes=5))
    until = row.due_at
    heartbeat.renew(row)
    assert due(row) == until


def test_a_beat_steps_aside_while_the_worker_writes(row: FollowerSync) -> None:
    """It would wait for the transaction, and the transaction for it."""

    def beat() -> None:
        heartbeat.renew(row)
        connection.close()

    with time_machine.travel(timezone.now() + 5 * SECOND), transaction.atomic():
        assert row.settle(listed=1)
        before = row.due_at
        thread = threading.Thread(target=beat)
        thread.start()
        thread.join(60)
        assert not thread.is_alive()
        assert row.settle(listed=2)
    assert (due(row), FollowerSync.objects.get().listed) == (before, 2)


def test_beats_come_for_as_long_as_the_work_lasts(row: FollowerSync, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "EVERY", datetime.timedelta(milliseconds=1))
    beaten = threading.Event()
    monkeypatch.setattr(heartbeat, "renew", lambda row: beaten.set())
    with Heartbeat(row):
        assert beaten.wait(60)
    assert not any(thread.name == "heartbeat" for thread in threading.enumerate())
