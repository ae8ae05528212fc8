"""Tests of mass sends, from the plan to the received messages, with all failures between."""

import datetime

import pytest
from django.utils import timezone

from accounts.followers import erasing
from accounts.followers.models import Follower, Segment, Tag
from accounts.followers.segments import Condition
from accounts.official.models import OfficialAccount
from tests.campaigns.mass_cast import (
    SEND,
    SENDALL,
    Writer,
    a_minute_later,
    followers,
    received,
    report,
    run_due,
    settle,
)
from tests.cast import Cast, signed_in
from tests.simulated import Simulated
from tests.working import react_to_due
from wechat.campaigns.mass import planning, sending
from wechat.campaigns.mass.sending import CALLS
from wechat.campaigns.models import MassCall, MassPreview, MassRecipient, MassReport
from wechat.kernel import work
from wechat.kernel.models import Hold, Interruption
from wechat.kernel.work import interruptions, policy

pytestmark = pytest.mark.django_db


def everybody_of(account: OfficialAccount) -> Segment:
    return Segment.objects.create(account=account, name="所有人", conditions=[])


def test_a_segment_that_was_changed_after_it_was_planned_gets_nothing(
    account: OfficialAccount, known: Simulated, written: Writer, staff: Cast
) -> None:
    followers(account, known, 3)
    send = written(target="segment", segment=everybody_of(account))
    planning.plan(send, timezone.now(), None)
    Segment.objects.update(conditions=[Condition(field="subscribed", compare="yes", value="")])
    run_due()
    send.refresh_from_db()
    assert (send.state, send.calls.count()) == ("failed", 0)
    page = signed_in(staff.owner).get(f"/admin/campaigns/masssend/{send.pk}/change/").content.decode()
    assert "人群分组在定时群发之后被修改" in page


