import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Dialog, FilePayload, Page, Route, expect
from pytest_django import Settings

from accounts.followers.models import Follower, Tag
from accounts.official.models import OfficialAccount
from tests.cast import Cast, message
from wechat.desk import threads
from wechat.desk.models import CannedAnswer, Note, Thread
from wechat.pushes import windows
from wechat.pushes.models import ConversationPicture, Push
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

# A picture of one pixel, and how it comes from the clipboard or is dropped.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
BRING = """
([kind, place, bytes]) => {
  const given = new DataTransfer();
  const body = Uint8Array.from(atob(bytes), (each) => each.charCodeAt(0));
  given.items.add(new File([body], "截图.png", { type: "image/png" }));
  const options = { bubbles: true, cancelable: true };
  const event = kind === "paste" ? new ClipboardEvent("paste", { ...options, clipboardData: given })
    : new DragEvent("drop", { ...options, dataTransfer: given });
  document.querySelector(place).dispatchEvent(event);
}
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


@pytest.fixture
def talking(sign_in: SignIn, staff: Cast, settings: Settings, tmp_path: Path) -> Page:
    """The page of a conversation, whose pictures are kept in a folder of the test."""
    settings.MEDIA_ROOT = tmp_path
    write(staff.ours, "怎么操作", FIRST)
    page = sign_in(staff.service)
    page.goto(f"/admin/desk/thread/?who={FIRST}")
    return page


def bring(page: Page, kind: str, place: str) -> None:
    page.evaluate(BRING, [kind, place, base64.b64encode(PNG).decode()])


@pytest.mark.parametrize(("kind", "place"), [("paste", "#desk-text"), ("drop", "#desk-conversation")])
def test_a_screenshot_is_seen_before_it_is_sent_and_the_text_stays(
    talking: Page, kind: str, place: str
) -> None:
    box = talking.get_by_label("回复", exact=True)
    box.fill("如图")
    bring(talking, kind, place)
    preview = talking.get_by_role("img", name="您的图片，尚未发送")
    expect(preview).to_be_visible()
    talking.get_by_role("button", name="撤下图片").click()
    expect(preview).to_be_hidden()
    expect(box).to_have_value("如图")
    bring(talking, kind, place)
    box.press("Control+Enter")
    expect(talking.get_by_role("log").get_by_role("img", name="图片")).to_be_visible()
    expect(preview).to_be_hidden()
    expect(box).to_have_value("如图")
    assert ConversationPicture.objects.get().push == Push.objects.get()
    talking.get_by_role("button", name="发送", exact=True).click()
    expect(box).to_have_value("")
    assert Push.objects.count() == 2


def test_a_file_is_chosen_with_the_keyboard_and_stays_when_a_colleague_was_faster(
    talking: Page, staff: Cast
) -> None:
    Push.objects.create(
        account=staff.ours, openid=FIRST, key="a", content={"type": "text", "content": "您好"},
        cause=f"staff:{staff.owner.pk}", due_at=timezone.now(),
    )  # fmt: skip
    talking.evaluate("document.getElementById('desk-seen').dataset.seen = '0'")
    chooser = talking.get_by_label("本地图片")
    chooser.focus()
    with talking.expect_file_chooser() as opened:
        chooser.press("Enter")
    opened.value.set_files({"name": "截图.png", "mimeType": "image/png", "buffer": PNG})
    button = talking.get_by_role("button", name="发送图片")
    talking.route("**/live/**", lambda route: route.abort())
    button.click()
    expect(talking.locator(".desk-composer [role=alert]")).to_contain_text("owner")
    expect(talking.get_by_role("img", name="您的图片，尚未发送")).to_be_visible()
    talking.unroute("**/live/**")
    expect(talking.get_by_role("log")).to_contain_text("您好")
    button.click()
    expect(talking.get_by_role("log").get_by_role("img", name="图片")).to_be_visible()
    assert ConversationPicture.objects.get().push == Push.objects.latest("pk")


def test_a_photo_that_is_too_large_is_refused_before_it_is_uploaded(talking: Page) -> None:
    large = FilePayload(name="照片.jpg", mimeType="image/jpeg", buffer=bytes(10 * 1024 * 1024 + 1))
    talking.get_by_label("本地图片").set_input_files(large)
    expect(talking.locator(".desk-composer [role=alert]")).to_contain_text("10.0")
    expect(talking.get_by_role("img", name="您的图片，尚未发送")).to_be_hidden()


def test_on_a_phone_the_picture_and_its_buttons_fit(talking: Page) -> None:
    talking.set_viewport_size({"width": 360, "height": 740})
    bring(talking, "paste", "#desk-text")
    for name in ("撤下图片", "发送图片"):
        expect(talking.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    assert talking.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_of_the_pages_in_use_those_of_the_mini_program_are_suggested(sign_in: SignIn, staff: Cast) -> None:
    for appid, path in (("wx3c5e7a9b1d2f4068", "pages/book"), ("wxfedcba9876543210", "pages/shop")):
        card = {"type": "miniprogrampage", "appid": appid, "pagepath": path, "title": "约课"}
        CannedAnswer.objects.create(account=staff.ours, shortcut=appid, content=card)
    page = sign_in(staff.service)
    page.goto(reverse("admin:desk_cannedanswer_add"))
    page.locator("[name=kind]").select_option("miniprogrampage")
    page.locator("[name=appid]").fill("wx3c5e7a9b1d2f4068")
    page.locator("[name=pagepath]").focus()
    suggested = page.locator("#known-pagepath option:not([disabled])")
    expect(suggested).to_have_count(1)
    assert suggested.get_attribute("value") == "pages/book"


def test_whoever_is_chosen_gets_the_conversation_and_the_half_typed_reply_stays(
    talking: Page, staff: Cast
) -> None:
    box = talking.get_by_label("回复", exact=True)
    box.fill("稍等")
    bring(talking, "paste", "#desk-text")
    talking.locator("#desk-to").select_option(label="owner")
    expect(talking.locator(".desk-when").first).to_contain_text("owner")
    assert Thread.objects.get(openid=FIRST).assignee == staff.owner
    talking.get_by_role("button", name="人工接管").click()
    expect(talking.get_by_role("button", name="交还给自动回复")).to_be_visible()
    expect(box).to_have_value("稍等")
    expect(talking.get_by_role("img", name="您的图片，尚未发送")).to_be_visible()


def test_a_half_typed_reply_waits_in_its_own_conversation(talking: Page, staff: Cast) -> None:
    write(staff.ours, "几点开门", SECOND)
    box = talking.get_by_label("回复", exact=True)
    for openid, words in ((FIRST, "七天内"), (SECOND, "九点")):
        talking.goto(f"/admin/desk/thread/?who={openid}")
        expect(box).to_have_value("")
        box.fill(words)
    talking.goto(f"/admin/desk/thread/?who={FIRST}")
    expect(box).to_have_value("七天内")
    talking.get_by_role("button", name="发送", exact=True).click()
    expect(box).to_have_value("")
    talking.goto(f"/admin/desk/thread/?who={SECOND}")
    expect(box).to_have_value("九点")
    talking.goto(f"/admin/desk/thread/?who={FIRST}")
    expect(box).to_have_value("")


def test_who_leaves_with_a_picture_that_is_not_sent_is_asked(talking: Page, staff: Cast) -> None:
    write(staff.ours, "几点开门", SECOND)
    other = talking.get_by_role("link", name="几点开门")
    expect(other).to_be_visible()
    bring(talking, "paste", "#desk-text")
    talking.get_by_label("回复", exact=True).click()
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    talking.once("dialog", stay)
    other.click(no_wait_after=True)
    expect(talking.get_by_role("img", name="您的图片，尚未发送")).to_be_visible()
    talking.get_by_role("button", name="撤下图片").click()
    other.click()
    expect(talking.get_by_role("log")).to_contain_text("几点开门")
    assert asked == ["beforeunload"]


def test_a_line_that_breaks_in_the_middle_of_sending_sends_once(talking: Page) -> None:
    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    talking.route("**/admin/desk/thread/*/", lose_the_answer, times=1)
    box = talking.get_by_label("回复", exact=True)
    box.fill("七天内可退")
    box.press("Control+Enter")
    expect(talking.get_by_role("alert").filter(has_text="请再点一次，不会重复发送")).to_be_visible()
    expect(box).to_have_value("七天内可退")
    box.press("Control+Enter")
    expect(box).to_have_value("")
    assert Push.objects.count() == 1


def test_the_newest_message_stays_in_sight_when_a_picture_is_chosen(talking: Page, staff: Cast) -> None:
    for number in range(12):
        write(staff.ours, f"第{number}句", FIRST)
    newest = talking.get_by_role("log").get_by_text("第11句")
    expect(newest).to_be_in_viewport()
    bring(talking, "paste", "#desk-text")
    expect(newest).to_be_in_viewport(ratio=1)
