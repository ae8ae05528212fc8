import datetime
from decimal import Decimal
from typing import Any

import lxml.html
import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.followers import custom_fields, sending_tags, timeline
from accounts.followers.handles import handle
from accounts.followers.models import (
    AutoTag,
    BulkJob,
    Change,
    CustomField,
    FieldValue,
    Follower,
    FollowerSync,
    Segment,
    Tag,
)
from accounts.official.models import OfficialAccount
from accounts.staff.models import AuditEntry
from accounts.staff.rights import Area
from tests.cast import Cast, signed_in

pytestmark = pytest.mark.django_db

LIST = "/admin/followers/follower/"


def person(account: OfficialAccount, name: str = "oPerson", **fields: Any) -> Follower:
    return Follower.objects.create(account=account, openid=name, **fields)


def page_of(follower: Follower) -> str:
    return reverse("admin:followers_follower_change", args=(follower.pk,))


def shown(staff: Cast, address: str, who: str = "owner") -> str:
    return signed_in(getattr(staff, who)).get(address).content.decode()


# --- the list


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"oNew", "oGone", "oBlack"}),
        ("follows=yes", {"oNew", "oBlack"}),
        ("follows=no", {"oGone"}),
        ("follows=black", {"oBlack"}),
        ("channel=store-1", {"oNew"}),
        ("channel=42", {"oGone"}),
        ("seen=7", {"oNew"}),
        ("seen=-30", {"oGone", "oBlack"}),
        ("q=oGone", {"oGone"}),
        ("q=王", {"oBlack"}),
        ("since=2026-01-01&until=2026-01-31", {"oGone"}),
    ],
)
def test_the_list_is_narrowed(staff: Cast, query: str, expected: set[str]) -> None:
    now = timezone.now()
    person(staff.ours, "oNew", qr_scene_str="store-1", last_seen_at=now, subscribed_at=now)
    january = datetime.datetime(2026, 1, 31, 15, tzinfo=datetime.UTC)
    person(staff.ours, "oGone", subscribed=False, qr_scene=42, subscribed_at=january)
    person(staff.ours, "oBlack", blacklisted=True, remark="王女士")
    html = shown(staff, f"{LIST}?{query}")
    names = {"oNew": handle("oNew"), "oGone": handle("oGone"), "oBlack": "王女士"}
    rows = html.partition("<tbody")[2]
    assert {openid for openid, name in names.items() if name in rows} == expected


def test_the_list_is_narrowed_by_tag_and_by_segment(staff: Cast) -> None:
    tag = Tag.objects.create(account=staff.ours, name="VIP")
    person(staff.ours, "oTagged").tags.add(tag)
    person(staff.ours, "oPlain")
    row = {"field": "tag", "compare": "not", "value": str(tag.pk)}
    segment = Segment.objects.create(account=staff.ours, name="无标签", conditions=[row])
    assert "oPlain" not in shown(staff, f"{LIST}?tag={tag.pk}")
    assert "oTagged" not in shown(staff, f"{LIST}?segment={segment.pk}").partition("<tbody")[2]


def test_a_segment_that_means_nothing_any_more_says_so_in_the_list(staff: Cast) -> None:
    person(staff.ours, "oPerson")
    row = {"field": "custom.999", "compare": "is", "value": "x"}
    segment = Segment.objects.create(account=staff.ours, name="坏", conditions=[row])
    html = shown(staff, f"{LIST}?segment={segment.pk}")
    assert "oPerson" not in html
    assert 'class="notice"' in html


def test_the_tags_of_another_account_are_no_filter(staff: Cast) -> None:
    tag = Tag.objects.create(account=staff.theirs, name="别家标签")
    assert "别家标签" not in shown(staff, f"{LIST}?tag={tag.pk}")


# --- one follower


def test_the_page_says_why_there_is_no_nickname(staff: Cast) -> None:
    plain = person(staff.ours)
    assert "No nickname" in english(staff, page_of(plain))
    agreed = person(staff.ours, "oAgreed", nickname="林小满", consented_at=timezone.now())
    html = english(staff, page_of(agreed))
    assert "林小满" in html
    assert "No nickname" not in html


