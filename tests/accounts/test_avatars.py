"""Tests of followers' pictures: copied after consent, shown by right, deleted when consent is withdrawn."""

from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from pytest_django import Settings

from accounts.followers import avatars, erasing
from accounts.followers.models import Avatar, Follower
from accounts.official.models import OfficialAccount
from tests.cast import Cast, signed_in
from tests.sdk.platform import Platform, Reply, Request, serving
from tests.simulated import Simulated
from tests.slow import slow_receiver
from wechat.kernel import work

pytestmark = pytest.mark.django_db(transaction=True)

OPENID = "oPortrait"


@pytest.fixture(autouse=True)
def _files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def face(simulated: Simulated) -> str:
    """Returns where the platform keeps somebody's picture."""
    return f"{simulated.base}/mmopen/someone/132"


@pytest.fixture
def follower(account: OfficialAccount) -> Follower:
    return Follower.objects.create(account=account, openid=OPENID)


def kept() -> Avatar:
    return Avatar.objects.get()


def test_a_picture_is_copied_once_and_shown_to_staff_of_the_account(
    face: str, follower: Follower, staff: Cast
) -> None:
    page = f"/admin/followers/follower/{follower.pk}/"
    assert signed_in(staff.owner).get(f"{page}avatar/").status_code == 404
    avatars.update(follower.account_id, OPENID, face)
    avatars.update(follower.account_id, OPENID, face)
    assert work.run("followers.fetch_avatars") == 1
    assert work.run("followers.fetch_avatars") == 0
    shown = signed_in(staff.owner).get(f"{page}avatar/")
    assert shown["Content-Type"] == "image/jpeg"
    assert shown["X-Content-Type-Options"] == "nosniff"
    shown.close()
    html = signed_in(staff.owner).get(f"{page}change/").content.decode()
    assert f"{page}avatar/" in html
    assert face not in html
    assert signed_in(staff.outsider).get(f"{page}avatar/").status_code == 404


def test_a_new_picture_replaces_the_former_and_its_file(face: str, follower: Follower) -> None:
    avatars.update(follower.account_id, OPENID, face)
    work.run("followers.fetch_avatars")
    former = str(kept().file.name)
    avatars.update(follower.account_id, OPENID, f"{face}?new")
    work.run("followers.fetch_avatars")
    assert kept().file.name != former
    assert not default_storage.exists(former)
    assert default_storage.exists(str(kept().file.name))


@pytest.mark.parametrize("way", ["withdrawn", "erased", "none agreed to"])
def test_a_picture_goes_with_the_consent(face: str, follower: Follower, way: str) -> None:
    avatars.update(follower.account_id, OPENID, face)
    work.run("followers.fetch_avatars")
    name = str(kept().file.name)
    if way == "withdrawn":
        erasing.forget_profile(follower.account_id, OPENID)
    elif way == "erased":
        erasing.erase(follower)
    else:
        avatars.update(follower.account_id, OPENID, "")
    assert not Avatar.objects.exists()
    assert not default_storage.exists(name)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/a.jpg", "https://evil.example.com/a.jpg", "https://qlogo.cn.example.com/a"]
)
def test_nothing_is_fetched_from_elsewhere_than_the_platforms(follower: Follower, url: str) -> None:
    avatars.update(follower.account_id, OPENID, url)
    work.run("followers.fetch_avatars")
    assert (kept().file.name, kept().attempts) == ("", 1)
    assert kept().error


class Intruded(Platform):
    """A server of our own house that has a picture for everybody, and nothing to do with followers."""

    def handle(self, request: Request) -> Reply:
        self.requests.append(request)
        return Reply(b"\xff\xd8\xff" + bytes(50), "image/jpeg")


@pytest.mark.parametrize(
    "pattern", [r"{base}\@x.qlogo.cn/", "{base}/@x.qlogo.cn/", "{base}#@x.qlogo.cn/", "{base}?.qlogo.cn"]
)
def test_the_host_that_is_checked_is_the_one_that_is_asked(
    follower: Follower, simulated: Simulated, pattern: str
) -> None:
    house = Intruded()
    with serving(house) as base:
        avatars.update(follower.account_id, OPENID, pattern.format(base=base))
        work.run("followers.fetch_avatars")
    assert house.requests == []
    assert kept().file.name == ""


def test_a_picture_that_is_sent_on_is_not_followed_out_of_the_platform(
    follower: Follower, settings: Settings
) -> None:
    house, platform = Intruded(), Platform()
    with serving(house) as inside, serving(platform) as settings.WECHAT_API_BASE:
        moved = Reply(b"", status=302, headers={"Location": f"{inside}/a.jpg"})
        platform.open_routes["/mmopen/1/132"] = lambda request: moved
        avatars.update(follower.account_id, OPENID, f"{settings.WECHAT_API_BASE}/mmopen/1/132")
        work.run("followers.fetch_avatars")
    assert platform.calls() == {"/mmopen/1/132": 1}
    assert house.requests == []


def test_a_picture_that_drips_is_given_up_and_tried_again(
    follower: Follower, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(avatars, "FETCH_SECONDS", 0.2)
    with slow_receiver("drips its headers") as settings.WECHAT_API_BASE:
        avatars.update(follower.account_id, OPENID, f"{settings.WECHAT_API_BASE}/mmopen/1/132")
        work.run("followers.fetch_avatars")
    assert kept().due_at is not None
    assert (kept().attempts, kept().file.name) == (1, "")


def test_what_is_no_picture_is_refused_and_not_asked_for_again(
    simulated: Simulated, follower: Follower
) -> None:
    avatars.update(follower.account_id, OPENID, f"{simulated.base}/_sim/health")
    work.run("followers.fetch_avatars")
    assert (kept().file.name, kept().due_at) == ("", None)
    assert "no picture" in kept().error
