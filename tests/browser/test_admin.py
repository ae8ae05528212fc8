import datetime
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, Dialog, FilePayload, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.followers.handles import handle_name
from accounts.followers.models import Follower, Tag
from accounts.staff import second_factor
from accounts.staff.models import SecondFactor, SignInLimit
from payments.bills.models import Discrepancy
from payments.orders.models import Order, Refund
from payments.shop.models import Sale
from tests.cast import PASSWORD, Cast, message
from tests.console import world
from tests.console.table import table
from tests.console.visiting import Visitor, address_of
from wechat.channels.models import Channel
from wechat.inbox.models import IgnoredText

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[User], Page]
# What is in the fields that one types in.
TYPED = "[...document.querySelectorAll('input[type=text]:enabled')].map((field) => field.value)"


def give_password(page: Page, name: str, password: str) -> None:
    page.goto("/admin/login/?next=/admin/")
    page.get_by_label("用户名").fill(name)
    page.get_by_label("密码").fill(password)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_staff_sign_in_in_chinese_and_arrive_at_the_overview(page: Page, staff: Cast) -> None:
    give_password(page, "owner", PASSWORD)
    expect(page.get_by_role("heading", name="概览")).to_be_visible()


def test_a_wrong_code_is_told_to_whoever_hears_the_page(page: Page, staff: Cast) -> None:
    SecondFactor.objects.create(user=staff.owner, kind="app", name="App", secret=second_factor.new_key())
    give_password(page, "owner", PASSWORD)
    page.get_by_label("验证码").fill("000000")
    page.get_by_role("button", name="下一步").click()
    expect(page.get_by_label("验证码")).to_be_focused()
    expect(page.get_by_label("验证码")).to_have_accessible_description(re.compile("验证码不正确"))


def test_a_field_of_the_skin_refers_to_its_error(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.owner)
    page.goto("/admin/password_change/")
    page.get_by_label("旧密码").fill("wrong")
    for label in ("新密码*", "新密码确认"):
        page.get_by_label(label).fill("short")
    page.get_by_role("button", name="修改密码").click()
    expect(page.get_by_label("新密码确认")).to_have_accessible_description(
        re.compile("密码太短，至少要有 10 个字符")
    )
    expect(page.locator(".refused")).to_contain_text("密码太短")


def test_after_many_guesses_the_page_says_when_to_try_again(page: Page, staff: Cast) -> None:
    now = timezone.now()
    later = now + datetime.timedelta(minutes=15)
    SignInLimit.objects.create(kind="name", value="owner", failures=200, failed_at=now, open_at=later)
    give_password(page, "owner", PASSWORD)
    expect(page.get_by_role("heading", name="登录已暂停")).to_be_visible()
    expect(page.get_by_text(re.compile(r"请在 \d+ 秒后重试"))).to_be_visible()
    answer = page.goto("/admin/")
    assert answer
    assert "/login/" in answer.url


def test_the_language_is_switched_and_stays(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.owner)
    page.get_by_role("button", name="owner").press("Enter")
    page.get_by_role("button", name="English").press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.get_by_role("link", name="Message log").click()
    expect(page.get_by_label("Text or follower")).to_be_visible()


def test_the_account_is_switched_with_the_keyboard(sign_in: SignIn, staff: Cast) -> None:
    message(staff.ours, "我们的问题")
    message(staff.theirs, "别家的问题")
    page = sign_in(staff.superuser)
    page.get_by_role("link", name="消息记录").click()
    page.get_by_label("公众号", exact=True).select_option("别家公众号")
    expect(page.get_by_text("别家的问题")).to_be_visible()
    page.get_by_label("公众号", exact=True).select_option("演示服务号")
    expect(page.get_by_text("我们的问题")).to_be_visible()
    expect(page.get_by_text("别家的问题")).to_have_count(0)


