import datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.followers import changes, tagging
from accounts.followers.models import Change, Follower, Tag
from accounts.official import error_sentences
from accounts.official.models import OfficialAccount
from tests.accounts.conftest import Crowd
from tests.cast import Cast
from wechat.kernel import work
from wechat.kernel.models import Hold
from wechat.kernel.work import policy

pytestmark = pytest.mark.django_db(transaction=True)


def everybody(account: OfficialAccount) -> list[int]:
    return list(Follower.objects.filter(account=account).values_list("pk", flat=True))


def test_a_tag_is_created_on_the_platform(crowd: Crowd) -> None:
    tag = crowd.tag("VIP")
    assert (tag.state, tag.error, tag.due_at) == (Tag.State.THERE, "", None)
    assert crowd.state()["tags"] == {str(tag.platform_id): "VIP"}


def test_a_tag_whose_creation_was_not_answered_is_made_once(crowd: Crowd) -> None:
    crowd.fail("/cgi-bin/tags/create", drop_answer=True, times=1)
    tag = crowd.tag("VIP")
    assert (tag.state, error_sentences.of_row(tag)) == (Tag.State.WAITING, "连不上微信，稍后可以重试。")
    Tag.objects.update(due_at=timezone.now())
    crowd.send()
    tag.refresh_from_db()
    assert tag.state == Tag.State.THERE
    assert list(crowd.state()["tags"].values()) == ["VIP"]


@pytest.mark.parametrize("answer", ["<html>请先登录上网</html>", '{"tag":{}}', "{"])
def test_a_tag_whose_answer_cannot_be_read_says_so_and_waits_like_one_without_answer(
    crowd: Crowd, answer: str
) -> None:
    crowd.fail("/cgi-bin/tags/create", answer=answer, times=1)
    tag = crowd.tag("VIP")
    assert (tag.state, Hold.objects.get().cause) == (Tag.State.WAITING, "away")
    assert error_sentences.of_row(tag).startswith("收到的应答无法识别")


def test_a_fault_of_ours_is_not_blamed_on_the_way_to_wechat() -> None:
    assert error_sentences.of_row(Tag(error="KeyError: 'tag'")).startswith("系统出现意外错误")


def test_a_tag_is_renamed_and_deleted_there_too(crowd: Crowd) -> None:
    tag = crowd.tag("VIP")
    tag.name = "贵宾"
    tagging.ask_platform(tag)
    crowd.send()
    assert list(crowd.state()["tags"].values()) == ["贵宾"]
    tagging.delete(tag)
    crowd.send()
    assert crowd.state()["tags"] == {}
    assert not Tag.objects.exists()


def test_a_tag_that_the_platform_refuses_says_why(crowd: Crowd) -> None:
    crowd.fail("/cgi-bin/tags/create", errcode=45056, times=1)
    tag = crowd.tag("VIP")
    assert (tag.state, tag.errcode, tag.due_at) == (Tag.State.FAILED, 45056, None)


def test_followers_are_tagged_here_at_once_and_there_soon(crowd: Crowd) -> None:
    crowd.add(120)
    crowd.sync()
    tag = crowd.tag("VIP")
    assert tagging.add(tag, Follower.objects.filter(account=crowd.account)) == 120
    assert tag.followers.count() == 120
    before = crowd.calls().get("/cgi-bin/tags/members/batchtagging", 0)
    crowd.send()
    assert crowd.calls()["/cgi-bin/tags/members/batchtagging"] - before == 3
    assert all(tags == {"VIP"} for tags in crowd.tagged().values())
    assert not Change.objects.exists()


def test_tagging_twice_changes_nothing(crowd: Crowd) -> None:
    crowd.add(2)
    crowd.sync()
    tag = crowd.tag("VIP")
    tagging.add(tag, everybody(crowd.account))
    crowd.send()
    assert tagging.add(tag, everybody(crowd.account)) == 0
    assert not Change.objects.exists()


def test_a_tag_taken_off_goes_from_both_sides(crowd: Crowd) -> None:
    crowd.add(3)
    crowd.sync()
    tag = crowd.tag("VIP")
    tagging.add(tag, everybody(crowd.account))
    crowd.send()
    assert tagging.remove(tag, everybody(crowd.account)) == 3
    crowd.send()
    assert not any(crowd.tagged().values())
    assert tag.followers.count() == 0


