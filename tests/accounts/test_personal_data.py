"""Tests of personal data: an owner decides which roles see it, and which export it."""

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.followers import people
from accounts.followers.models import BulkJob, Change, FieldValue, Follower, Tag
from accounts.operations import failures
from accounts.staff.models import AuditEntry, StaffRight
from accounts.staff.rights import Rights
from tests.cast import Cast, signed_in
from tests.console import world
from tests.console.table import table
from tests.console.visiting import Visitor, address_of
from tests.console.world import World
from wechat.kernel import work

pytestmark = pytest.mark.django_db

TABLE = table()
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
    answer = client.post(
        reverse("admin:shop_sale_export"), {"account": staff.ours.pk, "item": ours["shop.item"].pk}
    )
    return b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]


def test_a_job_finds_nobody_by_a_name_that_its_asker_may_not_see(staff: Cast) -> None:
    for number, remark in enumerate(["王女士", "李女士"]):
        Follower.objects.create(account=staff.ours, openid=f"oSomebody{number}", remark=remark)
    tag = Tag.objects.create(account=staff.ours, name="VIP")
    withhold(staff, "service", "persons")
    asked = {"account": staff.ours.pk, "action": "tag", "tag": tag.pk, "selection": "q=王女士", "sure": "1"}
    signed_in(staff.service).post(reverse("admin:followers_bulk"), asked)
    work.run("followers.run_jobs")
    assert BulkJob.objects.get().processed == 0
    assert not tag.followers.exists()


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
    Follower.objects.create(account=staff.ours, openid=openid, subscribed=True, remark="王备注")
    withhold(staff, "service", "persons")
    export(staff)
    work.run("followers.run_jobs")
    job = BulkJob.objects.get()
    assert job.details["masked"]
    with job.result.open("rb") as file:
        rows = file.read().decode("utf-8-sig")
    assert openid not in rows
    assert "王备注" not in rows


def known_by_name(ours: World) -> list[str]:
    """Gives the follower of the world a remark, a nickname, a name, and a field of the account's own."""
    follower = ours["followers.follower"]
    follower.remark, follower.nickname, follower.unionid = "王备注", "王昵称", "oUnionOfWang"
    follower.consented_at = timezone.now()
    follower.save()
    people.give_name(ours.account.pk, follower.openid, "王大名")
    FieldValue.objects.create(follower=follower, field=ours["followers.customfield"], text="王字段")
    return ["王备注", "王昵称", "王大名", "王字段", "oUnionOfWang", "小雨"]


def naming(staff: Cast, ours: World, names: list[str]) -> dict[str, set[str]]:
    """Returns the pages of the console that name somebody to the owner, with the names."""
    visitor = Visitor(staff.owner, ours.account)
    asked = {"desk": {"who": ours["desk.thread"].openid}}
    files = {
        "shop_sale_export": {"account": ours.account.pk, "item": ours["shop.item"].pk},
        "campaigns_recipients_csv": {},
    }
    found = {}
    for name, page in TABLE.items():
        if name not in {"logout", "switch_account"}:
            method, data = ("POST", files[name]) if name in files else ("GET", asked.get(name, {}))
            answer = visitor.visit(method, address_of(name, page, ours), data)
            if named := {each for each in names if each in answer.text}:
                found[name] = named
    return found


def test_no_page_says_who_people_are_to_a_role_that_may_not_see_it(staff: Cast, ours: World) -> None:
    names = known_by_name(ours)
    before = naming(staff, ours, names)
    assert set.union(*before.values()) == set(names)
    assert {"followers_follower_changelist", "desk", "inbox_conversation", "shop_sale_export"} <= set(before)
    withhold(staff, "owner", "persons")
    assert naming(staff, ours, names) == {}


def test_nobody_is_found_by_a_name_that_is_hidden(staff: Cast, ours: World) -> None:
    known_by_name(ours)
    address = reverse("admin:followers_pick")
    wanted: Any = {"account": staff.ours.pk, "q": "王"}
    assert len(signed_in(staff.service).get(address, wanted).json()["choices"]) == 1
    withhold(staff, "service", "persons")
    assert signed_in(staff.service).get(address, wanted).json()["choices"] == []


