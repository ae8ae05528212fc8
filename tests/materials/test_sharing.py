"""One file in several accounts, kept alive at the platform, and the places it takes there."""

import datetime
from typing import Any

import pytest
import requests
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django.utils.translation import override
from pytest_django import Settings

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from accounts.staff.models import StaffRight
from tests.articles.conftest import picture
from tests.cast import Cast, signed_in
from tests.simulated import Simulated
from wechat.kernel import work
from wechat.kernel.models import Hold
from wechat.materials import library, material_quota
from wechat.materials.models import Asset, MaterialQuota
from wechat.sdk.calls import media
from wechat.sdk.errors import ApiError

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/materials/asset/"
State = Asset.State


@pytest.fixture
def platform(simulated: Simulated, staff: Cast, settings: Settings, tmp_path: Any) -> Simulated:
    """The platform, which knows both accounts."""
    settings.MEDIA_ROOT = tmp_path
    staff.theirs.appsecret = "0123456789abcdef0123456789abcdee"
    staff.theirs.original_id = "gh_ba9876543210"
    staff.theirs.save()
    for account in (staff.ours, staff.theirs):
        simulated.create_account(account, callback_url="")
    return simulated


@pytest.fixture
def both(staff: Cast) -> Any:
    """The browser of somebody who edits the content of both accounts."""
    StaffRight.objects.create(user=staff.editor, account=staff.theirs, role="editor")
    return signed_in(staff.editor)


def sent(
    client: Any, account: OfficialAccount, body: bytes, kind: str = "image", name: str = "门头.png"
) -> Any:
    asked = f"{LIST}receive/?account={account.pk}&kind={kind}"
    return client.post(asked, {"file": SimpleUploadedFile(name, body)})


def offered(client: Any, account: OfficialAccount, **query: Any) -> Any:
    return client.get(f"{LIST}pick/", {"account": account.pk, **query}).json()


@pytest.fixture
def shared(platform: Simulated, both: Any, staff: Cast) -> Asset:
    """A picture of ours that is on WeChat."""
    assert sent(both, staff.ours, picture()).status_code == 200
    work.run("materials.upload")
    return Asset.objects.get()


def test_a_file_of_another_account_is_taken_over_once_and_uploaded_there(
    shared: Asset, both: Any, staff: Cast, tmp_path: Any
) -> None:
    assert offered(both, staff.theirs)["choices"] == []
    (choice,) = offered(both, staff.theirs, whose="elsewhere")["choices"]
    assert (choice["title"], choice["detail"]) == ("门头", staff.ours.name)
    taken = both.post(choice["take"]).json()
    assert both.post(choice["take"]).json()["value"] == taken["value"]
    work.run("materials.upload")
    mine = Asset.objects.get(pk=taken["value"])
    assert (mine.account, mine.original, mine.state) == (staff.theirs, shared, State.UPLOADED)
    assert mine.media_id not in ("", shared.media_id)
    assert client_for(staff.theirs) is not client_for(staff.ours)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
    assert [each["value"] for each in offered(both, staff.theirs)["choices"]] == [taken["value"]]


def test_the_file_stays_as_long_as_an_account_uses_it(shared: Asset, staff: Cast, tmp_path: Any) -> None:
    copy = library.copy_for(shared, staff.theirs)
    work.run("materials.upload")
    library.remove(Asset.objects.get(pk=shared.pk))
    copy.refresh_from_db()
    assert copy.original is None
    assert copy.file.open().read()
    library.remove(copy)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_its_page_tells_who_else_uses_it(shared: Asset, both: Any, staff: Cast) -> None:
    library.copy_for(shared, staff.theirs)
    page = both.get(f"{LIST}{shared.pk}/change/").content.decode()
    assert f"{staff.theirs.name}：" in page


