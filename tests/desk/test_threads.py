import datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.official.models import OfficialAccount
from tests.cast import Cast, message, signed_in
from tests.desk.conftest import OPENID, Wrote
from wechat.desk import boxes, threads
from wechat.desk.models import Thread

pytestmark = pytest.mark.django_db


def test_a_message_that_no_rule_answered_waits(wrote: Wrote) -> None:
    thread = wrote("怎么退款")
    assert thread.waiting_since is not None
    assert thread.newest_text == "怎么退款"


@pytest.mark.parametrize("text", ["退" * 300, "e" + "\u0301" * 300])
def test_a_long_message_waits_however_many_accents_its_letters_have(wrote: Wrote, text: str) -> None:
    thread = wrote(text)
    assert thread.waiting_since is not None
    assert thread.newest_text == f"{text[:199]}…"


def test_a_message_that_a_rule_answered_waits_for_nobody(wrote: Wrote) -> None:
    assert wrote("价格", answered_by="rule:1", answer={"type": "text", "content": "99"}).waiting_since is None


def test_a_rule_that_says_nothing_leaves_the_follower_waiting_only_if_it_is_not_a_rule(wrote: Wrote) -> None:
    assert wrote("你好", answered_by="rule:1").waiting_since is None
    assert wrote("还在吗", answered_by="staff:1").waiting_since is not None


def test_a_reaction_that_runs_twice_or_late_changes_nothing(account: OfficialAccount, staff: Cast) -> None:
    first, second = message(account, "第一句"), message(account, "第二句")
    threads.note_message(second)
    threads.note_message(first)
    thread = Thread.objects.get()
    assert (thread.newest_id, thread.newest_text) == (second.pk, "第二句")
    assert thread.waiting_since == first.received_at
    threads.answered(thread, staff.service)
    threads.note_message(first)
    threads.note_message(second)
    thread.refresh_from_db()
    assert thread.waiting_since is None


def test_what_arrives_while_somebody_replies_goes_on_waiting(staff: Cast, wrote: Wrote) -> None:
    as_the_writer_saw_it = wrote("第一句")
    wrote("第二句")
    threads.answered(as_the_writer_saw_it, staff.service)
    assert Thread.objects.get().waiting_since is not None


def test_the_longest_wait_is_first(account: OfficialAccount, staff: Cast, wrote: Wrote) -> None:
    early = timezone.now() - datetime.timedelta(hours=2)
    wrote("刚到", openid="oLate0000000000000000000001")
    wrote("久等", openid="oEarly000000000000000000001", received_at=early)
    waiting = boxes.lines(account, "waiting", staff.service)
    assert [line.thread.newest_text for line in waiting] == ["久等", "刚到"]
    assert waiting[0].waits is not None
    assert waiting[0].waits >= datetime.timedelta(hours=2)


def test_a_closed_conversation_opens_again_by_itself(
    account: OfficialAccount, staff: Cast, wrote: Wrote
) -> None:
    threads.close(wrote("谢谢"))
    assert boxes.lines(account, "open", staff.service) == []
    wrote("还有一个问题")
    assert [line.thread.openid for line in boxes.lines(account, "open", staff.service)] == [OPENID]


def test_what_was_put_off_comes_back_in_time_or_with_the_next_message(
    account: OfficialAccount, staff: Cast, wrote: Wrote
) -> None:
    threads.put_off(wrote("明天再说"), timezone.now() + datetime.timedelta(days=1))
    assert boxes.lines(account, "waiting", staff.service) == []
    assert len(boxes.lines(account, "later", staff.service)) == 1
    wrote("现在就要")
    assert len(boxes.lines(account, "waiting", staff.service)) == 1


def test_reading_takes_the_number_of_unread_messages_away(wrote: Wrote) -> None:
    wrote("一")
    thread = wrote("二")
    assert threads.unread(thread) == 2
    threads.read(thread)
    thread.refresh_from_db()
    assert threads.unread(thread) == 0


def test_events_are_nothing_to_read(account: OfficialAccount, wrote: Wrote) -> None:
    thread = wrote("一")
    message(account, "", kind="event", event="click")
    assert threads.unread(thread) == 1


def test_a_search_finds_by_the_beginning_of_the_openid(
    account: OfficialAccount, staff: Cast, wrote: Wrote
) -> None:
    threads.close(wrote())
    assert len(boxes.lines(account, "waiting", staff.service, search=OPENID[:12])) == 1
    assert boxes.lines(account, "waiting", staff.service, search="nobody") == []


def test_a_conversation_says_whether_it_waits_for_a_person(desk: Client, wrote: Wrote) -> None:
    thread = wrote()
    page = {"who": thread.openid}
    assert "等待人工回复" in desk.get(reverse("admin:desk"), page).content.decode()
    threads.close(thread)
    assert "由自动回复处理" in desk.get(reverse("admin:desk"), page).content.decode()


def test_what_those_read_who_may_not_answer_is_still_unread_at_the_desk(
    desk: Client, wrote: Wrote, staff: Cast
) -> None:
    page = {"who": wrote().openid, "looks": "1"}
    for address in (reverse("admin:desk"), reverse("admin:desk_live")):
        assert signed_in(staff.auditor).get(address, page).status_code == 200
    thread = Thread.objects.get()
    assert threads.unread(thread) == 1
    desk.get(reverse("admin:desk"), page)
    thread.refresh_from_db()
    assert threads.unread(thread) == 0