def english(staff: Cast, address: str, who: str = "owner") -> str:
    client = signed_in(getattr(staff, who))
    return client.get(address, headers={"accept-language": "en"}).content.decode()


def opened(client: Client, follower: Follower) -> dict[str, Any]:
    """Opens the follower's page; gives what its form would post if nothing were changed."""
    root: Any = lxml.html.fromstring(client.get(page_of(follower)).content.decode())
    posted: dict[str, Any] = {}
    (form,) = (form for form in root.forms if "remark" in form.fields)
    for name, value in form.form_values():
        posted.setdefault(name, []).append(value)
    return posted


def test_remark_tags_and_own_fields_are_saved_and_sent_later(staff: Cast) -> None:
    follower, tag = person(staff.ours), Tag.objects.create(account=staff.ours, name="VIP")
    size = CustomField.objects.create(account=staff.ours, name="鞋码", kind=CustomField.Kind.NUMBER)
    member = CustomField.objects.create(account=staff.ours, name="会员", kind=CustomField.Kind.YES_NO)
    answer = signed_in(staff.owner).post(
        page_of(follower),
        {"remark": "王女士", "tags": [tag.pk], f"own_{size.pk}": "42.5", f"own_{member.pk}": "yes"},
    )
    assert answer.status_code == 302
    follower.refresh_from_db()
    assert (follower.remark, list(follower.tags.all())) == ("王女士", [tag])
    assert {change.kind: change.desired for change in Change.objects.all()} == {
        "remark": "王女士",
        "tag": "yes",
    }
    assert FieldValue.objects.get(field=size).number == Decimal("42.5")
    assert FieldValue.objects.get(field=member).number == 1
    assert AuditEntry.objects.filter(object_id=str(follower.pk)).exists()


def test_what_was_not_changed_is_not_sent(staff: Cast) -> None:
    follower, client = person(staff.ours, remark="王女士"), signed_in(staff.owner)
    follower.tags.add(Tag.objects.create(account=staff.ours, name="VIP"))
    client.post(page_of(follower), opened(client, follower))
    assert not Change.objects.exists()


def test_an_emptied_field_has_no_value_any_more(staff: Cast) -> None:
    follower, client = person(staff.ours), signed_in(staff.owner)
    field = CustomField.objects.create(account=staff.ours, name="城市", kind=CustomField.Kind.TEXT)
    FieldValue.objects.create(field=field, follower=follower, text="广州")
    client.post(page_of(follower), opened(client, follower) | {f"own_{field.pk}": ""})
    assert not FieldValue.objects.exists()


def test_saving_a_page_undoes_nothing_that_happened_while_it_was_open(staff: Cast) -> None:
    follower, client = person(staff.ours, remark="王女士"), signed_in(staff.owner)
    tags = [Tag.objects.create(account=staff.ours, name=name) for name in ("甲", "乙", "丙", "丁")]
    unticked, taken_off, put_on, ticked = tags
    follower.tags.set([unticked, taken_off])
    fields = [
        CustomField.objects.create(account=staff.ours, name=name, kind=kind)
        for name, kind in (("城市", "text"), ("鞋码", "number"), ("生日", "date"), ("会员", "yes_no"))
    ]
    city, size, birthday, member = fields
    before: dict[CustomField, custom_fields.Value] = {
        city: "广州",
        size: Decimal(40),
        birthday: datetime.date(2000, 1, 1),
        member: True,
    }
    custom_fields.save([(follower, before)])
    page = opened(client, follower)

    meanwhile: dict[CustomField, custom_fields.Value] = {
        city: "深圳",
        size: Decimal("42.5"),
        birthday: datetime.date(2001, 1, 1),
    }
    custom_fields.save([(follower, meanwhile)])
    Follower.objects.update(remark="李女士")
    follower.tags.set([unticked, put_on])

    page |= {"tags": [str(taken_off.pk), str(ticked.pk)], f"own_{member.pk}": "no"}
    client.post(page_of(follower), page)
    follower.refresh_from_db()
    assert follower.remark == "李女士"
    assert set(follower.tags.all()) == {put_on, ticked}
    assert {(each.tag, each.desired) for each in Change.objects.all()} == {(unticked, "no"), (ticked, "yes")}
    values = custom_fields.of_followers([follower])[follower.pk]
    shown = {field: custom_fields.shown(values[field.pk]) for field in (city, size, birthday)}
    assert shown == {city: "深圳", size: "42.5", birthday: "2001-01-01"}
    assert not values[member.pk].number


