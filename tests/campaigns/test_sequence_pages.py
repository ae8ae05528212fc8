"""The pages of sequences: settings, the timeline and its editor, people, the dry run."""

import datetime
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.followers.models import CustomField, FieldValue, Follower, Tag
from accounts.official.models import OfficialAccount
from tests.cast import Cast, signed_in
from wechat.campaigns.models import Enrolment, Sequence, SequenceStep
from wechat.campaigns.sequences import enrolling, polling, running, timing
from wechat.kernel import work
from wechat.pushes import windows
from wechat.pushes.models import Push, Template
from wechat.sdk.beijing import BEIJING

pytestmark = pytest.mark.django_db

LIST = "/admin/campaigns/sequence/"
OPENID = "oFollower000000000000000001"


def settings(account: OfficialAccount, **fields: Any) -> dict[str, Any]:
    usual = {
        "account": account.pk, "name": "新粉丝", "trigger": "follow", "priority": "10", "reentry": "once",
        "date_days": "0",
    }  # fmt: skip
    return {**usual, **fields}


def words_of(client: Client, address: str) -> str:
    return client.get(address).content.decode()


@pytest.fixture
def sequence(staff: Cast) -> Sequence:
    return Sequence.objects.create(account=staff.ours, name="新粉丝")


@pytest.fixture
def page(sequence: Sequence) -> str:
    return f"{LIST}{sequence.pk}/change/"


def add(client: Client, page: str, kind: str, at: str = "first", **given: Any) -> SequenceStep:
    """Adds a step in the panel that the place's button opens."""
    usual = {"wait": "0", "unit": "1", "day": "", "at_time": "", "save": "1"}
    own = {
        "message": {"kind": "text", "text": "您好", "template": ""},
        "branch": {"match": "all", "c0-field": "subscribed", "c0-compare": "yes"},
    }.get(kind, {})
    answer = client.post(f"{page}?add={kind}&at={at}", {**usual, **own, **given})
    assert answer.status_code == 302, answer.content.decode()
    return SequenceStep.objects.latest("pk")


def laid_out(sequence: Sequence) -> list[tuple[str, str, int | None]]:
    steps = sequence.steps.all()
    number = {step.pk: step.position for step in steps}
    return [(str(step), step.lane, number.get(step.branch_id or 0)) for step in steps]


# --- Settings


def test_a_new_name_keeps_nobody_out_whose_day_is_today(staff: Cast) -> None:
    birthday = CustomField.objects.create(account=staff.ours, name="生日", kind="date")
    person = Follower.objects.create(account=staff.ours, openid="oPerson00000000000000000001")
    FieldValue.objects.create(field=birthday, follower=person, date=datetime.date(1990, 3, 2))
    given = settings(
        staff.ours, trigger="date", date_field=birthday.pk, date_at="09:00", date_days="0", yearly="on"
    )
    eight = datetime.datetime(2026, 3, 2, 8, tzinfo=BEIJING)
    with time_machine.travel(eight, tick=False):
        signed_in(staff.owner).post(f"{LIST}add/", given)
        sequence = Sequence.objects.get()
        enrolling.switch(sequence, on=True)
    with time_machine.travel(eight.replace(hour=10), tick=False):
        signed_in(staff.owner).post(f"{LIST}{sequence.pk}/settings/", {**given, "name": "生日祝福"})
        work.run(polling.ENTRIES.name)
    sequence.refresh_from_db()
    assert sequence.name == "生日祝福"
    assert Enrolment.objects.get().openid == person.openid


def test_a_sequence_is_made_and_its_page_is_the_timeline(staff: Cast) -> None:
    client = signed_in(staff.owner)
    answer = client.post(f"{LIST}add/", settings(staff.ours, trigger="follow"))
    made = Sequence.objects.get()
    assert answer["Location"] == f"{LIST}{made.pk}/change/"
    assert "有人关注" in words_of(client, answer["Location"])
    assert "有人关注" in words_of(signed_in(staff.auditor), LIST)


