"""Tests of work on hold: shown on the page of the waiting row, and resumed by its button."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.staff.models import AuditEntry
from tests.cast import Cast, member, signed_in
from wechat.kernel.models import Hold
from wechat.kernel.work import KINDS, Kind

pytestmark = pytest.mark.django_db

GO_ON = "admin:staff_held_go_on"
WAITS = "已达到微信的每日上限"
SHOWN = [
    ("followers.sync_followers", "followers_sync"),
    ("followers.send_changes", "followers_jobs"),
    ("followers.send_tags", "followers_tag_changelist"),
    ("menus.publish", "menus_menu_changelist"),
    ("materials.upload", "materials_asset_changelist"),
    ("articles.work_off", "articles_draft_changelist"),
    ("channels.make_codes", "channels_channel_changelist"),
]


def held(subject: int, work: str, part: str = "") -> Hold:
    now = timezone.now()
    until = now + datetime.timedelta(hours=2)
    return Hold.objects.create(work=work, part=part, subject=subject, cause="quota", since=now, until=until)


@pytest.mark.parametrize(("work", "page"), SHOWN)
def test_what_waits_is_told_on_its_page_with_a_button(staff: Cast, work: str, page: str) -> None:
    address = reverse(f"admin:{page}")
    owner = signed_in(staff.owner)
    button = reverse(GO_ON)
    held(staff.theirs.pk, work)
    html = owner.get(address).content.decode()
    assert (WAITS in html, button in html) == (False, False)
    held(staff.ours.pk, work)
    html = owner.get(address).content.decode()
    assert (WAITS in html, f'name="work" value="{work}"' in html) == (True, True)
    answer = owner.post(button, {"work": work, "next": address, "account": staff.ours.pk})
    assert (answer.status_code, answer["Location"]) == (302, address)
    assert list(Hold.objects.values_list("subject", flat=True)) == [staff.theirs.pk]
    assert AuditEntry.objects.get().object_id == str(staff.ours.pk)


@pytest.mark.parametrize(
    ("work", "part", "words", "page"),
    [
        ("followers.send_changes", "blacklist", "黑名单", "followers_jobs"),
        ("materials.upload", "permanent", "永久素材", "materials_asset_changelist"),
        ("materials.upload", "temporary", "临时素材", "materials_asset_changelist"),
        ("articles.work_off", "publish", "发布", "articles_draft_changelist"),
        ("statistics.read", "BIZ_SUMMARY", "图文分析", ""),
        ("campaigns.mass_send", "waiting", "提交中", ""),
        ("pushes.send", "template", "模板消息", ""),
    ],
)
def test_the_part_that_waits_is_named_as_the_others_go_on(
    staff: Cast, work: str, part: str, words: str, page: str
) -> None:
    held(staff.ours.pk, work, part)
    owner = signed_in(staff.owner)
    pages = ["operations_jobs", *([f"admin:{page}"] if page else [])]
    for address in map(reverse, pages):
        assert f"{words}：{WAITS}" in owner.get(address).content.decode()


def test_what_waits_behind_answers_that_cannot_be_read_is_not_said_to_be_out_of_reach(staff: Cast) -> None:
    hold = held(staff.ours.pk, "menus.publish")
    page = reverse("admin:menus_menu_changelist")
    for error, reason in (
        ("/cgi-bin/menu/create answered something other than JSON", "收到的应答无法识别"),
        ("/cgi-bin/menu/create failed: ConnectionError", "暂时无法连接"),
    ):
        Hold.objects.filter(pk=hold.pk).update(cause="away", error=error)
        assert reason in signed_in(staff.owner).get(page).content.decode()


def test_every_kind_with_parts_has_words_for_them() -> None:
    divided = [kind for kind in KINDS if isinstance(kind, Kind) and kind.divided_by]
    assert divided
    assert [kind for kind in divided if not kind.parts] == []


def test_who_may_only_look_sees_the_reason_and_no_button(staff: Cast) -> None:
    hold = held(staff.ours.pk, "menus.publish")
    auditor = signed_in(staff.auditor)
    html = auditor.get(reverse("admin:menus_menu_changelist")).content.decode()
    assert (WAITS in html, "原因已消除" in html) == (True, False)
    assert auditor.post(reverse(GO_ON), {"work": hold.work, "account": staff.ours.pk}).status_code == 403
    assert Hold.objects.exists()


def test_who_may_change_one_of_the_areas_has_it_go_on(staff: Cast) -> None:
    """An editor changes content and no followers."""
    hold = held(staff.ours.pk, "menus.publish")
    answer = signed_in(staff.editor).post(reverse(GO_ON), {"work": hold.work, "account": staff.ours.pk})
    assert answer.status_code == 302
    assert not Hold.objects.exists()


def test_whose_money_it_is_has_its_work_go_on(staff: Cast) -> None:
    """Finance sees that shipped orders wait and may have them go on; an editor, who has no money, may not."""
    work, page = "orders.upload_shipping", reverse("admin:orders_order_changelist")
    held(staff.ours.pk, work)
    posted = {"work": work, "next": page, "account": staff.ours.pk}
    assert signed_in(staff.editor).post(reverse(GO_ON), posted).status_code == 403
    signed_in(staff.editor).post(reverse("operations_jobs"), posted)
    assert Hold.objects.exists()
    finance = signed_in(member("finance", staff.ours, "finance"))
    assert "原因已消除" in finance.get(page).content.decode()
    assert finance.post(reverse(GO_ON), posted).status_code == 302
    assert not Hold.objects.exists()


def test_who_has_only_the_money_has_no_other_work_go_on(staff: Cast) -> None:
    hold = held(staff.ours.pk, "menus.publish")
    finance = signed_in(member("finance", staff.ours, "finance"))
    assert finance.post(reverse(GO_ON), {"work": hold.work, "account": staff.ours.pk}).status_code == 403
    assert Hold.objects.exists()


@pytest.mark.parametrize("work", ["payments.report", "pushes.send", "nothing.known"])
def test_work_whose_number_is_not_an_accounts_is_left_alone(staff: Cast, work: str) -> None:
    """A merchant, a receiver of webhooks and an account may have the same number."""
    held(staff.ours.pk, work)
    signed_in(staff.owner).post(reverse(GO_ON), {"work": work, "account": staff.ours.pk})
    assert Hold.objects.filter(work=work).exists()


def test_it_leads_to_no_page_elsewhere(staff: Cast) -> None:
    held(staff.ours.pk, "menus.publish")
    posted = {"work": "menus.publish", "account": staff.ours.pk, "next": "https://evil.example.com/"}
    answer = signed_in(staff.owner).post(reverse(GO_ON), posted)
    assert answer["Location"] == reverse("admin:index")
