import datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.followers import sync_requests, syncing
from accounts.followers.models import Follower, FollowerSync, ListedOpenid, Tag
from accounts.official.models import OfficialAccount
from tests.accounts.conftest import Crowd
from tests.cast import Cast, signed_in
from wechat.kernel import work
from wechat.kernel.models import Hold

pytestmark = pytest.mark.django_db(transaction=True)

Kind, Step = FollowerSync.Kind, FollowerSync.Step


def following(account: OfficialAccount) -> set[str]:
    rows = Follower.objects.filter(account=account, subscribed=True)
    return set(rows.values_list("openid", flat=True))


def test_a_full_run_knows_everybody_with_tags_and_the_way_they_came(crowd: Crowd) -> None:
    crowd.seed(count=350, tags=["VIP", "老客户"], unionids=True)
    run = crowd.sync()
    known = crowd.state()["followers"]
    assert (run.step, run.listed, run.profiled, run.added, run.left) == (Step.DONE, 350, 350, 350, 0)
    assert following(crowd.account) == set(known)
    for openid in list(known)[::37]:
        row, there = crowd.follower(openid), known[openid]
        assert row.subscribed_at is not None
        assert row.subscribed_at.timestamp() == there["subscribed_at"]
        assert (row.subscribe_scene, row.qr_scene_str) == (there["subscribe_scene"], there["qr_scene_str"])
        assert row.unionid == there["unionid"]
    tagged = crowd.tagged()
    for row in Follower.objects.prefetch_related("tags"):
        assert {tag.name for tag in row.tags.all()} == tagged[row.openid]


def test_who_is_not_in_the_list_any_more_has_left(crowd: Crowd) -> None:
    gone, *stayed = crowd.add(5)
    crowd.sync()
    crowd.act(gone, type="unfollow")
    run = crowd.sync()
    assert run.left == 1
    assert following(crowd.account) == set(stayed)
    left = crowd.follower(gone)
    assert not left.subscribed
    assert left.unsubscribed_at is not None


def test_who_wrote_while_the_run_was_reading_has_not_left(crowd: Crowd) -> None:
    """They may have followed behind the end of what it read."""
    came, *gone = crowd.add(3)
    crowd.sync()
    for openid in (came, *gone):
        crowd.act(openid, type="unfollow")
    Follower.objects.filter(openid=came).update(last_seen_at=timezone.now() + datetime.timedelta(minutes=1))
    assert crowd.sync().left == 2
    assert following(crowd.account) == {came}


def test_a_run_that_ends_early_marks_nobody(crowd: Crowd) -> None:
    crowd.platform.sim("/settings", {"user_page_size": 2})
    everybody = crowd.add(5)
    crowd.sync()
    crowd.fail("/cgi-bin/user/get", errcode=41006, times=None)
    run = crowd.sync()
    assert (run.step, run.errcode, run.due_at) == (Step.STOPPED, 41006, None)
    assert following(crowd.account) == set(everybody)
    assert not ListedOpenid.objects.exists()


def test_a_list_shorter_than_its_total_marks_nobody_and_says_so(crowd: Crowd) -> None:
    everybody = crowd.add(6)
    crowd.sync()
    crowd.platform.sim("/settings", {"user_page_skips": 2})
    run = crowd.sync()
    assert (run.total, run.listed, run.left, run.remarks) == (6, 4, 0, ["incomplete"])
    assert following(crowd.account) == set(everybody)


def test_openids_named_twice_are_counted_once(crowd: Crowd) -> None:
    crowd.platform.sim("/settings", {"user_page_size": 3, "user_page_repeats": 1})
    everybody = crowd.add(8)
    run = crowd.sync()
    assert (run.step, run.listed) == (Step.DONE, 8)
    assert run.repeated > 0
    assert following(crowd.account) == set(everybody)


def test_a_list_that_goes_round_in_circles_comes_to_an_end(crowd: Crowd) -> None:
    crowd.platform.sim("/settings", {"user_page_size": 3, "user_page_repeats": 3})
    crowd.add(8)
    run = crowd.sync()
    assert run.step == Step.DONE
    assert set(run.remarks) == {"stuck", "incomplete"}


def test_a_run_that_was_killed_goes_on_where_it_stopped(crowd: Crowd) -> None:
    crowd.platform.sim("/settings", {"user_page_size": 1000})
    crowd.seed(count=2500)
    run = sync_requests.ask(crowd.account, Kind.FULL)
    crowd.fail("/cgi-bin/user/info/batchget", http_status=502, times=1)
    work.run("followers.sync_followers")
    run.refresh_from_db()
    assert (run.step, run.errcode) == (Step.PROFILES, None)
    assert run.error
    assert run.is_open
    listed_before = crowd.calls()["/cgi-bin/user/get"]
    FollowerSync.objects.update(due_at=timezone.now())
    work.run("followers.sync_followers")
    run.refresh_from_db()
    assert (run.step, run.profiled, run.error) == (Step.DONE, 2500, "")
    assert crowd.calls()["/cgi-bin/user/get"] == listed_before


