from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.official.models import OfficialAccount
from tests.sdk.platform import Platform, Reply, Request, answer
from wechat.kernel import work
from wechat.kernel.models import Hold
from wechat.materials import library, usage
from wechat.materials.models import Asset
from wechat.sdk.errors import ApiError

pytestmark = pytest.mark.django_db(transaction=True)

ADD, DELETE = "/cgi-bin/material/add_material", "/cgi-bin/material/del_material"
TEMPORARY = "/cgi-bin/media/upload"
LIST = "/admin/materials/asset/"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
State = Asset.State


def add(
    client: Client, account: OfficialAccount, body: bytes = PNG, file: str = "logo.png", **more: Any
) -> Any:
    form = {
        "account": account.pk,
        "kind": "image",
        "name": "封面图",
        "permanent": "on",
        "file": SimpleUploadedFile(file, body, "text/html"),
    }
    return client.post(f"{LIST}add/", {**form, **more})


@pytest.fixture
def asset(editor: Client, account: OfficialAccount, wechat: Platform) -> Asset:
    add(editor, account)
    return Asset.objects.get()


PLACES: list[str] = []


@usage.register
def places(asset: Asset) -> list[str]:
    return PLACES


@pytest.fixture
def used() -> Iterator[Callable[[list[str]], None]]:
    yield PLACES.extend
    PLACES.clear()


def test_a_chosen_file_is_kept_under_a_name_of_ours_and_uploaded(asset: Asset, wechat: Platform) -> None:
    wechat.routes[ADD] = lambda request: answer(media_id="M1", url="http://mmbiz.qpic.cn/1")
    assert work.run("materials.upload") == 1
    asset.refresh_from_db()
    assert (asset.state, asset.media_id, asset.url) == (State.UPLOADED, "M1", "http://mmbiz.qpic.cn/1")
    assert (asset.content_type, asset.size) == ("image/png", len(PNG))
    assert str(asset.file.name).endswith(".png")
    assert "logo" not in str(asset.file.name)
    assert PNG in wechat.requests[-1].body
    assert wechat.requests[-1].query["type"] == "image"


@pytest.mark.parametrize("spent", [ADD, TEMPORARY])
def test_a_spent_quota_of_one_kind_of_upload_leaves_the_other(
    editor: Client, account: OfficialAccount, wechat: Platform, spent: str
) -> None:
    wechat.routes[ADD] = wechat.routes[TEMPORARY] = lambda request: answer(media_id="M1")
    wechat.routes[spent] = lambda request: answer(errcode=45009, errmsg="reach max api daily quota limit")
    for permanent in ("on", "", "on", ""):
        add(editor, account, permanent=permanent)
    work.run("materials.upload")
    there = Asset.objects.filter(state=State.UPLOADED)
    assert list(there.values_list("permanent", flat=True)) == [spent == TEMPORARY] * 2
    assert Hold.objects.get().part == ("permanent" if spent == ADD else "temporary")
    Asset.objects.filter(state=State.PENDING).update(due_at=timezone.now())
    Hold.objects.update(until=timezone.now())
    wechat.routes[spent] = wechat.routes[TEMPORARY if spent == ADD else ADD]
    work.run("materials.upload")
    assert (there.count(), Hold.objects.exists()) == (4, False)


@pytest.mark.parametrize(
    ("kind", "brand", "formats"),
    [
        ("image", b"heic", "BMP、GIF、JPG、PNG"),
        ("voice", b"M4A ", "AMR、MP3、WAV、WMA"),
        ("video", b"qt  ", "MP4"),
    ],
)
def test_a_file_as_an_iphone_makes_it_is_refused_with_what_to_do(
    editor: Client, account: OfficialAccount, kind: str, brand: bytes, formats: str
) -> None:
    page = add(editor, account, b"\0\0\0\x18ftyp" + brand + bytes(100), kind=kind)
    assert f"微信在此只接受 {formats} 格式，请另存为其中一种格式后再上传。" in page.content.decode()
    assert not Asset.objects.exists()


def test_a_file_without_a_name_is_called_as_it_was_chosen(editor: Client, account: OfficialAccount) -> None:
    add(editor, account, file="夏季  新品.海报.png", name="")
    assert Asset.objects.get().name == "夏季 新品.海报"


def test_a_name_is_not_taken_away(editor: Client, asset: Asset) -> None:
    page = editor.post(f"{LIST}{asset.pk}/change/", {"kind": "image", "name": " ", "permanent": "on"})
    assert "请填写名称。" in page.content.decode()
    asset.refresh_from_db()
    assert asset.name == "封面图"


