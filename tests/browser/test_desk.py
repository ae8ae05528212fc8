from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.followers.models import Follower, Tag
from accounts.official.models import OfficialAccount
from tests.cast import Cast, message
from wechat.desk import threads
from wechat.desk.models import CannedAnswer, Note, Thread
from wechat.pushes import windows
from wechat.pushes.models import Push
from wechat.pushes.windows import Trigger

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[User], Page]
FIRST, SECOND = "oFirst00000000000000000001", "oSecond0000000000000000001"

# As a follower's picture that is fetched after the conversation is shown.
LATE_PICTURE = """
new Promise((resolve) => {
  const picture = document.createElement("img");
  picture.id = "late";
  picture.addEventListener("load", () => setTimeout(resolve, 100));
  picture.src = "data:image/svg+xml," + encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="600"/>');
  document.querySelector("#desk-conversation .bubble-body").append(picture);
})
"""


def write(account: OfficialAccount, text: str, openid: str) -> Thread:
    threads.note_message(message(account, text, openid=openid))
    windows.grant(account, openid, Trigger.MESSAGE, timezone.now())
    return Thread.objects.get(openid=openid)


def test_a_follower_is_answered_with_the_keyboard_alone(sign_in: SignIn, staff: Cast) -> None:
    write(staff.ours, "怎么退款", FIRST)
    write(staff.ours, "几点开门", SECOND)
    CannedAnswer.objects.create(
        account=staff.ours, shortcut="退款", content={"type": "text", "content": "七天内可退。"}
    )
    page = sign_in(staff.service)
    page.get_by_role("link", name="客服工作台").click()
    page.wait_for_load_state()
    page.keyboard.press("j")
    expect(page.get_by_role("log")).to_contain_text("怎么退款")
    page.keyboard.press("/")
    page.keyboard.type("退")
    page.keyboard.press("Enter")
    expect(page.get_by_label("回复", exact=True)).to_have_value("七天内可退。")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("log")).to_contain_text("七天内可退。")
    expect(page.get_by_text("人工接待中")).to_be_visible()
    assert Push.objects.get().openid == FIRST


def test_what_arrives_appears_without_a_reload(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.service)
    page.goto("/admin/desk/thread/")
    expect(page.get_by_text("没有等待回复的对话")).to_be_visible()
    write(staff.ours, "有人吗", FIRST)
    expect(page.locator(".desk-line")).to_contain_text("有人吗")


def test_a_refused_reply_stays_in_the_box(sign_in: SignIn, staff: Cast) -> None:
    write(staff.ours, "在吗", FIRST)
    windows.exhaust(staff.ours, FIRST, timezone.now())
    page = sign_in(staff.service)
    page.goto(f"/admin/desk/thread/?who={FIRST}")
    page.get_by_label("回复", exact=True).fill("您好")
    page.get_by_role("button", name="发送").click()
    expect(page.get_by_role("alert")).to_contain_text("微信目前不允许")
    expect(page.get_by_label("回复", exact=True)).to_have_value("您好")


def test_a_note_is_kept_and_shown(sign_in: SignIn, staff: Cast) -> None:
    write(staff.ours, "在吗", FIRST)
    page = sign_in(staff.service)
    page.goto(f"/admin/desk/thread/?who={FIRST}")
    page.get_by_label("回复", exact=True).fill("老客户")
    page.get_by_role("button", name="存为备注").click()
    expect(page.get_by_role("log")).to_contain_text("老客户")
    assert Note.objects.get().text == "老客户"


def test_a_message_that_failed_is_sent_again_where_it_stands(sign_in: SignIn, staff: Cast) -> None:
    write(staff.ours, "怎么退款", FIRST)
    push = Push.objects.create(
        account=staff.ours, openid=FIRST, key="a", content={"type": "text", "content": "七天内可退。"},
        state="failed", reason="refused", errcode=-1, attempts=1,
    )  # fmt: skip
    page = sign_in(staff.service)
    page.goto(f"/admin/desk/thread/?who={FIRST}")
    expect(page.get_by_role("log")).to_contain_text("-1")
    page.get_by_role("button", name="再次发送").click()
    expect(page.get_by_role("log")).to_contain_text("等待")
    expect(page.get_by_role("button", name="再次发送")).to_have_count(0)
    push.refresh_from_db()
    assert push.state == "pending"


