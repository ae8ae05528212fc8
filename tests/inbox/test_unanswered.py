import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.cast import Cast, message, signed_in
from wechat.inbox import unanswered
from wechat.inbox.models import IgnoredText

pytestmark = pytest.mark.django_db

PAGE = "/admin/inbox/inboundmessage/unanswered/"
IGNORE = "/admin/inbox/inboundmessage/unanswered/ignore/"


def test_similar_texts_are_one_question(staff: Cast) -> None:
    for text in ("几点开门", "几点开门？", " 几点 开门!", "ＯＰＥＮ", "open"):
        message(staff.ours, text)
    counts = {question.text: question.count for question in unanswered.report(staff.ours, 7).questions}
    assert counts == {"几点开门": 3, "open": 2}


def test_followers_are_counted_once(staff: Cast) -> None:
    for openid in ("oA", "oA", "oB"):
        message(staff.ours, "价格", openid=openid)
    (question,) = unanswered.report(staff.ours, 7).questions
    assert (question.count, question.followers, question.last_openid) == (3, 2, "oB")


def test_what_is_nothing_but_punctuation_is_still_a_question(staff: Cast) -> None:
    message(staff.ours, "？？")
    assert [question.text for question in unanswered.report(staff.ours, 7).questions] == ["？？"]


def test_only_unanswered_texts_of_the_period_and_the_account_count(staff: Cast) -> None:
    message(staff.ours, "asked")
    message(staff.ours, "answered", answered_by="rule:1")
    message(staff.ours, "event", kind="event", event="click")
    message(staff.ours, "old", received_at=timezone.now() - datetime.timedelta(days=8))
    message(staff.theirs, "theirs")
    assert [question.text for question in unanswered.report(staff.ours, 7).questions] == ["asked"]


def test_a_busy_account_is_told_how_far_back_was_counted(
    staff: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unanswered, "WINDOW", 2)
    for text in ("one", "two", "three"):
        message(staff.ours, text)
    report = unanswered.report(staff.ours, 7)
    assert {question.text for question in report.questions} == {"two", "three"}
    assert report.cut_at is not None


def test_a_quiet_account_is_counted_whole(staff: Cast) -> None:
    message(staff.ours, "one")
    assert unanswered.report(staff.ours, 7).cut_at is None


def test_an_ignored_text_and_what_is_like_it_stay_away_until_taken_back(staff: Cast) -> None:
    message(staff.ours, "哈哈")
    client = signed_in(staff.editor)
    client.post(IGNORE, {"account": staff.ours.pk, "text": "哈哈"})
    message(staff.ours, "哈哈！")
    assert not unanswered.report(staff.ours, 7).questions
    client.post(IGNORE, {"account": staff.ours.pk, "again": "哈哈"})
    assert len(unanswered.report(staff.ours, 7).questions) == 1


def test_who_may_only_look_does_not_ignore(staff: Cast) -> None:
    answer = signed_in(staff.auditor).post(IGNORE, {"account": staff.ours.pk, "text": "哈哈"})
    assert answer.status_code == 403
    assert not IgnoredText.objects.exists()


def test_a_switch_in_another_tab_ignores_nothing_in_the_wrong_account(staff: Cast) -> None:
    client = signed_in(staff.superuser)
    client.post(reverse("switch_account"), {"account": staff.theirs.pk})
    assert client.post(IGNORE, {"account": staff.ours.pk, "text": "哈哈"}).status_code == 403


def test_an_account_without_questions_says_what_to_do(staff: Cast) -> None:
    assert 'class="empty"' in signed_in(staff.editor).get(PAGE).content.decode()


@pytest.mark.parametrize("days", ["0", "x", "99999999999", "-1", "²"])
def test_a_period_of_nonsense_is_the_usual_one(staff: Cast, days: str) -> None:
    assert signed_in(staff.editor).get(PAGE, {"days": days}).context["days"] == 7