def test_a_file_that_is_used_stays_permanent(
    editor: Client, asset: Asset, used: Callable[[list[str]], None]
) -> None:
    used(["按钮“门店”"])
    address = f"{LIST}{asset.pk}/change/"
    form = {"account": asset.account_id, "name": asset.name, "folder": ""}
    assert "文件正在使用中：按钮“门店”" in editor.post(address, form).content.decode()
    asset.refresh_from_db()
    assert asset.permanent
    assert editor.post(address, {**form, "permanent": "on"}).status_code == 302


def test_a_file_the_platform_would_refuse_is_refused_with_a_sentence(
    editor: Client, account: OfficialAccount, wechat: Platform
) -> None:
    response = add(editor, account, b"<html>", "evil.png")
    assert response.status_code == 200
    assert "file" in response.context["adminform"].form.errors
    assert not Asset.objects.exists()


def test_a_refusal_of_the_platform_is_kept_and_the_file_can_be_uploaded_again(
    asset: Asset, wechat: Platform, editor: Client
) -> None:
    wechat.routes[ADD] = lambda request: answer(errcode=40005, errmsg="invalid file type")
    work.run("materials.upload")
    asset.refresh_from_db()
    assert (asset.state, asset.errcode) == (State.FAILED, 40005)
    assert "（40005）" in editor.get(f"{LIST}{asset.pk}/change/").content.decode()
    wechat.routes[ADD] = lambda request: answer(media_id="M1")
    assert editor.post(f"{LIST}{asset.pk}/upload/").status_code == 302
    work.run("materials.upload")
    asset.refresh_from_db()
    assert (asset.state, asset.errcode, asset.error) == (State.UPLOADED, None, "")


@pytest.mark.parametrize("reply", [Reply(b"", status=0), answer(errcode=-1), answer(errcode=0)])
def test_a_passing_failure_is_tried_again_by_itself(asset: Asset, wechat: Platform, reply: Reply) -> None:
    wechat.routes[ADD] = lambda request: reply
    work.run("materials.upload")
    asset.refresh_from_db()
    assert (asset.state, asset.attempts) == (State.PENDING, 1)
    wechat.routes[ADD] = lambda request: answer(media_id="M1")
    Asset.objects.update(due_at=timezone.now())
    work.run("materials.upload")
    asset.refresh_from_db()
    assert asset.state == State.UPLOADED


def test_a_file_in_use_cannot_be_deleted_and_the_page_says_where_it_is_used(
    asset: Asset, editor: Client, used: Callable[[list[str]], None]
) -> None:
    used(["规则：欢迎语"])
    page = editor.post(f"{LIST}{asset.pk}/delete/", {"post": "yes"})
    assert "该素材正被规则：欢迎语使用，不能删除。" in page.content.decode()
    assert Asset.objects.exists()


def test_a_deleted_file_is_gone_here_and_on_the_platform(
    asset: Asset, editor: Client, wechat: Platform, tmp_path: Path
) -> None:
    Asset.objects.update(media_id="M1", state=State.UPLOADED, due_at=None)
    deleted: list[bytes] = []

    def delete(request: Request) -> Reply:
        deleted.append(request.body)
        return answer(errcode=0)

    wechat.routes[DELETE] = delete
    editor.post(f"{LIST}{asset.pk}/delete/", {"post": "yes"})
    assert not Asset.objects.exists()
    assert deleted == [b'{"media_id":"M1"}']
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_file_the_platform_keeps_is_kept_here_too(asset: Asset, editor: Client, wechat: Platform) -> None:
    Asset.objects.update(media_id="M1", state=State.UPLOADED, due_at=None)
    wechat.routes[DELETE] = lambda request: answer(errcode=48005, errmsg="used")
    page = editor.post(f"{LIST}{asset.pk}/delete/", {"post": "yes"}, follow=True)
    assert "（48005）" in page.content.decode()
    assert Asset.objects.exists()
    asset.refresh_from_db()
    with pytest.raises(ApiError):
        library.remove(asset)


def test_the_file_is_shown_only_with_a_right_to_the_account(asset: Asset, editor: Client) -> None:
    address = f"{LIST}{asset.pk}/file/"
    response = editor.get(address)
    assert b"".join(response.streaming_content) == PNG  # type: ignore[attr-defined]  # a file's response
    assert (response["Content-Type"], response["X-Content-Type-Options"]) == ("image/png", "nosniff")
    asset.account.rights.update(role="finance")
    assert editor.get(address).status_code == 404


def test_only_who_may_change_content_adds_or_uploads(
    asset: Asset, editor: Client, account: OfficialAccount
) -> None:
    account.rights.update(role="auditor")
    assert editor.get(f"{LIST}{asset.pk}/change/").status_code == 200
    assert editor.post(f"{LIST}{asset.pk}/upload/").status_code == 403
    assert add(editor, account).status_code == 403
