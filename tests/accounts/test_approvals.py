"""Tests of approvals: outgoing actions beyond a role's limit, which the account's owner sets, need one."""

import datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from accounts.approvals import deciding
from accounts.approvals.actions import Refused
from accounts.approvals.models import Approval, ApprovalLimit
from accounts.followers.models import BulkJob, Follower, Segment
from accounts.staff.models import AuditEntry, StaffRight
from tests.cast import Cast, member, signed_in
from tests.console import world
from tests.console.world import World
from wechat.campaigns.models import Recipient
from wechat.kernel import work

pytestmark = pytest.mark.django_db

State = Approval.State
LIST = "/admin/approvals/approval/"


def limited(staff: Cast, action: str, role: str, most: int | None) -> None:
    ApprovalLimit.objects.create(account=staff.ours, action=action, role=role, alone_up_to=most)


def export(staff: Cast, by: User, people: int = 3, selection: str = "") -> Any:
    """Asks for a file of everybody, or of a selection, and returns where that led."""
    for number in range(people):
        Follower.objects.create(account=staff.ours, openid=f"oSomebody{number:019d}", subscribed=True)
    form = {
        "account": staff.ours.pk,
        "action": "export",
        "format": "csv",
        "selection": selection,
        "sure": "1",
    }
    return signed_in(by).post(reverse("admin:followers_bulk"), form)


@pytest.fixture
def ours(staff: Cast, settings: Any, tmp_path: Any) -> World:
    settings.MEDIA_ROOT = tmp_path
    return world.build(staff.ours)


def address(approval: Approval) -> str:
    return reverse("admin:approvals_approval", args=(approval.pk,))


def waiting(staff: Cast) -> Approval:
    limited(staff, "export_of_persons", "service", 2)
    export(staff, staff.service)
    return Approval.objects.get()


def test_a_file_of_a_segment_is_approved_for_whom_the_segment_meant(staff: Cast) -> None:
    limited(staff, "export_of_persons", "service", 2)
    segment = Segment.objects.create(account=staff.ours, name="会员")
    export(staff, staff.service, selection=f"segment={segment.pk}")
    Segment.objects.update(match="any")
    with pytest.raises(Refused):
        deciding.approve(Approval.objects.get(), staff.superuser)
    assert not BulkJob.objects.exists()


def test_up_to_the_limit_nobody_is_asked(staff: Cast) -> None:
    limited(staff, "export_of_persons", "service", 3)
    export(staff, staff.service)
    assert BulkJob.objects.count() == 1
    assert not Approval.objects.exists()


def test_beyond_it_nothing_happens_until_somebody_else_agrees(staff: Cast) -> None:
    approval = waiting(staff)
    assert not BulkJob.objects.exists()
    signed_in(staff.owner).post(address(approval), {"agreed": "1"})
    approval.refresh_from_db()
    assert (approval.state, approval.decided_by, approval.alone) == (State.APPROVED, staff.owner, False)
    assert BulkJob.objects.get().asked_by == staff.service


def test_whoever_asked_cannot_agree_but_take_it_back(staff: Cast) -> None:
    approval = waiting(staff)
    client = signed_in(staff.service)
    assert client.post(address(approval), {"agreed": "1"}).status_code == 403
    client.post(address(approval), {"refused": "1"})
    approval.refresh_from_db()
    assert approval.state == State.TAKEN_BACK
    assert not BulkJob.objects.exists()


def test_who_is_refused_gets_nothing(staff: Cast) -> None:
    approval = waiting(staff)
    signed_in(staff.owner).post(address(approval), {"refused": "1"})
    signed_in(staff.owner).post(address(approval), {"agreed": "1"})
    approval.refresh_from_db()
    assert approval.state == State.REJECTED
    assert not BulkJob.objects.exists()


def test_it_expires_after_three_days(staff: Cast) -> None:
    approval = waiting(staff)
    with time_machine.travel(timezone.now() + datetime.timedelta(days=4)):
        work.run("approvals.expire")
        signed_in(staff.owner).post(address(approval), {"agreed": "1"})
    approval.refresh_from_db()
    assert approval.state == State.EXPIRED
    assert not BulkJob.objects.exists()


