"""The menu editor as staff use it: taps, drags, keys, and somebody else who edits too."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.official.models import OfficialAccount
from menus import drafts, tree
from menus.buttons import Button
from menus.models import Menu
from tests.articles.conftest import picture
from tests.cast import Cast, signed_in
from tests.menus.conftest import Phone, button, introduced, parent, put, text, view
from tests.simulated import Simulated
from wechat.kernel import work
from wechat.materials.models import Asset
from wechat.replies.models import Keyword, Reply, Rule

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[User], Page]


@pytest.fixture
def menu(account: OfficialAccount) -> Menu:
    return drafts.default_menu(account)


def draft(menu: Menu) -> list[Any]:
    """Returns the draft of a menu: names, a submenu as a pair."""
    return [
        (each.name, [child.name for child in each.children]) if each.children else each.name
        for each in tree.read(drafts.draft_of(menu))
    ]


def opened(sign_in: SignIn, user: User, menu: Menu) -> Page:
    page = sign_in(user)
    page.goto(f"/admin/menus/menu/{menu.pk}/change/")
    return page


def on_phone(page: Page, name: str) -> Locator:
    return page.locator("#menu-phone").get_by_role("button", name=name)


def saved(page: Page) -> None:
    # In one look: it goes on from "unsaved" to "saving" between two.
    expect(page.locator("#menu-status")).to_have_text(re.compile("^(?!.*(正在|未保存)).*保存"))


def becomes(page: Page, menu: Menu, expected: list[Any]) -> None:
    """Waits until the draft on the server is this, a moment after the page was changed."""
    for _each in range(600):
        if draft(menu) == expected:
            break
        page.wait_for_timeout(100)
    assert draft(menu) == expected


def button_of(menu: Menu, name: str) -> Button:
    found = [each for one in tree.read(drafts.draft_of(menu)) for each in (one, *one.children)]
    return next(each for each in found if each.name == name)


def drag(page: Page, source: Locator, target: Locator, *, x: float = 0.5, y: float = 0.5) -> None:
    # A mouse reaches what is in the window only; and the phone may be drawn anew meanwhile.
    source.hover()
    end = target.bounding_box()
    assert end
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] * 0.5, end["y"] + end["height"] * 0.5, steps=5)
    page.mouse.move(end["x"] + end["width"] * x, end["y"] + end["height"] * y, steps=5)
    page.mouse.up()


def test_a_menu_is_made_from_nothing(sign_in: SignIn, staff: Cast, menu: Menu) -> None:
    page = opened(sign_in, staff.editor, menu)
    on_phone(page, "添加按钮").click()
    page.get_by_label("名称").fill("今日课程")
    expect(page.get_by_text("12 / 16 字节")).to_be_visible()
    page.locator("#menu-panel [name=text]").fill("今天有三节课")
    expect(page.get_by_text("粉丝将收到这条回复")).to_be_visible()
    expect(page.locator(".phone-bubble")).to_have_text("今天有三节课")
    on_phone(page, "添加按钮").click()
    page.get_by_label("名称").fill("会员")
    page.get_by_label("点击后").select_option("打开网页")
    page.get_by_label("网址").fill("https://h5.example.com/card")
    becomes(page, menu, ["今日课程", "会员"])
    made = button_of(menu, "今日课程")
    assert made.reply is not None
    assert made.reply.content == {"type": "text", "content": "今天有三节课"}
    assert button_of(menu, "会员").url == "https://h5.example.com/card"
    expect(page.get_by_text("菜单没有问题")).to_be_visible()


def test_the_page_of_a_mini_program_is_suggested_and_put_right(
    sign_in: SignIn, staff: Cast, menu: Menu
) -> None:
    program = {"kind": "miniprogram", "appid": "wx3c5e7a9b1d2f4068", "url": "https://a.cn/"}
    other = button("bbbb", "别家", **{**program, "appid": "wxfedcba9876543210", "pagepath": "pages/other"})
    put(menu, button("aaaa", "约课", **program, pagepath="pages/book/index"), other)
    page = opened(sign_in, staff.editor, menu)
    on_phone(page, "约课").click()
    field = page.get_by_label("页面路径")
    field.focus()
    expect(page.locator("#menu-pages option")).to_have_count(1)
    assert page.locator("#menu-pages option").get_attribute("value") == "pages/book/index"
    field.fill("／pages/book/list.html")
    field.blur()
    saved(page)
    assert button_of(menu, "约课").pagepath == "pages/book/list"
    field.fill("https://a.cn/pages")
    expect(page.locator("#menu-panel")).to_contain_text("不是小程序的页面路径")


def test_the_arrow_of_a_choice_is_drawn_inside_its_box(sign_in: SignIn, staff: Cast, menu: Menu) -> None:
    put(menu, button())
    page = opened(sign_in, staff.editor, menu)
    on_phone(page, "课程").click()
    choice = page.locator("#menu-panel select[name=kind]")
    expect(choice).to_be_visible()
    assert choice.evaluate("each => each.offsetWidth === each.parentElement.offsetWidth")


def test_a_name_too_long_is_told_where_it_is(sign_in: SignIn, staff: Cast, menu: Menu) -> None:
    put(menu, button(name="课程"))
    page = opened(sign_in, staff.editor, menu)
    page.get_by_label("名称").fill("一二三四五六")
    expect(page.locator("#menu-problems")).to_contain_text("“一二三四五六”的名称有 18 字节")
    expect(page.locator("#menu-panel")).to_contain_text("请缩短 2 字节")
    expect(page.locator("#menu-phone [data-state=bad]")).to_have_count(1)
    becomes(page, menu, ["一二三四五六"])


def test_buttons_are_dragged_into_order_on_both_levels(sign_in: SignIn, staff: Cast, menu: Menu) -> None:
    put(
        menu,
        button("aaaa", "甲"),
        parent(view("bbb1", "一"), view("bbb2", "二"), uid="bbbb", name="乙"),
        button("cccc", "丙"),
    )
    page = opened(sign_in, staff.editor, menu)
    drag(page, on_phone(page, "丙"), on_phone(page, "甲"), x=0.1)
    becomes(page, menu, ["丙", "甲", ("乙", ["一", "二"])])
    on_phone(page, "乙").click()
    drag(page, on_phone(page, "二"), on_phone(page, "一"), y=0.1)
    becomes(page, menu, ["丙", "甲", ("乙", ["二", "一"])])


def test_a_button_is_dragged_into_a_submenu(sign_in: SignIn, staff: Cast, menu: Menu) -> None:
    put(menu, button("aaaa", "甲"), parent(view("bbb1", "一"), uid="bbbb", name="乙"))
    page = opened(sign_in, staff.editor, menu)
    on_phone(page, "乙").click()
    drag(page, on_phone(page, "甲"), on_phone(page, "一"), y=0.9)
    becomes(page, menu, [("乙", ["一", "甲"])])


def test_everything_works_from_the_keyboard(sign_in: SignIn, staff: Cast, menu: Menu) -> None:
    put(
        menu,
        button("aaaa", "甲"),
        button("bbbb", "乙"),
        parent(view("ccc1", "一"), view("ccc2", "二"), name="丙"),
    )
    page = opened(sign_in, staff.editor, menu)
    on_phone(page, "甲").focus()
    page.keyboard.press("Alt+ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    expect(on_phone(page, "二")).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    becomes(page, menu, ["乙", "甲", ("丙", ["二", "一"])])
    page.keyboard.press("Delete")
    expect(page.get_by_text("已移除“二”")).to_be_visible()
    page.keyboard.press("Control+z")
    becomes(page, menu, ["乙", "甲", ("丙", ["二", "一"])])


def test_undo_and_redo(sign_in: SignIn, staff: Cast, menu: Menu) -> None:
    put(menu, button("aaaa", "甲"), button("bbbb", "乙"))
    page = opened(sign_in, staff.editor, menu)
    page.locator("#menu-panel").get_by_role("button", name="移除按钮").click()
    expect(on_phone(page, "甲")).to_have_count(0)
    page.get_by_role("button", name="撤销").first.click()
    expect(on_phone(page, "甲")).to_be_visible()
    page.get_by_role("button", name="重做").click()
    becomes(page, menu, ["乙"])


def test_a_button_gets_a_submenu_and_keeps_what_it_did(sign_in: SignIn, staff: Cast, menu: Menu) -> None:
    put(menu, view("aaaa", "会员"))
    page = opened(sign_in, staff.editor, menu)
    page.get_by_role("button", name="改为子菜单").click()
    on_phone(page, "添加子菜单按钮").click()
    page.get_by_label("名称").fill("积分")
    becomes(page, menu, [("会员", ["会员", "积分"])])


def test_a_rule_answers_a_button(sign_in: SignIn, staff: Cast, menu: Menu) -> None:
    rule = Rule.objects.create(account=menu.account, name="营业时间")
    Keyword.objects.create(rule=rule, text="几点")
    Reply.objects.create(rule=rule, content={"type": "text", "content": "早九晚九"})
    put(menu, button(name="时间"))
    page = opened(sign_in, staff.editor, menu)
    page.get_by_label("回复方式").select_option("使用某条自动回复")
    saved(page)
    page.get_by_label("自动回复", exact=True).select_option("营业时间")
    saved(page)
    assert button_of(menu, "时间").rule == rule.pk
    assert button_of(menu, "时间").reply is None


def test_two_people_on_one_draft_see_each_other(
    sign_in: SignIn, staff: Cast, menu: Menu, browser: Browser, live_server: LiveServer
) -> None:
    put(menu, button(name="课程"))
    page = opened(sign_in, staff.editor, menu)
    client = signed_in(staff.owner)
    context = browser.new_context(base_url=live_server.url, locale="zh-CN")
    context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    other = context.new_page()
    other.goto(f"/admin/menus/menu/{menu.pk}/change/")
    expect(other.locator("#menu-others")).to_contain_text("editor")
    other.get_by_label("名称").fill("她的")
    becomes(other, menu, ["她的"])
    page.get_by_label("名称").fill("他的")
    expect(page.get_by_text("您的修改没有丢失")).to_be_visible()
    assert draft(menu) == ["她的"]
    page.get_by_role("button", name="保留我的").click()
    becomes(page, menu, ["他的"])
    page.get_by_role("button", name="撤销").first.click()
    expect(page.get_by_label("名称")).to_have_value("她的")
    context.close()


def test_who_may_only_look_changes_nothing(sign_in: SignIn, staff: Cast, menu: Menu) -> None:
    put(menu, button(name="课程"))
    page = opened(sign_in, staff.auditor, menu)
    expect(page.get_by_label("名称")).to_be_disabled()
    expect(page.get_by_role("button", name="撤销")).to_have_count(0)
    expect(on_phone(page, "添加按钮")).to_have_count(0)


def test_a_draft_is_published_and_an_old_version_brought_back(
    sign_in: SignIn,
    staff: Cast,
    menu: Menu,
    simulated: Simulated,
) -> None:
    wechat: Phone = introduced(simulated, menu.account)
    put(menu, button(name="课程"))
    page = opened(sign_in, staff.owner, menu)
    for name in ("旧", "新"):
        page.goto(f"/admin/menus/menu/{menu.pk}/change/")
        page.get_by_label("名称").fill(name)
        saved(page)
        page.get_by_role("link", name="发布…").click()
        page.get_by_role("button", name="立即发布").click()
        expect(page.get_by_text("菜单正在发布到微信")).to_be_visible()
        work.run("menus.publish")
        assert wechat.names() == [name]
    page.goto(f"/admin/menus/menu/{menu.pk}/versions/")
    page.get_by_role("link", name="发布此版本").click()
    expect(page.get_by_text("改名")).to_be_visible()
    page.get_by_role("button", name="立即发布").click()
    expect(page.get_by_text("菜单正在发布到微信")).to_be_visible()
    work.run("menus.publish")
    assert wechat.names() == ["旧"]


@pytest.mark.parametrize("width", [360, 1280])
def test_no_menu_page_is_wider_than_the_window(sign_in: SignIn, staff: Cast, menu: Menu, width: int) -> None:
    put(menu, button(name="课程"), parent(view(name="一个很长很长的子菜单名称"), view("eeee", "二")))
    page = sign_in(staff.owner)
    page.set_viewport_size({"width": width, "height": 800})
    own = [f"{menu.pk}/{part}/" for part in ("change", "publish", "versions", "statistics", "copy")]
    for part in ("", *own, "import/", "add/"):
        page.goto(f"/admin/menus/menu/{part}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), part


def test_a_page_and_a_file_are_picked_for_a_button(
    sign_in: SignIn, staff: Cast, menu: Menu, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    put(menu, view("bbbb", "会员卡"), view("dddd", "门店", "https://h5.example.com/store"))
    asset = Asset(account=staff.ours, name="海报", content_type="image/png", size=1, due_at=timezone.now())
    asset.file.save("poster.png", ContentFile(picture()), save=False)
    asset.save()
    page = opened(sign_in, staff.editor, menu)
    on_phone(page, "门店").click()
    page.get_by_role("button", name="选择页面…").click()
    page.get_by_role("dialog").get_by_role("option", name="会员卡").click()
    expect(page.locator("#menu-phone")).to_contain_text("https://h5.example.com/card")
    saved(page)
    assert button_of(menu, "门店").url == "https://h5.example.com/card"
    page.get_by_label("点击后").select_option("media_id")
    page.get_by_role("button", name="选择文件…").click()
    page.get_by_role("dialog").get_by_role("option", name="海报").click()
    expect(page.locator("#menu-panel .pick-now")).to_have_text("海报")
    expect(page.locator("#menu-phone .phone-bubble")).to_contain_text("海报")
    saved(page)
    for _each in range(600):
        if button_of(menu, "门店").file == asset.pk:
            break
        page.wait_for_timeout(100)
    assert button_of(menu, "门店").file == asset.pk


def test_who_only_looks_sees_the_menu_and_what_a_tap_is_answered(
    sign_in: SignIn, staff: Cast, menu: Menu
) -> None:
    put(menu, button("aaaa", "课程", reply=text("今天有三节课")))
    refused: list[str] = []
    page = sign_in(staff.service)
    page.on("response", lambda answer: refused.extend([answer.url] if answer.status == 403 else []))
    page.goto(f"/admin/menus/menu/{menu.pk}/change/")
    expect(page.locator(".phone-bubble")).to_have_text("今天有三节课")
    expect(page.locator("#menu-phone")).not_to_contain_text("null")
    expect(page.get_by_label("回复方式")).to_be_disabled()
    expect(page.get_by_text("加载中")).to_have_count(0)
    assert not refused


def test_a_reply_that_could_not_be_loaded_is_loaded_once_more(
    sign_in: SignIn, menu: Menu, staff: Cast
) -> None:
    put(menu, button(name="课程"))
    page = sign_in(staff.owner)
    page.route("**/reply/", lambda route: route.abort())
    page.goto(f"/admin/menus/menu/{menu.pk}/change/")
    on_phone(page, "课程").click()
    expect(page.get_by_text("未能载入回复内容")).to_be_visible()
    page.unroute("**/reply/")
    page.get_by_role("button", name="重试").click()
    expect(page.locator(".reply-form #id_text")).to_have_value("今日课程")
    page.route("**/reply/", lambda route: route.abort())
    page.locator(".reply-form #id_text").fill("明日课程")
    expect(page.locator(".reply-form + [role=status]")).to_contain_text("尚未采用")
