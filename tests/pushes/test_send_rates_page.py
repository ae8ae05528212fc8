"""Tests of the page on which staff set the send rates."""

import pytest
from django.utils import timezone

from accounts.staff.models import AuditEntry
from tests.cast import Cast, signed_in
from wechat.pushes import claiming
from wechat.pushes.models import Push, SendRate

pytestmark = pytest.mark.django_db

PAGE = "/admin/pushes/push/speed/"


def test_a_speed_is_kept_noted_and_used(staff: Cast) -> None:
    client = signed_in(staff.owner)
    assert client.post(PAGE, {"template": "120", "service": ""}).status_code == 302
    Push.objects.create(
        account=staff.ours, openid="o", key="a", kind="template", template="T", content={"values": {}},
        due_at=timezone.now(),
    )  # fmt: skip
    assert [queue.per_second for queue in claiming.due_queues(bulk=False)] == [120]
    assert "120" in AuditEntry.objects.get().words


def test_an_empty_field_is_the_usual_speed_again(staff: Cast) -> None:
    SendRate.objects.create(account=staff.ours, kind="template", per_second=5)
    signed_in(staff.owner).post(PAGE, {"template": ""})
    assert SendRate.objects.get().per_second is None


@pytest.mark.parametrize("wrong", ["0", "-3", "5001", "many"])
def test_a_speed_that_cannot_be_is_said_at_its_field(staff: Cast, wrong: str) -> None:
    answer = signed_in(staff.owner).post(PAGE, {"template": wrong})
    assert answer.status_code == 200
    assert 'class="filter-error"' in answer.content.decode()
    assert not SendRate.objects.exists()


def test_an_account_is_offered_only_what_it_can_send(staff: Cast) -> None:
    staff.ours.kind = "miniprogram"
    staff.ours.save()
    rows = signed_in(staff.owner).get(PAGE).context["rows"]
    assert [row.field.name for row in rows] == ["service", "subscribe"]


def test_who_may_not_send_looks_or_is_sent_away(staff: Cast) -> None:
    auditor = signed_in(staff.auditor)
    assert "<button" not in auditor.get(PAGE).content.decode().split('id="content')[-1].split("</form>")[0]
    assert auditor.post(PAGE, {"template": "1"}).status_code == 403
    assert not SendRate.objects.exists()