def test_what_is_drawn_only_has_a_name_and_a_switch_shows_that_it_is_focused(
    sign_in: SignIn, staff: Cast
) -> None:
    page = sign_in(staff.superuser)
    page.goto("/admin/replies/rule/add/")
    for name in ("返回概览", "返回"):
        expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
    page.locator("[name=in_shadow]").focus()
    page.keyboard.press("Shift+Tab")
    expect(page.locator("[name=enabled]")).to_be_focused()
    expect(page.locator("[name=enabled]")).to_have_css("outline-style", "solid")
    page.goto("/admin/auth/user/")
    expect(page.get_by_role("img", name="是").first).to_be_visible()


def test_a_page_is_printed_with_its_title_and_light(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.owner)
    page.evaluate("localStorage.setItem('adminTheme', JSON.stringify('dark'))")
    page.goto("/admin/orders/order/")
    expect(page.locator("html")).to_have_class(re.compile(r"\bdark\b"))
    page.emulate_media(media="print")
    expect(page.locator("html")).not_to_have_class(re.compile(r"\bdark\b"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="显示或隐藏导航")).to_be_hidden()
    page.emulate_media(media="screen")
    expect(page.locator("html")).to_have_class(re.compile(r"\bdark\b"))


def test_a_list_is_printed_as_a_table_under_its_filters_and_the_name_of_its_account(
    sign_in: SignIn, staff: Cast
) -> None:
    message(staff.ours, "停车方便吗")
    message(staff.ours, "几点开门")
    page = sign_in(staff.owner)
    # Paper of the size A4 within its margins.
    page.set_viewport_size({"width": 718, "height": 1040})
    page.goto("/admin/inbox/inboundmessage/?q=停车")
    expect(page.get_by_text("演示服务号").last).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.get_by_text("演示服务号").last).to_be_visible()
    expect(page.get_by_label("消息内容或粉丝")).to_have_value("停车")
    expect(page.get_by_label("消息内容或粉丝")).to_be_visible()
    expect(page.get_by_role("columnheader", name="接收时间")).to_be_visible()
    row = page.get_by_role("row", name=re.compile("停车"))
    cells = [box for each in row.locator("th, td").all() if (box := each.bounding_box())]
    assert len(cells) >= 5, "the checkbox is not printed, the columns are"
    assert len({box["y"] for box in cells}) == 1, "and they are side by side"
    expect(page.get_by_role("checkbox").first).to_be_hidden()
    expect(page.get_by_role("button", name="查看", exact=True)).to_be_hidden()
    # Unless it is filtered, a list is printed without its filters.
    page.goto("/admin/inbox/inboundmessage/?all=1")
    expect(page.get_by_label("消息内容或粉丝")).to_be_hidden()


def test_a_date_that_was_not_chosen_is_not_printed(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.owner)
    page.goto("/admin/orders/order/?since=2026-01-01")
    expect(page.get_by_label("支付日期止")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_label("支付日期起")).to_be_visible()
    expect(page.get_by_label("支付日期止")).to_be_hidden()


def test_staff_abroad_are_told_once_which_times_the_pages_have(
    browser: Browser, live_server: LiveServer, sign_in: SignIn, staff: Cast
) -> None:
    here = sign_in(staff.owner)
    notice = "页面上的时间均为北京时间"
    here.goto("/admin/shop/item/add/")
    expect(here.get_by_text(notice)).to_be_hidden()
    context = browser.new_context(
        base_url=live_server.url, locale="zh-CN", timezone_id="America/New_York",
        storage_state=here.context.storage_state(),
    )  # fmt: skip
    abroad = context.new_page()
    abroad.goto("/admin/shop/item/add/")
    expect(abroad.get_by_text(notice)).to_be_visible()
    expect(abroad.locator(".timezonewarning").first).to_be_attached()
    expect(abroad.locator(".timezonewarning:visible")).to_have_count(0)
    context.close()


