"""The home page tells each role how its account is doing: today, the days before, and where it comes from."""

import datetime
import json
import re
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from payments.merchants.models import Merchant
from payments.orders.models import Order
from tests.cast import Cast, member, message, signed_in
from tests.console import world
from tests.console.world import World
from wechat.console.periods import DAY
from wechat.desk.models import Thread
from wechat.inbox.models import RECEIPTS, Refusal
from wechat.kernel import work
from wechat.pushes import windows
from wechat.pushes.models import Push, PushDay, SendWindow
from wechat.sdk.beijing import midnight

pytestmark = pytest.mark.django_db

# Of an owner, who sees everything there is: five sources of figures, some of which add what is newer.
MOST_QUERIES = 17
FOLLOWERS = {"follows", "leaves", "net"}
MESSAGES = {"messages", "unanswered", "answered_within", "sends", "deliveries", "failed_sends"}
MONEY = {"revenue", "paid_orders"}
CARDS = {
    "editor": FOLLOWERS | MESSAGES,
    "publisher": FOLLOWERS | MESSAGES,
    "service": FOLLOWERS | MESSAGES,
    "finance": FOLLOWERS | MONEY,
    "auditor": FOLLOWERS | MESSAGES | MONEY,
    "owner": FOLLOWERS | MESSAGES | MONEY,
    "superuser": FOLLOWERS | MESSAGES | MONEY,
}
FIRST = {
    "editor": "follows", "publisher": "follows", "service": "answered_within", "finance": "revenue",
    "auditor": "revenue", "owner": "revenue", "superuser": "revenue",
}  # fmt: skip


def home(user: User) -> dict[str, Any]:
    """Returns the cards of the page by the names of their figures, in the order they are shown."""
    return {card.name: card for card in signed_in(user).get("/admin/").context["cards"]}


def noon(days_ago: int) -> datetime.datetime:
    return midnight(timezone.localdate() - days_ago * DAY) + datetime.timedelta(hours=12)


def arrived(account: OfficialAccount, days_ago: int, number: int = 1, **fields: Any) -> None:
    for _each in range(number):
        message(account, fields.pop("text", ""), received_at=noon(days_ago), **fields)


def queued(account: OfficialAccount, days_ago: int, state: str) -> Push:
    is_out = state in ("sent", "delivered")
    push = Push.objects.create(
        account=account, openid="oFollower", content={"type": "text", "content": "你好"},
        key=f"home:{Push.objects.count()}", state=state,
        reason="" if is_out or state == "pending" else "refused",
        sent_at=timezone.now() if is_out else None, due_at=timezone.now() if state == "pending" else None,
    )  # fmt: skip
    Push.objects.filter(pk=push.pk).update(created_at=noon(days_ago))
    return push