def test_in_an_account_with_one_person_that_one_agrees_and_the_audit_says_so(staff: Cast) -> None:
    User.objects.exclude(pk=staff.service.pk).update(is_active=False)
    approval = waiting(staff)
    signed_in(staff.service).post(address(approval), {"agreed": "1"})
    assert BulkJob.objects.count() == 1
    entry = AuditEntry.objects.filter(kind="approvals.approval").latest("pk")
    assert "没有其他人可以审批" in entry.note


def test_somebody_without_the_right_does_not_agree(staff: Cast) -> None:
    approval = waiting(staff)
    assert signed_in(staff.auditor).post(address(approval), {"agreed": "1"}).status_code == 403
    assert signed_in(staff.editor).post(address(approval), {"agreed": "1"}).status_code == 403
    assert signed_in(staff.outsider).post(address(approval), {"agreed": "1"}).status_code == 404


def test_two_who_agree_at_once_are_one(staff: Cast) -> None:
    approval = waiting(staff)
    assert deciding.approve(approval, staff.owner) is not None
    assert deciding.approve(approval, staff.superuser) is None
    assert BulkJob.objects.count() == 1


def test_the_list_tells_each_what_waits_for_them(staff: Cast) -> None:
    approval = waiting(staff)
    for user, waits in ((staff.owner, 1), (staff.service, 0), (staff.auditor, 0), (staff.outsider, 0)):
        assert deciding.waiting_for(user, staff.ours.pk).count() == waits, user
    assert address(approval) in signed_in(staff.owner).get(LIST).content.decode()
    assert address(approval) in signed_in(staff.service).get(LIST).content.decode()
    assert address(approval) not in signed_in(staff.outsider).get(LIST).content.decode()


# --- the limits


def limits_form(staff: Cast, by: User, **changed: str) -> Any:
    """Sends the page of the limits with some of them changed."""
    client = signed_in(by)
    page = reverse("admin:approvals_policy")
    form = client.get(page, {"account": staff.ours.pk}).context["form"]
    values = {name: form[name].initial for name in form.fields}
    shown = {name: "" if value is None else str(value) for name, value in values.items()}
    return client.post(page, {"account": staff.ours.pk, **shown, **changed})


def limit(staff: Cast, action: str, role: str) -> int | None:
    return ApprovalLimit.objects.get(account=staff.ours, action=action, role=role).alone_up_to


def test_an_owner_tightens_a_limit_at_once(staff: Cast) -> None:
    limits_form(staff, staff.owner, **{"refund-finance": "50.5"})
    assert limit(staff, "refund", "finance") == 5050
    assert not Approval.objects.exists()


def test_a_looser_limit_waits_for_another_owner(staff: Cast) -> None:
    other = member("other-owner", staff.ours, StaffRight.Role.OWNER)
    limits_form(staff, staff.owner, **{"mass_send-owner": "", "refund-finance": "500"})
    approval = Approval.objects.get()
    assert not ApprovalLimit.objects.filter(action="mass_send").exists()
    assert limit(staff, "refund", "finance") == 50_000
    assert signed_in(staff.owner).post(address(approval), {"agreed": "1"}).status_code == 403
    signed_in(other).post(address(approval), {"agreed": "1"})
    assert limit(staff, "mass_send", "owner") is None


def test_a_superuser_who_asked_does_not_loosen_alone(staff: Cast) -> None:
    limits_form(staff, staff.superuser, **{"mass_send-owner": ""})
    approval = Approval.objects.get()
    assert signed_in(staff.superuser).post(address(approval), {"agreed": "1"}).status_code == 403


def test_only_owners_set_limits(staff: Cast) -> None:
    page = reverse("admin:approvals_policy")
    assert signed_in(staff.auditor).get(page).status_code == 200
    assert signed_in(staff.auditor).post(page, {"account": staff.ours.pk}).status_code == 403
    assert signed_in(staff.service).get(page).status_code == 403


