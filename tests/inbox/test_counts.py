"""Tests of message counts by day: each is counted once, by any worker, even if it becomes visible late."""

import datetime
from typing import Any

import psycopg
import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from accounts.official.models import OfficialAccount
from tests.callbacks import post
from tests.cast import message
from tests.platform import Platform
from tests.pushes.test_faults import until
from wechat.inbox import counts
from wechat.inbox.counts import MessageTally, what_people_wrote
from wechat.inbox.models import CountProgress, InboundMessage, MessageCount
from wechat.kernel import work

pytestmark = pytest.mark.django_db(transaction=True)


def turns_later(number: int) -> Any:
    return time_machine.travel(timezone.now() + number * (counts.PAUSE + datetime.timedelta(seconds=1)))


def today(account: OfficialAccount) -> counts.Kinds:
    day = timezone.localdate()
    return counts.by_day(account, day, day).get(day, {})


def counted() -> int:
    return sum(MessageCount.objects.values_list("count", flat=True))


def count_all() -> None:
    """Counts messages after the (short) transactions of others in this Postgres have ended."""
    until(is_counted)


def is_counted() -> bool:
    CountProgress.objects.update(due_at=timezone.now())
    work.run("inbox.count")
    return not CountProgress.objects.filter(counted__lt=F("seen")).exists()


def test_messages_show_at_once_and_stay_the_same_when_they_are_counted(
    account: OfficialAccount, platform: Platform
) -> None:
    post(platform.safe(platform.text("几点开门")))
    post(platform.safe(platform.text("几点关门", openid="oOther")))
    post(platform.safe(platform.event("oOther", "subscribe")))
    shown = {
        ("text", ""): MessageTally(2, 2),
        ("event", "subscribe"): MessageTally(1, 0),
    }
    assert today(account) == shown
    assert what_people_wrote(shown) == MessageTally(2, 2)
    work.run("inbox.count")
    assert counted() == 0
    with turns_later(1):
        count_all()
        assert counted() == 3
        post(platform.safe(platform.text("谢谢", openid="oOther")))
    assert today(account)["text", ""] == MessageTally(3, 3)
    with turns_later(3):
        work.run("inbox.count")
        count_all()
    assert today(account)["text", ""] == MessageTally(3, 3)


def test_a_row_that_becomes_visible_late_is_counted_with_its_own_turn(account: OfficialAccount) -> None:
    """Its id is smaller than that of a row which was there before it."""
    given = connection.get_connection_params()
    for name in ("cursor_factory", "context", "prepare_threshold"):
        given.pop(name, None)
    with psycopg.connect(**given) as slow:
        slow.execute(_INSERT, [account.pk, "slow"])
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [account.pk, "quick"])
        work.run("inbox.count")
        with turns_later(1):
            work.run("inbox.count")
            assert counted() == 0
        slow.commit()
    first, second = InboundMessage.objects.order_by("pk")
    assert (first.key, second.key) == ("slow", "quick")
    with turns_later(2):
        count_all()
    assert counted() == 2
    assert CountProgress.objects.get().counted == second.pk


def test_two_workers_count_a_message_once(account: OfficialAccount, platform: Platform) -> None:
    post(platform.safe(platform.text("你好")))
    work.run("inbox.count")
    with turns_later(1):
        count_all()
        work.run("inbox.count")
        assert counted() == 1


def test_the_command_tells_counts_that_differ_and_counts_again(
    account: OfficialAccount, platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    post(platform.safe(platform.text("你好")))
    work.run("inbox.count")
    with turns_later(1):
        count_all()
        call_command("check_figures")
        MessageCount.objects.update(count=5)
        with pytest.raises(SystemExit):
            call_command("check_figures")
        assert "messages of" in capsys.readouterr().out
        call_command("check_figures", "--mend")
        work.run("inbox.count")
    with turns_later(2):
        count_all()
        assert counted() == 1
        call_command("check_figures")


_INSERT = """
INSERT INTO inbox_inboundmessage (account_id, key, openid, kind, event, text, body, sent_at, received_at,
    answered_by, late, attempts, error, trace)
VALUES (%s, %s, 'oFollower', 'text', '', '你好', '<xml/>', now(), now(), '', false, 0, '', '')
"""


def test_days_whose_messages_are_deleted_keep_their_counts(
    account: OfficialAccount, settings: Settings
) -> None:
    settings.RETENTION_DAYS = {**settings.RETENTION_DAYS, "messages": 30}
    long_ago = timezone.now() - datetime.timedelta(days=60)
    old, new = message(account, received_at=long_ago), message(account)
    InboundMessage.objects.update(due_at=None)
    with turns_later(2):
        count_all()
    before = set(MessageCount.objects.values_list("day", "count"))
    work.run("kernel.forget_old")
    assert list(InboundMessage.objects.all()) == [new]
    call_command("check_figures")
    counts.count_again()
    with turns_later(2):
        count_all()
    assert set(MessageCount.objects.values_list("day", "count")) == before
    assert (timezone.localdate(old.received_at), 1) in before