def test_after_a_kill_another_worker_goes_on_within_seconds_and_the_page_says_so(
    crowd: Crowd, staff: Cast
) -> None:
    crowd.add(3)
    run = sync_requests.ask(crowd.account, Kind.FULL)
    FollowerSync.objects.update(started_at=timezone.now())
    assert syncing.SYNCS.claim() == [run]
    page = signed_in(staff.owner).get("/admin/followers/follower/sync/")
    assert "目前没有后台进程在处理" not in page.content.decode()
    # Nobody hears of that worker again.
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=8)):
        page = signed_in(staff.owner).get("/admin/followers/follower/sync/")
        assert "目前没有后台进程在处理" in page.content.decode()
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=16)):
        work.run("followers.sync_followers")
    run.refresh_from_db()
    assert (run.step, run.profiled) == (Step.DONE, 3)


def test_the_page_says_when_a_run_goes_on_but_not_until_when_a_worker_holds_it(
    crowd: Crowd, staff: Cast
) -> None:
    crowd.add(3)
    sync_requests.ask(crowd.account, Kind.FULL)
    crowd.fail("/cgi-bin/user/info/batchget", http_status=502, times=1)
    work.run("followers.sync_followers")
    page = "/admin/followers/follower/sync/"
    assert "自动继续" in signed_in(staff.owner).get(page).content.decode()
    FollowerSync.objects.update(due_at=timezone.now())
    (run,) = syncing.SYNCS.claim()
    assert run.error
    assert "自动继续" not in signed_in(staff.owner).get(page).content.decode()


def test_a_worker_whose_run_was_taken_over_writes_nothing_more(crowd: Crowd) -> None:
    crowd.add(3)
    run = sync_requests.ask(crowd.account, Kind.FULL)
    stale = FollowerSync.objects.select_related("account").get(pk=run.pk)
    FollowerSync.objects.update(due_at=timezone.now() + datetime.timedelta(minutes=5))
    syncing.go_on(stale)
    run.refresh_from_db()
    assert (run.step, run.listed) == (Step.TAGS, 0)


def test_a_used_up_quota_pauses_until_the_platform_counts_anew(crowd: Crowd) -> None:
    crowd.add(3)
    crowd.platform.sim(
        f"/accounts/{crowd.account.appid}/quota", {"api": "/cgi-bin/user/get", "daily_limit": 0}
    )
    run = crowd.sync()
    assert (run.step, run.errcode, run.attempts) == (Step.LISTING, 45009, 0)
    (hold,) = Hold.objects.filter(work="followers.sync_followers", subject=crowd.account.pk)
    assert hold.until is not None
    midnight = timezone.localtime(hold.until)
    assert (midnight.hour, midnight.minute) == (0, 5)
    assert midnight > timezone.localtime()


def test_an_incremental_run_reads_on_where_the_last_one_ended(crowd: Crowd) -> None:
    crowd.add(3)
    crowd.sync()
    came = crowd.add(2)
    run = crowd.sync(Kind.INCREMENTAL)
    assert (run.kind, run.listed, run.added) == (Kind.INCREMENTAL, 2, 2)
    assert following(crowd.account) >= set(came)


def test_when_the_last_one_of_the_list_is_unknown_the_whole_list_is_read(crowd: Crowd) -> None:
    crowd.add(3)
    crowd.sync()
    FollowerSync.objects.update(cursor="oNobodyKnowsThisOpenid000000")
    run = crowd.sync(Kind.INCREMENTAL)
    assert (run.kind, run.step, run.listed) == (Kind.FULL, Step.DONE, 3)


def test_an_incremental_run_asks_about_those_who_came_by_events(crowd: Crowd) -> None:
    crowd.add(1)
    crowd.sync()
    (came,) = crowd.add(1)
    Follower.objects.create(account=crowd.account, openid=came)
    run = crowd.sync(Kind.INCREMENTAL)
    assert run.step == Step.DONE
    assert crowd.follower(came).profiled_at is not None


def test_one_openid_the_platform_does_not_take_does_not_spoil_its_batch(crowd: Crowd) -> None:
    crowd.add(1)
    crowd.sync()
    known = crowd.add(3)
    Follower.objects.create(account=crowd.account, openid="oStranger0000000000000000001")
    run = crowd.sync(Kind.INCREMENTAL)
    assert run.step == Step.DONE
    assert all(crowd.follower(openid).profiled_at for openid in known)
    assert not Follower.objects.filter(profiled_at__isnull=True).exists()