def test_what_a_refused_form_showed_first_stays_what_it_showed(staff: Cast) -> None:
    follower, client = person(staff.ours, remark="王女士"), signed_in(staff.owner)
    page = opened(client, follower)
    Follower.objects.update(remark="李女士")
    refused = client.post(page_of(follower), page | {"remark": "x" * 30}).content.decode()
    assert 'name="initial-remark" value="王女士"' in refused


@pytest.mark.parametrize("remark", ["一二三四五六七八九十", "x" * 30])
def test_limits_are_told_before_the_platform_refuses(staff: Cast, remark: str) -> None:
    follower = person(staff.ours)
    answer = signed_in(staff.owner).post(page_of(follower), {"remark": remark})
    assert answer.status_code == 200
    assert not Change.objects.exists()


def test_a_twenty_first_tag_is_refused(staff: Cast) -> None:
    follower = person(staff.ours)
    tags = [Tag.objects.create(account=staff.ours, name=f"标签{number}") for number in range(21)]
    answer = signed_in(staff.owner).post(page_of(follower), {"tags": [tag.pk for tag in tags]})
    assert answer.status_code == 200
    assert not follower.tags.exists()


def test_who_may_only_look_changes_nothing(staff: Cast) -> None:
    follower = person(staff.ours)
    assert signed_in(staff.editor).get(page_of(follower)).status_code == 200
    assert signed_in(staff.editor).post(page_of(follower), {"remark": "x"}).status_code == 403


def test_a_failed_change_is_told_and_tried_again(staff: Cast) -> None:
    follower = person(staff.ours)
    Change.objects.create(
        account=staff.ours,
        follower=follower,
        kind="remark",
        desired="x",
        due_at=None,
        errcode=40092,
        error="40092",
    )
    assert "40092" in shown(staff, page_of(follower))
    signed_in(staff.owner).post(page_of(follower), {"again": "1"})
    assert Change.objects.get().due_at is not None


def test_the_same_person_is_shown_where_the_reader_may_look(staff: Cast) -> None:
    follower = person(staff.ours, unionid="oUnion")
    person(staff.theirs, "oElsewhere", unionid="oUnion", remark="在别家")
    assert "在别家" not in shown(staff, page_of(follower), "owner")
    assert "在别家" in shown(staff, page_of(follower), "superuser")


def test_what_a_follower_wrote_is_escaped(staff: Cast) -> None:
    follower = person(staff.ours, nickname="<script>alert(1)</script>", consented_at=timezone.now())
    assert "<script>alert(1)" not in shown(staff, page_of(follower))


def test_others_tell_what_happened_and_what_they_know(staff: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline._sources, "_known", {})
    monkeypatch.setattr(timeline._panel_sources, "_known", {})
    start = timezone.now() - datetime.timedelta(days=1)

    @timeline.adds_moments(Area.MONEY)
    def paid(follower: Follower, before: Any, limit: int) -> list[timeline.Moment]:
        times = [start - datetime.timedelta(minutes=number) for number in range(80)]
        moments = [timeline.Moment(at, "支付", f"订单-{number:03}") for number, at in enumerate(times)]
        return [each for each in moments if before is None or each.at < before][:limit]

    @timeline.adds_panel(order=1, area=Area.MONEY)
    def orders(follower: Follower) -> timeline.Panel:
        return timeline.Panel("订单汇总", [timeline.PanelLine("总额", "¥12.00")])

    follower = person(staff.ours)
    html = shown(staff, page_of(follower))
    assert "订单-000" in html
    assert "订单-060" not in html
    assert "订单汇总" in html
    older = html.split('href="?before=')[1].split('"')[0]
    following = shown(staff, f"{page_of(follower)}?before={older}")
    assert "订单-060" in following
    assert "订单-000" not in following
    assert "订单-000" not in shown(staff, page_of(follower), "service")


