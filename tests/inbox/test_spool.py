import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings
from django_redis import get_redis_connection

from accounts.official import directory
from accounts.official.models import OfficialAccount
from tests.platform import Platform
from wechat.inbox import recording, routing, spool
from wechat.inbox.models import InboundMessage
from wechat.inbox.records import Record
from wechat.inbox.routing import Answer
from wechat.kernel import work
from wechat.sdk.content import Text
from wechat.sdk.messages import parse

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("clean_redis", "only_these_handlers"),
]

Deliver = Callable[[str | bytes], Any]


@pytest.fixture
def no_table(account: OfficialAccount) -> Any:
    """Makes Postgres refuse every insert, as while it is away; it can be brought back."""

    def rename(old: str, new: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")

    rename("inbox_inboundmessage", "away")
    back = []

    def come_back() -> None:
        rename("away", "inbox_inboundmessage")
        back.append(True)

    yield come_back
    if not back:
        come_back()


def test_a_message_that_postgres_does_not_take_is_answered_and_replayed_later(
    deliver: Deliver, platform: Platform, no_table: Callable[[], None]
) -> None:
    routing.answers(order=1, quick=True)(lambda event: Answer("test", Text("hello")))
    response = deliver(platform.text("1"))
    assert platform.opened(response.content)["Content"] == "hello"
    assert spool.is_waiting()
    no_table()
    assert work.run("inbox.replay_spool") == 1
    assert InboundMessage.objects.get().answer == {"type": "text", "content": "hello"}
    assert not spool.is_waiting()


def test_repeats_while_postgres_is_away_get_the_first_answer_and_become_one_row(
    deliver: Deliver, platform: Platform, no_table: Callable[[], None]
) -> None:
    words = iter(["first", "second"])
    routing.answers(order=1, quick=True)(lambda event: Answer("test", Text(next(words))))
    text = platform.text("1")
    replies = [platform.opened(deliver(text).content)["Content"] for _ in range(2)]
    no_table()
    work.run("inbox.replay_spool")
    assert replies == ["first", "first"]
    assert InboundMessage.objects.count() == 1


def test_with_postgres_and_redis_away_the_platform_is_asked_to_try_again(
    deliver: Deliver, platform: Platform, no_table: Callable[[], None]
) -> None:
    nowhere = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}
    with override_settings(CACHES=nowhere):
        assert deliver(platform.text("1")).status_code == 503


def test_a_record_of_a_deleted_account_is_set_aside_and_holds_up_nothing(
    account: OfficialAccount, platform: Platform
) -> None:
    body = platform.text("kept").encode()
    kept = Record.of(account, parse(body), body)
    gone = Record.from_json(kept.to_json())
    gone.account_id, gone.key = 999_999, "gone"
    for record in (gone, kept):
        spool.append(record)
    assert work.run("inbox.replay_spool") == 2
    assert InboundMessage.objects.get().text == "kept"
    assert not spool.is_waiting()


@pytest.mark.parametrize(
    "fields",
    [
        {"record": "{"},
        {"record": "[]"},
        {"record": "[" * 100_000},
        {"record": '{"later_version": 1}'},
        {"record": b"\xff"},
        {"a": "b"},
    ],
    ids=["broken", "list", "deep", "later", "bytes", "nothing"],
)
def test_what_is_no_record_is_set_aside_and_holds_up_nothing(
    account: OfficialAccount, platform: Platform, fields: dict[str, Any]
) -> None:
    get_redis_connection("default").xadd(spool.STREAM, fields)
    body = platform.text("kept").encode()
    spool.append(Record.of(account, parse(body), body))
    assert work.run("inbox.replay_spool") == 2
    assert InboundMessage.objects.get().text == "kept"
    assert (spool.lengths(), spool.refused(account.pk)) == ((0, 1), [])


