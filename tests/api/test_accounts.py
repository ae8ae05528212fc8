from typing import Any

import pytest

from accounts.followers.models import Change, Follower, Segment, Tag
from accounts.official.models import OfficialAccount
from tests.cast import Cast, signed_in
from tests.signed import Signed, business_system
from tests.simulated import Simulated
from wechat.api.models import TokenAccess

pytestmark = pytest.mark.django_db

API = "/api/v1"
EVERYTHING = [
    "followers:read", "followers:write", "tags:read", "tags:write", "segments:read", "token:read",
]  # fmt: skip


@pytest.fixture
def shop(account: OfficialAccount) -> Signed:
    return business_system(account, scopes=EVERYTHING)


@pytest.fixture
def followers(account: OfficialAccount) -> list[Follower]:
    return [
        Follower.objects.create(account=account, openid=f"oFollower_{number}", subscribed=number != 2)
        for number in range(3)
    ]


@pytest.fixture
def vip(account: OfficialAccount, followers: list[Follower]) -> Tag:
    tag = Tag.objects.create(account=account, name="VIP", platform_id=100)
    followers[0].tags.add(tag)
    return tag


@pytest.fixture
def theirs(db: None) -> OfficialAccount:
    return OfficialAccount.objects.create(
        slug="theirs", name="别家", appid="wxfedcba9876543210", token="theirtoken", mode="plain"
    )


def openids(answer: Any) -> list[str]:
    return [item["openid"] for item in answer.json()["items"]]


def test_followers_are_listed_newest_first(shop: Signed, vip: Tag) -> None:
    assert openids(shop.get(f"{API}/followers/")) == ["oFollower_2", "oFollower_1", "oFollower_0"]
    assert openids(shop.get(f"{API}/followers/", subscribed="true")) == ["oFollower_1", "oFollower_0"]
    assert openids(shop.get(f"{API}/followers/", subscribed="false")) == ["oFollower_2"]
    assert openids(shop.get(f"{API}/followers/", tag="VIP")) == ["oFollower_0"]
    assert openids(shop.get(f"{API}/followers/", tag="nobody")) == []
    assert shop.get(f"{API}/followers/", subscribed="perhaps").status_code == 400
    assert shop.get(f"{API}/followers/", tag="V\x00P").status_code == 400
    assert shop.get(f"{API}/followers/", account="de\x00mo").status_code == 400


def test_one_follower_is_told_with_tags(shop: Signed, vip: Tag) -> None:
    payload = shop.get(f"{API}/followers/oFollower_0/").json()
    assert (payload["openid"], payload["tags"], payload["subscribed"]) == ("oFollower_0", ["VIP"], True)
    assert shop.get(f"{API}/followers/oNobody/").status_code == 404


def test_a_remark_is_changed_here_and_asked_of_the_platform(shop: Signed, followers: Any) -> None:
    for _ in range(2):
        answer = shop.patch(f"{API}/followers/oFollower_0/", {"remark": "老王"})
        assert answer.json()["remark"] == "老王"
    change = Change.objects.get()
    assert (change.kind, change.desired, change.follower) == (Change.Kind.REMARK, "老王", followers[0])
    refused = shop.patch(f"{API}/followers/oFollower_0/", {"remark": "一二三四五六七八九十"})
    assert list(refused.json()["error"]["fields"]) == ["remark"]


def test_a_tag_is_made_once(shop: Signed) -> None:
    made = shop.post(f"{API}/tags/", {"name": "新客"}, key="k")
    assert (made.status_code, made.json()["state"]) == (201, "waiting")
    assert shop.post(f"{API}/tags/", {"name": "新客"}, key="k").json() == made.json()
    assert shop.post(f"{API}/tags/", {"name": "新客"}).json()["error"]["code"] == "exists"
    assert shop.post(f"{API}/tags/", {"name": "x" * 31}).status_code == 400
    assert [item["name"] for item in shop.get(f"{API}/tags/").json()["items"]] == ["新客"]


def test_the_101st_tag_is_refused_before_the_platform_does(shop: Signed, account: OfficialAccount) -> None:
    Tag.objects.bulk_create(Tag(account=account, name=f"t{number}") for number in range(100))
    assert shop.post(f"{API}/tags/", {"name": "x"}).json()["error"]["code"] == "too_many_tags"


def test_a_tag_is_deleted_at_the_platform_first(shop: Signed, vip: Tag, account: OfficialAccount) -> None:
    answer = shop.delete(f"{API}/tags/{vip.pk}/")
    assert (answer.status_code, answer.json()["state"]) == (202, "deleting")
    star = Tag.objects.create(account=account, name="星标组", platform_id=2)
    assert shop.delete(f"{API}/tags/{star.pk}/").status_code == 409