def test_what_happened_at_one_time_stands_on_one_page_and_nothing_after_it_is_lost(
    staff: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline._sources, "_known", {})
    now, days = timezone.now(), [1] * 40 + [2] * 120 + [3]
    moments = [
        timeline.Moment(now - datetime.timedelta(days=each), "支付", f"订单-{number:03}")
        for number, each in enumerate(days)
    ]

    @timeline.adds_moments(Area.MONEY)
    def paid(follower: Follower, before: Any, limit: int) -> list[timeline.Moment]:
        return [each for each in moments if before is None or each.at < before][:limit]

    follower = person(staff.ours)
    html = shown(staff, page_of(follower))
    assert all(f"订单-{number:03}" in html for number in range(160))
    older = html.split('href="?before=')[1].split('"')[0]
    following = shown(staff, f"{page_of(follower)}?before={older}")
    assert "订单-160" in following
    assert "订单-159" not in following


# --- tags, segments, fields


def test_a_tag_is_deleted_here_only_when_the_platform_deleted_it(staff: Cast) -> None:
    tag = Tag.objects.create(account=staff.ours, name="VIP", platform_id=100, state=Tag.State.THERE)
    address = reverse("admin:followers_tag_delete", args=(tag.pk,))
    assert "也将在微信端删除" in signed_in(staff.owner).get(address).content.decode()
    signed_in(staff.owner).post(address, {"post": "yes"})
    tag.refresh_from_db()
    assert tag.state == Tag.State.DELETING
    assert tag.due_at is not None


def test_the_hundred_and_first_tag_is_refused_before_it_is_sent(staff: Cast) -> None:
    for number in range(100):
        Tag.objects.create(account=staff.ours, name=f"标签{number}", platform_id=100 + number)
    address = reverse("admin:followers_tag_add")
    answer = signed_in(staff.owner).post(address, {"account": staff.ours.pk, "name": "一百零一"})
    assert answer.status_code == 200
    assert Tag.objects.count() == 100


def test_the_platforms_own_tags_are_only_looked_at(staff: Cast) -> None:
    tag = Tag.objects.create(account=staff.ours, name="星标组", platform_id=2, state=Tag.State.THERE)
    address = reverse("admin:followers_tag_change", args=(tag.pk,))
    signed_in(staff.owner).post(address, {"account": staff.ours.pk, "name": "改名"})
    tag.refresh_from_db()
    assert tag.name == "星标组"


def test_a_refused_tag_is_tried_again_by_a_button(staff: Cast) -> None:
    tag = Tag.objects.create(
        account=staff.ours, name="VIP", state=Tag.State.FAILED, errcode=45056, error="45056", due_at=None
    )
    assert "45056" in shown(staff, reverse("admin:followers_tag_change", args=(tag.pk,)))
    again = reverse("admin:followers_tag_again", args=(tag.pk,))
    assert signed_in(staff.editor).post(again).status_code == 403
    signed_in(staff.owner).post(again)
    tag.refresh_from_db()
    assert (tag.state, tag.error) == (Tag.State.WAITING, "")
    assert tag.due_at is not None
    assert sending_tags.UNKNOWN == 45159


def segment_data(account: OfficialAccount, *rows: tuple[str, str, str], **more: str) -> dict[str, Any]:
    data = {"account": account.pk, "name": "沉睡粉丝", "match": "all", **more}
    for number, row in enumerate(rows):
        for name, value in zip(("field", "compare", "value"), row, strict=True):
            data[f"c{number}-{name}"] = value
    return data


ADD_SEGMENT = "/admin/followers/segment/add/"


def test_a_segment_is_put_together_from_rows(staff: Cast) -> None:
    person(staff.ours, "oSleeper", last_seen_at=timezone.now() - datetime.timedelta(days=40))
    client = signed_in(staff.owner)
    data = segment_data(staff.ours, ("seen", "longer", "30"), ("subscribed", "yes", ""))
    counted = client.post(ADD_SEGMENT, {**data, "part": "rows"}).content.decode()
    assert "<strong>1</strong>" in counted
    assert not Segment.objects.exists()
    assert client.post(ADD_SEGMENT, {**data, "save": "1"}).status_code == 302
    segment = Segment.objects.get()
    assert segment.account == staff.ours
    assert {row.openid for row in segment.rows()} == {"oSleeper"}
    assert "30" in shown(staff, "/admin/followers/segment/")