def test_everybody_gets_it_once_and_the_report_is_joined(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    openids = followers(account, known, 3)
    send = settle(written())
    call = send.calls.get()
    assert (send.state, call.state, call.size) == ("accepted", "accepted", 3)
    assert received(account, known, of=3) == sorted(openids)
    report(account, call.msg_id)
    react_to_due()
    send.refresh_from_db()
    call.refresh_from_db()
    assert (send.state, call.total, call.filtered, call.sent, call.errors) == ("done", 3, 3, 2, 1)
    assert call.due_at is None


def test_while_the_account_is_switched_off_nothing_goes_out(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    openids = followers(account, known, 2)
    begun, planned = written(), written()
    planning.plan(begun, None, None)
    work.run("campaigns.mass_begin")
    planning.plan(planned, None, None)
    OfficialAccount.objects.update(enabled=False)
    assert run_due() == 0
    assert not received(account, known)
    OfficialAccount.objects.update(enabled=True)
    run_due()
    assert received(account, known, of=4) == sorted([*openids, *openids])


def test_a_segment_is_split_into_even_calls_of_openids(
    account: OfficialAccount, known: Simulated, written: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    openids = followers(account, known, 7)
    monkeypatch.setattr("wechat.sdk.calls.mass.MOST_OPENIDS", 3)
    send = settle(written(target="segment", segment=everybody_of(account)))
    assert sorted(send.calls.values_list("size", flat=True)) == [2, 2, 3]
    assert received(account, known, of=7) == sorted(openids)
    assert MassRecipient.objects.count() == 7


def test_a_tag_is_sent_as_a_tag_and_its_followers_counted(
    account: OfficialAccount, known: Simulated, written: Writer, tag: Tag
) -> None:
    followers(account, known, 2, tag)
    followers(account, known, 1)
    send = settle(written(target="tag", tag=tag))
    call = send.calls.get()
    assert (call.state, call.tag_id, call.size, call.recipients.count()) == ("accepted", 100, 2, 2)


def test_one_follower_is_too_few_for_the_platform(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    followers(account, known, 1)
    send = settle(written(target="segment", segment=everybody_of(account)))
    assert (send.state, send.error, send.calls.count()) == ("failed", "too_few", 0)
    assert not MassRecipient.objects.exists()


def test_a_lost_answer_is_asked_again_under_the_same_name(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    openids = followers(account, known, 2)
    known.sim("/faults", {"api": SENDALL, "times": 1, "drop_answer": True})
    send = settle(written())
    assert (send.state, send.calls.get().msg_id) == ("sending", None)
    send = a_minute_later(send, known)
    assert (send.state, send.calls.get().msg_id is not None) == ("accepted", True)
    assert received(account, known, of=2) == sorted(openids)


def test_asked_again_too_soon_it_waits_a_minute_more(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    openids = followers(account, known, 2)
    known.sim("/faults", {"api": SENDALL, "times": 1, "drop_answer": True})
    send = a_minute_later(settle(written()), known, seconds=5)
    call = send.calls.get()
    assert (send.state, call.state) == ("sending", "sending")
    assert call.due_at is not None
    assert call.due_at > timezone.now() + datetime.timedelta(seconds=50)
    assert a_minute_later(send, known).state == "accepted"
    assert received(account, known, of=2) == sorted(openids)


def test_a_worker_killed_between_row_and_call_harms_nobody(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    openids = followers(account, known, 2)
    send = written()
    planning.plan(send, None, None)
    work.run("campaigns.mass_begin")
    now = timezone.now()
    MassCall.objects.update(state="sending", attempts=1, tried_at=now, due_at=now)
    run_due()
    send.refresh_from_db()
    assert send.state == "accepted"
    assert received(account, known, of=2) == sorted(openids)


def test_what_killed_three_workers_after_it_may_have_been_sent_is_uncertain(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    followers(account, known, 3)
    send = written()
    planning.plan(send, None, None)
    work.run("campaigns.mass_begin")
    now = timezone.now()
    MassCall.objects.update(state="sending", tried_at=now, due_at=now, leased_until=now)
    Interruption.objects.create(work=CALLS.name, row=str(MassCall.objects.get().pk), times=2, at=now)
    assert work.run(CALLS.name) == 1
    send.refresh_from_db()
    call = send.calls.get()
    assert (send.state, call.state, call.error) == ("uncertain", "uncertain", interruptions.ENDED)


def test_what_the_platform_has_forgotten_is_uncertain_and_never_sent_again(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    followers(account, known, 2)
    send = written()
    planning.plan(send, None, None)
    work.run("campaigns.mass_begin")
    long_ago = timezone.now() - datetime.timedelta(hours=23)
    MassCall.objects.update(state="sending", attempts=1, tried_at=long_ago, due_at=timezone.now())
    run_due()
    send.refresh_from_db()
    assert send.state == "uncertain"
    assert received(account, known) == []


def test_a_report_before_our_own_answer_is_kept_and_joined(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    followers(account, known, 2)
    known.sim("/faults", {"api": SENDALL, "times": 1, "drop_answer": True})
    send = settle(written())
    jobs = known.get("/state")["accounts"][account.appid]["mass"]["jobs"]
    report(account, int(next(iter(jobs))))
    react_to_due()
    assert MassReport.objects.count() == 1
    send = a_minute_later(send, known)
    assert (send.state, send.calls.get().sent) == ("done", 2)


def test_a_report_that_comes_twice_counts_once(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    followers(account, known, 2)
    send = settle(written())
    msg_id = send.calls.get().msg_id
    report(account, msg_id)
    report(account, msg_id, SentCount=0, Status="send fail")
    react_to_due()
    send.refresh_from_db()
    assert (send.state, send.calls.get().sent, MassReport.objects.count()) == ("done", 2, 1)


def test_a_report_whose_numbers_are_none_ends_the_mass_send_all_the_same(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    followers(account, known, 2)
    send = settle(written())
    checks = "<CheckState>99999</CheckState>"
    report(account, send.calls.get().msg_id, TotalCount=-1, ErrorCount=10**11, CopyrightCheckResult=checks)
    react_to_due()
    send.refresh_from_db()
    assert (send.state, send.calls.get().sent, send.calls.get().total) == ("done", 2, 0)


def test_without_a_report_the_platform_is_asked(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    followers(account, known, 2)
    send = settle(written())
    received(account, known, of=2)
    send = a_minute_later(send, known)
    assert (send.state, send.calls.get().status) == ("done", "SEND_SUCCESS")


def test_a_review_that_refuses_it_is_a_failure_with_its_code(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    followers(account, known, 2)
    send = settle(written())
    report(account, send.calls.get().msg_id, Status="err(20004)", SentCount=0)
    react_to_due()
    send.refresh_from_db()
    assert (send.state, send.calls.get().status) == ("failed", "err(20004)")


@pytest.mark.parametrize(("confirmed", "count"), [(True, 2), (False, 0)])
def test_an_administrator_is_waited_for(
    account: OfficialAccount, known: Simulated, written: Writer, confirmed: bool, count: int
) -> None:
    followers(account, known, 2)
    known.sim(f"/accounts/{account.appid}/mass", {"confirms": True})
    send = settle(written())
    assert (send.state, send.calls.get().errcode) == ("confirming", 89505)
    assert a_minute_later(send, known).state == "confirming"
    known.sim(f"/accounts/{account.appid}/mass", {"answer": confirmed})
    send = a_minute_later(send, known)
    assert send.state == "accepted"
    assert len(received(account, known, of=count)) == count
    assert a_minute_later(send, known).state == ("done" if confirmed else "failed")


def test_a_refusal_ends_it_with_the_reason(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    followers(account, known, 2)
    known.sim("/faults", {"api": SENDALL, "times": 1, "errcode": 45028})
    send = settle(written())
    call = send.calls.get()
    assert (send.state, call.errcode, call.due_at) == ("failed", 45028, None)


def test_too_many_calls_a_minute_go_on_in_the_next(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    followers(account, known, 2)
    known.sim(f"/accounts/{account.appid}/quota", {"api": SENDALL, "minute_limit": 1})
    known.begin_minute()
    settle(written())
    second = settle(written())
    call = second.calls.get()
    assert (second.state, call.state, call.tried_at) == ("sending", "waiting", None)
    assert a_minute_later(second, known).state == "accepted"


def test_the_fifth_message_of_a_month_is_not_even_tried(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    openids = followers(account, known, 4)
    segment = everybody_of(account)
    for _each in range(4):
        settle(written(target="list", openids=openids[:2]))
    send = settle(written(target="segment", segment=segment))
    assert (send.state, send.calls.get().size) == ("accepted", 2)
    assert len(received(account, known, of=10)) == 10
    assert settle(written(target="list", openids=openids[:2])).error == "too_few"


def test_a_list_whose_people_are_gone_is_never_sent_to_everybody(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    openids = followers(account, known, 4)
    send = written(target="list", openids=openids[:2])
    planning.plan(send, None, None)
    work.run("campaigns.mass_begin")
    MassRecipient.objects.all().delete()
    run_due()
    assert send.calls.get().state == "failed"
    assert received(account, known) == []


def test_whoever_is_erased_is_in_no_list_of_a_mass_send_any_more(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    openids = followers(account, known, 3)
    settle(written(target="segment", segment=everybody_of(account)))
    written_list = written(target="list", openids=openids[:2])
    for openid, count in zip(openids, (2, 2, 1), strict=True):
        follower = Follower.objects.get(openid=openid)
        assert f"{count} 条群发" in " ".join(str(each.what) for each in erasing.holdings(follower))
    erasing.erase(Follower.objects.get(openid=openids[0]))
    assert not MassRecipient.objects.filter(openid=openids[0]).exists()
    written_list.refresh_from_db()
    assert written_list.openids == openids[1:2]


def test_a_part_that_is_sent_again_leaves_out_whoever_was_erased(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    openids = followers(account, known, 3)
    known.sim("/faults", {"api": SEND, "errcode": 40003, "times": 1})
    send = settle(written(target="segment", segment=everybody_of(account)))
    assert send.state == "failed"
    erasing.erase(Follower.objects.get(openid=openids[0]))
    sending.try_again(send.calls.all())
    run_due()
    assert received(account, known, of=2) == sorted(openids[1:])


def test_who_followed_after_four_messages_to_everybody_may_still_get_one(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    there = followers(account, known, 2)
    for _each in range(4):
        settle(written())
    assert len(received(account, known, of=8)) == 8
    new = followers(account, known, 2)
    later = timezone.now() + datetime.timedelta(seconds=1)
    Follower.objects.filter(openid__in=new).update(first_subscribed_at=later, subscribed_at=later)
    send = settle(written(target="list", openids=[*there, *new]))
    assert (send.state, send.calls.get().size) == ("accepted", 2)
    assert received(account, known, of=10) == sorted([*there * 4, *new])


def test_a_preview_reaches_a_colleague_only(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    followers(account, known, 2)
    preview = MassPreview.objects.create(send=written(), wechat_id="colleague", due_at=timezone.now())
    run_due()
    preview.refresh_from_db()
    assert (preview.due_at, preview.error) == (None, "")
    assert received(account, known) == []


def test_what_is_taken_back_in_time_is_not_sent(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    followers(account, known, 2)
    send = written()
    planning.plan(send, timezone.now() + datetime.timedelta(hours=1), None)
    assert planning.take_back(send)
    run_due()
    send.refresh_from_db()
    assert (send.state, send.calls.count()) == ("draft", 0)
    assert planning.plan(send, None, None)
    assert not planning.plan(send, None, None)


def test_openids_may_be_sent_again_while_one_call_fails(
    account: OfficialAccount, known: Simulated, written: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    followers(account, known, 4)
    monkeypatch.setattr("wechat.sdk.calls.mass.MOST_OPENIDS", 2)
    known.sim("/faults", {"api": SEND, "times": 1, "errcode": 40031})
    send = settle(written(target="segment", segment=everybody_of(account)))
    assert (send.state, sorted(send.calls.values_list("state", flat=True))) == (
        "accepted",
        ["accepted", "failed"],
    )
    assert len(received(account, known, of=2)) == 2


@pytest.mark.parametrize("errcode", [48001, 48003, 45062, 50002])
def test_a_refusal_of_the_account_holds_its_mass_sends_and_spends_nothing(
    account: OfficialAccount, known: Simulated, written: Writer, errcode: int
) -> None:
    openids = followers(account, known, 2)
    known.sim("/faults", {"api": SENDALL, "errcode": errcode})
    first, second = settle(written()), settle(written())
    assert {first.state, second.state} == {"sending"}
    assert set(MassCall.objects.values_list("state", "attempts", "tried_at")) == {("waiting", 0, None)}
    assert Hold.objects.get().cause == "account"
    known.delete("/faults")
    a_minute_later(first, known)
    assert set(MassCall.objects.values_list("state", flat=True)) == {"accepted"}
    assert received(account, known, of=4) == sorted(openids * 2)


def test_a_used_up_quota_holds_mass_sends_until_the_morning(
    account: OfficialAccount, known: Simulated, written: Writer
) -> None:
    followers(account, known, 2)
    known.sim("/faults", {"api": SENDALL, "errcode": 45009})
    send = settle(written())
    until = Hold.objects.values_list("until", flat=True).get()
    assert until == policy.next_quota_morning(timezone.now())
    assert (send.state, send.calls.get().attempts) == ("sending", 0)


def test_an_outage_gives_up_no_mass_send(account: OfficialAccount, known: Simulated, written: Writer) -> None:
    openids = followers(account, known, 2)
    known.sim("/faults", {"api": SENDALL, "http_status": 502})
    send = settle(written())
    for _minute in range(20):
        a_minute_later(send, known)
    assert send.calls.get().state == "sending"
    known.delete("/faults")
    for _minute in range(2):
        a_minute_later(send, known)
    assert received(account, known, of=2) == sorted(openids)