def test_the_callback_address_is_copied(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.owner)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/admin/official/officialaccount/{staff.ours.pk}/change/")
    page.get_by_role("button", name="复制").dblclick()
    expect(page.get_by_role("button", name="已复制")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == staff.ours.callback_url
    # Pressed twice as well, the button is soon its own again.
    expect(page.get_by_role("button", name="复制", exact=True)).to_be_visible()


def test_the_callback_address_is_copied_over_plain_http(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.owner)
    page.context.grant_permissions(["clipboard-read"])
    page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true})"
    )
    page.goto(f"/admin/official/officialaccount/{staff.ours.pk}/change/")
    page.get_by_role("button", name="复制").click()
    expect(page.get_by_role("button", name="已复制")).to_be_focused()
    assert (
        page.evaluate("delete navigator.clipboard && navigator.clipboard.readText()")
        == staff.ours.callback_url
    )


def test_a_text_that_may_not_be_copied_is_offered_to_be_copied_by_hand(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.owner)
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.add_init_script("document.execCommand = () => false")
    page.goto(f"/admin/official/officialaccount/{staff.ours.pk}/change/")
    offered: list[str] = []

    def answer(dialog: Dialog) -> None:
        offered.append(dialog.default_value)
        dialog.accept()

    page.on("dialog", answer)
    page.get_by_role("button", name="复制").click()
    assert offered == [staff.ours.callback_url]


def test_the_log_is_filtered(sign_in: SignIn, staff: Cast) -> None:
    message(staff.ours, "有人回答", answered_by="rule:1")
    message(staff.ours, "没人回答")
    page = sign_in(staff.owner)
    page.get_by_role("link", name="消息记录").click()
    page.get_by_label("回复", exact=True).select_option("没有自动回复")
    page.get_by_role("button", name="查看", exact=True).click()
    expect(page.get_by_text("没人回答")).to_be_visible()
    expect(page.get_by_text("有人回答")).to_have_count(0)
    page.get_by_role("link", name="清除筛选").click()
    expect(page.get_by_text("有人回答")).to_be_visible()


def test_a_conversation_is_read_from_the_log(sign_in: SignIn, staff: Cast) -> None:
    message(staff.ours, "在吗", answer={"type": "text", "content": "您好，我在"})
    page = sign_in(staff.service)
    page.get_by_role("link", name="消息记录").click()
    page.get_by_role("link", name=handle_name("oFollower000000000000000001")).click()
    conversation = page.get_by_role("region", name="对话")
    expect(conversation.get_by_text("在吗")).to_be_visible()
    expect(conversation.get_by_text("您好，我在")).to_be_visible()


def test_a_message_is_handled_again_from_its_page(sign_in: SignIn, staff: Cast) -> None:
    row = message(staff.ours, "在吗", error="ValueError: no")
    page = sign_in(staff.service)
    page.goto(f"/admin/inbox/inboundmessage/{row.pk}/change/")
    page.get_by_role("button", name="重新处理").click()
    expect(page.get_by_text("该消息将重新处理。")).to_be_visible()
    row.refresh_from_db()
    assert row.due_at


def test_an_unanswered_text_is_ignored_and_shown_again(sign_in: SignIn, staff: Cast) -> None:
    message(staff.ours, "哈哈哈")
    page = sign_in(staff.editor)
    page.get_by_role("link", name="未回答", exact=True).click()
    page.get_by_role("button", name="忽略").click()
    expect(page.get_by_role("table")).to_have_count(0)
    assert IgnoredText.objects.get().text == "哈哈哈"
    page.get_by_text("已忽略的内容").click()
    page.get_by_role("button", name="恢复显示").click()
    expect(page.get_by_role("table").get_by_text("哈哈哈")).to_be_visible()


def test_an_unanswered_text_becomes_the_keyword_of_a_rule(sign_in: SignIn, staff: Cast) -> None:
    message(staff.ours, "几点开门")
    page = sign_in(staff.editor)
    page.get_by_role("link", name="未回答", exact=True).click()
    page.get_by_role("link", name="创建自动回复").click()
    expect(page.locator("input[value='几点开门']").first).to_be_visible()


def test_who_may_not_make_rules_is_not_offered_one(sign_in: SignIn, staff: Cast) -> None:
    message(staff.ours, "几点开门")
    page = sign_in(staff.service)
    page.get_by_role("link", name="未回答", exact=True).click()
    expect(page.get_by_text("几点开门")).to_be_visible()
    expect(page.get_by_role("link", name="创建自动回复")).to_have_count(0)