def test_rows_are_added_and_removed_without_losing_the_others(staff: Cast) -> None:
    client = signed_in(staff.owner)
    data = segment_data(staff.ours, ("remark", "is", "王"), ("channel", "is", "store"))
    more = client.post(ADD_SEGMENT, {**data, "add": "1"}).content.decode()
    assert more.count('class="condition"') == 3
    fewer = client.post(ADD_SEGMENT, {**data, "remove": "c0"}).content.decode()
    assert fewer.count('class="condition"') == 1
    assert 'value="store"' in fewer


def test_a_segment_with_a_half_filled_row_is_not_saved(staff: Cast) -> None:
    data = segment_data(staff.ours, ("seen", "longer", "a while"), save="1")
    answer = signed_in(staff.owner).post(ADD_SEGMENT, data)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()
    assert not Segment.objects.exists()


def test_two_segments_of_one_name_are_refused(staff: Cast) -> None:
    Segment.objects.create(account=staff.ours, name="沉睡粉丝")
    answer = signed_in(staff.owner).post(ADD_SEGMENT, segment_data(staff.ours, save="1"))
    assert answer.status_code == 200
    assert Segment.objects.count() == 1


def test_a_saved_segment_opens_with_its_rows(staff: Cast) -> None:
    row = {"field": "followed", "compare": "from", "value": "2026-02-01"}
    segment = Segment.objects.create(account=staff.ours, name="二月起", conditions=[row])
    html = shown(staff, reverse("admin:followers_segment_change", args=(segment.pk,)))
    assert 'value="2026-02-01"' in html


def test_who_may_only_look_saves_no_segment(staff: Cast) -> None:
    segment = Segment.objects.create(account=staff.ours, name="沉睡粉丝")
    address = reverse("admin:followers_segment_change", args=(segment.pk,))
    answer = signed_in(staff.editor).post(address, segment_data(staff.ours, name="改名", save="1"))
    assert answer.status_code == 403


def test_the_lists_of_fields_and_automatic_tags_open(staff: Cast) -> None:
    segment = Segment.objects.create(account=staff.ours, name="沉睡粉丝")
    tag = Tag.objects.create(account=staff.ours, name="沉睡")
    CustomField.objects.create(account=staff.ours, name="城市")
    AutoTag.objects.create(account=staff.ours, segment=segment, tag=tag)
    assert "城市" in shown(staff, "/admin/followers/customfield/")
    assert "沉睡" in shown(staff, "/admin/followers/autotag/")


# --- synchronisation and jobs


def test_a_run_is_asked_for_by_a_button_and_watched(staff: Cast) -> None:
    client = signed_in(staff.owner)
    page = reverse("admin:followers_sync")
    assert client.post(page, {"account": staff.ours.pk, "kind": "full"}).status_code == 302
    run = FollowerSync.objects.get()
    now = timezone.now()
    FollowerSync.objects.filter(pk=run.pk).update(
        step=FollowerSync.Step.PROFILES, total=1000, listed=1000, profiled=400, rate=1.0, started_at=now
    )
    html = client.get(f"{page}?part=run").content.decode()
    assert "data-moving" in html
    assert 'value="43"' in html
    assert "<html" not in html


@pytest.mark.parametrize("who", ["editor", "auditor"])
def test_who_may_only_look_asks_for_no_run(staff: Cast, who: str) -> None:
    client = signed_in(getattr(staff, who))
    page = reverse("admin:followers_sync")
    assert client.get(page).status_code == 200
    assert client.post(page, {"account": staff.ours.pk}).status_code == 403
    assert not FollowerSync.objects.exists()


def test_a_form_made_for_another_account_is_refused(staff: Cast) -> None:
    page = reverse("admin:followers_sync")
    assert signed_in(staff.owner).post(page, {"account": staff.theirs.pk}).status_code == 403


def test_a_paused_run_says_until_when_and_why(staff: Cast) -> None:
    now = timezone.now()
    FollowerSync.objects.create(
        account=staff.ours, step=FollowerSync.Step.LISTING, errcode=45009, error="45009", started_at=now,
        due_at=now + datetime.timedelta(hours=5),
    )  # fmt: skip
    assert "45009" in shown(staff, reverse("admin:followers_sync"))