def test_an_unchanged_follower_is_not_written_again(crowd: Crowd) -> None:
    (openid,) = crowd.add(1)
    crowd.sync()
    before = crowd.follower(openid).profiled_at
    crowd.sync()
    assert crowd.follower(openid).profiled_at == before


def test_who_left_after_being_asked_about_stays_gone(crowd: Crowd) -> None:
    (openid,) = crowd.add(1)
    later = timezone.now() + datetime.timedelta(minutes=1)
    Follower.objects.create(account=crowd.account, openid=openid, subscribed=False, unsubscribed_at=later)
    crowd.sync()
    assert not crowd.follower(openid).subscribed


def test_who_comes_during_the_run_is_not_taken_for_gone(crowd: Crowd) -> None:
    crowd.add(1)
    Follower.objects.create(
        account=crowd.account,
        openid="oComesDuringTheRun0000000001",
        subscribed_at=timezone.now() + datetime.timedelta(minutes=5),
        profiled_at=timezone.now(),
    )
    crowd.sync()
    assert crowd.follower("oComesDuringTheRun0000000001").subscribed


def test_tags_nobody_here_knows_are_made(crowd: Crowd) -> None:
    crowd.seed(count=20, tags=["新标签"], tagged=1.0)
    crowd.sync()
    tag = Tag.objects.get(name="新标签")
    assert (tag.state, tag.count, tag.followers.count()) == (Tag.State.THERE, 20, 20)


def test_a_tag_that_was_made_here_and_there_is_one_tag(crowd: Crowd) -> None:
    ours = Tag.objects.create(account=crowd.account, name="VIP")
    crowd.seed(count=3, tags=["VIP"], tagged=1.0)
    crowd.sync()
    ours.refresh_from_db()
    assert ours.platform_id is not None
    assert ours.followers.count() == 3


def test_a_tag_deleted_there_stays_here_and_says_so(crowd: Crowd) -> None:
    tag = crowd.tag("VIP")
    state = crowd.platform.get("/state")
    state["accounts"][crowd.account.appid]["tags"] = {}
    crowd.platform.put("/state", state)
    crowd.sync()
    tag.refresh_from_db()
    assert (tag.platform_id, tag.state, tag.error) == (None, Tag.State.FAILED, "deleted")


def test_the_blacklist_is_the_platforms(crowd: Crowd) -> None:
    bad, good = crowd.add(2)
    crowd.sync()
    Follower.objects.filter(openid=good).update(blacklisted=True)
    state = crowd.platform.get("/state")
    state["accounts"][crowd.account.appid]["followers"][bad]["blacklisted"] = True
    crowd.platform.put("/state", state)
    crowd.sync()
    assert crowd.follower(bad).blacklisted
    assert not crowd.follower(good).blacklisted


def test_a_blacklist_that_was_not_read_whole_takes_nobody_off_it(crowd: Crowd) -> None:
    """They would get the messages from which they are kept."""
    missing, listed = crowd.add(2)
    crowd.sync()
    Follower.objects.filter(openid=missing).update(blacklisted=True)
    response = f'{{"total":2,"count":1,"data":{{"openid":["{listed}"]}},"next_openid":""}}'
    crowd.fail("/cgi-bin/tags/members/getblacklist", answer=response, times=1)
    assert crowd.sync().step == Step.DONE
    assert crowd.follower(missing).blacklisted
    assert crowd.follower(listed).blacklisted


def test_an_account_has_one_run_at_a_time(account: OfficialAccount) -> None:
    first = sync_requests.ask(account, Kind.FULL)
    assert sync_requests.ask(account, Kind.FULL).pk == first.pk
    assert sync_requests.ask(account, Kind.INCREMENTAL).pk == first.pk
    assert FollowerSync.objects.get().kind == Kind.FULL


def test_a_full_run_takes_the_place_of_a_waiting_incremental_one(account: OfficialAccount) -> None:
    sync_requests.ask_soon([account.pk])
    run = sync_requests.ask(account, Kind.FULL)
    assert (run.kind, FollowerSync.objects.count()) == (Kind.FULL, 1)


def test_every_account_is_read_once_a_night(account: OfficialAccount) -> None:
    OfficialAccount.objects.create(
        slug="mini", name="小程序", appid="wx1111111111111111", token="minitoken", mode="plain",
        kind=OfficialAccount.Kind.MINIPROGRAM,
    )  # fmt: skip
    assert work.run("followers.ask_nightly") == 1
    assert work.run("followers.ask_nightly") == 0
    yesterday = timezone.now() - datetime.timedelta(hours=25)
    FollowerSync.objects.update(created_at=yesterday, due_at=None, step=Step.DONE)
    assert work.run("followers.ask_nightly") == 1


