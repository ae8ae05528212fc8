"""A campaign from the empty form to the report, as two people click through it; the test is the worker."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from accounts.official.models import OfficialAccount
from tests.campaigns.conftest import World
from tests.cast import Cast
from tests.simulated import Simulated
from tests.working import send_due
from wechat.campaigns.models import Campaign
from wechat.kernel import work
from wechat.pushes.models import Push

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[User], Page]
LIST = "/admin/campaigns/campaign/"
CROWD = [f"oCrowd{number:03d}" for number in range(4)]


@pytest.fixture
def world(simulated: Simulated, account: OfficialAccount, staff: Cast) -> World:
    world = World(simulated, account, staff.owner, staff.superuser)
    world.follow(*CROWD)
    return world


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def written(page: Page) -> Campaign:
    """Makes a campaign with its wording, starting from the list."""
    page.goto(LIST)
    page.locator("a[href$='/campaigns/campaign/add/']").first.click()
    page.locator("#id_name").fill("双十一")
    page.locator("#id_way").select_option("template")
    page.locator("#id_template").select_option(label="预约")
    page.locator("#id_audience").select_option("everybody")
    press(page, "保存")
    page.locator("[name=template-value-thing4]").fill("天河店")
    expect(page.locator(".notice-card")).to_contain_text("天河店")
    press(page, "保存")
    expect(page.get_by_role("heading", level=1)).to_contain_text("双十一")
    return Campaign.objects.get()


def begun(sign_in: SignIn, world: World) -> tuple[Page, Campaign]:
    """Makes a campaign by one person and approves it by another; its first messages are queued."""
    page = sign_in(world.author)
    campaign = written(page)
    press(page, "核算发送对象")
    work.run("campaigns.run")
    expect(page.get_by_role("row", name="将发送给")).to_contain_text("4")
    # What it needs of what is left today, though nobody reloaded the page.
    expect(page.get_by_role("row", name="模板消息")).to_contain_text("需要 4 次，微信今日额度还剩 100,000 次")
    press(page, "提交审批")
    expect(page.get_by_role("button", name="审批通过，允许发送")).to_have_count(0)
    page = sign_in(world.second)
    page.goto(f"{LIST}{campaign.pk}/change/")
    press(page, "审批通过，允许发送")
    world.tick(campaign)
    expect(page.locator(".progress-box h2")).to_have_text("发送中")
    return page, campaign


def test_a_campaign_is_written_worked_out_approved_paused_and_finished(sign_in: SignIn, world: World) -> None:
    page, campaign = begun(sign_in, world)
    expect(page.locator(".progress-box")).to_contain_text("0 / 4")
    press(page, "暂停")
    expect(page.locator(".progress-box h2")).to_have_text("已暂停")
    assert send_due() == 0
    assert not world.received()
    press(page, "继续")
    expect(page.locator(".progress-box h2")).to_have_text("发送中")
    campaign.refresh_from_db()
    world.run(campaign)
    # Nobody reloads the page: it looks again by itself.
    expect(page.locator(".progress-box h2")).to_have_text("完成")
    expect(page.locator(".progress-box")).to_contain_text("4 / 4")
    assert dict(world.received()) == dict.fromkeys(CROWD, 1)
    page.reload()
    expect(page.locator(".report")).to_contain_text("已发送")
    page.get_by_role("link", name="全部接收人").click()
    expect(page.locator("tbody tr")).to_have_count(4)


def test_a_variable_is_pressed_into_the_field_that_was_written_in_last(sign_in: SignIn, world: World) -> None:
    page = sign_in(world.author)
    campaign = written(page)
    page.goto(f"{LIST}{campaign.pk}/variant/A/")
    value = page.locator("[name=template-value-thing4]")
    value.fill("到店")
    value.press("Home")
    press(page, "公众号名称")
    expect(value).to_have_value("{account}到店")
    expect(value).to_be_focused()
    expect(page.locator(".notice-card")).to_contain_text("{account}到店")


def test_what_was_refused_is_told_over_the_form_and_moves_nothing_of_it(
    sign_in: SignIn, world: World
) -> None:
    page = sign_in(world.author)
    campaign = written(page)
    page.goto(f"{LIST}{campaign.pk}/variant/A/")
    before = page.locator("form.fill > div").first.bounding_box()
    page.locator("[name=template-appid]").fill("wx1")
    press(page, "保存")
    banner = page.locator(".errornote-own")
    expect(banner).to_contain_text("小程序 ")
    told = page.locator(".filter-error").first.inner_text()
    expect(banner).to_contain_text(told)
    after, over = page.locator("form.fill > div").nth(1).bounding_box(), banner.bounding_box()
    assert before
    assert after
    assert over
    assert (after["x"], after["width"]) == (before["x"], before["width"])
    assert over["y"] + over["height"] <= after["y"]


def test_what_became_of_each_is_told_with_the_reason(sign_in: SignIn, world: World) -> None:
    page, campaign = begun(sign_in, world)
    world.sim(f"/events/{CROWD[0]}", {"type": "unfollow"})
    world.run(campaign)
    expect(page.locator(".progress-box h2")).to_have_text("完成")
    page.locator(".sums a[href*='not_following']").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert Push.objects.filter(openid=CROWD[0]).exclude(state="sent").exists()


def test_of_two_who_have_the_page_open_the_second_is_told(sign_in: SignIn, world: World) -> None:
    page, campaign = begun(sign_in, world)
    other = page.context.new_page()
    other.goto(f"{LIST}{campaign.pk}/change/")
    stop(other)
    press(page, "暂停")
    expect(page.locator(".progress-box h2")).to_have_text("已暂停")
    press(other, "永久取消")
    expect(other.locator(".progress-box h2")).to_have_text("已暂停")
    campaign.refresh_from_db()
    assert campaign.state == "paused"


def stop(page: Page) -> None:
    """Stops a page from looking again, as with somebody whose network hangs."""
    page.route("**/*part=now*", lambda route: route.abort())
