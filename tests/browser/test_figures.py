"""Browser tests of figures: charts with axes, comparisons, and links to details."""

import datetime
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.cast import Cast

SignIn = Callable[[User], Page]
DRAWN = "canvas => Chart.getChart(canvas).data.datasets.map(each => each.data.filter(v => v !== null).length)"


@pytest.mark.django_db(transaction=True)
def test_the_chart_is_drawn_and_another_period_is_one_click_away(
    growth: None, sign_in: SignIn, staff: Cast
) -> None:
    page = sign_in(staff.owner)
    page.get_by_role("link", name="用户分析").click()
    chart = page.get_by_role("img", name="用户分析")
    expect(chart).to_be_visible()
    assert chart.evaluate(DRAWN) == [14, 14, 14]
    page.get_by_role("link", name="7 天").click()
    expect(page.get_by_role("link", name="7 天")).to_have_attribute("aria-current", "true")
    # The days before are drawn as well, quietly.
    assert page.get_by_role("img", name="用户分析").evaluate(DRAWN) == [7, 7, 7, 7]
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    expect(page.get_by_role("row", name=str(yesterday))).to_contain_text("29")


@pytest.mark.django_db(transaction=True)
def test_nothing_is_cut_off_on_a_phone(growth: None, sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.owner)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/admin/statistics/users/")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360
