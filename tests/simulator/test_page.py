"""The phone page in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import APIResponse, FrameLocator, Page, Request, Route, expect, sync_playwright

from tests.programs import CHROMIUM, installed
from tests.simulator.conftest import APPID, AccountServer, Pushed, Simulator, reply
from tests.simulator.site import Site

NEWS = (
    "<ArticleCount>1</ArticleCount><Articles><item><Title>本周课程</Title><Description>d</Description>"
    "<PicUrl></PicUrl><Url>javascript:alert(1)</Url></item></Articles>"
)
WORDS = '看 <a href="https://h5.example.com/gift">礼物</a> <img src=x onerror=alert(1)>'
TEXT = f"<Content><![CDATA[{WORDS}]]></Content>"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Page]:
    with sync_playwright() as driver:
        path = installed(*CHROMIUM)
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 360, "height": 740}, locale="zh-CN")
        # On a busy machine a page can take longer than the usual five seconds.
        expect.set_options(timeout=60_000)
        page.set_default_timeout(60_000)
        yield page
        browser.close()


@pytest.fixture
def page(chromium: Page, simulator: Simulator, server: AccountServer) -> Page:
    """A new page whose first phone follows the account."""
    server.answer = answer
    chromium.goto(simulator.base)
    chromium.evaluate("localStorage.clear()")
    chromium.reload()
    chromium.get_by_role("button", name="关注公众号").click()
    expect(chromium.get_by_label("消息")).to_be_visible()
    return chromium


def answer(pushed: Pushed) -> bytes:
    text = pushed.body.decode()
    openid = text.split("<FromUserName><![CDATA[")[1].split("]")[0]
    if "课程" in text:
        return reply("news", NEWS, to=openid)
    return reply(inner=TEXT, to=openid) if "<MsgId>" in text else b"success"


def test_the_first_account_is_made_in_the_page(chromium: Page, simulator: Simulator) -> None:
    simulator.sim("/reset")
    chromium.goto(simulator.base)
    chromium.evaluate("localStorage.clear()")
    chromium.reload()
    chromium.get_by_label("名称").fill("我的公众号")
    chromium.get_by_label("服务器地址").fill("nonsense")
    chromium.get_by_role("button", name="新建公众号").click()
    expect(chromium.get_by_role("alert")).to_contain_text("callback_url must be an address")
    chromium.get_by_label("服务器地址").fill("http://127.0.0.1:1/wechat")
    chromium.get_by_role("button", name="新建公众号").click()
    expect(chromium.get_by_role("alert")).to_contain_text("AppSecret")
    expect(chromium.get_by_role("button", name="关注公众号")).to_be_visible()
    made = simulator.get("/accounts")["accounts"][0]
    assert (made["name"], made["callback_url"]) == ("我的公众号", "http://127.0.0.1:1/wechat")


def opened(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title=网页]")


def say(page: Page, text: str) -> None:
    page.get_by_label("消息").fill(text)
    page.get_by_label("消息").press("Enter")


def test_a_message_is_answered_without_reloading(page: Page) -> None:
    say(page, "你好")
    link = page.get_by_role("link", name="礼物")
    expect(link).to_have_attribute("href", "https://h5.example.com/gift")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(page.locator(".mine .trace > summary")).to_contain_text("回复：文本")


def test_an_old_answer_takes_back_nothing_that_the_stream_brought(
    chromium: Page, simulator: Simulator, server: AccountServer
) -> None:
    """The conversation as it was before somebody followed arrives only afterwards."""
    server.answer = answer
    chromium.goto(simulator.base)
    expect(chromium.locator("#link")).to_have_text("实时连接")
    chromium.evaluate("localStorage.clear()")
    asked: list[str] = []
    late: list[tuple[Route, APIResponse]] = []

    def hold_the_second(route: Route, request: Request) -> None:
        asked.append(request.url)
        if len(asked) == 2:
            late.append((route, route.fetch()))
        else:
            route.continue_()

    chromium.route("**/conversation", hold_the_second)
    chromium.reload()
    expect(chromium.locator("#link")).to_have_text("实时连接")
    chromium.get_by_role("button", name="关注公众号").click()
    expect(chromium.get_by_label("消息")).to_be_visible()
    with chromium.expect_request("**/conversation"):
        route, response = late[0]
        route.fulfill(response=response)
    chromium.unroute_all(behavior="wait")
    expect(chromium.get_by_label("消息")).to_be_visible()


def test_markup_in_a_reply_stays_text_and_odd_addresses_are_no_links(page: Page) -> None:
    say(page, "你好")
    expect(page.locator(".theirs .bubble")).to_contain_text("<img src=x onerror=alert(1)>")
    say(page, "课程")
    expect(page.get_by_text("本周课程", exact=True)).to_be_visible()
    assert page.locator("a[href^=javascript]").count() == 0


def test_the_raw_texts_of_a_delivery_can_be_opened_from_the_keyboard(page: Page) -> None:
    say(page, "你好")
    trace = page.locator(".mine .trace summary").first
    expect(trace).to_contain_text("毫秒")
    trace.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Content: 你好")).to_be_visible()


def test_the_page_fits_a_narrow_screen(page: Page) -> None:
    say(page, "很长的一个词" * 40 + "x" * 200)
    expect(page.locator(".mine .bubble")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_phones_and_language_are_remembered(page: Page) -> None:
    page.get_by_role("button", name="添加手机").click()
    expect(page.get_by_role("region")).to_have_count(2)
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("button", name="Add phone")).to_be_visible()
    page.reload()
    expect(page.get_by_role("region", name="Jay’s phone")).to_be_attached()
    expect(page.get_by_role("region")).to_have_count(2)


def test_a_tapped_menu_entry_is_sent_with_its_id(page: Page, simulator: Simulator) -> None:
    say(page, "你好")
    expect(page.get_by_role("link", name="礼物")).to_be_visible()
    openid = simulator.get(f"/accounts/{APPID}/deliveries")["entries"][0]["openid"]
    menu = {"head_content": "满意吗？", "list": [{"id": "101", "content": "满意"}]}
    assert (
        simulator.code(
            "/cgi-bin/message/custom/send", {"touser": openid, "msgtype": "msgmenu", "msgmenu": menu}
        )
        == 0
    )
    page.get_by_role("button", name="满意", exact=True).click()
    expect(page.locator(".mine .bubble", has_text="满意")).to_be_visible()
    sent = simulator.get(f"/accounts/{APPID}/deliveries")["entries"][-1]["content"]
    assert sent == {"content": "满意", "bizmsgmenuid": "101"}


def test_a_sample_picture_can_be_sent(page: Page) -> None:
    page.get_by_role("button", name="更多").click()
    page.get_by_role("button", name="图片").click()
    page.get_by_role("button", name="示例 2").click()
    expect(page.locator(".mine img.picture")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_link_opens_a_page_of_the_account_on_the_phone(
    page: Page, simulator: Simulator, site: Site
) -> None:
    simulator.sim("/accounts", {"appid": APPID, "callback_url": f"{site.base}/wechat/demo/callback"})
    page.reload()
    openid = simulator.call("/cgi-bin/user/get")["data"]["openid"][-1]
    simulator.event(openid, type="text", content="在吗")
    assert simulator.say(f'去<a href="{site.base}/page">商城</a>看看', openid) == 0
    page.get_by_role("link", name="商城").click()
    expect(page.get_by_role("dialog", name="网页").locator("strong")).to_have_text("x")
    expect(page.get_by_role("dialog", name="网页").locator("small")).to_have_text(f"{site.base}/page")
    opened(page).get_by_role("link", name="n").click()
    expect(opened(page).locator("body")).to_contain_text("MicroMessenger")
    page.get_by_role("button", name="关闭").click()
    expect(page.get_by_role("dialog", name="网页")).to_have_count(0)


def test_a_page_of_others_is_not_opened_on_the_phone(page: Page) -> None:
    say(page, "你好")
    page.get_by_role("link", name="礼物").click()
    outside = page.get_by_role("dialog", name="网页").get_by_role("link")
    expect(outside).to_have_attribute("href", "https://h5.example.com/gift")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="网页")).to_have_count(0)


def test_an_authorisation_is_taken_back_on_the_phone(page: Page, simulator: Simulator) -> None:
    component = {"appid": "wxc0ffee0123456789", "aes_key": "A" * 43, "name": "青橙服务商"}
    simulator.sim("/components", component)
    simulator.sim(f"/components/{component['appid']}/authorize", {"appid": APPID})
    page.get_by_role("button", name="授权管理").click()
    granted = opened(page)
    expect(granted.get_by_label("1 消息管理")).to_be_checked()
    granted.get_by_role("button", name="取消授权").click()
    expect(granted.get_by_text("无", exact=True)).to_be_visible()
    assert simulator.get("/components")["components"][0]["authorizations"] == {}


def test_a_platform_is_made_and_pushed_a_ticket_in_the_browser(page: Page, server: AccountServer) -> None:
    server.answer = lambda pushed: b"success"
    page.get_by_role("link", name="第三方平台").click()
    page.get_by_label("名称").fill("新平台")
    page.get_by_label("授权事件接收 URL").fill(server.url)
    page.get_by_role("button", name="新建").click()
    expect(page.get_by_role("heading", name="新平台")).to_be_visible()
    page.get_by_role("button", name="推送 component_verify_ticket").click()
    expect(page.get_by_text("component_verify_ticket success").first).to_be_visible()