def test_a_trigger_asks_for_what_it_is_about_and_keeps_nothing_else(staff: Cast) -> None:
    client = signed_in(staff.owner)
    tag = Tag.objects.create(account=staff.ours, name="会员", platform_id=100)
    refused = client.post(f"{LIST}add/", settings(staff.ours, trigger="tag")).content.decode()
    assert "请选择从什么开始" in refused
    client.post(f"{LIST}add/", settings(staff.ours, trigger="follow", tag=tag.pk))
    made = Sequence.objects.get(tag=None)
    client.post(f"{LIST}{made.pk}/settings/", settings(staff.ours, trigger="tag", tag=tag.pk))
    assert Sequence.objects.get(tag=tag) == made
    assert "会员" in words_of(client, f"{LIST}{made.pk}/change/")


def test_half_a_quiet_time_is_refused(staff: Cast) -> None:
    given = settings(staff.ours, quiet_from="22:00")
    html = signed_in(staff.owner).post(f"{LIST}add/", given).content.decode()
    assert "免打扰时段" in html
    assert not Sequence.objects.exists()


def test_it_cannot_be_switched_on_without_a_step(staff: Cast, sequence: Sequence, page: str) -> None:
    client = signed_in(staff.owner)
    answer = client.post(page, {"do": "on"}, follow=True).content.decode()
    assert "至少添加一个步骤" in answer
    add(client, page, "message")
    client.post(page, {"do": "on"})
    sequence.refresh_from_db()
    assert sequence.enabled


def test_switching_off_pauses_those_inside(staff: Cast, page: str) -> None:
    client = signed_in(staff.owner)
    add(client, page, "message", wait="9")
    client.post(page, {"do": "on"})
    enrolling.start(staff.ours, OPENID, "follow", "test:1", at=timezone.now())
    client.post(page, {"do": "off"})
    work.run("campaigns.run_sequences")
    assert Enrolment.objects.get().state == "paused"


# --- The editor


def test_steps_are_added_in_their_places_with_lanes(staff: Cast, sequence: Sequence, page: str) -> None:
    client = signed_in(staff.owner)
    last = add(client, page, "message", text="最后", wait="2", unit="1440", day="workdays", at_time="09:30")
    branch = add(client, page, "branch")
    add(client, page, "message", f"no:{branch.pk}", text="没买")
    add(client, page, "message", f"yes:{branch.pk}", text="买了")
    add(client, page, "end", f"after:{SequenceStep.objects.latest('pk').pk}")
    assert laid_out(sequence) == [
        ("分支", "", None), ("买了", "yes", 0), ("在此结束", "yes", 0), ("没买", "no", 0), ("最后", "", None),
    ]  # fmt: skip
    assert (timing.delay(last).days, last.day, last.at_time) == (2, "workdays", datetime.time(9, 30))
    shown = words_of(signed_in(staff.auditor), page)
    assert "2 天后 · 周一至周五 · 09:30" in shown
    assert "关注中 是" in shown
    assert "上移第" not in shown


def test_one_hour_is_no_hours(staff: Cast, sequence: Sequence, page: str) -> None:
    client = signed_in(staff.owner)
    add(client, page, "message", text="好", wait="1", unit="60")
    client.cookies["django_language"] = "en"
    assert "1 hour later" in words_of(client, page)