def paid(account: OfficialAccount, days_ago: int, total: int) -> None:
    number = Order.objects.count()
    merchant = Merchant.objects.filter(accounts=account).first()
    if merchant is None:
        merchant = Merchant.objects.create(slug="shop", name="商户", mchid="1900000001", serial_no="A" * 40)
        merchant.accounts.add(account)
    Order.objects.create(
        account=account, merchant=merchant, out_trade_no=f"H{number}", source="test", key=str(number),
        way=Order.Way.NATIVE, description="年卡", total=total, expires_at=timezone.now(), state="paid",
        paid_at=noon(days_ago), transaction_id=str(number), due_at=None,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _evening() -> Any:
    """Makes it evening, so that noon of today has been."""
    with time_machine.travel(midnight(timezone.localdate()) + datetime.timedelta(hours=20), tick=True):
        yield


def test_whoever_is_pushed_to_in_vain_is_not_asked_to_enter_the_address(staff: Cast) -> None:
    """The refusals, which have to be mended, are shown above instead."""
    empty = "还没有收到微信的任何推送"
    assert empty in signed_in(staff.owner).get("/admin/").content.decode()
    Refusal.objects.create(account=staff.ours, reason="signature", count=2, last_at=timezone.now())
    page = signed_in(staff.owner).get("/admin/").content.decode()
    assert empty not in page
    assert "签名" in page


@pytest.mark.parametrize("role", CARDS)
def test_each_role_sees_the_figures_of_its_areas_its_own_first(staff: Cast, role: str) -> None:
    user = staff.superuser if role == "superuser" else member(f"home-{role}", staff.ours, role)
    shown = home(user)
    assert set(shown) == CARDS[role]
    assert next(iter(shown)) == FIRST[role]


def test_whoever_has_no_right_sees_no_figure(staff: Cast) -> None:
    assert "cards" not in signed_in(staff.nobody).get("/admin/").context


def test_messages_are_what_people_wrote_and_no_receipt(staff: Cast) -> None:
    arrived(staff.ours, 0, text="在吗")
    arrived(staff.ours, 0, kind="image", answered_by="rule:1")
    for event in (*RECEIPTS, "click", "subscribe", "unsubscribe"):
        arrived(staff.ours, 0, kind="event", event=event)
    arrived(staff.ours, 0, kind="malformed")
    arrived(staff.theirs, 0, text="别家")
    shown = home(staff.owner)
    figures = {name: shown[name].today for name in ("messages", "unanswered", "follows", "leaves", "net")}
    assert figures == {"messages": "2", "unanswered": "1", "follows": "1", "leaves": "1", "net": "0"}


def test_yesterday_is_compared_with_the_same_day_of_the_week_before(staff: Cast) -> None:
    arrived(staff.ours, 1, 3, text="昨天")
    arrived(staff.ours, 8, 2, text="上周")
    card = home(staff.owner)["messages"]
    figures = (card.today, card.yesterday.value, card.yesterday.before, card.yesterday.change_in_words)
    assert figures == ("0", "3", "2", "+50.0%")
    assert [value for _day, value, _before in card.lines][:3] == ["0", "3", "0"]
    assert card.lines[1][2] == "2"
    assert len(card.lines) == 30
    # By no weekday: on a Monday "last Sunday" would be yesterday itself.
    assert "昨天 3，上周同日 2" in signed_in(staff.owner).get("/admin/").content.decode()


def test_more_of_what_is_bad_is_worse(staff: Cast) -> None:
    for days_ago, number in ((1, 3), (8, 2)):
        arrived(staff.ours, days_ago, number, text="没人理")
    shown = home(staff.owner)
    assert (shown["messages"].yesterday.is_worse, shown["unanswered"].yesterday.is_worse) == (False, True)


def test_money_is_told_in_yuan(staff: Cast) -> None:
    paid(staff.ours, 0, 12_800)
    paid(staff.ours, 0, 501)
    shown = home(member("money", staff.ours, "finance"))
    assert (shown["revenue"].today, shown["paid_orders"].today) == ("¥133.01", "2")


def test_sends_are_told_by_what_became_of_them(staff: Cast) -> None:
    for state in ("sent", "delivered", "delivered", "failed", "uncertain", "skipped", "pending"):
        queued(staff.ours, 0, state)
    queued(staff.theirs, 0, "sent")
    shown = home(staff.owner)
    figures = {name: shown[name].today for name in ("sends", "deliveries", "failed_sends")}
    assert figures == {"sends": "3", "deliveries": "2", "failed_sends": "2"}


def test_days_that_are_over_are_counted_at_night_and_told_the_same(staff: Cast) -> None:
    for days_ago in (0, 1, 1, 2, 9, 29):
        queued(staff.ours, days_ago, "sent")
    before = home(staff.owner)["sends"].lines
    assert work.run("pushes.count_days") == 2
    assert PushDay.objects.filter(account=staff.ours).count() == 4
    assert home(staff.owner)["sends"].lines == before
    queued(staff.ours, 0, "sent")
    assert home(staff.owner)["sends"].today == "2"
    assert work.run("pushes.count_days") == 0


def test_a_receipt_of_the_last_days_still_changes_the_figures(staff: Cast) -> None:
    push = queued(staff.ours, 1, "sent")
    work.run("pushes.count_days")
    Push.objects.filter(pk=push.pk).update(state="delivered")
    with time_machine.travel(timezone.now() + DAY, tick=True):
        assert work.run("pushes.count_days") == 2
        assert home(staff.owner)["deliveries"].lines[2][1] == "1"


def test_a_person_s_answer_is_measured_from_the_message_that_waited(staff: Cast) -> None:
    since = timezone.now() - datetime.timedelta(minutes=7)
    thread = Thread.objects.create(
        account=staff.ours, openid="oFollower000000000000000001", newest_id=1, newest_at=since,
        waiting_since=since,
    )  # fmt: skip
    asked = message(staff.ours, "在吗", sent_at=timezone.now())
    work.run("inbox.react")
    windows.grant(staff.ours, thread.openid, SendWindow.Trigger.MESSAGE, asked.sent_at)
    posted = {"do": "reply", "text": "在的", "token": "one"}
    signed_in(staff.service).post(reverse("admin:desk_act", args=[thread.pk]), posted)
    assert home(staff.owner)["answered_within"].today == "8 分钟"


def test_nobody_knows_how_quickly_nobody_was_answered(staff: Cast) -> None:
    assert home(staff.owner)["answered_within"].today == "–"


def test_each_figure_leads_to_what_it_counted(staff: Cast) -> None:
    arrived(staff.ours, 3, text="早先的问题")
    arrived(staff.ours, 0, text="今天的问题")
    owner = signed_in(staff.owner)
    cards = {card.name: card for card in owner.get("/admin/").context["cards"]}
    for card in cards.values():
        assert owner.get(card.link).status_code == 200, card.link
    log = owner.get(cards["messages"].link).content.decode()
    assert ("今天的问题" in log, "早先的问题" in log) == (True, False)


def test_who_left_today_is_listed_and_who_left_before_is_not(staff: Cast) -> None:
    now = timezone.now()
    for remark, days in (("今天走的", 0), ("早先走的", 3)):
        left = now - datetime.timedelta(days=days)
        Follower.objects.create(
            account=staff.ours, openid=f"oLeft{days}", remark=remark, subscribed=False,
            subscribed_at=now - datetime.timedelta(days=9), unsubscribed_at=left,
        )  # fmt: skip
    owner = signed_in(staff.owner)
    cards = {card.name: card for card in owner.get("/admin/").context["cards"]}
    listed = owner.get(cards["leaves"].link).content.decode()
    assert ("今天走的" in listed, "早先走的" in listed) == (True, False)


def test_every_chart_has_its_numbers_in_words_and_in_a_table(staff: Cast) -> None:
    arrived(staff.ours, 0, 2, text="你好")
    html = signed_in(staff.owner).get("/admin/").content.decode()
    descriptions = re.findall(r'<canvas class="chart" role="img" aria-label="([^"]+)"', html)
    assert len(descriptions) == len(CARDS["owner"]) == html.count("<details>")
    assert "粉丝消息，近 30 天：最少 0，最多 2，今天 2" in descriptions


def test_the_scale_of_a_chart_of_counts_has_whole_numbers_only(staff: Cast) -> None:
    cards = signed_in(staff.owner).get("/admin/").context["cards"]
    ticks = {card.name: json.loads(card.chart.options)["scales"]["y"]["ticks"] for card in cards}
    assert ticks["messages"]["precision"] == 0
    assert "precision" not in ticks["revenue"]


def test_what_waits_for_the_reader_is_on_the_page(staff: Cast) -> None:
    now = timezone.now()
    Thread.objects.create(account=staff.ours, openid="oF", newest_id=1, newest_at=now, waiting_since=now)
    assert "会话等待回复" in signed_in(staff.service).get("/admin/").content.decode()
    assert "会话等待回复" not in signed_in(staff.auditor).get("/admin/").content.decode()


def test_the_page_asks_as_often_for_many_rows_as_for_one(staff: Cast, ours: World) -> None:
    client = signed_in(staff.owner)
    asked: list[int] = []
    for rows in (1, 10):
        for number in range(1, rows):
            world.add(ours, number)
        client.get("/admin/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/admin/")
        asked.append(len(queries))
    assert asked[0] == asked[1] <= MOST_QUERIES
