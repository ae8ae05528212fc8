"""Tests of campaigns while the platform refuses the account or is unavailable: nobody is skipped.

Judged by the simulator's ledger. Time is travelled, never waited for.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from tests.campaigns.conftest import SEND, World, states
from tests.cast import Cast, signed_in
from tests.working import send_due
from wechat.campaigns import transitions
from wechat.campaigns.counters import Tally
from wechat.campaigns.models import Campaign
from wechat.kernel import work
from wechat.kernel.models import Hold
from wechat.kernel.work import downtime
from wechat.pushes import send_holds, windows
from wechat.pushes.models import Push
from wechat.pushes.queueing import queue
from wechat.pushes.windows import Trigger
from wechat.sdk.content import Text

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "/cgi-bin/stable_token"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


def crowd(number: int) -> list[str]:
    return [f"oFault{each:03d}" for each in range(number)]


def fault(world: World, **fields: Any) -> None:
    world.simulated.sim("/faults", {"api": SEND, **fields})


def mended(world: World) -> None:
    world.simulated.delete("/faults")


def pass_time(world: World, clock: time_machine.Traveller, seconds: int, step: int = 5) -> None:
    """Lets workers look every few seconds, as the ticks of beat make them."""
    for _step in range(seconds // step):
        clock.shift(step)
        world.simulated.pass_time(step)
        downtime.note_work()
        work.run("campaigns.run")
        send_due()


def ended(world: World, campaign: Campaign, clock: time_machine.Traveller, minutes: int = 90) -> Campaign:
    for _minute in range(minutes):
        pass_time(world, clock, 60, 30)
        campaign.refresh_from_db()
        if campaign.state == Campaign.State.DONE:
            break
    return campaign


def test_an_outage_of_two_and_a_half_minutes_costs_nobody_a_message(
    world: World, clock: time_machine.Traveller
) -> None:
    everybody = crowd(600)
    world.follow(*everybody)
    campaign = world.begun(world.campaign())
    fault(world, http_status=502)
    send_due()
    pass_time(world, clock, 150)
    assert not world.received()
    assert Push.objects.exclude(state="pending").count() == 0
    mended(world)
    ended(world, campaign, clock)
    assert dict(world.received()) == dict.fromkeys(everybody, 1)
    assert states(campaign) == {"sent": 600}
    assert not Hold.objects.exists()


def test_an_outage_with_lost_answers_leaves_nobody_with_two_messages(
    world: World, clock: time_machine.Traveller
) -> None:
    everybody = crowd(300)
    world.follow(*everybody)
    campaign = world.begun(world.campaign())
    fault(world, drop_answer=True)
    send_due()
    pass_time(world, clock, 60)
    mended(world)
    ended(world, campaign, clock)
    assert dict(world.received()) == dict.fromkeys(everybody, 1)
    assert states(campaign) == {"sent": 300}


@pytest.mark.parametrize(("errcode", "api"), [(48001, SEND), (50002, SEND), (40164, TOKEN), (50004, TOKEN)])
def test_a_refusal_of_the_account_holds_the_campaign_and_spends_nobody(
    world: World, clock: time_machine.Traveller, errcode: int, api: str
) -> None:
    everybody = crowd(500)
    world.follow(*everybody)
    campaign = world.begun(world.campaign())
    fault(world, api=api, errcode=errcode)
    send_due()
    pass_time(world, clock, 600, 60)
    (held,) = send_holds.in_words(world.account)
    assert str(errcode) in held.reason
    assert set(Push.objects.values_list("state", "attempts").distinct()) == {("pending", 0)}
    mended(world)
    ended(world, campaign, clock)
    assert dict(world.received()) == dict.fromkeys(everybody, 1)
    assert states(campaign) == {"sent": 500}


def test_staff_have_a_held_campaign_go_on_at_once(world: World, clock: time_machine.Traveller) -> None:
    world.follow(*crowd(50))
    campaign = world.begun(world.campaign())
    fault(world, errcode=48001)
    send_due()
    mended(world)
    send_due()
    assert not world.received()
    send_holds.go_on(world.account, "template")
    send_due()
    assert len(world.received()) == 50
    assert world.run(campaign).state == Campaign.State.DONE


def test_the_answer_of_a_person_does_not_wait_behind_a_campaign(world: World) -> None:
    world.follow(*crowd(400))
    world.begun(world.campaign())
    world.sim("/events/oFault007", {"type": "text", "content": "在吗"})
    windows.grant(world.account, "oFault007", Trigger.MESSAGE, timezone.now())
    queue(account=world.account, openid="oFault007", content=Text("您好"), key="desk:1")

    assert work.run("pushes.send") == 1
    assert set(world.received()) == {"oFault007"}


def stopped_in_the_middle(
    world: World, clock: time_machine.Traveller, stop: Callable[[Campaign], bool]
) -> tuple[Campaign, int]:
    """Returns a campaign to 300 that somebody stopped, and how many have it by the ledger."""
    world.follow(*crowd(300))
    campaign = world.begun(world.campaign("A", "B", per_second=100))
    send_due()
    pass_time(world, clock, 2, 1)
    campaign.refresh_from_db()
    assert stop(campaign)
    pass_time(world, clock, 20, 10)
    campaign.refresh_from_db()
    received = sum(world.received().values())
    assert 0 < received < 300
    return campaign, received


@pytest.mark.parametrize("stop", [transitions.pause, transitions.cancel])
def test_page_list_and_report_of_a_stopped_campaign_agree_with_the_ledger(
    world: World, clock: time_machine.Traveller, staff: Cast, stop: Callable[[Campaign], bool]
) -> None:
    campaign, received = stopped_in_the_middle(world, clock, stop)
    client = signed_in(staff.owner)
    page = client.get(reverse("admin:campaigns_campaign_change", args=[campaign.pk])).context
    assert (page["sent"], page["over"], page["left"]) == (received, received, 300 - received)
    assert sum(line.sent for line in page["report"]) == received
    listed = client.get(reverse("admin:campaigns_campaign_changelist")).content.decode()
    assert f"{received}" in listed
    address = reverse("admin:campaigns_recipients_csv", args=[campaign.pk])
    answer: Any = client.post(f"{address}?state=sent")
    rows = b"".join(answer.streaming_content).decode().splitlines()[1:]
    assert sorted(row.partition(",")[0] for row in rows) == sorted(world.received())


def test_those_on_their_way_at_a_pause_end_by_their_real_outcome(
    world: World, clock: time_machine.Traveller
) -> None:
    everybody = crowd(50)
    world.follow(*everybody)
    campaign = world.begun(world.campaign())
    fault(world, drop_answer=True)
    send_due()
    campaign.refresh_from_db()
    assert transitions.pause(campaign)
    assert states(campaign)["queued"] == len(world.received())
    mended(world)
    pass_time(world, clock, 180, 30)
    assert states(campaign)["queued"] == 0
    assert states(campaign)["sent"] == len(world.received())
    campaign.refresh_from_db()
    assert Tally.of(campaign).number("sent") == len(world.received())


def test_a_paused_campaign_counts_those_that_were_on_their_way(
    world: World, clock: time_machine.Traveller
) -> None:
    world.follow(*crowd(300))
    campaign = world.begun(world.campaign(per_second=100))
    send_due()
    pass_time(world, clock, 2, 1)
    campaign.refresh_from_db()
    assert transitions.pause(campaign)
    pass_time(world, clock, 20, 10)
    received = sum(world.received().values())
    assert 0 < received < 300
    assert states(campaign)["sent"] == received