def test_nobody_is_found_out_by_counting(staff: Cast, ours: World) -> None:
    known_by_name(ours)
    client, page = signed_in(staff.service), reverse("admin:followers_segment_add")
    field = f"custom.{ours['followers.customfield'].pk}"
    asked = {"c0-field": "subscribed", "c0-compare": "yes", "c0-value": "", "part": "1"}
    for guess in ({"c0-field": "remark"}, {"c0-field": field}):
        guessed = asked | guess | {"c0-compare": "contains", "c0-value": "王"}
        assert client.post(page, guessed).context["count"] == 1
    withhold(staff, "service", "persons")
    assert client.post(page, guessed).status_code == 403
    rows = client.post(page, asked)
    assert rows.context["count"] is not None
    choices = dict(rows.context["conditions"][0].fields["field"].choices)
    assert not {"remark", field} & choices.keys()


def test_a_segment_by_name_does_not_tell_the_name(staff: Cast, ours: World) -> None:
    segment = ours["followers.segment"]
    segment.conditions = [{"field": "remark", "compare": "is", "value": "王备注"}]
    segment.save()
    withhold(staff, "service", "persons")
    client = signed_in(staff.service)
    assert "王备注" not in client.get(reverse("admin:followers_segment_changelist")).content.decode()
    answer = client.get(reverse("admin:followers_segment_change", args=[segment.pk]))
    assert (answer.status_code, "王备注" in answer.content.decode()) == (403, False)


def test_a_canned_answer_does_not_tell_the_remark_to_whom_it_is_withheld(staff: Cast, ours: World) -> None:
    known_by_name(ours)
    canned = ours["desk.cannedanswer"]
    canned.content = {"type": "text", "content": "{remark}您好"}
    canned.save()
    page, query = reverse("admin:desk"), {"who": ours["desk.thread"].openid}
    assert 'data-text="王备注您好"' in signed_in(staff.service).get(page, query).content.decode()
    withhold(staff, "service", "persons")
    html = signed_in(staff.service).get(page, query).content.decode()
    assert f'data-pk="{canned.pk}"' in html
    assert "王备注" not in html


def test_a_remark_that_wechat_refused_is_hidden_as_well(staff: Cast, ours: World) -> None:
    Change.objects.create(
        account=ours.account, follower=ours["followers.follower"], kind=Change.Kind.REMARK, desired="王备注",
        due_at=None, error="x",
    )  # fmt: skip
    found = failures.groups(staff.ours, Rights.of(staff.service))
    group = next(each for each in found if each.name == "changes")
    page = f"{reverse('operations_failures_of', args=['changes'])}?cause={group.key}"
    assert "王备注" in signed_in(staff.service).get(page).content.decode()
    withhold(staff, "service", "persons")
    shown = signed_in(staff.service).get(page).content.decode()
    assert ("•••" in shown, "王备注" in shown) == (True, False)


def test_the_name_that_another_account_knows_is_hidden_with_the_others(staff: Cast, ours: World) -> None:
    known_by_name(ours)
    StaffRight.objects.create(user=staff.service, account=staff.theirs, role=StaffRight.Role.SERVICE)
    there = {"account": staff.theirs, "openid": "oThere", "unionid": "oUnionOfWang", "remark": "王总"}
    Follower.objects.create(**there)
    page = reverse("admin:followers_follower_change", args=[ours["followers.follower"].pk])
    assert "王总" in signed_in(staff.service).get(page).content.decode()
    withhold(staff, "service", "persons")
    assert "王总" not in signed_in(staff.service).get(page).content.decode()


def test_tags_are_changed_without_seeing_who_it_is_and_the_remark_stays(staff: Cast, ours: World) -> None:
    known_by_name(ours)
    withhold(staff, "service", "persons")
    follower, tag = ours["followers.follower"], ours["followers.tag"]
    page = reverse("admin:followers_follower_change", args=[follower.pk])
    answer = signed_in(staff.service).post(page, {"remark": "别的", "initial-tags": [tag.pk]})
    assert answer.status_code == 302
    follower.refresh_from_db()
    assert follower.remark == "王备注"
    assert tag not in follower.tags.all()


def test_a_file_with_names_is_not_downloaded_by_whom_they_are_hidden_from(
    staff: Cast, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    Follower.objects.create(account=staff.ours, openid="oSomebody0000000000000000001", subscribed=True)
    export(staff)
    work.run("followers.run_jobs")
    job = BulkJob.objects.latest("pk")
    address = reverse("admin:followers_job_file", args=[job.pk])
    assert b"".join(signed_in(staff.service).get(address).streaming_content)  # type: ignore[attr-defined]
    withhold(staff, "service", "persons")
    assert signed_in(staff.service).get(address).status_code == 403


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