def test_the_last_of_two_desired_values_counts(crowd: Crowd) -> None:
    crowd.add(1)
    crowd.sync()
    tag = crowd.tag("VIP")
    tagging.add(tag, everybody(crowd.account))
    tagging.remove(tag, everybody(crowd.account))
    change = Change.objects.get()
    assert change.desired == "no"
    crowd.send()
    assert not any(crowd.tagged().values())


def test_followers_of_another_account_are_left_out(staff: Cast) -> None:
    tag = Tag.objects.create(account=staff.ours, name="VIP")
    stranger = Follower.objects.create(account=staff.theirs, openid="oTheirs")
    assert tagging.add(tag, [stranger.pk]) == 0


def test_a_follower_with_twenty_tags_gets_no_more(account: OfficialAccount) -> None:
    follower = Follower.objects.create(account=account, openid="oFull")
    follower.tags.set(Tag.objects.create(account=account, name=f"标签{number}") for number in range(20))
    tag = Tag.objects.create(account=account, name="第二十一")
    rows = Follower.objects.all()
    assert tagging.forecast(tag, rows) == tagging.Forecast(gets=0, has=0, full=1)
    assert tagging.add(tag, rows) == 0
    assert list(rows.filter(tagging.is_at_tag_limit())) == [follower]


def test_where_there_are_fewer_tags_nobody_is_looked_at_for_room(account: OfficialAccount) -> None:
    Follower.objects.create(account=account, openid="oNew")
    tag = Tag.objects.create(account=account, name="VIP")
    with CaptureQueriesContext(connection) as asked:
        assert tagging.forecast(tag, Follower.objects.all()) == tagging.Forecast(gets=1, has=0, full=0)
    assert "HAVING" not in str(asked.captured_queries)


def test_people_who_left_are_tagged_here_only(account: OfficialAccount) -> None:
    Follower.objects.create(account=account, openid="oGone", subscribed=False)
    tag = Tag.objects.create(account=account, name="VIP")
    assert tagging.add(tag, everybody(account)) == 1
    assert not Change.objects.exists()


def test_changes_wait_until_their_tag_is_on_the_platform(crowd: Crowd) -> None:
    crowd.add(1)
    crowd.sync()
    tag = Tag.objects.create(account=crowd.account, name="VIP")
    tagging.add(tag, everybody(crowd.account))
    assert work.run("followers.send_changes") == 0
    crowd.send()
    assert list(crowd.tagged().values()) == [{"VIP"}]


def test_one_who_is_unknown_there_does_not_spoil_the_call_for_the_others(crowd: Crowd) -> None:
    crowd.add(30)
    crowd.sync()
    Follower.objects.create(account=crowd.account, openid="oStranger0000000000000000001")
    tag = crowd.tag("VIP")
    tagging.add(tag, everybody(crowd.account))
    crowd.send()
    assert sum(tags == {"VIP"} for tags in crowd.tagged().values()) == 30
    failed = Change.objects.select_related("follower").get()
    assert failed.follower.openid == "oStranger0000000000000000001"
    assert (failed.errcode, failed.has_failed) == (40003, True)


def test_those_the_platform_names_are_the_only_ones_that_failed(crowd: Crowd) -> None:
    crowd.add(3)
    numbers = [crowd.tag(f"标签{number}").platform_id for number in range(20)]
    state = crowd.platform.get("/state")
    full = next(iter(state["accounts"][crowd.account.appid]["followers"]))
    state["accounts"][crowd.account.appid]["followers"][full]["tags"] = numbers
    crowd.platform.put("/state", state)
    for openid in state["accounts"][crowd.account.appid]["followers"]:
        Follower.objects.create(account=crowd.account, openid=openid)
    tag = crowd.tag("VIP")
    tagging.add(tag, everybody(crowd.account))
    crowd.send()
    failed = Change.objects.select_related("follower").get()
    assert (failed.follower.openid, failed.errcode) == (full, 45059)
    assert sum("VIP" in tags for tags in crowd.tagged().values()) == 2


