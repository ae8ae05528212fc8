import io
import wave

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from wechat.kernel import files
from wechat.materials import limits

PNG = b"\x89PNG\r\n\x1a\n"
JPG = b"\xff\xd8\xff\xe0"
AMR = b"#!AMR\n"
MP3 = b"ID3\x04"
MP4 = b"\0\0\0\x18ftypmp42"
AMR_SECOND = (b"\x3c" + bytes(31)) * 50


def wav(seconds: int) -> bytes:
    body = io.BytesIO()
    with wave.open(body, "wb") as recording:
        recording.setparams((1, 1, 100, 0, "NONE", ""))
        recording.writeframes(bytes(100 * seconds))
    return body.getvalue()


@pytest.mark.parametrize(
    ("kind", "body", "found"),
    [
        ("image", PNG, "image/png"),
        ("image", JPG + bytes(10 * limits.MB - 4), "image/jpeg"),
        ("image", b"GIF89a", "image/gif"),
        ("image", b"BM", "image/bmp"),
        ("voice", MP3, "audio/mpeg"),
        ("voice", b"\xff\xfb\x90", "audio/mpeg"),
        ("voice", AMR + AMR_SECOND * 60, "audio/amr"),
        ("voice", wav(60), "audio/wav"),
        ("video", MP4, "video/mp4"),
        ("thumb", JPG, "image/jpeg"),
    ],
)
def test_what_the_platform_takes_is_taken(kind: str, body: bytes, found: str) -> None:
    assert limits.check(kind, ContentFile(body)) == found


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("image", b"", "empty"),
        ("image", MP3, "BMP, GIF, JPG, PNG"),
        ("image", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "BMP, GIF, JPG, PNG"),
        ("image", JPG + bytes(10 * limits.MB), "10.0 MB"),
        ("voice", PNG, "AMR, MP3, WAV, WMA"),
        ("voice", MP3 + bytes(2 * limits.MB), "2.0 MB"),
        ("voice", AMR + AMR_SECOND * 61, "61 seconds"),
        ("voice", wav(75), "75 seconds"),
        ("voice", b"RIFF\0\0\0\0WAVE", "damaged"),
        ("video", b"\x1aE\xdf\xa3", "MP4"),
        ("video", b"\0\0\0\x14ftypqt  ", "MP4"),
        ("video", b"\0\0\0\x18ftypheic", "MP4"),
        ("video", b"\0\0\0\x20ftypM4A ", "MP4"),
        ("image", b"\0\0\0\x18ftypheic", "JPG"),
        ("thumb", PNG, "JPG"),
        ("thumb", JPG + bytes(64 * limits.KB), "65 KB; WeChat takes at most 64 KB"),
    ],
)
def test_what_the_platform_refuses_is_refused_with_what_to_change(kind: str, body: bytes, words: str) -> None:
    with override("en"), pytest.raises(ValidationError, match=words):
        limits.check(kind, ContentFile(body))


@given(body=st.binary(max_size=80), kind=st.sampled_from(sorted(limits.LIMITS)))
def test_no_file_breaks_the_check(body: bytes, kind: str) -> None:
    try:
        found = limits.check(kind, ContentFile(body))
    except ValidationError:
        return
    assert found in limits.LIMITS[kind].types


@given(body=st.binary(max_size=40))
def test_nothing_that_is_a_page_passes_for_a_picture(body: bytes) -> None:
    assert files.content_type(b"<" + body) == files.UNKNOWN or body[3:7] == b"ftyp"
