"""Channels as business systems meet them."""

import datetime

import pytest
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from accounts.followers.models import Tag
from accounts.official.models import OfficialAccount
from tests.cast import Cast
from tests.channels.conftest import ChannelMaker
from tests.signed import Signed, business_system
from wechat.channels import limits
from wechat.channels.models import Channel, Code, Scan

pytestmark = pytest.mark.django_db

CHANNELS = "/api/v1/channels/"


@pytest.fixture
def caller(account: OfficialAccount) -> Signed:
    return business_system(account, scopes=["channels:read", "channels:write"])


def test_a_channel_is_made_with_a_scene_of_ours_and_a_code_that_is_due(
    caller: Signed, account: OfficialAccount
) -> None:
    Tag.objects.create(account=account, name="展会")
    made = caller.post(
        CHANNELS, {"name": "展台", "cost_fen": 1250, "tags": ["展会"], "lifetime": "temporary"}
    )
    assert made.status_code == 201
    answer = made.json()
    assert (answer["cost_fen"], answer["tags"], answer["code"]["state"]) == (1250, ["展会"], "waiting")
    assert answer["scene"] == Channel.objects.get().scene
    assert Code.objects.get().due_at is not None


def test_the_same_key_makes_one_channel(caller: Signed) -> None:
    first, again = (caller.post(CHANNELS, {"name": "展台"}, key="order-1") for _each in range(2))
    assert first.json() == again.json()
    assert Channel.objects.count() == 1


def test_a_name_that_is_taken_is_told(caller: Signed, channel: ChannelMaker) -> None:
    channel("展台")
    answer = caller.post(CHANNELS, {"name": "展台"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "name_taken")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "x" * 61), ("cost_fen", -1), ("cost_fen", 1.5), ("lifetime", "eternal"),
        ("days", 31), ("tags", ["nobody's"]), ("tags", "x"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_made(caller: Signed, field: str, value: object) -> None:
    answer = caller.post(CHANNELS, {"name": "展台", field: value})
    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == [field]
    assert not Channel.objects.exists()


def test_no_permanent_code_is_promised_when_none_is_left(
    caller: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_PERMANENT", 0)
    assert caller.post(CHANNELS, {"name": "a"}).status_code == 400
    assert caller.post(CHANNELS, {"name": "a", "lifetime": "temporary"}).status_code == 201


def test_the_channels_of_others_are_not_there(caller: Signed, channel: ChannelMaker, staff: Cast) -> None:
    ours, theirs = channel("我们"), channel("别家", account=staff.theirs)
    assert [each["id"] for each in caller.get(CHANNELS).json()["items"]] == [ours.pk]
    assert caller.get(f"{CHANNELS}{ours.pk}/").json()["name"] == "我们"
    for path in ("", "report/"):
        assert caller.get(f"{CHANNELS}{theirs.pk}/{path}").status_code == 404


def test_a_channel_is_found_by_its_scene(caller: Signed, channel: ChannelMaker) -> None:
    channel("一"), channel("二")
    scene = Channel.objects.get(name="一").scene
    assert [each["name"] for each in caller.get(CHANNELS, scene=scene).json()["items"]] == ["一"]


def test_the_report_counts_by_day(caller: Signed, channel: ChannelMaker) -> None:
    shop, today = channel(), timezone.localdate()
    noon = timezone.localtime().replace(hour=0, minute=0, second=1)
    for at, kind in ((noon, "existing"), (noon - datetime.timedelta(days=2), "new")):
        Scan.objects.create(account=shop.account, channel=shop, openid="oA", kind=kind, at=at)
    answer = caller.get(f"{CHANNELS}{shop.pk}/report/", first=today - datetime.timedelta(days=2)).json()
    assert (answer["scans"], answer["new_followers"]) == (2, 1)
    assert [day["scans"] for day in answer["by_day"]] == [1, 0, 1]
    assert answer["stays"][0] == {"days": 1, "stayed": 1, "followed": 1}


@pytest.mark.parametrize("query", [{"first": "x"}, {"first": "2026-01-02", "last": "2026-01-01"}])
def test_nonsense_days_are_refused(caller: Signed, channel: ChannelMaker, query: dict[str, str]) -> None:
    assert caller.get(f"{CHANNELS}{channel().pk}/report/", **query).status_code == 400


def test_reading_does_not_allow_making(account: OfficialAccount) -> None:
    reader = business_system(account, scopes=["channels:read"])
    assert reader.get(CHANNELS).status_code == 200
    assert reader.post(CHANNELS, {"name": "a"}).json()["error"]["code"] == "scope_missing"


def test_the_calls_are_described() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    assert {"get", "post"} <= set(schema["paths"][CHANNELS])
    assert f"{CHANNELS}{{id}}/report/" in schema["paths"]