def test_a_failed_change_can_be_tried_again(crowd: Crowd) -> None:
    crowd.add(1)
    crowd.sync()
    tag = crowd.tag("VIP")
    crowd.fail("/cgi-bin/tags/members/batchtagging", errcode=40003, times=1)
    tagging.add(tag, everybody(crowd.account))
    crowd.send()
    assert Change.objects.get().errcode == 40003
    assert changes.try_again(Change.objects.all()) == 1
    crowd.send()
    assert list(crowd.tagged().values()) == [{"VIP"}]


def test_a_busy_platform_is_asked_again_later(crowd: Crowd) -> None:
    crowd.add(1)
    crowd.sync()
    tag = crowd.tag("VIP")
    crowd.fail("/cgi-bin/tags/members/batchtagging", errcode=-1, times=1)
    tagging.add(tag, everybody(crowd.account))
    began = timezone.now()
    crowd.send()
    change = Change.objects.get()
    assert change.due_at is not None
    assert change.due_at > began + datetime.timedelta(seconds=1)
    assert (change.attempts, change.errcode) == (1, -1)


def test_a_run_does_not_undo_what_waits_to_be_sent(crowd: Crowd) -> None:
    (openid,) = crowd.add(1)
    crowd.sync()
    tag = crowd.tag("VIP")
    follower = crowd.follower(openid)
    tagging.add(tag, [follower.pk])
    Follower.objects.filter(pk=follower.pk).update(remark="王女士", blacklisted=True)
    changes.queue(Change.Kind.REMARK, [follower], "王女士")
    changes.queue(Change.Kind.BLACKLIST, [follower], "yes")
    Change.objects.update(due_at=timezone.now() + datetime.timedelta(hours=1))
    crowd.sync()
    follower.refresh_from_db()
    assert (follower.remark, follower.blacklisted, follower.tags.count()) == ("王女士", True, 1)


def test_remarks_and_the_blacklist_go_to_the_platform(crowd: Crowd) -> None:
    openids = crowd.add(25)
    crowd.sync()
    first = crowd.follower(openids[0])
    changes.queue(Change.Kind.REMARK, [first], "三店-王女士")
    changes.queue(Change.Kind.BLACKLIST, Follower.objects.all(), "yes")
    crowd.send()
    known = crowd.state()["followers"]
    assert known[first.openid]["remark"] == "三店-王女士"
    assert all(each["blacklisted"] for each in known.values())
    changes.queue(Change.Kind.BLACKLIST, [first], "no")
    crowd.send()
    assert not crowd.state()["followers"][first.openid]["blacklisted"]


def test_the_days_calls_for_remarks_are_no_others(crowd: Crowd) -> None:
    """An import of thousands of remarks uses up WeChat's day for remarks; tags go on all the same."""
    crowd.add(3)
    crowd.sync()
    tag = crowd.tag("VIP")
    crowd.fail("/cgi-bin/user/info/updateremark", errcode=45009)
    changes.queue(Change.Kind.REMARK, Follower.objects.all(), "老客户")
    crowd.send()
    tagging.add(tag, everybody(crowd.account))
    crowd.send()
    assert list(Change.objects.values_list("kind", "attempts").distinct()) == [("remark", 0)]
    assert Hold.objects.values_list("part", flat=True).get() == "remark"
    crowd.platform.delete("/faults")
    with time_machine.travel(policy.next_quota_day(timezone.now()) + datetime.timedelta(minutes=1)):
        crowd.send()
    assert not Change.objects.exists()
    assert not Hold.objects.exists()


def test_a_remark_that_is_too_long_says_so(crowd: Crowd) -> None:
    (openid,) = crowd.add(1)
    crowd.sync()
    changes.queue(Change.Kind.REMARK, [crowd.follower(openid)], "一二三四五六七八九十")
    crowd.send()
    assert Change.objects.get().errcode == 40092


def test_who_is_refused_a_remark_as_no_follower_has_left(crowd: Crowd) -> None:
    crowd.add(2)
    crowd.sync()
    Follower.objects.update(subscribed_at=timezone.now() - datetime.timedelta(hours=1))
    crowd.fail("/cgi-bin/user/info/updateremark", errcode=43004, times=1)
    changes.queue(Change.Kind.REMARK, Follower.objects.all(), "老客户")
    crowd.send()
    refused = Change.objects.get()
    assert refused.errcode == 43004
    assert list(Follower.objects.filter(subscribed=False)) == [refused.follower]