def test_after_a_failure_those_who_come_do_not_start_run_after_run(account: OfficialAccount) -> None:
    FollowerSync.objects.create(account=account, step=Step.STOPPED, finished_at=timezone.now())
    sync_requests.ask_soon([account.pk])
    assert not FollowerSync.objects.filter(due_at__isnull=False).exists()


def test_a_remark_with_half_a_character_holds_up_nobody(crowd: Crowd) -> None:
    odd, fine = crowd.add(2)
    response = (
        f'{{"user_info_list":[{{"subscribe":1,"openid":"{odd}","remark":"@ud83d半@u0000个",'
        f'"subscribe_time":1504246660,"tagid_list":[]}},{{"subscribe":1,"openid":"{fine}","remark":"好",'
        '"subscribe_time":1504246660,"tagid_list":[]}]}'
    )
    crowd.fail("/cgi-bin/user/info/batchget", answer=response.replace("@", "\\"), times=1)
    run = crowd.sync()
    assert (run.step, run.profiled) == (Step.DONE, 2)
    assert (crowd.follower(odd).remark, crowd.follower(fine).remark) == ("半个", "好")


def test_a_profile_of_other_types_than_promised_holds_up_nobody(crowd: Crowd) -> None:
    odd, fine = crowd.add(2)
    response = (
        f'{{"user_info_list":[{{"subscribe":1,"openid":"{odd}","remark":7,"subscribe_time":"1504246660",'
        f'"tagid_list":5,"qr_scene":"x"}},{{"subscribe":1,"openid":["{odd}"]}},null,'
        f'{{"subscribe":1,"openid":"{fine}","remark":"好","subscribe_time":1504246660.0,"tagid_list":null}}]}}'
    )
    crowd.fail("/cgi-bin/user/info/batchget", answer=response, times=1)
    run = crowd.sync()
    assert (run.step, run.profiled) == (Step.DONE, 2)
    assert (crowd.follower(odd).remark, crowd.follower(fine).remark) == ("7", "好")
    assert crowd.follower(odd).subscribed_at == crowd.follower(fine).subscribed_at


@pytest.mark.parametrize("listed", ['["{0}",null,7,"","{1}","oo{2}"]', '["{0}","{1}"]'])
def test_a_list_with_what_is_no_openid_holds_up_nobody(crowd: Crowd, listed: str) -> None:
    openids = crowd.add(2)
    names = listed.format(*openids, "x" * 100)
    response = f'{{"total":"2","count":2,"data":{{"openid":{names}}},"next_openid":null}}'
    crowd.fail("/cgi-bin/user/get", answer=response, times=1)
    assert crowd.sync().step == Step.DONE
    assert following(crowd.account) == {openid for openid in openids if openid in names}


def test_numbers_written_as_texts_tell_who_follows_and_which_tags_they_have(crowd: Crowd) -> None:
    crowd.seed(count=3, tags=["VIP"])
    tagged, left, untold = crowd.state()["followers"]
    crowd.sync()
    number = Tag.objects.get(name="VIP").platform_id
    for openid in (tagged, untold):
        crowd.follower(openid).tags.set(Tag.objects.filter(name="VIP"))
    response = (
        f'{{"user_info_list":[{{"subscribe":"1","openid":"{tagged}","tagid_list":["{number}"]}},'
        f'{{"subscribe":"0","openid":"{left}","tagid_list":[]}},{{"subscribe":true,"openid":"{untold}"}}]}}'
    )
    crowd.fail("/cgi-bin/user/info/batchget", answer=response, times=1)
    crowd.sync()
    assert following(crowd.account) == {tagged, untold}
    for openid in (tagged, untold):
        assert [tag.name for tag in crowd.follower(openid).tags.all()] == ["VIP"]


def test_who_asks_in_the_moment_in_which_the_open_run_ends_gets_a_run_of_their_own(staff: Cast) -> None:
    ending = sync_requests.ask(staff.ours, Kind.FULL)

    def end(execute: Any, sql: str, *rest: Any) -> Any:
        if "FOR UPDATE" in sql and sql.startswith("SELECT"):
            FollowerSync.objects.filter(pk=ending.pk).update(due_at=None, step=Step.DONE)
        return execute(sql, *rest)

    with connection.execute_wrapper(end):
        answer = signed_in(staff.owner).post(reverse("admin:followers_sync"), {"kind": "full"})
    assert answer.status_code == 302
    assert FollowerSync.objects.filter(due_at__isnull=False).exclude(pk=ending.pk).count() == 1