@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_is_wider_than_the_window(sign_in: SignIn, staff: Cast, width: int) -> None:
    row = message(staff.ours, "很长的话" * 200 + "x" * 300)
    follower = Follower.objects.create(account=staff.ours, openid=row.openid)
    Tag.objects.create(account=staff.ours, name="很长的标签" * 6, platform_id=101)
    page = sign_in(staff.owner)
    page.set_viewport_size({"width": width, "height": 800})
    for address in (
        "/admin/",
        "/admin/inbox/inboundmessage/",
        f"/admin/inbox/inboundmessage/{row.pk}/change/",
        f"/admin/inbox/inboundmessage/conversation/{staff.ours.pk}/{row.openid}/",
        "/admin/inbox/inboundmessage/unanswered/",
        "/admin/followers/follower/",
        f"/admin/followers/follower/{follower.pk}/change/",
        f"/admin/official/officialaccount/{staff.ours.pk}/change/",
        "/admin/channels/channel/add/",
        "/admin/help/payments/",
    ):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def test_the_lists_of_payments_fit_the_window_of_a_small_laptop(sign_in: SignIn, staff: Cast) -> None:
    made = world.build(staff.ours)
    number, amount, words = "WC202611291950110234147666", 99_999_999, "春季新品礼盒装（含茶叶与点心）限量版"
    Order.objects.update(out_trade_no=number, total=amount, description=words)
    Refund.objects.update(out_refund_no=number.replace("WC", "WR"), amount=amount, reason=words)
    Sale.objects.update(answers=[["收货地址", "上海市浦东新区世纪大道 100 号环球金融中心 88 楼"]])
    Discrepancy.objects.update(subject=f"{number} {'4' * 28}", here="4" * 28, there="5" * 28)
    page = sign_in(staff.owner)
    page.set_viewport_size({"width": 1280, "height": 800})
    for name in ("orders.order", "orders.refund", "shop.sale", "bills.discrepancy", "bills.bill"):
        page.goto(f"/admin/{name.replace('.', '/')}/")
        table = page.locator("#result_list")
        assert made[name].pk in [int(box) for box in re.findall(r"/(\d+)/change/", table.inner_html())]
        frame = table.locator("xpath=ancestor::*[contains(@class, 'simplebar-content-wrapper')]")
        assert frame.evaluate("each => each.scrollWidth <= each.clientWidth"), name


def test_who_is_signed_out_is_told_before_what_they_typed_is_lost(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.owner)
    with page.expect_response("**/admin/todo/counts/"):
        page.goto("/admin/channels/channel/add/")
    page.get_by_label("名称*").fill("一号店")
    banner = page.get_by_role("alert").filter(has_text="登录已过期")
    expect(banner).to_be_hidden()
    page.context.clear_cookies(name="sessionid")
    come_back = (
        "document.dispatchEvent(new Event('visibilitychange')); window.dispatchEvent(new Event('focus'))"
    )
    page.evaluate(come_back)
    expect(banner).to_be_visible()
    with page.context.expect_page() as opened:
        banner.get_by_role("link", name="登录").click()
    give_password(opened.value, "owner", PASSWORD)
    opened.value.close()
    page.evaluate(come_back)
    expect(banner).to_be_hidden()
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("一号店").first).to_be_visible()
    assert Channel.objects.get().name == "一号店"


def test_a_form_that_was_open_while_somebody_signed_in_again_is_saved(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.owner)
    page.goto("/admin/followers/tag/add/")
    page.locator("#id_name").fill("会员日")
    other = page.context.new_page()
    page.context.clear_cookies(name="sessionid")
    give_password(other, "owner", PASSWORD)
    page.locator("#id_name").press("Enter")
    page.wait_for_url("**/followers/tag/")
    expect(page.get_by_text("会员日").first).to_be_visible()


