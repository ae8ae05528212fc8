"""The platform's figures beside our own, on pages with a period, a comparison, a chart and files."""

import datetime
import re
from collections.abc import Mapping
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.official.models import OfficialAccount
from accounts.staff.models import StaffRight
from tests.cast import Cast, member, signed_in
from tests.statistics.conftest import DAY, Platform
from wechat.inbox.models import InboundMessage
from wechat.sdk.calls.datacube import Dataset
from wechat.statistics.models import PlatformDay

pytestmark = pytest.mark.django_db
PAGES = ("users", "articles", "messages", "interface")


def address(page: str, query: str = "") -> str:
    return f"{reverse(f'statistics_{page}')}?{query}"


def text(client: Client, page: str, query: str = "") -> str:
    answer = client.get(address(page, query))
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def read_day(account: OfficialAccount, dataset: Dataset, age: int, *rows: Mapping[str, object]) -> None:
    """A day as it was read from the platform."""
    day = timezone.localdate() - age * DAY
    PlatformDay.objects.create(
        account=account,
        dataset=dataset.name,
        day=day,
        rows=[dict(row) for row in rows],
        read_at=timezone.now(),
    )


def arrived(account: OfficialAccount, age: int, kind: str, event: str = "", **more: object) -> None:
    at = timezone.localtime().replace(hour=12) - age * DAY
    number = InboundMessage.objects.count()
    InboundMessage.objects.create(
        account=account, key=f"k{number}", openid="oOne", kind=kind, event=event, body="<xml/>",
        sent_at=at, received_at=at, **more,
    )  # fmt: skip


def test_followers_are_shown_as_the_simulated_platform_counted_them(
    platform: Platform, owner: Client
) -> None:
    platform.event("oOne", type="scan", scene="shop")
    platform.event("oTwo", type="follow")
    platform.event("oTwo", type="unfollow")
    platform.pass_days(1)
    platform.read()
    shown = text(owner, "users", "days=7")
    yesterday = timezone.localdate() - DAY
    assert f"{yesterday} 2 1 1 1" in shown
    assert "二维码 1" in shown


def test_what_was_counted_here_stands_beside_what_the_platform_counted(
    account: OfficialAccount, owner: Client
) -> None:
    arrived(account, 1, "event", "subscribe")
    read_day(account, Dataset.USER_SUMMARY, 1, {"user_source": 1, "new_user": 2, "cancel_user": 0})
    read_day(account, Dataset.USER_CUMULATE, 1, {"cumulate_user": 1234})
    yesterday = timezone.localdate() - DAY
    assert f"{yesterday} 2 0 2 1,234 1 0" in text(owner, "users")
    arrived(account, 1, "text")
    arrived(account, 1, "image")
    read_day(account, Dataset.UPSTREAM, 1, {"msg_type": 1, "msg_user": 1, "msg_count": 1})
    shown = text(owner, "messages")
    assert f"{yesterday} 2 1 1 1 1" in shown
    assert "文字 1 1" in shown
    assert "图片 1 0" in shown


def test_a_day_that_was_not_read_is_a_gap_and_not_zero(account: OfficialAccount, owner: Client) -> None:
    read_day(account, Dataset.BIZ_SUMMARY, 2, {"detail": {"read_user": 7}})
    shown = text(owner, "articles", "days=7")
    day = timezone.localdate() - 2 * DAY
    assert f"{day} 7 0 0 0 0 0 0" in shown
    assert f"{day + DAY} – – – – – – –" in shown


def test_articles_are_listed_with_what_came_of_them(account: OfficialAccount, owner: Client) -> None:
    day = str(timezone.localdate() - 2 * DAY)
    detail = {"stat_date": day, "read_user": 40, "share_user": 3, "read_user_source": []}
    article = {
        "msgid": "2247483701_1", "title": "<b>周末会员日", "publish_type": 0,
        "content_url": "https://mp.weixin.qq.com/s/abc", "detail_list": [detail, {**detail, "read_user": 2}],
    }  # fmt: skip
    read_day(account, Dataset.ARTICLE_TOTAL, 2, article)
    page = owner.get(address("articles")).content.decode()
    assert "&lt;b&gt;周末会员日" in page
    assert 'href="https://mp.weixin.qq.com/s/abc"' in page


