import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wechat.sdk.text import clean, clean_json, decode, is_legible, load_json


@given(st.text())
def test_clean_text_can_be_stored_and_sent_and_is_clean_already(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert cleaned.encode().decode() == cleaned
    assert "\0" not in cleaned


@pytest.mark.parametrize(
    "character",
    ["\0", "\x0b", "\x14", "\x1f", "\x7f", "\x85", "\ud83d", "\ufdd0", "\uffff", "\U0001fffe"],
)
def test_what_has_no_place_in_text_is_dropped(character: str) -> None:
    assert clean(f"前{character}后\n") == "前后\n"


@pytest.mark.parametrize("text", ["a\tb\r\nc", "价格\u3000", "👨\u200d👩", "e\u0301", "\ufffd", "\ue000"])
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert clean(text) is text or clean(text) == text


@given(st.binary())
def test_any_bytes_become_text(data: bytes) -> None:
    assert clean(decode(data)) == decode(data)


@given(st.text())
def test_utf_8_is_read_as_it_was_written(text: str) -> None:
    cleaned = clean(text).removeprefix("\ufeff")
    assert decode(b"\xef\xbb\xbf" + cleaned.encode()) == cleaned


def test_an_emoji_that_was_written_as_two_halves_is_one_again() -> None:
    assert decode("好😀🏃".encode("utf-16-le").decode("utf-16-le").encode()) == "好😀🏃"
    assert decode(b"\xed\xa0\xbd\xed\xb8\x80\xed\xa0\xbc\xed\xbf\x83!") == "😀🏃!"


def test_halves_of_a_character_that_belong_together_are_it() -> None:
    assert clean("好\ud83d\ude00\ud83c\udfc3!\ude00") == "好😀🏃!"


def test_escapes_of_json_bring_in_nothing_that_plain_text_may_not() -> None:
    value = {"a\0": ["\ud83d半", {"b": "x\x0by"}, 1, None], "pair": "😀"}
    assert load_json(json.dumps(value).encode()) == {"a": ["半", {"b": "xy"}, 1, None], "pair": "😀"}
    assert clean_json(value)["a"][0] == "半"


def test_line_ends_inside_of_texts_of_json_are_tolerated() -> None:
    assert load_json(b'{"a": "1\n2\x00"}') == {"a": "1\n2"}


@pytest.mark.parametrize(
    "document",
    [b"", b"{", b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5000, b"[NaN]", b"[-Infinity]", b"[1e999]"],
)
def test_what_is_no_json_is_an_error_of_one_kind(document: bytes) -> None:
    with pytest.raises(ValueError):
        load_json(document)


@pytest.mark.parametrize(
    ("data", "legible"),
    [
        (b"<html>", True),
        ("清".encode() * 300, True),
        (b"\x89PNG\r\n", False),
        (b"\xff\xd8\xff", False),
        (b"GIF89a\x01\0\x01\0", False),
        (b"", False),
    ],
)
def test_a_picture_is_not_legible(data: bytes, *, legible: bool) -> None:
    assert is_legible(data) == legible