@pytest.mark.parametrize(
    ("address", "field"),
    [("/admin/approvals/approval/limits/", "客服"), ("/admin/pushes/push/speed/", "客服消息")],
)
def test_what_is_wrong_in_a_table_is_told_above_it_with_its_reason(
    sign_in: SignIn, staff: Cast, address: str, field: str
) -> None:
    page = sign_in(staff.owner)
    page.goto(address)
    page.locator("#content input[type=number]").first.evaluate("field => field.removeAttribute('min')")
    page.locator("#content input[type=number]").first.fill("-5")
    page.locator("#content button[type=submit]").first.click()
    expect(page.locator(".refused li")).to_have_text(re.compile(f"{field}.*不能小于"))


def test_a_column_says_with_a_dash_what_a_row_lacks(sign_in: SignIn, staff: Cast) -> None:
    world.build(staff.ours)
    page = sign_in(staff.owner)
    page.goto("/admin/materials/asset/")
    problem = page.locator("#result_list td.field-problem").first
    expect(problem).to_be_empty()
    assert "–" in problem.evaluate("cell => getComputedStyle(cell, '::before').content")


def test_a_searched_list_keeps_its_name_on_a_phone(sign_in: SignIn, staff: Cast) -> None:
    world.build(staff.ours)
    page = sign_in(staff.owner)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/admin/materials/asset/?q=没有这个")
    expect(page.locator("#header-inner").get_by_role("heading", level=1)).to_have_text("素材库")


def test_help_is_within_reach_on_a_phone(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.owner)
    page.set_viewport_size({"width": 360, "height": 740})
    for address in ("/admin/", f"/admin/official/officialaccount/{staff.ours.pk}/change/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        header = page.locator("#header-inner")
        expect(header.get_by_role("heading", level=1)).to_be_in_viewport(ratio=0.9)
        expect(header.get_by_role("button", name="搜索")).to_be_in_viewport(ratio=1)
        expect(header.get_by_role("link", name="帮助")).to_be_in_viewport(ratio=1)
    header.get_by_role("link", name="帮助").click()
    expect(page).to_have_url(re.compile("/admin/help/"))


def test_wherever_a_file_is_chosen_nothing_else_is_filled_in(
    sign_in: SignIn, staff: Cast, tmp_path: Path, settings: Settings
) -> None:
    settings.MEDIA_ROOT = tmp_path
    made = world.build(staff.ours)
    visitor = Visitor(staff.owner, staff.ours)
    addresses = [address_of(name, each, made) for name, each in table().items() if name != "logout"]
    asking = [each for each in addresses if 'type="file"' in visitor.visit("GET", each, {}).text]
    assert {"/admin/channels/channel/batch/", "/admin/campaigns/campaign/add/"} <= {
        each.partition("?")[0] for each in asking
    }
    page = sign_in(staff.owner)
    for address in asking:
        page.goto(address)
        before = page.evaluate(TYPED)
        for field in page.locator("input[type=file]").all():
            field.set_input_files({"name": "名单.csv", "mimeType": "text/csv", "buffer": b"OpenID"})
        assert page.evaluate(TYPED) == before, address


@pytest.mark.parametrize("address", ["/admin/materials/asset/add/", "/admin/campaigns/campaign/add/"])
def test_a_refused_form_says_beside_its_file_that_it_has_to_be_chosen_again(
    sign_in: SignIn, staff: Cast, address: str
) -> None:
    page = sign_in(staff.owner)
    page.goto(address)
    audience = page.locator("select[name=audience]")
    if audience.count():
        audience.select_option("file")
    chosen = FilePayload(name="名单“新”.csv", mimeType="text/csv", buffer=b"OpenID")
    field = page.locator("#content input[type=file]")
    field.set_input_files(chosen)
    page.locator("#content form").evaluate("(form) => { form.noValidate = true; }")
    page.get_by_role("button", name="保存", exact=True).click()
    note = page.get_by_text("文件“名单“新”.csv”没有保留，请重新选择。")
    expect(note).to_be_visible()
    expect(field).to_have_accessible_description(re.compile("没有保留"))
    field.set_input_files(chosen)
    expect(note).to_have_count(0)