def test_the_widest_of_several_roles_counts(staff: Cast) -> None:
    StaffRight.objects.create(user=staff.service, account=staff.ours, role="owner")
    limited(staff, "export_of_persons", "service", 0)
    export(staff, staff.service)
    assert BulkJob.objects.count() == 1


def test_what_nobody_of_the_staff_asked_for_is_shown_as_well(staff: Cast) -> None:
    approval = waiting(staff)
    Approval.objects.filter(pk=approval.pk).update(asked_by=None, asked_through="API · 商城")
    for page in (LIST, address(approval)):
        assert "API · 商城" in signed_in(staff.owner).get(page).content.decode()
    Approval.objects.filter(pk=approval.pk).update(asked_through="")
    assert signed_in(staff.owner).get(address(approval)).status_code == 200


def reached(campaign: Any, number: int) -> None:
    Recipient.objects.create(campaign=campaign, openid=f"oSomebody{number:019d}", state="waiting")


def recipients(staff: Cast, campaign: Any) -> Any:
    return signed_in(staff.service).post(reverse("admin:campaigns_recipients_csv", args=[campaign.pk]))


@pytest.fixture
def campaign(staff: Cast, ours: World) -> Any:
    """A campaign with one recipient, whose file waits for somebody when service asks for it."""
    campaign = ours["campaigns.campaign"]
    reached(campaign, 1)
    limited(staff, "export_of_persons", "service", 0)
    return campaign


def test_a_file_of_recipients_waits_for_somebody_and_is_downloaded_once_they_agree(
    staff: Cast, campaign: Any
) -> None:
    waits = recipients(staff, campaign)
    assert waits.status_code == 302
    assert recipients(staff, campaign)["Location"] == waits["Location"]
    approval = Approval.objects.latest("pk")
    deciding.approve(approval, staff.owner)
    assert recipients(staff, campaign).status_code == 200
    assert signed_in(staff.owner).get(waits["Location"]).status_code == 200


def test_whoever_asked_for_a_file_reads_that_they_download_it_once_it_is_granted(
    staff: Cast, campaign: Any
) -> None:
    page = recipients(staff, campaign)["Location"]
    step = "再次下载该文件"
    assert step in signed_in(staff.service).get(page).content.decode()
    deciding.approve(Approval.objects.latest("pk"), staff.owner)
    assert step in signed_in(staff.service).get(page).content.decode()
    assert step not in signed_in(staff.owner).get(page).content.decode()


def test_the_approval_of_filtered_recipients_opens_those(staff: Cast, campaign: Any) -> None:
    asked = f"{reverse('admin:campaigns_recipients_csv', args=[campaign.pk])}?state=waiting&reason=&p=x"
    page = signed_in(staff.service).post(asked)["Location"]
    listed = f"{reverse('admin:campaigns_recipients', args=[campaign.pk])}?state=waiting"
    assert f'href="{listed}"' in signed_in(staff.owner).get(page).content.decode()
    deciding.approve(Approval.objects.latest("pk"), staff.owner)
    assert signed_in(staff.service).post(asked).status_code == 200
    assert recipients(staff, campaign).status_code == 302


def test_what_was_granted_to_one_is_not_granted_to_another_nor_for_more(staff: Cast, campaign: Any) -> None:
    recipients(staff, campaign)
    deciding.approve(Approval.objects.latest("pk"), staff.owner)
    reached(campaign, 2)
    assert recipients(staff, campaign).status_code == 302
    other = member("other", staff.ours, "service")
    answer = signed_in(other).post(reverse("admin:campaigns_recipients_csv", args=[campaign.pk]))
    assert answer.status_code == 302


def test_a_file_of_buyers_waits_for_somebody_who_may_see_money(staff: Cast, ours: World) -> None:
    limited(staff, "export_of_buyers", "finance", 0)
    finance = member("finance", staff.ours, "finance")
    address = reverse("admin:shop_sale_export")
    chosen = {"account": staff.ours.pk, "item": ours["shop.item"].pk}
    answer = signed_in(finance).post(address, chosen)
    assert answer.status_code == 302
    deciding.approve(Approval.objects.latest("pk"), staff.owner)
    assert signed_in(finance).post(address, chosen).status_code == 200
