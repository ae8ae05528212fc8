import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.official.models import OfficialAccount
from tests.cast import Cast, message, signed_in
from tests.forms import posted
from wechat.replies.models import Keyword, Reply, Rule, RuleHits

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[User], Page]
LIST = "/admin/replies/rule/"


def make(
    account: OfficialAccount, name: str, keyword: str, reply: str, position: int, *, on: bool = True
) -> Rule:
    rule = Rule.objects.create(account=account, name=name, position=position, enabled=on)
    Keyword.objects.create(rule=rule, text=keyword)
    Reply.objects.create(rule=rule, content={"type": "text", "content": reply})
    return rule


def test_a_rule_is_written_and_tried_out(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.editor)
    page.goto(LIST)
    expect(page.get_by_text("还没有自动回复")).to_be_visible()
    page.goto(f"{LIST}add/")
    page.locator("#id_name").fill("退款")
    page.locator("#id_keywords-0-text").fill("退款")
    page.locator("#id_replies-0-text").fill("请拍照给我们")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator(".rule-name")).to_have_text("退款")
    page.get_by_role("link", name="试一试").click()
    page.locator("#id_value").fill("我要退款")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="由“退款”回复。")).to_be_visible()
    expect(page.get_by_label("粉丝看到的内容")).to_contain_text("请拍照给我们")


def test_a_rule_is_called_as_its_keyword_unless_somebody_names_it(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.editor)
    page.goto(f"{LIST}add/")
    name, keyword = page.locator("#id_name"), page.locator("#id_keywords-0-text")
    keyword.fill("停车" * 40)
    expect(name).to_have_value("停车" * 30)
    name.fill("停车费")
    keyword.fill("停车")
    expect(name).to_have_value("停车费")


def test_only_the_fields_of_the_chosen_kind_are_in_sight(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.editor)
    page.goto(f"{LIST}add/")
    expect(page.locator("#id_replies-0-text")).to_be_visible()
    expect(page.locator("#id_replies-0-title")).to_be_hidden()
    page.locator("#id_replies-0-kind").select_option("news")
    expect(page.locator("#id_replies-0-text")).to_be_hidden()
    expect(page.locator("#id_replies-0-title")).to_be_visible()
    expect(page.locator("#id_keywords-0-text")).to_be_visible()
    page.locator("#id_trigger").select_option("scan")
    expect(page.locator("#id_keywords-0-text")).to_be_hidden()
    expect(page.locator("#id_scene")).to_be_visible()


def test_a_second_reply_is_added_with_fields_of_its_own(sign_in: SignIn, staff: Cast) -> None:
    rule = make(staff.ours, "退款", "退款", "一", 0)
    page = sign_in(staff.editor)
    page.goto(f"{LIST}{rule.pk}/change/")
    page.locator("#replies-group").get_by_role("link", name=re.compile("添加")).click()
    page.locator("#id_replies-1-kind").select_option("transfer_customer_service")
    expect(page.locator("#id_replies-1-kf_account")).to_be_visible()
    expect(page.locator("#id_replies-0-text")).to_be_visible()
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("已修改").first).to_be_visible()
    assert [reply.kind for reply in rule.replies.all()] == ["text", "transfer_customer_service"]


def test_a_refused_rule_says_what_to_change_and_keeps_what_was_typed(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.editor)
    page.goto(f"{LIST}add/")
    page.locator("#id_name").fill("长")
    page.locator("#id_keywords-0-text").fill("长")
    page.locator("#id_replies-0-text").fill("字" * 700)
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("请缩短 52 字节").first).to_be_visible()
    expect(page.locator("#id_replies-0-text")).to_have_value("字" * 700)


def test_rules_are_put_into_order_by_dragging(sign_in: SignIn, staff: Cast) -> None:
    for position, name in enumerate(["甲", "乙", "丙"]):
        make(staff.ours, name, name, "好", position)
    page = sign_in(staff.editor)
    page.goto(LIST)
    handles = page.locator("#result_list .cursor-move > span")
    expect(handles).to_have_count(3)
    handles.nth(2).drag_to(handles.nth(0), target_position={"x": 2, "y": 2})
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator(".rule-name").first).to_have_text("丙")
    assert list(Rule.objects.values_list("name", flat=True)) == ["丙", "甲", "乙"]


def test_whoever_may_not_change_the_order_has_nothing_to_drag_by(sign_in: SignIn, staff: Cast) -> None:
    make(staff.ours, "地址", "地址", "上海", 0)
    page = sign_in(staff.auditor)
    page.goto(LIST)
    expect(page.get_by_role("link", name="地址", exact=True)).to_be_visible()
    expect(page.locator("#result_list .cursor-move > span")).to_be_hidden()


def test_what_a_rule_would_change_is_seen_before_it_is_on(sign_in: SignIn, staff: Cast) -> None:
    rule = make(staff.ours, "退款", "退款", "好", 0, on=False)
    message(staff.ours, "我要退款")
    page = sign_in(staff.editor)
    page.goto(f"{LIST}{rule.pk}/change/")
    page.get_by_role("link", name="会改变什么？").click()
    expect(page.get_by_text("最近 1 条消息中，启用这条自动回复后有 1 条的回复会改变。")).to_be_visible()
    expect(page.get_by_role("cell", name="我要退款")).to_be_visible()


def test_a_rule_without_a_reply_is_refused_in_words(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.editor)
    page.goto(f"{LIST}add/")
    page.locator("#id_name").fill("空")
    page.locator("#id_keywords-0-text").fill("空")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("这条自动回复没有内容").first).to_be_visible()


def test_what_a_colleague_saved_meanwhile_is_told_before_it_is_overwritten(
    sign_in: SignIn, staff: Cast
) -> None:
    rule = make(staff.ours, "退款", "退款", "请拍照给我们", 0)
    page, path = sign_in(staff.editor), f"{LIST}{rule.pk}/change/"
    page.goto(path)
    colleague = signed_in(staff.owner)
    theirs = {"name": "退货退款", "keywords-0-text": "退货"}
    assert colleague.post(path, posted(colleague.get(path), **theirs)).status_code == 302
    page.locator("#id_replies-0-text").fill("请把照片发来")
    page.get_by_role("button", name="保存", exact=True).click()
    form = page.locator("#rule_form")
    expect(form).to_contain_text("“名称”（现为：退货退款）。最近的操作记录：owner")
    expect(form).to_contain_text("退货：“关键词”（现为：退货）")
    expect(page.locator("#id_replies-0-text")).to_have_value("请把照片发来")
    page.locator("#id_name").fill("退货退款")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator(".rule-name")).to_have_text("退货退款")
    assert (Keyword.objects.get().text, Reply.objects.get().content["content"]) == ("退款", "请把照片发来")


def test_the_list_of_rules_is_shown_whole(sign_in: SignIn, staff: Cast) -> None:
    rule = make(staff.ours, "夜间留言", "在吗", "现在是休息时间，您的留言我们明早 10 点后回复。", 1)
    RuleHits.objects.create(rule=rule, in_shadow=False, hits=1234, last_at=timezone.now())
    Rule.objects.create(account=staff.ours, name="其他", position=2, trigger=Rule.TriggerChoice.DEFAULT)
    page = sign_in(staff.editor)
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(LIST)
    expect(page.get_by_role("spinbutton").first).to_be_visible()
    frame = page.locator("#result_list").locator("xpath=..")
    assert frame.evaluate("frame => frame.scrollWidth <= frame.clientWidth")
