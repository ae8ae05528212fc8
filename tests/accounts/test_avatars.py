"""Pictures of followers: copied once they agreed, shown under permission, gone when they take it back."""

from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from pytest_django import Settings

from accounts import avatars, erasing
from accounts.models import Avatar, Follower, OfficialAccount
from tests.cast import Cast, signed_in
from tests.simulated import Simulated
from wechat.kernel import work

pytestmark = pytest.mark.django_db(transaction=True)

OPENID = "oPortrait"


@pytest.fixture(autouse=True)
def _files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def face(simulated: Simulated) -> str:
    """Where the platform keeps somebody's picture."""
    return f"{simulated.base}/mmopen/someone/132"


@pytest.fixture
def follower(account: OfficialAccount) -> Follower:
    return Follower.objects.create(account=account, openid=OPENID)


def kept() -> Avatar:
    return Avatar.objects.get()


def test_a_picture_is_copied_once_and_shown_to_staff_of_the_account(
    face: str, follower: Follower, staff: Cast
) -> None:
    page = f"/admin/accounts/follower/{follower.pk}/"
    assert signed_in(staff.owner).get(f"{page}avatar/").status_code == 404
    avatars.keep(follower.account_id, OPENID, face)
    avatars.keep(follower.account_id, OPENID, face)
    assert work.run("accounts.fetch_avatars") == 1
    assert work.run("accounts.fetch_avatars") == 0
    shown = signed_in(staff.owner).get(f"{page}avatar/")
    assert shown["Content-Type"] == "image/jpeg"
    assert shown["X-Content-Type-Options"] == "nosniff"
    shown.close()
    html = signed_in(staff.owner).get(f"{page}change/").content.decode()
    assert f"{page}avatar/" in html
    assert face not in html
    assert signed_in(staff.outsider).get(f"{page}avatar/").status_code == 404


def test_a_new_picture_replaces_the_former_and_its_file(face: str, follower: Follower) -> None:
    avatars.keep(follower.account_id, OPENID, face)
    work.run("accounts.fetch_avatars")
    former = str(kept().file.name)
    avatars.keep(follower.account_id, OPENID, f"{face}?new")
    work.run("accounts.fetch_avatars")
    assert kept().file.name != former
    assert not default_storage.exists(former)
    assert default_storage.exists(str(kept().file.name))


@pytest.mark.parametrize("way", ["withdrawn", "erased", "none agreed to"])
def test_a_picture_goes_with_the_consent(face: str, follower: Follower, way: str) -> None:
    avatars.keep(follower.account_id, OPENID, face)
    work.run("accounts.fetch_avatars")
    name = str(kept().file.name)
    if way == "withdrawn":
        erasing.forget_profile(follower.account_id, OPENID)
    elif way == "erased":
        erasing.erase(follower)
    else:
        avatars.keep(follower.account_id, OPENID, "")
    assert not Avatar.objects.exists()
    assert not default_storage.exists(name)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/a.jpg", "https://evil.example.com/a.jpg", "https://qlogo.cn.example.com/a"]
)
def test_nothing_is_fetched_from_elsewhere_than_the_platforms(follower: Follower, url: str) -> None:
    avatars.keep(follower.account_id, OPENID, url)
    work.run("accounts.fetch_avatars")
    assert (kept().file.name, kept().due_at) == ("", None)
    assert kept().error == "The picture is not at the platform's."


def test_what_is_no_picture_is_refused_and_not_asked_for_again(
    simulated: Simulated, follower: Follower
) -> None:
    avatars.keep(follower.account_id, OPENID, f"{simulated.base}/_sim/health")
    work.run("accounts.fetch_avatars")
    assert (kept().file.name, kept().due_at) == ("", None)
    assert "no picture" in kept().error