def test_an_address_of_the_platform_that_is_none_leads_nowhere(
    account: OfficialAccount, owner: Client
) -> None:
    article = {"title": "文章", "content_url": "javascript:alert(1)", "detail_list": None}
    read_day(account, Dataset.ARTICLE_TOTAL, 2, article)
    assert "javascript:alert" not in owner.get(address("articles")).content.decode()


def test_callbacks_have_an_average_and_a_share_that_failed(account: OfficialAccount, owner: Client) -> None:
    row = {"callback_count": 200, "fail_count": 3, "total_time_cost": 4000, "max_time_cost": 900}
    read_day(account, Dataset.INTERFACE, 1, row)
    read_day(account, Dataset.INTERFACE_HOUR, 1, {**row, "ref_hour": 2300})
    shown = text(owner, "interface")
    assert "200 3 20 毫秒 900 毫秒 0" in shown
    assert "1.5%" in shown
    assert "23:00 200 3 20 毫秒 900 毫秒" in shown


def test_the_period_before_is_compared(account: OfficialAccount, owner: Client) -> None:
    for age, came in ((1, 30), (8, 20)):
        read_day(account, Dataset.USER_SUMMARY, age, {"user_source": 1, "new_user": came, "cancel_user": 0})
    shown = text(owner, "users", "days=7")
    assert "30 之前：20 +50.0%" in shown


def test_a_day_leads_to_the_messages_of_that_day(account: OfficialAccount, owner: Client) -> None:
    arrived(account, 1, "text", text="昨天的问题")
    arrived(account, 0, "text", text="今天的问题")
    page = owner.get(address("messages")).content.decode()
    yesterday = timezone.localdate() - DAY
    link = re.search(rf'href="([^"]+since={yesterday}T[^"]+)"', page)
    assert link
    log = owner.get(link[1].replace("&amp;", "&")).content.decode()
    assert "昨天的问题" in log
    assert "今天的问题" not in log


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_a_workbook_and_a_csv_file_too(
    page: str, account: OfficialAccount, owner: Client
) -> None:
    read_day(account, Dataset.USER_SUMMARY, 1, {"user_source": 1, "new_user": 2, "cancel_user": 1})
    book = load_workbook(BytesIO(b"".join(owner.get(address(page, "days=7&format=xlsx")))))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert len(rows) == 8
    assert rows[1][0] == str(timezone.localdate() - DAY)
    assert all(cell is None or isinstance(cell, int | float) for row in rows[1:] for cell in row[1:])
    lines = owner.get(address(page, "days=7&format=csv")).content.decode("utf-8-sig").splitlines()
    assert len(lines) == 8


@pytest.mark.parametrize("page", PAGES)
def test_a_page_without_figures_says_how_they_come_to_be(page: str, owner: Client) -> None:
    assert "第二天早上" in text(owner, page)


def test_statistics_on_hold_say_why(platform: Platform, account: OfficialAccount, owner: Client) -> None:
    platform.simulated.create_account(account, callback_url="", verified=False)
    platform.read()
    assert "48001" in text(owner, "users")


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (StaffRight.Role.FINANCE, {"users"}),
        (StaffRight.Role.SERVICE, {"users", "articles", "messages", "interface"}),
        (StaffRight.Role.AUDITOR, {"users", "articles", "messages", "interface"}),
    ],
)
def test_a_role_sees_what_its_area_is_about(role: str, allowed: set[str], account: OfficialAccount) -> None:
    client = signed_in(member("walks", account, role))
    opened = {page for page in PAGES if client.get(address(page)).status_code == 200}
    assert opened == allowed


def test_figures_of_another_account_stay_there(staff: Cast, owner: Client) -> None:
    read_day(staff.theirs, Dataset.USER_SUMMARY, 1, {"user_source": 1, "new_user": 98765, "cancel_user": 0})
    asked = f"account={staff.theirs.pk}"
    assert re.search("98,?765", text(signed_in(staff.superuser), "users", asked))
    assert not re.search("98,?765", text(owner, "users", asked))


def test_a_year_is_shown_with_one_question_for_each_source(
    account: OfficialAccount, owner: Client, django_assert_max_num_queries: object
) -> None:
    for age in range(1, 60):
        read_day(account, Dataset.USER_SUMMARY, age, {"user_source": 1, "new_user": age, "cancel_user": 0})
    today = timezone.localdate()
    query = f"first={today - datetime.timedelta(days=365)}&last={today}"
    with django_assert_max_num_queries(15):  # type: ignore[operator]
        assert owner.get(address("users", query)).status_code == 200
