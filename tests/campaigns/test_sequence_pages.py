"""The pages of sequences."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.official.models import OfficialAccount
from tests.cast import Cast, signed_in
from wechat.campaigns.models import Enrolment, Sequence, SequenceStep
from wechat.campaigns.sequences import enrolling, running
from wechat.kernel import work
from wechat.pushes.models import Template

pytestmark = pytest.mark.django_db

LIST = "/admin/campaigns/sequence/"
OPENID = "oFollower000000000000000001"


def filled(account: OfficialAccount, *texts: str, **fields: Any) -> dict[str, Any]:
    usual = {"account": account.pk, "name": "新粉丝", "trigger": "follow", "priority": "10", "enabled": "on"}
    steps: dict[str, Any] = {"steps-TOTAL_FORMS": len(texts), "steps-INITIAL_FORMS": 0}
    for number, words in enumerate(texts):
        step = {"kind": "text", "text": words, "wait": "1", "unit": "60", "position": number, "template": ""}
        steps |= {f"steps-{number}-{name}": value for name, value in step.items()}
    return {**usual, **steps, **fields}


def test_a_sequence_is_written_with_its_steps_in_order(staff: Cast) -> None:
    signed_in(staff.owner).post(f"{LIST}add/", filled(staff.ours, "一", "二"))
    sequence = Sequence.objects.get()
    assert [step.content["content"] for step in sequence.steps.all()] == ["一", "二"]
    assert running.delay(sequence.steps.all()[0]).total_seconds() == 3600
    html = signed_in(staff.auditor).get(LIST).content.decode()
    assert "新粉丝" in html
    assert "有人关注" in html


def test_it_cannot_be_switched_on_without_a_message(staff: Cast) -> None:
    html = signed_in(staff.owner).post(f"{LIST}add/", filled(staff.ours)).content.decode()
    assert "至少写一条消息" in html
    assert not Sequence.objects.exists()


def test_half_a_quiet_time_is_refused(staff: Cast) -> None:
    given = filled(staff.ours, "一", quiet_from="22:00")
    html = signed_in(staff.owner).post(f"{LIST}add/", given).content.decode()
    assert "免打扰时段" in html
    assert not Sequence.objects.exists()


def test_the_report_names_who_is_in_it_and_lets_them_out(staff: Cast) -> None:
    sequence = Sequence.objects.create(account=staff.ours, name="新粉丝", enabled=True)
    SequenceStep.objects.create(sequence=sequence, wait=9, content={"type": "text", "content": "欢迎"})
    enrolling.start(staff.ours, OPENID, "follow", "test:1", at=timezone.now())
    enrolment, page = Enrolment.objects.get(), f"{LIST}{sequence.pk}/report/"
    assert OPENID in signed_in(staff.auditor).get(page).content.decode()
    remove = f"{LIST}{sequence.pk}/remove/{enrolment.pk}/"
    assert signed_in(staff.auditor).post(remove).status_code == 403
    signed_in(staff.owner).post(remove)
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.reason) == ("stopped", "removed")
    assert signed_in(staff.outsider).get(page).status_code == 404


def test_the_values_of_a_template_are_filled_in_by_its_own_form(staff: Cast) -> None:
    template = Template.objects.create(
        account=staff.ours, kind="template", platform_id="T1", title="提醒", content="门店:{{thing1.DATA}}\n"
    )
    sequence = Sequence.objects.create(account=staff.ours, name="新粉丝")
    step = SequenceStep.objects.create(
        sequence=sequence, template=template, content={"type": "text", "content": "欢迎"}
    )
    page, client = f"{LIST}{sequence.pk}/steps/{step.pk}/", signed_in(staff.owner)
    assert "门店" in client.get(page).content.decode()
    assert client.post(page, {"value-thing1": "长" * 40}).status_code == 200
    client.post(page, {"value-thing1": "天河店", "url": "https://example.com/"})
    step.refresh_from_db()
    assert (step.values, step.link, step.has_template) == ({"thing1": "天河店"}, "https://example.com/", True)


def test_switching_off_in_the_form_pauses_those_inside(staff: Cast) -> None:
    client = signed_in(staff.owner)
    client.post(f"{LIST}add/", filled(staff.ours, "一"))
    sequence = Sequence.objects.get()
    enrolling.start(staff.ours, OPENID, "follow", "test:1", at=timezone.now())
    step = sequence.steps.get()
    given = filled(staff.ours, "一") | {"steps-INITIAL_FORMS": 1, "steps-0-id": step.pk}
    del given["enabled"]
    client.post(f"{LIST}{sequence.pk}/change/", given | {"steps-0-sequence": sequence.pk})
    work.run("campaigns.run_sequences")
    sequence.refresh_from_db()
    assert (sequence.enabled, Enrolment.objects.get().state) == (False, "paused")
