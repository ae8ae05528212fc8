"""Menus through the business API."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.approvals.models import Approval, ApprovalLimit
from accounts.staff.models import AuditEntry
from menus import drafts
from menus.models import Menu, Publication
from tests.cast import Cast, signed_in
from tests.menus.conftest import Phone, button, confirmed, put
from tests.signed import Signed, business_system
from wechat.api.models import ApiClient
from wechat.kernel import work

BUTTONS = [{"uid": "aaaa", "name": "会员卡", "kind": "view", "url": "https://h5.example.com/card"}]


@pytest.fixture
def caller(menu: Menu) -> Signed:
    return business_system(menu.account, scopes=["menus:read", "menus:write", "menus:publish"])


def test_a_menu_is_read_drafted_validated_and_published(wechat: Phone, menu: Menu, caller: Signed) -> None:
    (item,) = caller.get("/api/v1/menus/").json()["items"]
    assert (item["name"], item["live_version"]) == (menu.name, None)
    at = f"/api/v1/menus/{menu.pk}"
    revision = caller.get(f"{at}/draft/").json()["revision"]
    saved = caller.put(f"{at}/draft/", {"revision": revision, "buttons": BUTTONS})
    assert saved.json() == {"revision": revision + 1, "buttons": BUTTONS}
    assert caller.get(f"{at}/problems/").json() == []
    asked = caller.post(f"{at}/publications/", {})
    assert (asked.status_code, asked.json()["state"]) == (201, "pending")
    work.run("menus.publish")
    assert wechat.names() == ["会员卡"]
    (done,) = caller.get(f"{at}/publications/").json()["items"]
    assert (done["state"], done["version"]) == ("published", 1)


def test_the_audit_tells_what_a_business_system_published(wechat: Phone, menu: Menu, caller: Signed) -> None:
    for name in ("课程", "新课"):
        put(menu, button(name=name))
        caller.post(f"/api/v1/menus/{menu.pk}/publications/", {})
        work.run("menus.publish")
    entry = AuditEntry.objects.last()
    assert entry is not None
    assert entry.user is not None
    assert (entry.object_id, entry.user.first_name) == (str(menu.pk), f"API · {ApiClient.objects.get().name}")
    assert "课程" in entry.words
    assert "新课" in entry.words
    assert not entry.user.is_active
    assert not entry.user.has_usable_password()


def test_a_stale_revision_is_a_conflict(menu: Menu, caller: Signed) -> None:
    put(menu, button())
    answer = caller.put(f"/api/v1/menus/{menu.pk}/draft/", {"revision": 0, "buttons": BUTTONS})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "overtaken")


def test_what_is_wrong_keeps_it_from_being_published(menu: Menu, caller: Signed) -> None:
    put(menu, button(name="一二三四五六"))
    answer = caller.post(f"/api/v1/menus/{menu.pk}/publications/", {})
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "not_publishable"
    assert not Publication.objects.exists()
    assert not menu.versions.exclude(state="draft").exists()


@pytest.mark.parametrize("days", [-1, 400])
def test_a_time_is_refused_as_the_page_refuses_it(menu: Menu, caller: Signed, days: int) -> None:
    put(menu, button())
    at = timezone.now() + datetime.timedelta(days=days)
    answer = caller.post(f"/api/v1/menus/{menu.pk}/publications/", {"at": at.isoformat()})
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["at"])
    assert not menu.versions.exclude(state="draft").exists()


def test_a_weekend_is_scheduled(menu: Menu, caller: Signed) -> None:
    put(menu, button())
    at = timezone.now() + datetime.timedelta(days=1)
    body = {"at": at.isoformat(), "until": (at + datetime.timedelta(days=2)).isoformat()}
    assert caller.post(f"/api/v1/menus/{menu.pk}/publications/", body).status_code == 201
    assert Publication.objects.filter(state="scheduled").count() == 2
    backwards = {"at": at.isoformat(), "until": at.isoformat()}
    assert caller.post(f"/api/v1/menus/{menu.pk}/publications/", backwards).status_code == 400


@pytest.mark.parametrize("buttons", [[{"uid": "A"}], [{"uid": "aaaa", "children": [{"uid": "bbbb", "children": [{"uid": "cccc"}]}]}]])  # fmt: skip # noqa: E501
def test_a_body_that_is_no_menu_is_refused(menu: Menu, caller: Signed, buttons: object) -> None:
    answer = caller.put(f"/api/v1/menus/{menu.pk}/draft/", {"revision": 0, "buttons": buttons})
    assert answer.status_code == 400


def test_scopes_and_accounts_are_kept_apart(menu: Menu, staff: Cast) -> None:
    put(menu, button())
    reader = business_system(menu.account, scopes=["menus:read"])
    at = f"/api/v1/menus/{menu.pk}"
    assert reader.get(f"{at}/draft/").status_code == 200
    assert reader.put(f"{at}/draft/", {"revision": 1, "buttons": []}).status_code == 403
    assert reader.post(f"{at}/publications/", {}).status_code == 403
    stranger = business_system(staff.theirs, scopes=["menus:read"])
    assert stranger.get(f"{at}/draft/").status_code == 404
    assert drafts.draft_of(menu).revision == 1


def test_beyond_its_limit_a_business_system_waits_for_a_person(
    wechat: Phone, menu: Menu, caller: Signed, staff: Cast
) -> None:
    ApprovalLimit.objects.create(account=menu.account, action="menu_publication", role="api", alone_up_to=0)
    put(menu, button(name="新课"))
    asked = caller.post(f"/api/v1/menus/{menu.pk}/publications/", {})
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    assert not Publication.objects.exists()
    approval = Approval.objects.get()
    signed_in(staff.owner).post(f"/admin/approvals/approval/{approval.pk}/", {"agreed": "1"})
    work.run("menus.publish")
    assert wechat.names() == ["新课"]


def test_a_publisher_beyond_the_limit_waits_and_sees_it_on_the_page_of_the_menu(
    wechat: Phone, menu: Menu, staff: Cast
) -> None:
    ApprovalLimit.objects.create(account=menu.account, action="menu_publication", role="owner", alone_up_to=0)
    put(menu, button(name="新课"))
    client = signed_in(staff.owner)
    confirmed(menu, client)
    assert not Publication.objects.exists()
    assert "新课" in str(Approval.objects.get().after)
    page = client.get(reverse("admin:menus_versions", args=(menu.pk,))).content.decode()
    assert "正在等待他人同意" in page
