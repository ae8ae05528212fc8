"""Browser tests of the ten main tasks from the home page, with their numbers of clicks and fields.

``docs/tasks.md`` has the table of them; a way that became longer fails here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings

from accounts.approvals.models import ApprovalLimit
from accounts.followers.models import Segment
from accounts.staff.models import StaffRight
from menus import drafts
from payments.merchants.models import Merchant
from payments.orders.models import Order, Refund
from tests.articles.conftest import picture
from tests.campaigns.conftest import World
from tests.campaigns.mass_cast import followers, received, run_due
from tests.cast import Cast, member, message
from tests.menus.conftest import button, introduced, put
from tests.simulated import Simulated
from wechat.articles.models import Draft
from wechat.campaigns.models import Campaign
from wechat.channels.models import Channel
from wechat.desk import threads
from wechat.kernel import work
from wechat.materials.models import Asset
from wechat.pushes import windows
from wechat.pushes.models import Push
from wechat.pushes.windows import Trigger
from wechat.replies.models import Rule

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[User], Page]
OPENID = "oFollower000000000000000001"


@dataclass(frozen=True)
class Way:
    """The most clicks and choices a task may take, and the most fields that are typed into."""

    clicks: int
    typed: int


MOST = {
    "reply": Way(3, 1),
    "rule": Way(3, 2),
    "menu": Way(4, 1),
    "article": Way(8, 2),
    "campaign": Way(12, 2),
    "mass": Way(8, 3),
    "channel": Way(3, 1),
    "refund": Way(5, 1),
    "figures": Way(2, 0),
    "invite": Way(4, 2),
}


class Hand:
    """A colleague's hand at a page: what it clicks, chooses and types is counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = self.typed = 0

    def click(self, what: Locator) -> None:
        what.click()
        self.clicks += 1

    def open(self, name: str) -> None:
        """Follows a link of that name, in the sidebar or the page."""
        self.click(self.page.get_by_role("link", name=name).first)

    def press(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name, exact=True))

    def choose(self, field: Locator, label: str) -> None:
        field.select_option(label=label)
        self.clicks += 1

    def type(self, field: Locator, text: str) -> None:
        field.fill(text)
        self.typed += 1

    def goes_on_as(self, page: Page) -> None:
        """Goes on as another colleague, at their own home page."""
        self.page = page

    def has_done(self, task: str) -> None:
        """Fails for a way that is longer than it may be, and for one that could be noted as shorter."""
        assert Way(self.clicks, self.typed) == MOST[task]


def test_a_follower_is_answered(sign_in: SignIn, staff: Cast) -> None:
    threads.note_message(message(staff.ours, "怎么退款", openid=OPENID))
    windows.grant(staff.ours, OPENID, Trigger.MESSAGE, timezone.now())
    hand = Hand(sign_in(staff.service))
    hand.open("会话等待回复")
    hand.click(hand.page.locator(".desk-line").filter(has_text="怎么退款"))
    hand.type(hand.page.get_by_label("回复", exact=True), "七天内可退。")
    hand.press("发送")
    expect(hand.page.get_by_role("log")).to_contain_text("七天内可退。")
    assert Push.objects.get().openid == OPENID
    hand.has_done("reply")


def test_an_auto_reply_is_added(sign_in: SignIn, staff: Cast) -> None:
    hand = Hand(sign_in(staff.editor))
    hand.open("自动回复")
    hand.open("添加自动回复")
    hand.type(hand.page.locator("#id_keywords-0-text"), "停车")
    hand.type(hand.page.locator("#id_replies-0-text"), "地下二层")
    hand.press("保存")
    expect(hand.page.locator(".rule-name")).to_have_text("停车")
    assert Rule.objects.get().enabled
    hand.has_done("rule")