def test_only_files_of_ones_own_accounts_are_taken(shared: Asset, staff: Cast) -> None:
    stranger = signed_in(staff.outsider)
    assert stranger.post(f"{LIST}{shared.pk}/take/?account={staff.theirs.pk}").status_code == 404
    assert offered(stranger, staff.theirs, whose="elsewhere")["choices"] == []
    assert stranger.get(f"{LIST}pick/", {"account": staff.ours.pk}).status_code == 403
    assert sent(stranger, staff.ours, picture()).status_code == 403
    assert stranger.get(f"{LIST}{shared.pk}/small/").status_code == 404


@pytest.mark.parametrize("asked", ["", "x", "9" * 30, "0"])
def test_an_account_that_is_none_is_refused(staff: Cast, asked: str) -> None:
    assert signed_in(staff.editor).get(f"{LIST}pick/", {"account": asked}).status_code == 403


def test_the_window_is_searched_and_goes_on(shared: Asset, both: Any, staff: Cast) -> None:
    fields = {"account": staff.ours, "content_type": "image/png", "size": 1, "file": shared.file.name}
    for number in range(61):
        Asset.objects.create(name=f"图{number}", folder="活动", due_at=timezone.now(), **fields)
    first = offered(both, staff.ours)
    assert (len(first["choices"]), first["choices"][0]["title"]) == (60, "图60")
    rest = offered(both, staff.ours, after=first["more"])
    assert [each["title"] for each in rest["choices"]] == ["图0", "门头"]
    assert rest["more"] == ""
    assert [each["title"] for each in offered(both, staff.ours, q="图59")["choices"]] == ["图59"]
    assert len(offered(both, staff.ours, folder="活动")["choices"]) == 60
    assert offered(both, staff.ours, kind="voice")["choices"] == []
    assert offered(both, staff.ours, q="\0")["choices"]
    assert {each["name"] for each in first["filters"]} == {"type", "folder", "whose"}


def test_a_small_picture_is_small_and_what_is_none_is_shown_as_it_is(shared: Asset, both: Any) -> None:
    answer = both.get(f"{LIST}{shared.pk}/small/")
    assert answer["Content-Type"] == "image/webp"
    Asset.objects.update(file="materials/gone.png")
    assert both.get(f"{LIST}{shared.pk}/small/").status_code == 404


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("video", b"\0\0\0\x18ftypmp42" + bytes(30 * 1024 * 1024), "30.0 MB"),
        ("image", b"<html>", "BMP"),
        ("voice", b"", ""),
    ],
)
def test_what_wechat_would_not_take_is_refused_before_any_call(
    platform: Simulated, both: Any, staff: Cast, kind: str, body: bytes, words: str
) -> None:
    answer = sent(both, staff.ours, body, kind, "视频.mp4")
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert not Asset.objects.exists()


@pytest.fixture
def temporary(shared: Asset) -> Asset:
    """Makes the picture temporary: no longer permanent, and uploaded as such."""
    Asset.objects.update(permanent=False, state=State.PENDING, due_at=timezone.now())
    work.run("materials.upload")
    shared.refresh_from_db()
    return shared


def test_temporary_media_is_uploaded_anew_before_it_ends(temporary: Asset, platform: Simulated) -> None:
    assert (temporary.state, temporary.expires_at is not None) == (State.UPLOADED, True)
    assert work.run("materials.upload") == 0
    later = timezone.now() + datetime.timedelta(days=2, hours=13)
    with time_machine.travel(later, tick=False):
        platform.pass_time(datetime.timedelta(days=2, hours=13).total_seconds())
        assert media.get_temporary(client_for(temporary.account), temporary.media_id)
        assert work.run("materials.upload") == 1
        renewed = Asset.objects.get()
        assert renewed.media_id != temporary.media_id
        assert (renewed.state, renewed.attempts) == (State.UPLOADED, 0)
        platform.pass_time(datetime.timedelta(hours=12).total_seconds())
        assert media.get_temporary(client_for(temporary.account), renewed.media_id)
        with pytest.raises(ApiError):
            media.get_temporary(client_for(temporary.account), temporary.media_id)


