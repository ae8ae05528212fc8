"""Tests of days at the limits of the calendar, in all URLs with days."""

import pytest

from tests.cast import Cast, signed_in
from tests.console.table import table
from tests.console.visiting import Visitor, address_of
from tests.console.world import World

pytestmark = pytest.mark.django_db

TABLE = table()
NAMES = ("first", "last", "since", "until", "day", "at", "before", "after")
LEFT_ALONE = {"logout"}


@pytest.mark.parametrize(
    "asked",
    [
        dict.fromkeys(NAMES, "9999-12-31") | {"month": "9999-12"},
        dict.fromkeys(NAMES, "0001-01-01") | {"month": "0001-01"},
        {"last": "0001-01-01", "until": "9999-12-31T23:59", "since": "0001-01-01T00:00"},
        {"first": "2026-03-02", "last": "2026-03-01", "since": "2026-03-02", "until": "2026-03-01"},
    ],
    ids=["the last", "the first", "one of them", "backwards"],
)
def test_no_page_fails_for_the_days_it_is_asked_for(asked: dict[str, str], staff: Cast, ours: World) -> None:
    visitor = Visitor(staff.superuser, ours.account)
    wrong = [
        name
        for name, page in TABLE.items()
        if name not in LEFT_ALONE and visitor.visit("GET", address_of(name, page, ours), asked).status >= 500
    ]
    assert not wrong


# The lists that can be narrowed to the time between two moments.
NARROWED = [
    "followers/follower/", "inbox/inboundmessage/", "orders/order/", "pushes/push/", "staff/auditentry/",
]  # fmt: skip


@pytest.mark.parametrize("listed", NARROWED)
def test_a_list_says_that_its_days_are_in_the_wrong_order_instead_of_nothing(
    listed: str, staff: Cast
) -> None:
    page = signed_in(staff.owner).get(f"/admin/{listed}?since=2026-03-02&until=2026-03-01").content.decode()
    assert "结束时间早于开始时间，请改正。" in page
    assert 'value="2026-03-02' in page
    assert 'value="2026-03-01' in page
