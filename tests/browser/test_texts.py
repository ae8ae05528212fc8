"""The editor of a text: links, variables and emoji without markup, and the bubble beside it."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from accounts.followers.models import Follower, OwnWeChat
from payments.merchants.models import Merchant
from tests.cast import Cast
from tests.sdk.pay.vectors import KEYS
from wechat.replies.models import Rule

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[User], Page]
ADD = "/admin/replies/rule/add/"
OPENID = "oFollower000000000000000001"


def begun(page: Page) -> None:
    """A keyword rule whose reply is still to be written."""
    page.goto(ADD)
    page.locator("#id_name").fill("欢迎")
    page.locator("#id_keywords-0-text").fill("你好")


def bubble(page: Page) -> Locator:
    return page.locator("text-editor:has(#id_replies-0-text) .text-bubble span.bubble-text")


def test_a_link_a_variable_and_an_emoji_are_put_in_by_buttons_and_sent_as_wechat_wants_them(
    sign_in: SignIn, staff: Cast
) -> None:
    page = sign_in(staff.editor)
    begun(page)
    text = page.locator("#id_replies-0-text")
    text.fill("您好，")
    tools = page.locator("text-editor:has(#id_replies-0-text) .text-tools")
    tools.get_by_role("button", name="备注名").click()
    page.keyboard.type("！看")
    tools.get_by_role("button", name="链接").click()
    window = page.get_by_role("dialog", name="插入链接")
    window.get_by_label("点的文字").fill("新品")
    window.get_by_label("网址").fill("not an address")
    window.get_by_role("button", name="插入").click()
    expect(window.get_by_role("alert")).to_have_text("网址以 https:// 或 http:// 开头。")
    window.get_by_label("网址").fill("https://a.cn/?a=1")
    page.keyboard.press("Enter")
    expect(window).to_be_hidden()
    tools.get_by_role("button", name="表情").click()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(text).to_have_value('您好，{remark|朋友}！看<a href="https://a.cn/?a=1">新品</a>😄')
    expect(bubble(page)).to_have_text("您好，备注名！看新品😄")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator(".rule-name")).to_have_text("欢迎")
    stored = Rule.objects.get().replies.get()
    assert stored.content["content"] == '您好，{remark|朋友}！看<a href="https://a.cn/?a=1">新品</a>😄'


def test_the_bubble_is_shown_for_a_person_and_for_oneself(sign_in: SignIn, staff: Cast) -> None:
    now = timezone.now()
    Follower.objects.create(account=staff.ours, openid=OPENID, remark="王女士", last_seen_at=now)
    mine = "oMine0000000000000000000001"
    Follower.objects.create(account=staff.ours, openid=mine, remark="小编", last_seen_at=now)
    OwnWeChat.objects.create(account=staff.ours, user=staff.editor, openid=mine)
    page = sign_in(staff.editor)
    begun(page)
    page.locator("#id_replies-0-text").fill("{remark|朋友}您好")
    page.get_by_role("button", name="用某个人的资料看…").click()
    page.get_by_role("option", name="王女士").click()
    expect(bubble(page)).to_have_text("王女士您好")
    page.get_by_role("button", name="用某个人的资料看…").click()
    page.get_by_role("option", name="小编").click()
    expect(bubble(page)).to_have_text("小编您好")
    page.get_by_role("button", name="只看变量").click()
    expect(bubble(page)).to_have_text("备注名您好")


def test_the_receipt_of_an_order_is_written_with_its_own_words(sign_in: SignIn, staff: Cast) -> None:
    merchant = Merchant.objects.create(
        slug="shop", name="商户", mchid=KEYS["mchid"], serial_no=KEYS["merchant"]["serial_no"],
        private_key=KEYS["merchant"]["private_key_pem"], api_v3_key=KEYS["apiv3_key"],
    )  # fmt: skip
    merchant.accounts.add(staff.ours)
    page = sign_in(staff.owner)
    page.goto(f"/admin/merchants/merchant/{merchant.pk}/change/")
    editor = page.locator("text-editor:has(#id_receipt_text)")
    page.locator("#id_receipt_text").fill("已收到 ")
    editor.get_by_role("button", name="金额").click()
    page.keyboard.type(" 元")
    expect(page.locator("#id_receipt_text")).to_have_value("已收到 {amount} 元")
    expect(editor.locator(".text-bubble span.bubble-text")).to_have_text("已收到 金额 元")
    # It is about an order, not about a person.
    expect(editor.get_by_role("button", name="备注名")).to_have_count(0)
    expect(editor.get_by_role("button", name="用某个人的资料看…")).to_have_count(0)
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("已修改").first).to_be_visible()
    merchant.refresh_from_db()
    assert merchant.receipt_text == "已收到 {amount} 元"
    page = sign_in(staff.auditor)
    page.goto(f"/admin/merchants/merchant/{merchant.pk}/change/")
    expect(page.get_by_text("已收到 〔金额〕 元")).to_be_visible()


def test_what_to_say_to_those_without_a_value_is_offered(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.editor)
    begun(page)
    text = page.locator("#id_replies-0-text")
    text.fill("{remark}您好")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator("#id_replies-0-text_error")).to_contain_text("请把 {remark} 写成 {remark|朋友}")
    page.get_by_role("button", name="没有时写“朋友”").click()
    expect(text).to_have_value("{remark|朋友}您好")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator(".rule-name")).to_have_text("欢迎")


def test_a_link_is_changed_where_the_cursor_is_and_may_lead_to_a_mini_program(
    sign_in: SignIn, staff: Cast
) -> None:
    page = sign_in(staff.editor)
    begun(page)
    text = page.locator("#id_replies-0-text")
    text.fill('看<a href="https://a.cn/">旧</a>')
    text.press("End")
    text.press("ArrowLeft")
    page.locator("text-editor:has(#id_replies-0-text) .text-tools").get_by_role("button", name="链接").click()
    window = page.get_by_role("dialog", name="插入链接")
    expect(window.get_by_label("点的文字")).to_have_value("旧")
    window.get_by_label("链接").select_option("program")
    window.get_by_label("小程序的 AppID").fill("wx0123456789abcdef")
    window.get_by_label("小程序页面路径").fill("pages/a?b=1")
    window.get_by_role("button", name="插入").click()
    expect(text).to_have_value(
        '看<a data-miniprogram-appid="wx0123456789abcdef" data-miniprogram-path="pages/a?b=1" '
        'href="https://a.cn/">旧</a>'
    )
    expect(bubble(page)).to_have_text("看旧")


def test_a_second_reply_has_an_editor_of_its_own(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.editor)
    begun(page)
    page.locator("#id_replies-0-text").fill("一")
    page.locator("#replies-group").get_by_role("link", name=re.compile("添加")).click()
    tools = page.locator("text-editor:has(#id_replies-1-text) .text-tools")
    expect(tools).to_have_count(1)
    tools.get_by_role("button", name="公众号名称").click()
    expect(page.locator("#id_replies-1-text")).to_have_value("{account}")
    expect(page.locator("#id_replies-0-text")).to_have_value("一")