def test_a_renewal_that_fails_for_now_keeps_the_file_in_use(temporary: Asset, platform: Simulated) -> None:
    platform.sim("/faults", {"api": "/cgi-bin/media/upload", "times": 1, "errcode": -1})
    Asset.objects.update(due_at=timezone.now())
    work.run("materials.upload")
    row = Asset.objects.get()
    assert (row.state, row.media_id, row.attempts) == (State.UPLOADED, temporary.media_id, 1)
    Asset.objects.update(due_at=timezone.now())
    work.run("materials.upload")
    assert Asset.objects.get().media_id != temporary.media_id


def test_a_temporary_file_is_made_permanent_on_its_page(temporary: Asset, both: Any) -> None:
    form = {"account": temporary.account_id, "name": "门头", "folder": " 门店  图 ", "permanent": "on"}
    assert both.post(f"{LIST}{temporary.pk}/change/", form).status_code == 302
    work.run("materials.upload")
    row = Asset.objects.get()
    assert (row.permanent, row.state, row.due_at, row.folder) == (True, State.UPLOADED, None, "门店 图")


def test_a_deleted_temporary_file_costs_no_call(temporary: Asset, platform: Simulated) -> None:
    before = calls(platform, temporary.account)
    library.remove(temporary)
    assert calls(platform, temporary.account) == before


def calls(platform: Simulated, account: OfficialAccount) -> dict[str, int]:
    answer = requests.get(f"{platform.base}/_sim/calls?appid={account.appid}", timeout=30).json()
    counts: dict[str, int] = answer["counts"]
    return counts


def test_the_places_that_are_taken_are_shown(shared: Asset, both: Any) -> None:
    work.run("materials.count")
    both.get(f"{LIST}{shared.pk}/change/")
    page = both.get(LIST).content.decode()
    assert "已用 1 / 100,000，还剩 99,999" in page
    assert "已用 0 / 1,000，还剩 1,000" in page


def test_a_full_library_says_so_before_the_upload(shared: Asset, both: Any, staff: Cast) -> None:
    MaterialQuota.objects.update(image=60_000, news=39_999, read_at=timezone.now(), due_at=None)
    assert material_quota.left(staff.ours, "image") == 1
    assert sent(both, staff.ours, picture()).status_code == 200
    with override("zh-hans"):
        refused = sent(both, staff.ours, picture())
    assert refused.status_code == 400
    assert "上限" in refused.json()["error"]
    form = {
        "account": staff.ours.pk, "kind": "image", "name": "临时",
        "file": SimpleUploadedFile("a.png", picture()),
    }  # fmt: skip
    assert both.post(f"{LIST}add/", form).status_code == 302
    assert Asset.objects.filter(name="临时", permanent=False).exists()


def test_a_platform_that_does_not_tell_is_asked_again_until_it_does(platform: Simulated, staff: Cast) -> None:
    material_quota.last_reading(staff.ours)
    platform.sim("/faults", {"api": "/cgi-bin/material/get_materialcount", "times": 4, "errcode": -1})
    for minutes in range(5):
        with time_machine.travel(timezone.now() + datetime.timedelta(minutes=10 * minutes), tick=False):
            work.run("materials.count")
            if minutes < 4:
                assert material_quota.left(staff.ours, "image") is None
    assert material_quota.left(staff.ours, "image") == 100_000
    quota = MaterialQuota.objects.get()
    assert (quota.due_at, quota.error, Hold.objects.count()) == (None, "", 0)


def test_files_are_put_into_a_folder_together(shared: Asset, both: Any) -> None:
    both.get(f"{LIST}{shared.pk}/change/")
    chosen = {"action": "move", "_selected_action": [shared.pk]}
    asked = both.post(LIST, chosen)
    assert "门头" in asked.content.decode()
    both.post(LIST, {**chosen, "move": "1", "folder": "门店"})
    assert Asset.objects.get().folder == "门店"
    assert "门头" in both.get(LIST, {"folder": "门店"}).content.decode()
    assert "门头" not in both.get(LIST, {"q": "别的"}).content.decode()
