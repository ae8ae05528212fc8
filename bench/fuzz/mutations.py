"""The mutations of valid inputs: a few changes, drawn by a seeded random generator."""

import io
import json
import zipfile
from collections.abc import Callable
from random import Random
from typing import Any

LARGEST = 300_000

TEXTS = [
    "", " ",
    "\0", "\x0b", "\x14", "\x7f", "\x85", "\ud83d", "\udc00\ud83d", "\ufffe", "\u202e", "\ufeff", "💥",
    "a" * 70, "文" * 300, "a" * 70_000, "../../etc/passwd", "a/b", "?#%", "%00", "%ff", "{name}", "{{7*7}}",
    "{% include 'x' %}", "=1+1", "＝1+1", "'; DROP TABLE x; --", "<script>alert(1)</script>", "]]>",
    "<![CDATA[", "&amp;", "&#0;", "&a;", "\r\nX: y", "null", "NaN", "-1", "0", "1e400", "1e2", "1_0", "½",
    "²", "٣", "00", "9" * 19, "9" * 5_000, "-9223372036854775809", "2147483648", "2026-02-30",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00+23:59", "http://127.0.0.1:1\\@x.qlogo.cn/", "http://[::1", "javascript:alert(1)",
    "file:///etc/passwd", "on", "true", "qrscene_", "o" * 64, "wx0123456789abcdef",
]  # fmt: skip
TOKENS = [text.encode(errors="surrogatepass") for text in TEXTS] + [
    b"\xff", b"\xc3\x28", b"\xed\xa0\xbd\xed\xb2\xa5", b"\xef\xbb\xbf", "中".encode("gbk"), b"\xff\xfea\x00",
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"<xml>" * 300, b"[" * 1_100, b'{"a":' * 1_100, b"\0" * 64,
    b"\r\n", b"--x",
    b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"%PDF-", b"GIF89a",
]  # fmt: skip
CHARSETS = ["utf-8", "punycode", "bz2", "idna", "undefined", "gbk", "utf-16", "utf-7", "x" * 500, "rot13", ""]


def scrambled(random: Random, data: bytes, most: int = 4) -> bytes:
    """Returns the bytes with one to ``most`` changes."""
    for _ in range(random.randint(1, most)):
        data = random.choice(_CHANGES)(random, data)[:LARGEST]
    return data


def _flip(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.randbytes(1) + data[at + 1 :]


def _cut(random: Random, data: bytes) -> bytes:
    start, end = _span(random, data)
    return data[:start] + data[end:]


def _end(random: Random, data: bytes) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _repeat(random: Random, data: bytes) -> bytes:
    start, end = _span(random, data)
    return data[:end] + data[start:end] * random.choice([1, 2, 50, 2_000]) + data[end:]


def _insert(random: Random, data: bytes) -> bytes:
    start, end = _span(random, data)
    return data[:start] + random.choice(TOKENS) + data[random.choice([start, end]) :]


def _between_tags(random: Random, data: bytes) -> bytes:
    """Replaces the content of an element, a field or a string between its delimiters."""
    marks = [at for at, byte in enumerate(data[:20_000]) if byte in b'<>"[],=&\n']
    if len(marks) < 2:
        return _insert(random, data)
    first = random.randrange(len(marks) - 1)
    return data[: marks[first] + 1] + random.choice(TOKENS) + data[marks[first + 1] :]


_CHANGES: list[Callable[[Random, bytes], bytes]] = [_flip, _cut, _end, _repeat, _insert, _between_tags]


def _span(random: Random, data: bytes) -> tuple[int, int]:
    start = random.randrange(len(data) + 1)
    return start, min(len(data), start + random.choice([1, 4, 16, 64, 1_000]))


def changed_json(random: Random, value: Any, most: int = 3) -> Any:
    """Returns a JSON value with one to ``most`` of its parts changed."""
    for _ in range(random.randint(1, most)):
        value = _changed(random, value)
    return value


def _changed(random: Random, value: Any) -> Any:
    if isinstance(value, dict) and value and random.random() < 0.9:
        name = random.choice(list(value))
        rest = {each: inner for each, inner in value.items() if each != name}
        if random.random() < 0.1:
            return rest
        if random.random() < 0.1:
            return value | {random.choice(TEXTS)[:80]: _any(random)}
        return value | {name: _changed(random, value[name])}
    if isinstance(value, list) and value and random.random() < 0.8:
        at = random.randrange(len(value))
        return [*value[:at], _changed(random, value[at]), *value[at + 1 :] * random.choice([0, 1, 1, 30])]
    return _any(random)


def _any(random: Random, depth: int = 0) -> Any:
    kind = random.randrange(10)
    if kind < 5:
        return random.choice(TEXTS)
    if kind == 5:
        return random.choice([0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**30, 10**4_000])
    if kind == 6:
        return random.choice([0.5, -1e308, 16.0, float("inf"), float("nan")])
    if kind == 7:
        return random.choice([None, True, False])
    if depth > 3:
        return []
    if kind == 8:
        return [_any(random, depth + 1) for _ in range(random.choice([0, 1, 3]))]
    return {random.choice(TEXTS)[:80]: _any(random, depth + 1) for _ in range(random.choice([0, 1, 3]))}


def as_json(random: Random, value: Any) -> bytes:
    """Returns a value as JSON, escaped or not, sometimes with invalid bytes."""
    text = json.dumps(value, ensure_ascii=random.random() < 0.5)
    if isinstance(value, dict) and value and random.random() < 0.05:
        # A duplicate key.
        text = f"{text[:-1]}, {json.dumps(random.choice(list(value)))}: {json.dumps(_any(random))}}}"
    data = text.encode(errors="surrogatepass")
    return scrambled(random, data, 2) if random.random() < 0.15 else data


def repacked(random: Random, archive: bytes) -> bytes:
    """Returns a ZIP archive, such as an Excel file, with one member scrambled or enlarged."""
    with zipfile.ZipFile(io.BytesIO(archive)) as before:
        members = {name: before.read(name) for name in before.namelist()}
    name = random.choice(list(members))
    if random.random() < 0.15:
        members[name] = members[name].replace(b"</t>", b"a" * random.choice([1_000, 20_000_000]) + b"</t>", 1)
    elif random.random() < 0.2:
        members[name] = members[name].replace(b'r="1"', b'r="999999999"')
    else:
        members[name] = scrambled(random, members[name])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as after:
        for each, content in members.items():
            after.writestr(each, content)
    return packed.getvalue()