def test_steps_are_moved_by_buttons_into_lanes_and_out_and_removed(
    staff: Cast, sequence: Sequence, page: str
) -> None:
    client = signed_in(staff.owner)
    branch = add(client, page, "branch")
    one = add(client, page, "message", f"after:{branch.pk}", text="一")
    two = add(client, page, "message", f"after:{one.pk}", text="二")
    client.post(page, {"do": "up", "step": two.pk})
    assert [words for words, _lane, _branch in laid_out(sequence)] == ["分支", "二", "一"]
    client.post(page, {"do": "move", "step": two.pk, "to": f"no:{branch.pk}"})
    assert laid_out(sequence)[1] == ("二", "no", 0)
    client.post(page, {"do": "down", "step": two.pk})
    assert laid_out(sequence)[1:] == [("二", "", None), ("一", "", None)]
    # A branch cannot be put into itself.
    client.post(page, {"do": "move", "step": branch.pk, "to": f"yes:{branch.pk}"})
    assert laid_out(sequence)[0] == ("分支", "", None)
    client.post(page, {"do": "move", "step": one.pk, "to": f"yes:{branch.pk}"})
    client.post(page, {"do": "remove", "step": branch.pk})
    assert laid_out(sequence) == [("二", "", None)]


@pytest.mark.parametrize("digits", [19, 5_000])
def test_a_place_behind_a_number_that_no_step_has_is_the_beginning(
    staff: Cast, sequence: Sequence, page: str, digits: int
) -> None:
    client = signed_in(staff.owner)
    first, nowhere = add(client, page, "message", text="一"), f"after:{'9' * digits}"
    second = add(client, page, "message", f"after:{first.pk}", text="二")
    add(client, page, "message", nowhere, text="三")
    client.post(page, {"do": "move", "step": second.pk, "to": nowhere})
    assert [words for words, _lane, _branch in laid_out(sequence)] == ["二", "三", "一"]


def test_a_step_is_changed_where_it_is(staff: Cast, page: str) -> None:
    client = signed_in(staff.owner)
    step = add(client, page, "message", text="一")
    assert "一" in words_of(client, f"{page}?step={step.pk}")
    given = {"kind": "text", "text": "改", "wait": "3", "unit": "60", "day": "", "at_time": "", "save": "1"}
    client.post(f"{page}?step={step.pk}", given)
    step.refresh_from_db()
    assert (step.content["content"], step.wait, step.unit) == ("改", 3, 60)


def test_a_branch_needs_a_condition_and_shows_how_many_meet_it(staff: Cast, page: str) -> None:
    client = signed_in(staff.owner)
    Follower.objects.create(account=staff.ours, openid=OPENID, subscribed=True)
    given = {"wait": "0", "unit": "1", "match": "all", "c0-field": "subscribed", "c0-compare": "yes"}
    part = client.post(f"{page}?add=branch&at=first", {**given, "part": "rows"}).content.decode()
    assert "<strong>1</strong>" in part
    del given["c0-field"]
    assert "至少添加一个条件" in client.post(f"{page}?add=branch", {**given, "save": "1"}).content.decode()
    assert not SequenceStep.objects.exists()


def test_the_timeline_asks_as_often_for_many_steps_as_for_two(staff: Cast, page: str) -> None:
    client = signed_in(staff.owner)
    tag = Tag.objects.create(account=staff.ours, name="会员", platform_id=100)
    asks: dict[str, Any] = {"c0-field": "tag", "c0-compare": "has", "c0-value": tag.pk}
    asked = []
    for _round in range(2):
        for _branch in range(3):
            branch = add(client, page, "branch", **asks)
            add(client, page, "message", f"yes:{branch.pk}")
        client.get(page)
        with CaptureQueriesContext(connection) as captured:
            client.get(page)
        asked.append(len(captured))
    assert asked[0] == asked[1] <= 15


def test_whoever_may_only_look_changes_nothing(staff: Cast, sequence: Sequence, page: str) -> None:
    step = SequenceStep.objects.create(sequence=sequence, content={"type": "text", "content": "欢迎"})
    for given in ({"do": "remove", "step": step.pk}, {"do": "on"}):
        assert signed_in(staff.auditor).post(page, given).status_code == 403
    answer = signed_in(staff.auditor).post(f"{page}?add=wait", {"save": "1", "wait": "1", "unit": "1"})
    assert answer.status_code == 403
    assert signed_in(staff.outsider).get(page).status_code == 404
    assert list(sequence.steps.all()) == [step]