def test_followers_are_tagged_by_openid(shop: Signed, vip: Tag, followers: list[Follower]) -> None:
    body = {"add": ["oFollower_1", "oFollower_2", "oNobody"], "remove": ["oFollower_0"]}
    path = f"{API}/tags/{vip.pk}/followers/"
    assert shop.post(path, body).json() == {"added": 2, "removed": 1}
    assert shop.post(path, body).json() == {"added": 0, "removed": 0}
    assert set(vip.followers.all()) == set(followers[1:])


@pytest.mark.parametrize(
    ("body", "changed", "tagged"),
    [
        ({"add": ["oFollower_1"]}, {"added": 1, "removed": 0}, {0, 1}),
        ({"remove": ["oFollower_0"]}, {"added": 0, "removed": 1}, set()),
        ({"add": [], "remove": []}, {"added": 0, "removed": 0}, {0}),
        ({}, {"added": 0, "removed": 0}, {0}),
    ],
)
def test_what_is_left_out_of_a_tagging_changes_nobody(
    shop: Signed, vip: Tag, followers: list[Follower], body: Any, changed: Any, tagged: set[int]
) -> None:
    answer = shop.post(f"{API}/tags/{vip.pk}/followers/", body)
    assert (answer.status_code, answer.json()) == (200, changed)
    assert set(vip.followers.all()) == {followers[number] for number in tagged}


@pytest.mark.parametrize(
    "body", [{"add": "all"}, {"add": [1, {}]}, {"add": ["o"] * 10_001}, {"remove": [None]}]
)
def test_openids_that_are_none_are_refused(shop: Signed, vip: Tag, body: Any) -> None:
    assert shop.post(f"{API}/tags/{vip.pk}/followers/", body).status_code == 400


def test_a_segment_is_told_with_its_followers_of_now(
    shop: Signed, account: OfficialAccount, vip: Tag
) -> None:
    row = {"field": "tag", "compare": "is", "value": str(vip.pk)}
    segment = Segment.objects.create(account=account, name="贵客", conditions=[row])
    path = f"{API}/segments/{segment.pk}/"
    assert shop.get(f"{API}/segments/").json()["items"] == [{"id": segment.pk, "name": "贵客"}]
    if shop.get(path).status_code == 200:
        assert shop.get(path).json()["count"] == 1
        assert openids(shop.get(f"{path}followers/")) == ["oFollower_0"]
    segment.conditions = [{"field": "gone", "compare": "is", "value": "x"}]
    segment.save()
    assert shop.get(path).json()["error"]["code"] == "broken_segment"
    assert shop.get(f"{path}followers/").status_code == 409


def test_what_belongs_to_another_account_is_not_there(shop: Signed, theirs: OfficialAccount) -> None:
    Follower.objects.create(account=theirs, openid="oTheirs")
    tag = Tag.objects.create(account=theirs, name="VIP")
    segment = Segment.objects.create(account=theirs, name="s", conditions=[])
    for path in (
        "followers/oTheirs",
        f"tags/{tag.pk}",
        f"segments/{segment.pk}",
        f"segments/{segment.pk}/followers",
    ):
        assert shop.get(f"{API}/{path}/").status_code == 404
    assert shop.post(f"{API}/tags/{tag.pk}/followers/", {}).status_code == 404
    assert shop.get(f"{API}/followers/").json()["items"] == []


def test_the_access_token_is_the_one_we_use_and_its_access_is_recorded(
    shop: Signed, account: OfficialAccount, simulated: Simulated, staff: Cast
) -> None:
    simulated.create_account(account)
    first, second = shop.get(f"{API}/access-token/"), shop.get(f"{API}/access-token/")
    assert first.json()["access_token"] == second.json()["access_token"]
    assert 0 < first.json()["expires_in"] <= 7200
    assert first["Cache-Control"] == "no-store"
    access = TokenAccess.objects.earliest("pk")
    assert (access.client.key_id, access.account, access.address) == (shop.key, account, "127.0.0.1")
    page = signed_in(staff.owner).get("/admin/api/tokenaccess/").content.decode()
    assert "127.0.0.1" in page
    assert first.json()["access_token"] not in page
    assert TokenAccess.objects.filter(at__isnull=False).count() == 2


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "followers"),
        ("PATCH", "followers/o"),
        ("GET", "tags"),
        ("POST", "tags"),
        ("DELETE", "tags/1"),
        ("POST", "tags/1/followers"),
        ("GET", "segments"),
        ("GET", "access-token"),
    ],
)
def test_every_call_needs_its_scope(account: OfficialAccount, method: str, path: str) -> None:
    nobody = business_system(account, scopes=["menus:read"])
    answer = nobody.send(method, f"{API}/{path}/", headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "scope_missing")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize("path", [f"{API}/tags", f"{API}/push/", f"{API}/nothing/", f"{API}/"])
def test_an_address_that_no_call_has_is_refused_like_anything_else(
    shop: Signed, path: str, method: str
) -> None:
    """It leads nowhere: what is signed is the address that was asked for."""
    answer = shop.send(method, path, body={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert "斜杠" in answer.json()["error"]["message"]
