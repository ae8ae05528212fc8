"""Drafts: saved by several people, and everything that goes into them from elsewhere."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.approvals.models import Approval, ApprovalLimit
from accounts.followers.models import Follower, Tag
from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from menus import drafts, links, live, portable, tree
from menus.buttons import Buttons, every
from menus.drafts import Overtaken
from menus.models import LinkCheck, Menu, Version
from menus.taking_over import take_over
from tests.cast import Cast, signed_in
from tests.forms import posted
from tests.locks import somebody_waits
from tests.menus.conftest import Phone, button, confirmed, parent, put, text, view
from tests.menus.test_buttons import TOLD
from tests.slow import slow_receiver
from wechat.console.exchange import UnreadableFile
from wechat.kernel import work
from wechat.materials import usage
from wechat.materials.models import Asset
from wechat.replies.models import Rule
from wechat.sdk.calls import menus as api
from wechat.sdk.client import Client


def content(menu: Menu) -> Buttons:
    return tree.read(drafts.draft_of(menu))


def asset(menu: Menu, name: str = "海报", **fields: Any) -> Asset:
    made = Asset(
        account=menu.account, kind="image", name=name, content_type="image/png", size=3, state="uploaded",
        media_id="M1", **fields,
    )  # fmt: skip
    made.file.save("a.png", ContentFile(b"png"), save=False)
    made.save()
    return made


def published(menu: Menu) -> None:
    """Makes the draft the live version of the menu."""
    menu.versions.filter(state="published").update(state="superseded")
    frozen = menu.versions.filter(pk=drafts.freeze(menu).pk)
    frozen.update(state="published", published_at=timezone.now())


@pytest.mark.parametrize("page", ["menu_change", "publish", "statistics", "state", "export"])
def test_to_look_at_a_menu_makes_no_version_of_it(menu: Menu, staff: Cast, page: str) -> None:
    before = list(menu.versions.values())
    assert [each["state"] for each in before] == ["draft"]
    address = reverse(f"admin:menus_{page}", args=[] if page == "export" else [menu.pk])
    assert signed_in(staff.auditor).get(address).status_code == 200
    assert list(menu.versions.values()) == before


def test_the_first_menu_is_made_by_a_button_and_not_by_looking(account: OfficialAccount, staff: Cast) -> None:
    overview, word = reverse("admin:menus_menu_changelist"), "创建默认菜单"
    assert word not in signed_in(staff.auditor).get(overview).content.decode()
    owner = signed_in(staff.owner)
    page = owner.get(overview)
    assert word in page.content.decode()
    assert not Menu.objects.exists()
    editor = owner.post(reverse("admin:menus_begin"), posted(page, has="account"), follow=True)
    assert editor.context["menu"] == Menu.objects.get(account=account, conditional=False)
    assert word not in owner.get(overview).content.decode()


def test_who_saves_over_somebody_elses_work_is_stopped(menu: Menu, staff: Cast) -> None:
    revision = drafts.draft_of(menu).revision
    drafts.save(menu, (button(name="她的"),), revision=revision, by=staff.owner)
    with pytest.raises(Overtaken) as overtaken:
        drafts.save(menu, (button(name="他的"),), revision=revision, by=staff.editor)
    assert overtaken.value.draft.saved_by == staff.owner
    assert content(menu)[0].name == "她的"


@pytest.mark.parametrize(
    "bad",
    [
        (parent(parent(view(), uid="dddd")),),
        (button(file=99),),
        (button(rule=99),),
        (button(reply=text("字" * 700)),),
        (button(reply=text("")),),
    ],
)
def test_what_no_draft_may_hold_is_refused_and_changes_nothing(menu: Menu, bad: Buttons) -> None:
    put(menu, button())
    with pytest.raises(ValidationError):
        put(menu, *bad)
    assert content(menu) == (button(),)


def test_another_accounts_rule_cannot_be_chosen(menu: Menu, staff: Cast) -> None:
    rule = Rule.objects.create(account=staff.theirs, name="别家")
    with pytest.raises(ValidationError):
        put(menu, button(rule=rule.pk))


def test_a_file_that_a_button_sends_is_in_use(menu: Menu, settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    poster = asset(menu)
    put(menu, button(name="看海报", kind="media_id", file=poster.pk))
    assert any("看海报" in place for place in usage.uses(poster))


def test_the_editors_calls_check_who_asks(menu: Menu, staff: Cast) -> None:
    body = json.dumps({"revision": 0, "buttons": [{"uid": "aaaa", "name": "课程"}]})
    address = reverse("admin:menus_draft", args=[menu.pk])
    for user, status in (
        (staff.editor, 200),
        (staff.auditor, 403),
        (staff.outsider, 404),
        (staff.nobody, 404),
    ):
        assert signed_in(user).post(address, body, content_type="application/json").status_code == status
    assert [each.name for each in content(menu)] == ["课程"]


@pytest.mark.parametrize(
    "body", ["", "[]", "{", '{"revision": "x", "buttons": []}', '{"revision": 0}', "[" * 9999]
)
def test_a_draft_that_cannot_be_read_gets_a_sentence(menu: Menu, staff: Cast, body: str) -> None:
    address = reverse("admin:menus_draft", args=[menu.pk])
    answer = signed_in(staff.editor).post(address, body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_an_overtaken_page_is_given_the_other_draft(menu: Menu, staff: Cast) -> None:
    put(menu, button(name="她的"))
    body = json.dumps({"revision": 0, "buttons": []})
    address = reverse("admin:menus_draft", args=[menu.pk])
    answer = signed_in(staff.editor).post(address, body, content_type="application/json")
    assert answer.status_code == 409
    assert answer.json()["buttons"][0]["name"] == "她的"


def test_a_reply_is_taken_from_its_form(menu: Menu, staff: Cast) -> None:
    address = reverse("admin:menus_reply", args=[menu.pk])
    editor = signed_in(staff.editor)
    assert b'name="text"' in editor.post(address, {"reply": "null"}).content
    taken = editor.post(address, {"reply": "null", "kind": "text", "text": "您好"}).json()
    assert taken["reply"]["content"] == {"type": "text", "content": "您好"}
    refused = editor.post(address, {"reply": "null", "kind": "text", "text": ""}).json()
    assert refused["errors"]["text"]


def test_publishing_needs_a_right_of_its_own(menu: Menu, staff: Cast) -> None:
    put(menu, button())
    address = reverse("admin:menus_publish", args=[menu.pk])
    assert signed_in(staff.editor).get(address).status_code == 200
    assert signed_in(staff.editor).post(address).status_code == 403
    assert confirmed(menu, signed_in(staff.owner)).status_code == 302
    assert menu.publications.get().asked_by == staff.owner


@pytest.mark.parametrize("change", ["draft", "audience"])
def test_what_was_changed_since_it_was_shown_is_not_published(
    account: OfficialAccount, menu: Menu, staff: Cast, change: str
) -> None:
    put(menu, button(name="大家"))
    published(menu)
    special = Menu.objects.create(account=account, name="安卓", conditional=True, platform=2)
    put(special, button(name="看过"))
    owner = signed_in(staff.owner)
    address = reverse("admin:menus_publish", args=[special.pk])
    shown = owner.get(address).context["seen"]
    if change == "draft":
        put(special, button(name="没看过"))
    else:
        Menu.objects.filter(pk=special.pk).update(platform=1)
    for asked in ({"seen": shown, "note": "周末"}, {}):
        page = owner.post(address, asked)
        assert "菜单已被修改" in page.content.decode()
        assert ("没看过" if change == "draft" else "iPhone") in page.content.decode()
    assert not special.publications.exists()
    assert not special.versions.exclude(state="draft").exists()
    assert confirmed(special, owner).status_code == 302
    assert special.publications.exists()


def test_a_menu_is_not_taken_off_when_something_else_is_live_than_was_shown(menu: Menu, staff: Cast) -> None:
    put(menu, button(name="看过"))
    published(menu)
    owner = signed_in(staff.owner)
    address = reverse("admin:menus_take_off", args=[menu.pk])
    older = posted(owner.get(address), has="seen")
    put(menu, button(name="没看过"))
    published(menu)
    for asked in (older, QueryDict()):
        page = owner.post(address, asked)
        assert "您打开此页后，菜单已有变化" in page.content.decode()
    assert not menu.publications.exists()
    assert owner.post(address, posted(page, has="seen")).status_code == 302
    assert menu.publications.get().version is None


def _asked_for_approval(account: OfficialAccount, menu: Menu, staff: Cast) -> tuple[Menu, Approval]:
    """Returns a menu for phones with Android, and the approval to publish it that waits."""
    ApprovalLimit.objects.create(account=account, action="menu_publication", role="owner", alone_up_to=0)
    put(menu, button(name="大家"))
    published(menu)
    special = Menu.objects.create(account=account, name="安卓", conditional=True, platform=2)
    put(special, button("dddd"))
    Follower.objects.create(account=account, openid="oA", subscribed=True)
    confirmed(special, signed_in(staff.owner))
    return special, Approval.objects.get()


def _agreed(approval: Approval, staff: Cast) -> str:
    page = signed_in(staff.superuser).post(
        f"/admin/approvals/approval/{approval.pk}/", {"agreed": "1"}, follow=True
    )
    return page.content.decode()


def test_who_was_agreed_to_sees_the_menu_whoever_it_is_for_meanwhile(
    wechat: Phone, account: OfficialAccount, menu: Menu, staff: Cast
) -> None:
    special, approval = _asked_for_approval(account, menu, staff)
    assert "Android" in str(approval.after)
    signed_in(staff.editor).post(
        reverse("admin:menus_audience", args=[special.pk]),
        {"account": account.pk, "name": "安卓", "tag": "", "platform": "1"},
    )
    assert Menu.objects.get(pk=special.pk).platform == 1
    _agreed(approval, staff)
    work.run("menus.publish")
    assert wechat.audiences() == [{"client_platform_type": "2"}]


def test_an_approval_ends_where_another_menu_would_win(
    account: OfficialAccount, menu: Menu, staff: Cast
) -> None:
    special, approval = _asked_for_approval(account, menu, staff)
    other = Menu.objects.create(account=account, name="苹果", conditional=True, platform=1)
    now = timezone.now()
    Version.objects.create(menu=other, number=1, state="published", published_at=now, audience=other.audience)
    assert "申请之后内容有改动" in _agreed(approval, staff)
    assert not special.publications.exists()


def test_an_earlier_version_comes_back_into_the_draft_and_loses_nothing(menu: Menu, staff: Cast) -> None:
    put(menu, button(name="旧"))
    drafts.freeze(menu)
    put(menu, button(name="未发布"))
    answer = signed_in(staff.editor).post(reverse("admin:menus_restore", args=[menu.pk]), {"version": "1"})
    assert answer.status_code == 302
    assert content(menu)[0].name == "旧"
    assert tree.read(menu.versions.get(number=2))[0].name == "未发布"


def an_earlier_version(menu: Menu) -> tuple[str, dict[str, Any]]:
    return reverse("admin:menus_restore", args=[menu.pk]), {"version": "1"}


def a_file(menu: Menu) -> tuple[str, dict[str, Any]]:
    return reverse("admin:menus_import"), {"agreed": "1", "rehearsed": portable.export([menu])}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("takes", [an_earlier_version, a_file])
def test_what_is_saved_just_as_the_draft_is_replaced_is_kept_as_a_version(
    menu: Menu, staff: Cast, takes: Callable[[Menu], tuple[str, dict[str, Any]]]
) -> None:
    put(menu, button(name="旧"))
    drafts.freeze(menu)
    address, posted = takes(menu)
    answers: list[int] = []

    def replace() -> None:
        try:
            answers.append(signed_in(staff.owner).post(address, posted).status_code)
        finally:
            connection.close()

    replacing = threading.Thread(target=replace)
    with transaction.atomic():
        put(menu, button(name="她的"))
        replacing.start()
        while replacing.is_alive() and not somebody_waits():
            pass
    replacing.join()
    assert answers == [302]
    assert content(menu)[0].name != "她的"
    assert [tree.read(each)[0].name for each in menu.versions.filter(number=2)] == ["她的"]


def test_the_menu_for_everybody_has_no_place_among_the_others(menu: Menu, staff: Cast) -> None:
    answer = signed_in(staff.owner).post(reverse("admin:menus_shift", args=[menu.pk]), {"to": "up"})
    assert answer.status_code == 404


# --- dead links


def test_an_address_is_opened_by_a_worker(menu: Menu, wechat: Phone, settings: Settings) -> None:
    settings.DEBUG = True
    base = wechat.platform.base
    put(menu, view("aaaa", url=f"{base}/_sim/health"), view("bbbb", url=f"{base}/nowhere"))
    assert work.run("menus.check_links") == 2
    assert dict(LinkCheck.objects.values_list("url", "status")) == {
        f"{base}/_sim/health": 200,
        f"{base}/nowhere": 404,
    }
    put(menu, view("aaaa", url=f"{base}/nowhere"))
    assert work.run("menus.check_links") == 0


def test_outside_debug_no_private_address_is_opened(wechat: Phone, settings: Settings, menu: Menu) -> None:
    settings.DEBUG = False
    put(menu, view(url=f"{wechat.platform.base}/_sim/health"))
    work.run("menus.check_links")
    check = LinkCheck.objects.get()
    assert (check.status, check.is_dead) == (None, True)


@pytest.mark.parametrize("way", ["says nothing", "drips its headers"])
def test_an_address_that_is_slow_is_given_up(
    menu: Menu, wechat: Phone, settings: Settings, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    settings.DEBUG = True
    monkeypatch.setattr(links, "TIMEOUT_SECONDS", 0.2)
    with slow_receiver(way) as base:
        put(menu, view(url=f"{base}/"))
        work.run("menus.check_links")
    assert LinkCheck.objects.get().status is None


# --- menus made elsewhere


def test_a_menu_of_the_platforms_page_is_taken_over_whole(wechat: Phone, menu: Menu, staff: Cast) -> None:
    put(menu, button(name="我的草稿"))
    wechat.platform.sim(f"/accounts/{menu.account.appid}/menu-page", {"button": TOLD})
    found = live.read(client(menu))
    assert found.made_on_page
    (version,) = take_over(menu.account, found, by=staff.owner)
    assert version.state == Version.State.PUBLISHED
    assert [each.name for each in every(content(menu))] == [
        "今日课程", "会员", "会员卡", "约课", "扫券", "海报", "文章", "更多", "问候", "图文",
        "旧图文", "新奇",
    ]  # fmt: skip
    assert any(tree.read(each)[0].name == "我的草稿" for each in menu.versions.filter(state="ready"))


def test_taking_over_twice_makes_no_second_version(wechat: Phone, menu: Menu) -> None:
    wechat.set_elsewhere({"type": "click", "name": "别家", "key": "K"})
    for _again in range(2):
        take_over(menu.account, live.read(client(menu)), by=None)
    assert menu.versions.exclude(number=None).count() == 1


@pytest.mark.parametrize(
    "elsewhere",
    [
        [("课程", "menu:aaaa"), ("课程二", "menu:aaaa")],
        [("课程", "THEIRS"), ("课程二", "menu:aaaa")],
        [("课程", "menu:zzzz"), ("课程二", "menu:zzzz")],
    ],
)
def test_buttons_with_one_key_are_taken_over_as_several(
    wechat: Phone, menu: Menu, staff: Cast, elsewhere: list[tuple[str, str]]
) -> None:
    put(menu, button(name="课程", reply=text("三节课")))
    wechat.set_elsewhere(*({"type": "click", "name": name, "key": key} for name, key in elsewhere))
    for _again in range(2):
        assert signed_in(staff.owner).post(reverse("admin:menus_take_over")).status_code == 302
        version = menu.versions.get(state=Version.State.PUBLISHED)
        taken = tree.read(version)
        assert [(each.name, each.platform_key) for each in taken] == elsewhere
        assert version.number == 2
    assert live.read(client(menu)).same(live.wanted(menu.account))
    kept = [each.reply for each in taken if each.platform_key == "menu:aaaa"]
    assert not kept or kept[0] == text("三节课")


def test_conditional_menus_are_taken_over_with_their_rules(wechat: Phone, menu: Menu) -> None:
    tag = Tag.objects.create(account=menu.account, name="会员", platform_id=101)
    wechat.set_elsewhere({"type": "click", "name": "全部", "key": "K"})
    for rule in ({"tag_id": "101"}, {"tag_id": "999"}, {"client_platform_type": "2"}):
        api.add_conditional(client(menu), [{"type": "click", "name": "部分", "key": "K"}], rule)
    take_over(menu.account, live.read(client(menu)), by=None)
    made = Menu.objects.filter(conditional=True)
    assert [(each.tag, each.platform, each.other_rule) for each in made] == [
        (None, 2, {}),
        (None, None, {"tag_id": "999"}),
        (tag, None, {}),
    ]
    assert live.read(client(menu)).same(live.wanted(menu.account))


def client(menu: Menu) -> Client:
    return client_for(menu.account)


# --- files


def taken_in(menu: Menu, **menus: Any) -> portable.MenuImportReport:
    data = {"format": portable.FILE.name, "version": 1, "menus": [{"name": "菜单", "for": None, **menus}]}
    return portable.import_file(menu.account, json.dumps(data).encode(), by=None)


def test_what_was_exported_is_imported_the_same(menu: Menu, settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    poster = asset(menu)
    rule = Rule.objects.create(account=menu.account, name="时间")
    put(
        menu,
        button(),
        parent(view(), button("dddd", kind="media_id", file=poster.pk), button("eeee", rule=rule.pk)),
    )
    before, exported = content(menu), portable.export([menu])
    put(menu, button(name="别的"))
    report = portable.import_file(menu.account, exported.encode(), by=None)
    assert (content(menu), report.remarks) == (before, [])


@pytest.mark.parametrize(
    ("buttons", "words"),
    [
        ([{"id": "aaaa", "in": "bbbb", "name": "甲"}, {"id": "bbbb", "in": "aaaa", "name": "乙"}],
         "甲 → 乙 → 甲"),
        ([{"id": "aaaa", "in": "aaaa", "name": "甲"}], "甲 → 甲"),
        ([{"id": "aaaa", "in": "zzzz", "name": "甲"}], "甲"),
        ([{"id": "aaaa"}, {"id": "aaaa"}], "id"),
        ("nothing", "id"),
        ([{"name": "甲"}], "id"),
        ([{"id": f"a{n:04}", "in": f"a{n - 1:04}" if n else ""} for n in range(3)], ""),
        ([{"id": f"a{n:04}"} for n in range(200)], "100"),
        ([{"id": "aaaa", "kind": "dance"}], "dance"),
        ([{"id": "aaaa", "file": "海报"}], ""),
    ],
)  # fmt: skip
def test_a_file_that_makes_no_menu_is_refused_whole(menu: Menu, buttons: Any, words: str) -> None:
    put(menu, button())
    with pytest.raises(UnreadableFile) as refused:
        taken_in(menu, buttons=buttons)
    assert words in str(refused.value)
    assert content(menu) == (button(),)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"\xff", b"[" * 99999, b'{"format": "other"}', b"x" * (3 << 20)]
)
def test_what_is_no_file_of_ours_gets_a_sentence(menu: Menu, text: bytes) -> None:
    with pytest.raises(UnreadableFile):
        portable.import_file(menu.account, text, by=None)


def test_a_menu_is_copied_to_another_account_with_its_files(
    menu: Menu, staff: Cast, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    put(menu, button("aaaa", kind="media_id", file=asset(menu).pk))
    report = portable.copy(menu, staff.theirs, by=staff.superuser)
    copied = Asset.objects.get(account=staff.theirs)
    target = drafts.default_menu(staff.theirs)
    assert content(target)[0].file == copied.pk
    with copied.file.open("rb") as file:
        assert (copied.state, file.read()) == ("pending", b"png")
    assert report.remarks == []


def test_every_page_opens_and_is_closed_to_strangers(menu: Menu, staff: Cast) -> None:
    put(menu, button(), parent(view()))
    own = ("publish", "versions", "statistics", "copy")
    pages = [
        reverse("admin:menus_menu_changelist"),
        reverse("admin:menus_import"),
        reverse("admin:menus_export"),
    ]
    pages += [reverse(f"admin:menus_{name}", args=[menu.pk]) for name in own]
    pages.append(reverse("admin:menus_menu_change", args=[menu.pk]))
    for page in pages:
        assert signed_in(staff.owner).get(page).status_code == 200, page
    for page in pages[3:]:
        assert signed_in(staff.outsider).get(page).status_code == 404, page
