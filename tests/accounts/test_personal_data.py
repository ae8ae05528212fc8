"""An owner decides which roles see who people are, and which take files of them along."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.followers.models import BulkJob, Follower
from accounts.staff.models import AuditEntry
from tests.cast import Cast, signed_in
from tests.console import world
from tests.console.world import World
from wechat.kernel import work

pytestmark = pytest.mark.django_db

ALL = ["export", "persons"]
ROLES = ["editor", "publisher", "service", "finance", "auditor", "owner"]


@pytest.fixture
def ours(staff: Cast, settings: Any, tmp_path: Any) -> World:
    settings.MEDIA_ROOT = tmp_path
    return world.build(staff.ours)


def withhold(staff: Cast, role: str, *what: str) -> None:
    ticks = dict.fromkeys(ROLES, ALL) | {role: [each for each in ALL if each not in what]}
    page = reverse("admin:staff_personal_data")
    answer = signed_in(staff.owner).post(page, {"account": staff.ours.pk, **ticks})
    assert answer.status_code == 302


def export(staff: Cast) -> Any:
    form = {"account": staff.ours.pk, "action": "export", "format": "csv", "selection": "", "sure": "1"}
    return signed_in(staff.service).post(reverse("admin:followers_bulk"), form)


def sales(staff: Cast, ours: World, *, file: bool) -> str:
    client = signed_in(staff.owner)
    if not file:
        return client.get(reverse("admin:shop_sale_changelist")).content.decode()
    answer = client.get(reverse("admin:shop_sale_export"), {"item": ours["shop.item"].pk})
    return b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]


def test_a_role_without_the_right_exports_nobody(staff: Cast) -> None:
    Follower.objects.create(account=staff.ours, openid="oSomebody0000000000000000001", subscribed=True)
    withhold(staff, "service", "export")
    assert export(staff).status_code == 403
    assert not BulkJob.objects.exists()


def test_what_was_exported_before_is_not_downloaded_any_more(staff: Cast, ours: World) -> None:
    job = reverse("admin:followers_job_file", args=(ours["followers.bulkjob"].pk,))
    assert b"".join(signed_in(staff.service).get(job).streaming_content)  # type: ignore[attr-defined]
    withhold(staff, "service", "export")
    assert signed_in(staff.service).get(job).status_code == 403


def test_who_may_not_see_persons_exports_them_masked(staff: Cast) -> None:
    openid = "oSomebody0000000000000000001"
    Follower.objects.create(account=staff.ours, openid=openid, subscribed=True)
    withhold(staff, "service", "persons")
    export(staff)
    work.run("followers.run_jobs")
    job = BulkJob.objects.get()
    assert job.details["masked"]
    with job.result.open("rb") as file:
        assert openid not in file.read().decode("utf-8-sig")


@pytest.mark.parametrize("file", [False, True])
def test_buyers_are_masked_on_their_page_and_in_their_file(staff: Cast, ours: World, *, file: bool) -> None:
    assert "小雨" in sales(staff, ours, file=file)
    withhold(staff, "owner", "persons")
    shown = sales(staff, ours, file=file)
    assert "小雨" not in shown
    assert ours["shop.sale"].openid not in shown


def test_who_runs_the_installation_sees_everybody(staff: Cast, ours: World) -> None:
    for role in ROLES:
        withhold(staff, role, "persons")
    client = signed_in(staff.superuser)
    client.get(reverse("admin:staff_colleagues"), {"account": staff.ours.pk})
    assert "小雨" in client.get(reverse("admin:shop_sale_changelist")).content.decode()


def test_the_audit_tells_what_was_withheld(staff: Cast) -> None:
    withhold(staff, "finance", "export")
    assert any("导出" in str(each.after) for each in AuditEntry.objects.all())