def test_refused_records_of_another_account_hide_none(account: OfficialAccount, platform: Platform) -> None:
    body = platform.text("kept").encode()
    record = Record.of(account, parse(body), body)
    ours = record.to_json()
    record.account_id = 999_999
    theirs = record.to_json()
    with get_redis_connection("default").pipeline() as steps:
        for each in (ours, *[theirs] * spool.REPLAY_BATCH, ours, theirs):
            steps.xadd(spool.REFUSED, {"record": each, "error": "it does not fit"})
        steps.execute()
    assert [each.error for each in spool.refused(account.pk)] == ["it does not fit"] * 2
    assert (spool.try_again(account.pk), spool.refused(account.pk)) == (2, [])


def test_half_a_character_in_a_record_holds_up_nothing(account: OfficialAccount, platform: Platform) -> None:
    body = platform.text("kept").encode()
    record = Record.of(account, parse(body), body)
    halved = json.dumps({**json.loads(record.to_json()), "key": "halved", "text": "a\ud800b"})
    get_redis_connection("default").xadd(spool.STREAM, {"record": halved})
    spool.append(record)
    assert work.run("inbox.replay_spool") == 2
    assert set(InboundMessage.objects.values_list("text", flat=True)) == {"ab", "kept"}


def test_of_two_workers_that_come_upon_the_same_entry_one_sets_it_aside(
    account: OfficialAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one has read it before, and comes to it after."""
    get_redis_connection("default").xadd(spool.STREAM, {"record": "{"})
    read = Record.from_json

    def read_after_another(text: str | bytes) -> Record:
        monkeypatch.setattr(Record, "from_json", read)
        work.run("inbox.replay_spool")
        return read(text)

    monkeypatch.setattr(Record, "from_json", read_after_another)
    work.run("inbox.replay_spool")
    assert spool.lengths() == (0, 1)


def test_a_postgres_that_does_not_answer_holds_up_no_follower(
    account: OfficialAccount, deliver: Deliver, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "PATIENCE_SECONDS", 0.2)
    routing.answers(order=1, quick=True)(lambda event: Answer("test", Text(event.message.text)))
    directory.find(account.slug)  # known to the process before Postgres stops answering
    texts = [platform.text(str(number)) for number in range(3)]
    with locked("inbox_inboundmessage"):
        replies = [platform.opened(deliver(text).content)["Content"] for text in texts]
        assert spool.is_waiting()
    work.run("inbox.replay_spool")
    assert replies == ["0", "1", "2"]
    assert sorted(InboundMessage.objects.values_list("text", flat=True)) == ["0", "1", "2"]


def test_a_standby_takes_no_messages_and_refuses_none_for_good(
    account: OfficialAccount, deliver: Deliver, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = connection.settings_dict["OPTIONS"] | {"options": "-c default_transaction_read_only=on"}
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # of Postgres
    assert deliver(platform.text("kept")).status_code == 200
    assert work.run("inbox.replay_spool") == 0
    assert spool.lengths() == (1, 0)
    monkeypatch.undo()
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    assert work.run("inbox.replay_spool") == 1
    assert InboundMessage.objects.get().text == "kept"


def test_what_postgres_does_not_take_yet_stays_until_it_is_in_postgres(
    account: OfficialAccount, platform: Platform
) -> None:
    body = platform.text("kept").encode()
    spool.append(Record.of(account, parse(body), body))
    with locked("inbox_inboundmessage"):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 1")
        assert work.run("inbox.replay_spool") == 0
        assert spool.is_waiting()
        # The connection goes back to the pool, and to other tests.
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    assert work.run("inbox.replay_spool") == 1
    assert InboundMessage.objects.get().text == "kept"
    connection.close()


@contextmanager
def locked(table: str) -> Iterator[None]:
    """Lets another session keep the table to itself, so that whoever wants to insert waits."""
    where = connection.settings_dict
    with psycopg.connect(
        host=where["HOST"],
        port=where["PORT"],
        user=where["USER"],
        password=where["PASSWORD"],
        dbname=where["NAME"],
    ) as session:
        session.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
