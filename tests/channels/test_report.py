import datetime
import itertools
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.official.models import OfficialAccount
from tests.cast import Cast, signed_in
from tests.channels.conftest import ChannelMaker
from wechat.channels import report
from wechat.channels.models import Channel, Scan
from wechat.channels.report import ChannelFigures, DayFigures, Stay
from wechat.console.periods import Period
from wechat.console.revenue import Revenue

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)
ScanMaker = Callable[..., Scan]
_numbers = itertools.count(1)


def noon(days_ago: int) -> datetime.datetime:
    return timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0) - days_ago * DAY


@pytest.fixture
def scan() -> ScanMaker:
    """Makes one scan at noon so many days ago; ``stayed`` in days."""

    def make(channel: Channel, days_ago: int, kind: str = "new", stayed: float | None = None) -> Scan:
        at = noon(days_ago)
        left_at = None if stayed is None else at + datetime.timedelta(days=stayed)
        return Scan.objects.create(
            account=channel.account,
            channel=channel,
            openid=f"o{next(_numbers)}",
            kind=kind,
            at=at,
            left_at=left_at,
        )

    return make


@pytest.fixture
def paid(monkeypatch: pytest.MonkeyPatch) -> dict[int, Revenue]:
    """Replaces the revenue of channels during a test by the returned mapping."""
    revenue: dict[int, Revenue] = {}
    monkeypatch.setattr(report, "_revenue", [lambda account, period: revenue])
    return revenue


def last(days: int) -> Period:
    today = timezone.localdate()
    return Period(today - (days - 1) * DAY, today)


def line(channel: Channel, period: Period | None = None) -> ChannelFigures:
    return report.of_channel(channel, period or last(100)).figures


def test_scans_follows_and_follows_again_are_counted_apart(channel: ChannelMaker, scan: ScanMaker) -> None:
    shop = channel()
    for kind in ("new", "new", "again", "existing"):
        scan(shop, 2, kind)
    scan(channel("别的"), 2)
    figures = line(shop)
    assert (figures.scans, figures.new, figures.again, figures.existing) == (4, 2, 1, 1)


def test_staying_is_asked_only_of_those_who_followed_long_enough_ago(
    channel: ChannelMaker, scan: ScanMaker
) -> None:
    shop = channel()
    scan(shop, 40, stayed=None)
    scan(shop, 40, stayed=10)
    scan(shop, 10, stayed=0.5)
    scan(shop, 10, kind="again", stayed=7)
    scan(shop, 40, kind="existing")
    assert line(shop).stays == (Stay(3, 4), Stay(3, 4), Stay(1, 2))


def test_a_period_is_of_whole_days_here(channel: ChannelMaker, scan: ScanMaker) -> None:
    shop, today = channel(), timezone.localdate()
    for hour, minute in ((0, 0), (23, 59)):
        at = timezone.localtime().replace(hour=hour, minute=minute, second=0, microsecond=0)
        Scan.objects.create(account=shop.account, channel=shop, openid="o", kind="new", at=at)
    scan(shop, 1)
    assert line(shop, Period(today, today)).new == 2
    assert [day.new for day in report.by_day(shop.account, Period(today - DAY, today))] == [1, 2]


def test_a_day_without_a_scan_is_there_as_well(account: OfficialAccount, channel: ChannelMaker) -> None:
    assert report.by_day(account, last(3)) == [DayFigures(day) for day in last(3).days]


def test_channels_are_compared_with_most_new_followers_first(
    account: OfficialAccount, channel: ChannelMaker, scan: ScanMaker, staff: Cast
) -> None:
    silent, few, many = channel("无"), channel("少"), channel("多")
    scan(few, 1)
    for _each in range(2):
        scan(many, 1)
    scan(channel("别家", account=staff.theirs), 1)
    lines = report.compared(account, last(30), Channel.objects.filter(account=account))
    assert [each.channel for each in lines] == [many, few, silent]
    assert report.total(lines).new == 3


def test_the_cost_of_a_new_follower_counts_all_since_the_channel_exists(
    channel: ChannelMaker, scan: ScanMaker
) -> None:
    shop = channel(cost=1000)
    scan(shop, 90)
    scan(shop, 1)
    scan(shop, 1, "again")
    assert report.of_channel(shop, last(7)).cost_each == 500
    assert report.of_channel(channel("免费"), last(7)).cost_each is None


def test_revenue_is_shown_once_somebody_tells_it(
    account: OfficialAccount, channel: ChannelMaker, staff: Cast, paid: dict[int, Revenue]
) -> None:
    shop = channel()
    paid[shop.pk] = Revenue(3, 12_345)
    (found,) = report.compared(account, last(7), Channel.objects.filter(account=account))
    assert found.figures.revenue == Revenue(3, 12_345)
    page = signed_in(staff.auditor).get("/admin/channels/channel/report/").content.decode()
    assert "¥123.45" in page


def test_without_payments_no_column_pretends_to_know(
    channel: ChannelMaker, staff: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "_revenue", [])
    channel()
    page = signed_in(staff.auditor).get("/admin/channels/channel/report/")
    assert page.context["has_revenue"] is False
    assert "¥" not in page.content.decode()


def test_the_file_has_a_line_a_channel_and_no_formula(
    channel: ChannelMaker, scan: ScanMaker, staff: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "_revenue", [])
    shop = channel('=HYPERLINK("x")', cost=int(Decimal("10.5") * 100))
    scan(shop, 2)
    file = signed_in(staff.auditor).get("/admin/channels/channel/report.csv").content.decode("utf-8-sig")
    title, row = file.strip().splitlines()
    assert len(title.split(",")) == 12
    assert row.startswith("\"'=HYPERLINK")
    assert row.endswith(",1,1,0,100.0%,,,10.50,10.50")


def test_an_odd_name_does_not_end_the_file(
    channel: ChannelMaker, staff: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "_revenue", [])
    channel("＝收银\x0b台")
    file = signed_in(staff.auditor).get("/admin/channels/channel/report.csv").content.decode("utf-8-sig")
    assert file.splitlines()[1].startswith("'＝收银台,")


@pytest.mark.parametrize(
    "query", ["first=2026-02-01&last=2026-01-01", "first=2000-01-01&last=2026-01-01", "first=x"]
)
def test_nonsense_days_are_named_and_the_page_stays(staff: Cast, query: str) -> None:
    page = signed_in(staff.auditor).get(f"/admin/channels/channel/report/?{query}")
    assert page.status_code == 200
    assert 'role="alert"' in page.content.decode()


def test_days_in_the_wrong_order_stay_where_they_were_typed(staff: Cast) -> None:
    query = "first=2026-02-01&last=2026-01-01"
    page = signed_in(staff.auditor).get(f"/admin/channels/channel/report/?{query}").content.decode()
    assert 'name="first" id="id_first" value="2026-02-01"' in page
    assert 'name="last" id="id_last" value="2026-01-01"' in page
    assert "请改正" in page


def test_who_may_add_no_channel_is_offered_none(staff: Cast) -> None:
    address, offer = "/admin/channels/channel/report/", "/admin/channels/channel/add/"
    assert offer in signed_in(staff.editor).get(address).content.decode()
    assert offer not in signed_in(staff.service).get(address).content.decode()