def test_the_menu_is_changed_and_published(sign_in: SignIn, staff: Cast, simulated: Simulated) -> None:
    wechat = introduced(simulated, staff.ours)
    put(drafts.default_menu(staff.ours), button(name="课程"))
    hand = Hand(sign_in(staff.owner))
    hand.open("自定义菜单")
    hand.click(hand.page.get_by_role("link", name="编辑", exact=True))
    hand.type(hand.page.get_by_label("名称"), "今日课程")
    hand.open("发布…")
    hand.press("立即发布")
    expect(hand.page.get_by_text("菜单正在发布到微信")).to_be_visible()
    work.run("menus.publish")
    assert wechat.names() == ["今日课程"]
    hand.has_done("menu")


def test_an_article_is_written_and_published(
    sign_in: SignIn, staff: Cast, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    cover = Asset(account=staff.ours, name="封面图", content_type="image/png", size=1, due_at=timezone.now())
    cover.file.save("cover.png", ContentFile(picture()), save=False)
    cover.save()
    hand = Hand(sign_in(staff.owner))
    hand.open("图文消息")
    hand.open("添加图文消息")
    hand.type(hand.page.get_by_label("标题").first, "周末活动")
    body = hand.page.frame_locator(".tox-edit-area__iframe").locator("body")
    hand.click(body)
    hand.type(body, "到店有礼")
    hand.click(hand.page.get_by_role("button", name="选择文件…").first)
    hand.click(hand.page.get_by_role("dialog").get_by_role("option", name="封面图"))
    hand.press("保存并继续编辑")
    hand.open("发布…")
    hand.press("发布")
    expect(hand.page.get_by_role("heading", name="周末活动").first).to_be_visible()
    draft = Draft.objects.get()
    assert (draft.work, draft.articles.get().title) == (Draft.Work.PUBLISH, "周末活动")
    hand.has_done("article")


def test_a_campaign_is_sent_to_a_segment(sign_in: SignIn, staff: Cast, simulated: Simulated) -> None:
    second = member("second", staff.ours, StaffRight.Role.OWNER)
    world = World(simulated, staff.ours, staff.owner, second)
    crowd = [f"oCrowd{number:03d}" for number in range(3)]
    world.follow(*crowd)
    Segment.objects.create(account=staff.ours, name="老客户", conditions=[])
    hand = Hand(sign_in(staff.owner))
    hand.open("营销活动")
    hand.open("添加营销活动")
    hand.type(hand.page.locator("#id_name"), "双十一")
    hand.choose(hand.page.locator("#id_way"), "仅模板消息或订阅通知")
    hand.choose(hand.page.locator("#id_template"), "预约")
    hand.choose(hand.page.locator("#id_audience"), "人群分组")
    hand.choose(hand.page.locator("#id_segment"), "老客户")
    hand.press("保存")
    hand.type(hand.page.locator("[name=template-value-thing4]"), "天河店")
    hand.press("保存")
    hand.press("核算发送对象")
    work.run("campaigns.run")
    hand.press("提交审批")
    expect(hand.page.get_by_role("button", name="提交审批")).to_have_count(0)
    hand.goes_on_as(sign_in(second))
    hand.open("等您审批")
    hand.press("同意")
    expect(hand.page.get_by_role("button", name="同意")).to_have_count(0)
    world.run(Campaign.objects.get())
    assert dict(world.received()) == dict.fromkeys(crowd, 1)
    hand.has_done("campaign")


def test_a_mass_send_goes_to_everybody(sign_in: SignIn, staff: Cast, simulated: Simulated) -> None:
    simulated.create_account(staff.ours, callback_url="")
    simulated.sim("/settings", {"result_event_delay": 0})
    ApprovalLimit.objects.create(account=staff.ours, action="mass_send", role="owner", alone_up_to=None)
    followers(staff.ours, simulated, 3)
    hand = Hand(sign_in(staff.owner))
    hand.click(hand.page.get_by_role("link", name=re.compile("群发$")).first)
    hand.open("添加群发")
    hand.type(hand.page.locator("#id_name"), "周末会员日")
    hand.choose(hand.page.locator("#id_target"), "全部粉丝")
    hand.choose(hand.page.locator("#id_kind"), "文字")
    hand.type(hand.page.locator("#id_text"), "到店有礼")
    hand.press("保存并继续编辑")
    hand.open("查看人数并发送…")
    hand.press("发给全部粉丝…")
    hand.type(hand.page.get_by_label("此操作无法撤销"), "所有人")
    hand.press("确定，发给全部 3 位粉丝")
    expect(hand.page.get_by_role("link", name="查看人数并发送…")).to_have_count(0)
    run_due()
    assert len(received(staff.ours, simulated, of=3)) == 3
    hand.has_done("mass")


def test_a_channel_code_is_made(sign_in: SignIn, staff: Cast) -> None:
    hand = Hand(sign_in(staff.editor))
    hand.open("渠道二维码")
    hand.click(hand.page.locator("a[href$='/channels/channel/add/']").first)
    hand.type(hand.page.locator("#id_name"), "春季展会")
    hand.press("保存")
    expect(hand.page.get_by_role("link", name="春季展会").first).to_be_visible()
    assert Channel.objects.get().code.state == "waiting"
    hand.has_done("channel")


def test_an_order_is_refunded(sign_in: SignIn, staff: Cast) -> None:
    order = _paid_order(staff)
    hand = Hand(sign_in(member("finance", staff.ours, StaffRight.Role.FINANCE)))
    hand.open("订单")
    hand.open(order.out_trade_no)
    hand.open("退款…")
    hand.type(hand.page.get_by_label("原因"), "活动取消")
    hand.press("下一步：查看结果")
    hand.click(hand.page.get_by_role("button", name=re.compile("退款")))
    expect(hand.page.get_by_role("link", name="退款…")).to_have_count(0)
    assert (Refund.objects.get().amount, Refund.objects.get().reason) == (10_000, "活动取消")
    hand.has_done("refund")


def _paid_order(staff: Cast) -> Order:
    merchant = Merchant.objects.create(slug="shop", name="商户", mchid="1900000001", serial_no="A" * 40)
    merchant.accounts.add(staff.ours)
    paid: dict[str, Any] = {"state": "paid", "paid_at": timezone.now(), "transaction_id": "4200001"}
    return Order.objects.create(
        account=staff.ours, merchant=merchant, out_trade_no="DD20260302001", source="test", key="1",
        way=Order.Way.JSAPI, description="会员年卡", total=10_000, expires_at=timezone.now(), openid=OPENID,
        due_at=None, **paid,
    )  # fmt: skip


def test_the_figures_of_a_week_are_looked_at(growth: None, sign_in: SignIn, staff: Cast) -> None:
    hand = Hand(sign_in(staff.auditor))
    hand.open("用户分析")
    hand.open("7 天")
    expect(hand.page.get_by_role("link", name="7 天")).to_have_attribute("aria-current", "true")
    expect(hand.page.get_by_role("img", name="用户分析")).to_be_visible()
    hand.has_done("figures")


def test_a_colleague_is_invited(sign_in: SignIn, staff: Cast) -> None:
    hand = Hand(sign_in(staff.owner))
    hand.open("同事")
    hand.open("邀请同事")
    hand.type(hand.page.locator("#id_name"), "李雷")
    hand.type(hand.page.locator("#id_username"), "lilei")
    hand.click(hand.page.get_by_role("radio", name=re.compile("^客服")))
    hand.press("邀请")
    expect(hand.page.get_by_text("lilei").first).to_be_visible()
    assert StaffRight.objects.get(user__username="lilei").role == StaffRight.Role.SERVICE
    hand.has_done("invite")


def test_the_table_in_the_documentation_says_the_same() -> None:
    text = (Path(__file__).parents[2] / "docs" / "tasks.md").read_text()
    rows = re.findall(r"^\|[^|]+\|[^|]+\|\s*(\d+) \| (\d+) \|", text, re.MULTILINE)
    assert [Way(int(clicks), int(typed)) for clicks, typed in rows] == list(MOST.values())
