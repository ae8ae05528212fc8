"""The message log is kept in months: made in advance, read as one, dropped when nothing is left in them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.db import connection, connections
from django.utils import timezone
from pytest_django import Settings

from accounts.official.models import OfficialAccount
from tests.callbacks import Got
from tests.cast import message
from wechat.inbox import months
from wechat.inbox.models import UNDATED, InboundMessage, MessageMonth, month_of
from wechat.kernel import work
from wechat.pushes.queueing import queue
from wechat.sdk.content import Text

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime.date(2031, 5, 1)
PARTITIONS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::text::regclass"
IN_MAY = datetime.datetime(2031, 5, 20, 12, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Drops the partitions that a test made, as they outlive the emptying of tables."""
    before = partitions()
    yield
    with connection.cursor() as cursor:
        for name in partitions() - before:
            cursor.execute(f"DROP TABLE {name}")


def partitions() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(PARTITIONS, [months.TABLE])
        return {name for (name,) in cursor.fetchall()}


def kept_in(row: InboundMessage) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT tableoid::regclass::text FROM {months.TABLE} WHERE id = %s", [row.pk])
        return str(cursor.fetchone()[0])


def look_after(month: datetime.date, at: datetime.datetime) -> None:
    MessageMonth.objects.update_or_create(month=month, defaults={"due_at": at})
    with time_machine.travel(at, tick=False):
        work.run("inbox.months")


@pytest.fixture
def may() -> MessageMonth:
    """Makes partitions for the months around May; returns the row of that month."""
    look_after(datetime.date(2031, 4, 1), IN_MAY)
    return MessageMonth.objects.get(month=MAY)


def test_months_are_made_before_they_begin(may: MessageMonth) -> None:
    assert {f"{months.TABLE}_2031_{month:02}" for month in range(4, 9)} <= partitions()


def test_a_message_is_kept_in_its_month_and_read_with_the_others(
    account: OfficialAccount, may: MessageMonth
) -> None:
    own, other = message(account, month=MAY), message(account)
    assert [kept_in(own), kept_in(other)] == [f"{months.TABLE}_2031_05", months.OTHERS]
    assert list(InboundMessage.objects.order_by("pk")) == [own, other]


def test_the_time_of_the_platform_decides_the_month_so_that_a_retry_finds_it(
    account: OfficialAccount, deliver: Callable[[str], Got]
) -> None:
    xml = (
        "<xml><ToUserName>gh_0123456789ab</ToUserName><FromUserName>oFollower1</FromUserName>"
        f"<CreateTime>{IN_MAY.timestamp():.0f}</CreateTime><MsgType>text</MsgType>"
        "<Content>hello</Content><MsgId>1</MsgId></xml>"
    )
    for at in (IN_MAY, IN_MAY + datetime.timedelta(days=12)):
        with time_machine.travel(at):
            deliver(xml)
    assert InboundMessage.objects.get().month == MAY


def test_what_came_before_its_month_was_made_is_moved_there(account: OfficialAccount) -> None:
    early = message(account, month=MAY, text="early")
    assert kept_in(early) == months.OTHERS
    look_after(datetime.date(2031, 4, 1), IN_MAY)
    assert kept_in(early) == f"{months.TABLE}_2031_05"
    early.refresh_from_db()
    assert early.text == "early"


def test_a_month_that_is_over_is_dropped_once_it_is_empty(
    account: OfficialAccount, may: MessageMonth
) -> None:
    row = message(account, month=MAY)
    later = IN_MAY + datetime.timedelta(days=100)
    look_after(MAY, later)
    assert kept_in(row) == f"{months.TABLE}_2031_05"
    row.delete()
    look_after(MAY, later + datetime.timedelta(days=1))
    assert f"{months.TABLE}_2031_05" not in partitions()
    assert not MessageMonth.objects.filter(month=MAY).exists()


def test_an_empty_month_stays_while_late_messages_may_come(may: MessageMonth) -> None:
    look_after(MAY, datetime.datetime(2031, 6, 29, tzinfo=datetime.UTC))
    assert f"{months.TABLE}_2031_05" in partitions()


def test_a_month_waits_for_whoever_reads_the_log(may: MessageMonth) -> None:
    at = IN_MAY + datetime.timedelta(days=100)
    reader = connections.create_connection("default")
    try:
        with reader.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(f"SELECT FROM {months.TABLE}")
            look_after(MAY, at)
    finally:
        reader.close()
    row = MessageMonth.objects.get(month=MAY)
    assert f"{months.TABLE}_2031_05" in partitions()
    assert row.due_at == at + months.A_WHILE


def test_messages_go_when_their_time_is_over_with_what_was_noted_of_them(
    account: OfficialAccount, settings: Settings
) -> None:
    settings.RETENTION_DAYS = {**settings.RETENTION_DAYS, "messages": 30}
    old, undone, young = (message(account, text=text) for text in ("old", "undone", "young"))
    past = timezone.now() - datetime.timedelta(days=31)
    InboundMessage.objects.filter(pk__in=[old.pk, undone.pk]).update(received_at=past)
    InboundMessage.objects.filter(pk=undone.pk).update(due_at=past)
    sent = queue(account=account, openid="oFollower1", content=Text("hello"), key="k", inbound=old)
    work.run("kernel.forget_old")
    assert set(InboundMessage.objects.all()) == {undone, young}
    sent.refresh_from_db()
    assert sent.inbound_id is None


def test_a_month_is_that_of_utc() -> None:
    last_of_may = datetime.datetime(2031, 6, 1, 7, 59, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))
    assert month_of(last_of_may) == MAY
    assert UNDATED.day == 1
