"""Browser tests of search, keyboard shortcuts and refused forms."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tests.cast import Cast, message
from wechat.replies.models import Rule

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[User], Page]


@pytest.fixture
def rule(staff: Cast) -> Rule:
    return Rule.objects.create(account=staff.ours, name="停车指引", enabled=False, trigger="default")


def test_a_rule_is_found_by_its_pinyin_and_opened_with_the_keyboard(
    sign_in: SignIn, staff: Cast, rule: Rule
) -> None:
    page = sign_in(staff.owner)
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name=re.compile("搜索")).fill("tingche")
    expect(page.get_by_role("option", name="停车指引")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/admin/replies/rule/{rule.pk}/change/"))


def test_search_opens_with_the_button_and_arrows_choose(sign_in: SignIn, staff: Cast) -> None:
    message(staff.ours, "停车要钱吗")
    page = sign_in(staff.owner)
    page.get_by_role("button", name="搜索").click()
    page.get_by_role("combobox", name=re.compile("搜索")).fill("自动回复")
    found = page.locator("#search-results").get_by_role("option")
    first, second = found.nth(0), found.nth(1)
    expect(first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(second).to_have_attribute("aria-selected", "true")
    page.get_by_role("combobox", name=re.compile("搜索")).fill("停车要钱")
    expect(page.get_by_role("option", name="停车要钱吗")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox", name=re.compile("搜索"))).to_have_count(0)


def test_without_a_result_search_says_so_and_what_to_do(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.owner)
    page.keyboard.press("/")
    page.get_by_role("combobox", name=re.compile("搜索")).fill("没有这种东西")
    expect(page.get_by_text("没有结果：“没有这种东西”。")).to_be_visible()
    page.get_by_role("link", name="搜索更早的消息").click()
    expect(page).to_have_url(re.compile("/admin/inbox/inboundmessage/"))


def test_the_keys_are_listed(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.owner)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="快捷键").get_by_text("保存表单")).to_be_visible()


def test_the_first_key_leads_past_the_navigation(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.owner)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def times_of(rule: Rule, page: Page) -> Page:
    """Opens the section with the times of a rule on its page."""
    page.goto(f"/admin/replies/rule/{rule.pk}/change/")
    page.get_by_text("何时回复").click()
    return page


def test_a_section_with_an_error_is_open_and_the_banner_leads_to_its_field(
    sign_in: SignIn, staff: Cast, rule: Rule
) -> None:
    page = times_of(rule, sign_in(staff.editor))
    page.locator("[name=opens_at]").fill("晚上10点")
    page.get_by_role("button", name="保存", exact=True).click()
    field = page.locator("[name=opens_at]")
    expect(field).to_be_focused()
    expect(field).to_be_in_viewport()
    banner = page.locator(".errornote")
    expect(banner).to_contain_text("每天从 请填写有效的时间，例如 09:30。")
    page.locator("[name=name]").focus()
    banner.get_by_role("link", name="每天从").click()
    expect(field).to_be_focused()
    assert field.input_value() == "晚上10点"


def test_a_new_row_that_was_refused_leads_to_what_is_wrong_and_not_to_its_first_field(
    sign_in: SignIn, staff: Cast
) -> None:
    page = sign_in(staff.editor)
    page.goto("/admin/replies/rule/add/")
    page.locator("[name=name]").fill("空的")
    page.get_by_role("button", name="保存", exact=True).click()
    banner = page.get_by_role("alert")
    expect(banner).to_contain_text("关键词 关键词回复需要关键词：请添加，或改选其他触发条件。")
    page.wait_for_load_state("load")
    expect(page.locator("[name=keywords-0-compare]")).to_be_focused()
    banner.get_by_role("link", name="回复", exact=True).click()
    expect(page.locator("[name=replies-0-kind]")).to_be_focused()


def test_a_day_and_its_time_are_one_question_by_the_name_that_staff_read(
    sign_in: SignIn, staff: Cast, rule: Rule
) -> None:
    page = times_of(rule, sign_in(staff.editor))
    page.locator("[name=valid_from_0]").fill("2026-12-01")
    page.locator("[name=valid_from_1]").fill("25:00")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator(".errornote li")).to_have_text(["有效期自 请填写有效的时间，例如 09:30。"])
