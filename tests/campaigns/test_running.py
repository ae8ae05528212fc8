"""Campaigns from the draft to the last message, with the simulator's ledger as the judge."""

from datetime import timedelta
from itertools import pairwise

import pytest
import time_machine
from django.utils import timezone

from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from tests.campaigns.conftest import SEND, World, pending, reasons, states
from tests.working import send_due
from wechat.campaigns import approval, transitions
from wechat.campaigns.counters import Tally
from wechat.campaigns.models import Campaign, Recipient
from wechat.kernel import work
from wechat.pushes import windows
from wechat.pushes.models import Push, Template
from wechat.pushes.windows import Trigger

pytestmark = pytest.mark.django_db(transaction=True)

State = Campaign.State
CROWD = [f"oCrowd{number:03d}" for number in range(40)]


def test_everybody_gets_it_once_and_the_campaign_is_done(world: World) -> None:
    world.follow(*CROWD)
    campaign = world.run(world.begun(world.campaign()))
    assert campaign.state == State.DONE
    assert dict(world.received()) == dict.fromkeys(CROWD, 1)
    assert states(campaign) == {"sent": 40}
    assert Tally.of(campaign).number("sent") == 40
    assert set(Push.objects.values_list("cause", flat=True)) == {f"campaign:{campaign.pk}"}


def test_nothing_leaves_before_somebody_else_approved(world: World) -> None:
    world.follow(*CROWD)
    campaign = world.checked(world.campaign())
    assert approval.submit(campaign, world.author)
    assert not approval.approve(campaign, world.author)
    world.tick(campaign)
    assert not pending()
    assert approval.approve(campaign, world.second)


def test_the_only_one_with_the_right_may_approve_their_own(world: World) -> None:
    world.follow(*CROWD)
    world.second.is_active = False
    world.second.save()
    campaign = world.checked(world.campaign())
    assert approval.submit(campaign, world.author)
    assert approval.approve(campaign, world.author)


def test_of_two_people_who_press_one_does_it(world: World) -> None:
    world.follow(*CROWD)
    campaign = world.checked(world.campaign())
    approval.submit(campaign, world.author)
    first, second = (Campaign.objects.get(pk=campaign.pk) for _each in range(2))
    assert [approval.approve(first, world.second), approval.approve(second, world.second)] == [True, False]
    world.run(campaign)
    assert set(world.received().values()) == {1}


def test_what_was_edited_after_it_was_seen_is_not_approved(world: World) -> None:
    world.follow(*CROWD)
    campaign = world.checked(world.campaign())
    approval.submit(campaign, world.author)
    seen = Campaign.objects.get(pk=campaign.pk)
    approval.withdraw(campaign, world.author)
    world.checked(campaign)
    approval.submit(campaign, world.author)
    assert not approval.approve(seen, world.second)


def test_an_unchecked_draft_cannot_be_submitted(world: World) -> None:
    assert not approval.submit(world.campaign(), world.author)


def test_it_waits_for_its_time(world: World) -> None:
    world.follow(*CROWD)
    campaign = world.approved(world.campaign(starts_at=timezone.now() + timedelta(hours=2)))
    work.run("campaigns.run")
    campaign.refresh_from_db()
    assert (campaign.state, pending()) == (State.SCHEDULED, 0)
    Campaign.objects.filter(pk=campaign.pk).update(due_at=timezone.now())
    work.run("campaigns.run")
    campaign.refresh_from_db()
    assert campaign.state == State.RUNNING


def test_a_pause_takes_back_what_has_not_left_and_resuming_sends_the_rest_once(world: World) -> None:
    world.follow(*CROWD)
    campaign = world.begun(world.campaign())
    Push.objects.filter(openid__in=CROWD[:10]).update(due_at=timezone.now())
    Push.objects.exclude(openid__in=CROWD[:10]).update(due_at=timezone.now() + timedelta(hours=1))
    send_due()
    assert transitions.pause(campaign)
    assert pending() == 0
    assert states(campaign)["waiting"] == 30
    world.tick(campaign)
    assert pending() == 0, "a paused campaign queues nothing"
    assert transitions.resume(campaign)
    world.run(campaign)
    assert dict(world.received()) == dict.fromkeys(CROWD, 1)


def test_an_account_that_is_switched_off_in_mid_run_sends_the_rest_once_after_it_is_on_again(
    world: World,
) -> None:
    world.follow(*CROWD)
    campaign = world.begun(world.campaign())
    Push.objects.exclude(openid__in=CROWD[:10]).update(due_at=timezone.now() + timedelta(hours=1))
    Push.objects.filter(openid__in=CROWD[:10]).update(due_at=timezone.now())
    send_due()
    OfficialAccount.objects.update(enabled=False)
    Push.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
    world.tick(campaign)
    send_due()
    assert sorted(world.received()) == CROWD[:10]
    OfficialAccount.objects.update(enabled=True)
    assert world.run(campaign).state == State.DONE
    assert dict(world.received()) == dict.fromkeys(CROWD, 1)


