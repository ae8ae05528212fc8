"""A worker whose clock is wrong takes nothing: leases are times that others read by theirs."""

import datetime

import pytest
import time_machine
from django.utils import timezone

from accounts.official.models import OfficialAccount
from tests.kernel.test_work import NAME, files, outcomes
from wechat.kernel import exposition, tasks, work
from wechat.kernel.work import clock
from wechat.materials.models import Asset

__all__ = ["outcomes"]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> clock.ClockWatch:
    """The watch over the clock of a worker that has just begun."""
    begun = clock.ClockWatch()
    begun.start()
    monkeypatch.setattr(clock, "watch", begun)
    monkeypatch.setattr(clock, "EVERY_SECONDS", 0)
    monkeypatch.setattr(tasks, "PAUSE_SECONDS", 0)
    return begun


@pytest.mark.django_db
@pytest.mark.parametrize("minutes", [4, -4])
def test_a_worker_whose_clock_is_wrong_takes_no_row_until_it_is_right_again(
    watch: clock.ClockWatch,
    account: OfficialAccount,
    outcomes: dict[int, Exception | None],
    minutes: int,
) -> None:
    files(account, 1)
    Asset.objects.update(due_at=timezone.now() - datetime.timedelta(hours=1))
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=minutes)):
        assert work.run(NAME) == 0
        assert tasks.tick() == []
    assert Asset.objects.get().state != "uploaded"
    assert "wechat_clock_wrong_total" in exposition.text().decode()
    assert work.run(NAME) == 1
    assert Asset.objects.get().state == "uploaded"


@pytest.mark.django_db
def test_clocks_that_differ_by_seconds_are_right(
    watch: clock.ClockWatch, account: OfficialAccount, outcomes: dict[int, Exception | None]
) -> None:
    files(account, 1)
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=4)):
        assert work.run(NAME) == 1
