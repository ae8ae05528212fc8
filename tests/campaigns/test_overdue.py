"""Tests of overdue sends, for example after an outage or in a restored copy: they wait for a decision."""

import datetime
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.official.models import OfficialAccount
from accounts.staff.models import AuditEntry
from tests.campaigns.conftest import World, pending
from tests.campaigns.mass_cast import Writer, run_due
from tests.campaigns.mass_cast import received as mass_received
from tests.cast import Cast, signed_in
from tests.simulated import Simulated
from wechat.articles import sending as articles
from wechat.articles.models import Article, Draft
from wechat.campaigns.mass import planning
from wechat.campaigns.models import Campaign, Enrolment, Sequence, SequenceStep
from wechat.campaigns.sequences import enrolling
from wechat.kernel import work
from wechat.pushes.models import Push

pytestmark = pytest.mark.django_db(transaction=True)

CROWD = [f"oCrowd{number}" for number in range(5)]
HOUR = datetime.timedelta(hours=1)
DAYS = datetime.timedelta(days=3)
DECIDE = "admin:staff_held_decide"
WAITS = "已严重延迟"


def decide(staff: Cast, work_name: str, button: str) -> Any:
    """Presses the button as it stands on a page."""
    posted = {"work": work_name, "account": staff.ours.pk, button: ""}
    return signed_in(staff.owner).post(reverse(DECIDE), posted)


def page_warns(staff: Cast, page: str, *args: Any) -> bool:
    html = signed_in(staff.owner).get(reverse(f"admin:{page}", args=args)).content.decode()
    return WAITS in html and reverse(DECIDE) in html


@pytest.fixture
def planned(world: World) -> Campaign:
    world.follow(*CROWD)
    return world.approved(world.campaign(starts_at=timezone.now() + HOUR))


def test_a_campaign_that_is_days_late_waits_and_is_sent_when_somebody_says_so(
    world: World, planned: Campaign, staff: Cast
) -> None:
    with time_machine.travel(timezone.now() + DAYS):
        work.run("campaigns.run")
        assert not work.KINDS.get("campaigns.run").is_due()
        planned.refresh_from_db()
        assert (planned.state, pending()) == ("scheduled", 0)
        assert page_warns(staff, "campaigns_campaign_changelist")
        assert page_warns(staff, "campaigns_campaign_change", planned.pk)
        assert decide(staff, "campaigns.run", "send").status_code == 302
        assert not page_warns(staff, "campaigns_campaign_changelist")
        world.run(planned)
    assert set(world.received()) == set(CROWD)
    assert AuditEntry.objects.filter(object_id=str(staff.ours.pk)).exists()


def test_a_campaign_that_is_a_little_late_goes_by_itself(world: World, planned: Campaign) -> None:
    with time_machine.travel(timezone.now() + HOUR + datetime.timedelta(minutes=55)):
        world.run(planned)
    assert set(world.received()) == set(CROWD)


def test_how_late_is_too_late_is_set(world: World, planned: Campaign, settings: Settings) -> None:
    settings.OVERDUE_SENDS_ASK_AFTER = 10 * DAYS
    with time_machine.travel(timezone.now() + DAYS):
        world.run(planned)
    assert set(world.received()) == set(CROWD)


def test_a_campaign_whose_half_was_sent_before_the_outage_waits_as_well(world: World, staff: Cast) -> None:
    world.follow(*CROWD)
    campaign = world.begun(world.campaign())
    with time_machine.travel(timezone.now() + DAYS):
        assert work.run("campaigns.run") == 0
        assert page_warns(staff, "campaigns_campaign_changelist")
        decide(staff, "campaigns.run", "cancel")
        campaign.refresh_from_db()
    assert (campaign.state, pending()) == ("cancelled", 0)


def test_a_mass_send_that_is_days_late_waits_and_is_called_off(
    written: Writer, known: Simulated, account: OfficialAccount, staff: Cast
) -> None:
    known.sim(f"/accounts/{account.appid}/followers", {"openids": CROWD})
    send = written()
    planning.plan(send, timezone.now() + HOUR, None)
    with time_machine.travel(timezone.now() + DAYS):
        assert run_due() == 0
        assert page_warns(staff, "campaigns_masssend_changelist")
        decide(staff, "campaigns.mass_begin", "cancel")
        assert run_due() == 0
    send.refresh_from_db()
    assert send.state == "draft"
    assert mass_received(account, known) == []


def test_steps_of_a_sequence_that_are_days_late_wait(account: OfficialAccount, staff: Cast) -> None:
    sequence = Sequence.objects.create(account=account, name="欢迎", enabled=True)
    SequenceStep.objects.create(
        sequence=sequence, position=0, wait=60, content={"type": "text", "content": "您好"}
    )
    for openid in CROWD:
        enrolling.start(account, openid, "follow", "test:1", at=timezone.now())
    with time_machine.travel(timezone.now() + DAYS):
        assert work.run("campaigns.run_sequences") == 0
        assert not Push.objects.exists()
        assert page_warns(staff, "campaigns_sequence_changelist")
        decide(staff, "campaigns.run_sequences", "cancel")
    assert set(Enrolment.objects.values_list("state", flat=True)) == {"stopped"}


def test_whoever_waits_behind_what_is_called_off_goes_on(account: OfficialAccount, staff: Cast) -> None:
    for name, priority, wait in (("欢迎", 9, 60), ("回访", 1, 0)):
        sequence = Sequence.objects.create(account=account, name=name, enabled=True, priority=priority)
        SequenceStep.objects.create(
            sequence=sequence, position=0, wait=wait, content={"type": "text", "content": "您好"}
        )
    enrolling.start(account, CROWD[0], "follow", "test:1", at=timezone.now())
    work.run("campaigns.run_sequences")
    states = Enrolment.objects.order_by("sequence_id").values_list("state", flat=True)
    assert list(states) == ["running", "paused"]
    with time_machine.travel(timezone.now() + DAYS):
        decide(staff, "campaigns.run_sequences", "cancel")
        work.run("campaigns.run_sequences")
    assert list(states.all()) == ["stopped", "finished"]


def test_an_article_that_is_days_late_waits(account: OfficialAccount, staff: Cast) -> None:
    draft = Draft.objects.create(account=account)
    Article.objects.create(draft=draft, title="旧闻", content="<p>好</p>")
    articles.ask(draft, Draft.Work.PUBLISH, at=timezone.now() + HOUR)
    with time_machine.travel(timezone.now() + DAYS):
        assert work.run("articles.work_off") == 0
        assert page_warns(staff, "articles_draft_changelist")
        decide(staff, "articles.work_off", "cancel")
    draft.refresh_from_db()
    assert (draft.work, draft.due_at) == (Draft.Work.NONE, None)


def test_who_may_not_send_decides_nothing(planned: Campaign, staff: Cast) -> None:
    with time_machine.travel(timezone.now() + DAYS):
        editor = signed_in(staff.editor)
        html = editor.get(reverse("admin:campaigns_campaign_changelist")).content.decode()
        assert (WAITS in html, reverse(DECIDE) in html and "立即发送" in html) == (True, False)
        posted = {"work": "campaigns.run", "account": staff.ours.pk, "send": ""}
        assert editor.post(reverse(DECIDE), posted).status_code == 403
        assert work.run("campaigns.run") == 0
