"""Tests of revenue by day and source: the sums of past days equal their orders."""

import datetime
import re
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from payments.orders import revenue
from payments.orders.models import Order, RevenueDay, RevenueSum
from payments.orders.refunds import refunding
from payments.orders.revenue import Amounts
from tests.payments.conftest import Ordered
from tests.payments.world import notify, notify_refund
from wechat.channels.models import Attribution, Channel
from wechat.console.periods import Period
from wechat.kernel import work

PAGE = "/admin/orders/order/revenue/"
DAY = datetime.timedelta(days=1)


def text(client: Client, address: str = PAGE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def sum_days() -> None:
    """Hands on events of orders, and works out the days that are due."""
    work.run_all("orders.publish", "orders.sum_revenue")


def days_later(number: float) -> Any:
    return time_machine.travel(timezone.now() + number * DAY, tick=True)


def test_what_was_paid_today_is_shown_before_anything_was_worked_out(money: Client, paid: Order) -> None:
    shown = text(money)
    assert "¥100.00" in shown
    assert not RevenueSum.objects.exists()


def test_a_day_that_is_over_is_worked_out_and_says_the_same(money: Client, ordered: Ordered) -> None:
    notify(ordered(item="年卡"))
    today = timezone.localdate()
    sum_days()
    before = revenue.paid(Order.objects.get().account, Period(today, today))
    with days_later(2):
        sum_days()
        assert not RevenueDay.objects.filter(due_at__isnull=False).exists()
        after = revenue.paid(Order.objects.get().account, Period(today, today))
        assert (after.days, after.facets) == (before.days, before.facets)
        assert after.facets["item"] == {"年卡": Amounts(1, 10000, 0)}
        assert "年卡 ¥100.00 ¥0.00 ¥100.00 1" in text(money)


def test_a_refund_changes_the_day_on_which_its_order_was_paid(money: Client, paid: Order) -> None:
    day = timezone.localdate(paid.paid_at)
    sum_days()
    with days_later(2):
        sum_days()
        refund = refunding.request(paid, 3000, source="test", key="r", reason="")
        notify_refund(refund)
        sum_days()
        kept = RevenueSum.objects.get(facet="", day=day)
        assert (kept.count, kept.total, kept.refunded) == (1, 10000, 3000)
        assert "¥70.00" in text(money)


def test_a_day_that_changes_while_it_is_worked_out_is_worked_out_again(paid: Order) -> None:
    sum_days()
    with days_later(2):
        row = revenue.DAYS.claim()[0]
        revenue.note_days(paid.account_id, [row.day])
        revenue.compute(row)
        assert not RevenueSum.objects.exists()
        sum_days()
        assert RevenueSum.objects.filter(facet="").count() == 1


def test_a_command_finds_sums_that_are_not_those_of_the_orders_and_mends_them(
    paid: Order, capsys: pytest.CaptureFixture[str]
) -> None:
    sum_days()
    with days_later(2):
        sum_days()
        call_command("check_figures")
        assert "agree" in capsys.readouterr().out
        RevenueSum.objects.filter(facet="").update(total=1)
        with pytest.raises(SystemExit):
            call_command("check_figures")
        assert str(timezone.localdate(paid.paid_at)) in capsys.readouterr().out
        call_command("check_figures", "--mend")
        sum_days()
        call_command("check_figures")
        assert RevenueSum.objects.get(facet="").total == 10000


def test_revenue_is_put_down_to_the_channels_that_brought_the_payers(money: Client, paid: Order) -> None:
    assert "按渠道" not in text(money)
    channel, now = Channel.objects.create(account=paid.account, name="一号店"), timezone.now()
    Attribution.objects.create(
        account=paid.account,
        openid=paid.payer_openid,
        first_channel=channel,
        first_at=now,
        last_channel=channel,
        last_at=now,
    )
    assert "一号店 ¥100.00 ¥0.00 ¥100.00 1" in text(money)


def test_the_period_before_stands_beside_it(money: Client, paid: Order) -> None:
    sum_days()
    with days_later(7):
        sum_days()
        shown = text(money, f"{PAGE}?days=7")
        assert "之前：¥100.00" in shown
        assert "-100.0%" in shown


def test_a_day_leads_to_its_orders(money: Client, paid: Order) -> None:
    today = timezone.localdate()
    page = money.get(PAGE).content.decode()
    link = re.search(rf'href="([^"]+since={today}[^"]*)"', page)
    assert link
    assert paid.out_trade_no in money.get(link[1].replace("&amp;", "&")).content.decode()


def test_the_workbook_has_numbers_that_can_be_reckoned_with(money: Client, ordered: Ordered) -> None:
    notify(ordered(item="12345678901234567890"))
    book = load_workbook(BytesIO(b"".join(money.get(f"{PAGE}?format=xlsx"))))
    by_day, by_item = book.worksheets[:2]
    _heading, *rows = by_day.iter_rows(values_only=True)
    assert len(rows) == 30
    assert rows[0][0] == str(timezone.localdate())
    assert rows[0][1:] == (100, 0, 100, 1)
    # A long number that is a name keeps all its digits.
    assert by_item["A2"].value == "12345678901234567890"
    lines = money.get(f"{PAGE}?format=csv").content.decode("utf-8-sig").splitlines()
    assert lines[1] == f"{timezone.localdate()},100.00,0.00,100.00,1"


@pytest.mark.parametrize(
    "asked", ["first=x", "first=2026-01-02&last=2026-01-01", "days=9999", "last=2014-13-01"]
)
def test_days_that_make_no_sense_are_the_usual_ones(money: Client, paid: Order, asked: str) -> None:
    assert "¥100.00" in text(money, f"{PAGE}?{asked}")