def test_remark_and_tags_are_changed_beside_a_reply_that_is_half_typed(sign_in: SignIn, staff: Cast) -> None:
    write(staff.ours, "怎么退款", FIRST)
    Follower.objects.create(account=staff.ours, openid=FIRST)
    Tag.objects.create(account=staff.ours, name="VIP", platform_id=100)
    page = sign_in(staff.service)
    page.goto(f"{reverse('admin:desk')}?who={FIRST}")
    page.get_by_label("回复", exact=True).fill("稍等")
    page.get_by_text("修改备注、标签和字段").click()
    panel = page.locator("aside.desk-panel")
    panel.get_by_label("备注").fill("退款" * 10)
    panel.get_by_role("button", name="保存").click()
    expect(panel.get_by_role("alert")).to_contain_text("备注")
    panel.get_by_label("备注").fill("王女士")
    panel.get_by_label("VIP").check()
    panel.get_by_role("button", name="保存").click()
    expect(page.locator("#desk-head")).to_contain_text("王女士")
    expect(page.locator("#desk-panel")).to_contain_text("VIP")
    expect(page.get_by_label("回复", exact=True)).to_have_value("稍等")
    kept = Follower.objects.get(openid=FIRST)
    assert (kept.remark, [tag.name for tag in kept.tags.all()]) == ("王女士", ["VIP"])


def asked_with_canned_answer(sign_in: SignIn, staff: Cast, shortcut: str) -> Page:
    """Returns the desk's page of somebody who asked what a canned answer is for."""
    write(staff.ours, "怎么退款", FIRST)
    answer = {"type": "text", "content": "七天内可退。"}
    CannedAnswer.objects.create(account=staff.ours, shortcut=shortcut, content=answer)
    page = sign_in(staff.service)
    page.goto(f"/admin/desk/thread/?who={FIRST}")
    return page


@pytest.mark.parametrize("typed", ["／tk", "、TK"])
def test_a_canned_answer_opens_with_the_slash_of_a_chinese_keyboard(
    sign_in: SignIn, staff: Cast, typed: str
) -> None:
    page = asked_with_canned_answer(sign_in, staff, "Tk")
    page.get_by_label("回复", exact=True).fill(typed)
    page.keyboard.press("Enter")
    expect(page.get_by_label("回复", exact=True)).to_have_value("七天内可退。")


def test_enter_that_ends_a_word_of_an_input_method_chooses_no_canned_answer(
    sign_in: SignIn, staff: Cast
) -> None:
    page = asked_with_canned_answer(sign_in, staff, "退款")
    box = page.get_by_label("回复", exact=True)
    box.fill("/")
    expect(page.locator("#desk-canned li")).to_be_visible()
    box.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    expect(box).to_have_value("/")


def test_a_picture_that_loads_late_keeps_the_newest_message_in_sight(sign_in: SignIn, staff: Cast) -> None:
    for number in range(12):
        write(staff.ours, f"第{number}句", FIRST)
    page = sign_in(staff.service)
    page.goto(f"/admin/desk/thread/?who={FIRST}")
    newest = page.get_by_role("log").get_by_text("第11句")
    expect(newest).to_be_in_viewport()
    page.evaluate(LATE_PICTURE)
    expect(page.locator("#late")).to_be_attached()
    expect(newest).to_be_in_viewport()
    page.get_by_role("log").hover()
    page.mouse.wheel(0, -2000)
    expect(newest).not_to_be_in_viewport()
    page.evaluate(LATE_PICTURE)
    expect(newest).not_to_be_in_viewport()
