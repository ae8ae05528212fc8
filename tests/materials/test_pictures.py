"""Pictures that staff bring: what is too large, damaged, or in a format that WeChat does not take."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.official.models import OfficialAccount
from tests.articles.conftest import picture
from tests.sdk.platform import Platform, answer
from wechat.kernel import pictures, work
from wechat.materials.models import Asset

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/materials/asset/"
ADD = "/cgi-bin/material/add_material"


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *, damaged: bool = False) -> bytes:
    """Returns a large picture in a small file: it has one bit a pixel, all the same.

    A ``damaged`` one has a wrong chunk in the middle of its lines.
    """
    line = b"\0" * (1 + (width + 7) // 8)
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(line) for _each in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    half = len(body) // 2
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", body[:half])]
    parts += [chunk(b"\1\2\3\4", b"")] if damaged else []
    parts += [chunk(b"IDAT", body[half:]), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def saved(form: str, colour: Any = "#4488aa", mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new(mode, (400, 300), colour).save(file, form, **options)
    return file.getvalue()


def add(client: Client, account: OfficialAccount, body: bytes, name: str = "门头.png") -> Any:
    asked = f"{LIST}receive/?account={account.pk}&kind=image"
    return client.post(asked, {"file": SimpleUploadedFile(name, body)})


def small(client: Client) -> Any:
    return client.get(f"{LIST}{Asset.objects.get().pk}/small/")


@pytest.mark.parametrize(("width", "height"), [(13_000, 13_000), (20_000, 20_000), (36_001, 1_000)])
def test_a_picture_of_too_many_pixels_is_refused_in_words(
    editor: Client, account: OfficialAccount, wechat: Platform, width: int, height: int
) -> None:
    refused = add(editor, account, png(width, height))
    assert refused.status_code == 400
    assert "像素" in refused.json()["error"]
    assert not Asset.objects.exists()


def test_a_picture_of_many_pixels_is_kept_and_shown_small(
    editor: Client, account: OfficialAccount, wechat: Platform
) -> None:
    assert add(editor, account, png(6_000, 6_000)).status_code == 200
    assert Image.open(io.BytesIO(small(editor).content)).size == (240, 240)


def test_a_damaged_picture_is_shown_as_it_is(
    editor: Client, account: OfficialAccount, wechat: Platform
) -> None:
    """Pillow calls it an error of syntax."""
    body = png(4_000, 3_000, damaged=True)
    add(editor, account, body)
    shown = small(editor)
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/png")
    assert b"".join(shown.streaming_content) == body


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (saved("WEBP"), "image/jpeg"),
        (saved("WEBP", "#4488aa80", "RGBA"), "image/png"),
        (saved("BMP"), "image/png"),
    ],
)
def test_what_wechat_does_not_take_everywhere_is_converted(
    editor: Client, account: OfficialAccount, wechat: Platform, body: bytes, kind: str
) -> None:
    wechat.routes[ADD] = lambda request: answer(media_id="M1", url="http://mmbiz.qpic.cn/1")
    assert add(editor, account, body, "照片.webp").status_code == 200
    asset = Asset.objects.get()
    with asset.file.open("rb") as file:
        kept = file.read()
    assert (asset.content_type, asset.size) == (kind, len(kept))
    assert Image.open(io.BytesIO(kept)).size == (400, 300)
    work.run("materials.upload")
    assert kept in wechat.requests[-1].body


def test_a_picture_that_was_taken_upright_is_shown_upright(
    editor: Client, account: OfficialAccount, wechat: Platform
) -> None:
    held = Image.Exif()
    held[0x0112] = 6
    add(editor, account, saved("JPEG", exif=held.tobytes()), "门头.jpg")
    assert Image.open(io.BytesIO(small(editor).content)).size == (180, 240)


def test_a_scan_in_sixteen_bits_of_grey_is_not_shown_white(
    editor: Client, account: OfficialAccount, wechat: Platform
) -> None:
    add(editor, account, saved("PNG", 128 * 256, "I;16"), "扫描.png")
    shown = Image.open(io.BytesIO(small(editor).content)).convert("L")
    assert 100 < shown.getpixel((9, 9)) < 150  # type: ignore[operator]  # a grey picture has numbers


def test_an_animation_is_not_made_a_still_picture(
    editor: Client, account: OfficialAccount, wechat: Platform
) -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    body = io.BytesIO()
    frames[0].save(body, "WEBP", save_all=True, append_images=frames[1:])
    refused = add(editor, account, body.getvalue())
    assert (refused.status_code, "GIF" in refused.json()["error"]) == (400, True)


def test_a_small_picture_is_made_once_and_goes_with_its_file(
    editor: Client,
    account: OfficialAccount,
    wechat: Platform,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add(editor, account, picture((900, 600)))
    first = small(editor)
    assert Image.open(io.BytesIO(first.content)).size == (240, 160)
    monkeypatch.setattr(pictures, "opened", None)
    assert small(editor).content == first.content
    editor.post(f"{LIST}{Asset.objects.get().pk}/delete/", {"post": "yes"})
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
