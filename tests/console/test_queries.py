"""Tests that lists need the same small number of queries for fifty rows as for one."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cast import Cast
from tests.console import world
from tests.console.table import Page, table
from tests.console.visiting import Visitor, address_of
from tests.console.world import World

pytestmark = pytest.mark.django_db

MOST = 15
OF_STAFF = ("auth_user_changelist", "staff_signinlimit_changelist")
# Lists that are not made by the admin.
OTHERS = (
    "followers_jobs", "inbox_unanswered", "desk", "campaigns_recipients", "campaigns_seeds",
    "statistics_users", "statistics_articles", "statistics_messages", "statistics_interface", "menus_figures",
    "orders_revenue", "channels_report", "menus_versions", "replies_never", "campaigns_sequence_report",
    "campaigns_sequence_change", "campaigns_sequence_dry_run",
    "inbox_conversation", "todo", "todo_counts",
    "operations_jobs", "operations_failures", "operations_quotas", "operations_tokens",
    "staff_colleagues", "approvals_list",
)  # fmt: skip


def test_a_list_asks_at_most_fifteen_questions_for_1_10_and_50_rows(staff: Cast, ours: World) -> None:
    visitor, lists = Visitor(staff.owner, ours.account), _lists()
    asked: dict[str, list[int]] = {name: [] for name in lists}
    made = 1
    for rows in (1, 10, 50):
        for number in range(made, rows):
            world.add(ours, number)
        made = rows
        for name, page in lists.items():
            asked[name].append(_questions(visitor, address_of(name, page, ours)))
    too_many = {name: counts for name, counts in asked.items() if max(counts) > MOST}
    assert too_many == {}


def _lists() -> dict[str, Page]:
    """Returns the lists, except those of staff, which are for superusers."""
    return {
        name: page
        for name, page in table().items()
        if (name.endswith("_changelist") and name not in OF_STAFF) or name in OTHERS
    }


def _questions(visitor: Visitor, address: str) -> int:
    """Returns how many queries a page asks.

    The page was opened before: what every page of a process asks once is not counted.
    """
    visitor.client.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert visitor.client.get(address).status_code == 200
    return sum(not each["sql"].startswith(("SAVEPOINT", "RELEASE SAVEPOINT")) for each in asked)