def test_cancelling_is_for_good(world: World) -> None:
    world.follow(*CROWD)
    campaign = world.begun(world.campaign())
    assert approval.cancel(campaign, world.author)
    world.tick(campaign)
    send_due()
    assert not world.received()
    assert not transitions.resume(campaign)


def test_quiet_hours_hold_everything_back(world: World) -> None:
    world.follow(*CROWD)
    now = timezone.localtime()
    quiet = {
        "quiet_from": (now - timedelta(hours=1)).time(),
        "quiet_until": (now + timedelta(hours=1)).time(),
    }
    campaign = world.begun(world.campaign(**quiet))
    assert (campaign.state, pending()) == (State.RUNNING, 0)
    Campaign.objects.filter(pk=campaign.pk).update(quiet_from=None, quiet_until=None)
    world.run(campaign)
    assert len(world.received()) == 40


def test_a_speed_of_its_own_spreads_the_messages(world: World) -> None:
    world.follow(*CROWD)
    with time_machine.travel(timezone.now(), tick=False):
        world.begun(world.campaign(per_second=1))
    moments = sorted(push.due_at for push in Push.objects.all() if push.due_at)
    assert 24 <= len(moments) <= 26
    assert {late - early for early, late in pairwise(moments)} == {timedelta(seconds=1)}


def test_who_left_in_between_is_skipped_with_the_reason(world: World) -> None:
    world.follow(*CROWD)
    campaign = world.campaign(per_second=1)
    world.begun(campaign)
    waiting = list(
        Recipient.objects.filter(campaign=campaign, state="waiting").values_list("openid", flat=True)
    )
    Follower.objects.filter(openid=waiting[0]).update(subscribed=False)
    Follower.objects.filter(openid=waiting[1]).update(blacklisted=True)
    Campaign.objects.filter(pk=campaign.pk).update(per_second=None)
    Push.objects.update(due_at=timezone.now())
    world.run(campaign)
    assert reasons(campaign) == {waiting[0]: "not_following", waiting[1]: "blacklisted"}
    assert len(world.received()) == 38


def test_a_template_deleted_in_mid_run_stops_it_and_the_rest_can_go_on_later(world: World) -> None:
    world.follow(*CROWD)
    campaign = world.begun(world.campaign(per_second=1))
    Template.objects.filter(pk=world.template.pk).update(missing_since=timezone.now())
    world.tick(campaign)
    assert (campaign.state, campaign.trouble) == (State.PAUSED, "template_gone")
    assert states(campaign) == {"waiting": 40}
    Template.objects.filter(pk=world.template.pk).update(missing_since=None)
    Campaign.objects.filter(pk=campaign.pk).update(per_second=None)
    assert transitions.resume(campaign)
    world.run(campaign)
    assert dict(world.received()) == dict.fromkeys(CROWD, 1)


def test_only_what_can_be_sent_again_is_retried(world: World) -> None:
    world.follow(*CROWD[:3])
    campaign = world.run(world.begun(world.campaign()))
    Push.objects.filter(openid=CROWD[0]).update(state="failed", reason="gave_up", sent_at=None)
    Push.objects.filter(openid=CROWD[1]).update(state="failed", reason="bad_value", sent_at=None)
    world.tick(campaign)
    assert transitions.retry(campaign) == 1
    world.run(campaign)
    assert states(campaign) == {"sent": 2, "failed": 1}
    assert reasons(campaign) == {CROWD[1]: "bad_value"}


def test_who_wrote_lately_gets_a_customer_service_message_and_the_others_the_template(world: World) -> None:
    world.follow(*CROWD[:4])
    for openid in CROWD[:2]:
        world.sim(f"/events/{openid}", {"type": "text", "content": "在吗"})
        windows.grant(world.account, openid, Trigger.MESSAGE, timezone.now())
    campaign = world.run(world.begun(world.campaign(way="either")))
    ways = dict(Recipient.objects.filter(campaign=campaign).values_list("openid", "kind"))
    assert ways == {CROWD[0]: "service", CROWD[1]: "service", CROWD[2]: "template", CROWD[3]: "template"}
    assert set(world.received().values()) == {1}


def test_a_quota_that_is_used_up_loses_nobody(world: World) -> None:
    world.follow(*CROWD)
    world.simulated.sim("/faults", {"api": SEND, "errcode": 45011, "times": 1})
    campaign = world.begun(world.campaign())
    send_due()
    world.tick(campaign)
    assert campaign.state == State.RUNNING
    assert states(campaign)["queued"] == 40 - len(world.received())