def test_a_run_that_stopped_says_why_and_an_odd_one_what(staff: Cast) -> None:
    now = timezone.now()
    FollowerSync.objects.create(
        account=staff.ours, step=FollowerSync.Step.STOPPED, errcode=48001, error="48001", finished_at=now
    )
    FollowerSync.objects.create(
        account=staff.ours, step=FollowerSync.Step.DONE, remarks=["incomplete"], finished_at=now
    )
    html = shown(staff, reverse("admin:followers_sync"))
    assert "48001" in html
    assert "badge-warn" in html


def bulk(staff: Cast, query: str, who: str = "owner", **data: Any) -> Any:
    client = signed_in(getattr(staff, who))
    form_data = {"account": staff.ours.pk, "selection": query, **data}
    return client.post(reverse("admin:followers_bulk"), form_data)


def test_what_will_happen_is_shown_before_anything_does(staff: Cast) -> None:
    tag = Tag.objects.create(account=staff.ours, name="VIP")
    for number in range(3):
        person(staff.ours, f"o{number}")
    person(staff.ours, "oHas").tags.add(tag)
    answer = bulk(staff, "", action="tag", tag=tag.pk)
    assert answer.context["effects"][0].startswith("3")
    assert not BulkJob.objects.exists()
    answer = bulk(staff, "", action="tag", tag=tag.pk, sure="1")
    job = BulkJob.objects.get()
    assert answer["Location"] == reverse("admin:followers_job", args=(job.pk,))
    assert (job.kind, job.total, job.asked_by) == ("tag", 4, staff.owner)


def test_the_followers_ticked_are_those_meant(staff: Cast) -> None:
    first, _second = person(staff.ours, "o1"), person(staff.ours, "o2")
    action = {"action": "do_something", "_selected_action": [first.pk]}
    answer = signed_in(staff.owner).post(LIST, action)
    page = signed_in(staff.owner).get(answer["Location"])
    assert page.context["count"] == 1
    bulk(staff, QueryDict(answer["Location"].partition("?")[2]).urlencode(), action="block", sure="1")
    assert BulkJob.objects.get().details["ids"] == [first.pk]


def test_tagging_without_a_tag_is_refused(staff: Cast) -> None:
    person(staff.ours)
    assert bulk(staff, "", action="tag", sure="1").status_code == 200
    assert not BulkJob.objects.exists()


def test_who_may_only_look_may_export_and_nothing_else(staff: Cast) -> None:
    person(staff.ours)
    assert bulk(staff, "", "editor", action="block", sure="1").status_code == 200
    assert not BulkJob.objects.exists()
    bulk(staff, "", "editor", action="export", format="csv", sure="1")
    assert BulkJob.objects.get().details["masked"] is True


def test_jobs_of_another_account_are_not_there(staff: Cast) -> None:
    job = BulkJob.objects.create(account=staff.theirs, kind="tag")
    address = reverse("admin:followers_job", args=(job.pk,))
    assert signed_in(staff.owner).get(address).status_code == 404
    assert signed_in(staff.outsider).get(address).status_code == 200


def test_a_job_page_tells_rows_that_failed_and_why(staff: Cast) -> None:
    job = BulkJob.objects.create(
        account=staff.ours, kind="import", processed=10, total=10, due_at=None, failed=1
    )
    job.faults.create(row=7, openid="oX", reason="这一行不对")
    refused = person(staff.ours, "oRefused")
    Change.objects.create(
        account=staff.ours,
        follower=refused,
        kind="remark",
        desired="x",
        job=job,
        due_at=None,
        errcode=43004,
        error="43004",
    )
    address = reverse("admin:followers_job", args=(job.pk,))
    html = shown(staff, address)
    assert "这一行不对" in html
    assert "43004" in html
    signed_in(staff.owner).post(address, {"account": staff.ours.pk})
    assert Change.objects.get().due_at is not None
    assert "oRefused" not in shown(staff, f"{address}?part=job")
    assert reverse("admin:followers_job", args=(job.pk,)) in shown(staff, reverse("admin:followers_jobs"))