def test_the_database_keeps_lanes_within_their_sequence(staff: Cast, sequence: Sequence) -> None:
    other = Sequence.objects.create(account=staff.ours, name="另一个")
    branch = SequenceStep.objects.create(sequence=other, type="branch", content={})
    wrong: list[dict[str, Any]] = [
        {"branch": branch, "lane": "yes"},
        {"lane": "yes"},
        {"type": "wait", "content": {"type": "text", "content": "x"}},
    ]
    for fields in wrong:
        with pytest.raises(IntegrityError):
            _stored({"sequence": sequence, "type": "wait", "content": {}, **fields})


@transaction.atomic
def _stored(fields: dict[str, Any]) -> None:
    SequenceStep.objects.create(**fields)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_values_of_a_template_are_filled_in_by_its_own_form(
    staff: Cast, sequence: Sequence, page: str
) -> None:
    template = Template.objects.create(
        account=staff.ours, kind="template", platform_id="T1", title="提醒", content="门店:{{thing1.DATA}}\n"
    )
    client = signed_in(staff.owner)
    step = add(client, page, "message", template=template.pk)
    assert "尚未填写" in words_of(client, page)
    filling = f"{LIST}{sequence.pk}/steps/{step.pk}/"
    assert "门店" in words_of(client, filling)
    assert client.post(filling, {"value-thing1": "长" * 40}).status_code == 200
    client.post(filling, {"value-thing1": "天河店", "url": "https://example.com/"})
    step.refresh_from_db()
    assert (step.values, step.link, step.has_template) == ({"thing1": "天河店"}, "https://example.com/", True)


def templated(staff: Cast, client: Client, page: str, content: str) -> tuple[SequenceStep, str]:
    """A new step with a template of that content, and the address at which the template is filled in."""
    template = Template.objects.create(
        account=staff.ours, kind="template", platform_id="T1", title="提醒", content=content
    )
    step = add(client, page, "message", template=template.pk)
    return step, f"{LIST}{step.sequence_id}/steps/{step.pk}/"


def test_a_variable_fits_any_field_of_the_template_and_what_is_written_there_has_to_obey_its_rule(
    staff: Cast, page: str
) -> None:
    client = signed_in(staff.owner)
    step, filling = templated(staff, client, page, "日期:{{date1.DATA}}\n")
    for wrong in ("明天", "{月份}"):
        (refusal,) = client.post(filling, {"value-date1": wrong}).context["form"].errors["value-date1"]
        assert wrong in refusal
    client.post(filling, {"value-date1": "{date}"})
    step.refresh_from_db()
    assert step.values == {"date1": "{date}"}


def test_the_template_of_a_step_asks_for_fallbacks_and_opens_a_mini_program(
    staff: Cast, sequence: Sequence, page: str
) -> None:
    client = signed_in(staff.owner)
    _step, filling = templated(staff, client, page, "门店:{{thing1.DATA}}\n")
    program = {"appid": "wx3c5e7a9b1d2f4068", "pagepath": "pages/index"}
    refused = client.post(filling, {"value-thing1": "{remark}您好", **program}).content.decode()
    assert "请把 {remark} 写成 {remark|朋友}" in refused
    client.post(filling, {"value-thing1": "{remark|朋友}您好", **program})
    enrolling.switch(sequence, on=True)
    enrolling.start(sequence.account, "oFollower000000000000000001", "follow", "test:1", at=timezone.now())
    work.run("campaigns.run_sequences")
    sent = Push.objects.get().content
    assert (sent["values"], sent["appid"], sent["pagepath"]) == ({"thing1": "朋友您好"}, *program.values())
    # What was filled in is there when the page is opened again.
    assert program["appid"] in client.get(filling).content.decode()


# --- People and the dry run


def test_figures_of_a_step_lead_to_the_people_and_let_them_out(
    staff: Cast, sequence: Sequence, page: str
) -> None:
    client = signed_in(staff.owner)
    first = add(client, page, "message")
    second = add(client, page, "message", f"after:{first.pk}", wait="9")
    client.post(page, {"do": "on"})
    enrolling.start(staff.ours, OPENID, "follow", "test:1", at=timezone.now())
    work.run("campaigns.run_sequences")
    people = f"{LIST}{sequence.pk}/report/"
    shown = words_of(client, page)
    assert f"{people}?step={second.pk}&amp;what=here" in shown
    skipped = words_of(client, f"{people}?step={first.pk}&what=skipped")
    assert OPENID in skipped
    assert "也没有可改用的模板" in skipped
    assert OPENID not in words_of(client, f"{people}?step={first.pk}&what=sent")
    assert OPENID in words_of(signed_in(staff.auditor), f"{people}?step={second.pk}&what=here")
    assert client.get(f"{people}?step={first.pk}&what=nonsense").status_code == 404
    remove = f"{LIST}{sequence.pk}/remove/{Enrolment.objects.get().pk}/"
    assert signed_in(staff.auditor).post(remove).status_code == 403
    client.post(remove)
    enrolment = Enrolment.objects.get()
    assert (enrolment.state, enrolment.reason, enrolment.step) == ("stopped", "removed", None)


def test_the_time_of_a_step_is_not_the_end_of_a_lease(staff: Cast, sequence: Sequence, page: str) -> None:
    client = signed_in(staff.owner)
    add(client, page, "message", wait="9")
    client.post(page, {"do": "on"})
    enrolling.start(staff.ours, OPENID, "follow", "test:1", at=timezone.now())
    work.run("campaigns.run_sequences")
    people = f"{LIST}{sequence.pk}/report/"
    (line,) = client.get(people).context["lines"]
    assert line.at > timezone.now()
    Enrolment.objects.update(due_at=timezone.now())
    running.ENROLMENTS.claim()
    (line,) = client.get(people).context["lines"]
    assert line.at is None


def test_a_dry_run_says_when_which_way_and_why_not_and_sends_nothing(
    staff: Cast, sequence: Sequence, page: str
) -> None:
    client = signed_in(staff.owner)
    Follower.objects.create(account=staff.ours, openid=OPENID, subscribed=True)
    windows.grant(staff.ours, OPENID, windows.Trigger.MESSAGE, timezone.now())
    first = add(client, page, "message", text="现在")
    branch = add(
        client, page, "branch", f"after:{first.pk}", wait="3", unit="1440",
        **{"c0-field": "subscribed", "c0-compare": "no"},
    )  # fmt: skip
    add(client, page, "message", f"yes:{branch.pk}", text="给取关的")
    add(client, page, "message", f"no:{branch.pk}", text="三天后")
    before = Enrolment.objects.count()
    shown = words_of(client, f"{LIST}{sequence.pk}/dry-run/?follower={OPENID}")
    assert "以客服消息发出" in shown
    assert "走“否”" in shown
    assert "不满足" in shown
    assert "没有替代的模板" in shown
    assert "给取关的" not in shown
    assert Enrolment.objects.count() == before


@pytest.mark.parametrize("do", ["up", "down", "move", "remove"])
@pytest.mark.parametrize("step", ["", "0", "1e2", "0.1", "9" * 30, "💥"])
def test_a_step_that_is_not_there_is_told_of(
    staff: Cast, sequence: Sequence, page: str, do: str, step: str
) -> None:
    SequenceStep.objects.create(sequence=sequence, content={"type": "text", "content": "在"})
    form = {"account": sequence.account_id, "do": do, "step": step}
    answer = signed_in(staff.owner).post(page, form, follow=True)
    assert answer.status_code == 200
    assert sequence.steps.count() == 1
