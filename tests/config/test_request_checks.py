"""Tests of hostile requests to any URL: they do not affect others."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from accounts.official.models import OfficialAccount
from config import request_checks
from config.request_checks import Body
from tests.asgi import Answered, exchange
from tests.cast import Cast, signed_in
from tests.platform import Platform
from wechat.campaigns.models import MassSend
from wechat.kernel import bodies
from wechat.pushes.models import Template

pytestmark = pytest.mark.django_db(transaction=True)

SIGN_IN = "/admin/login/"
CALLBACK = "/wechat/demo/callback"
NOTIFY = "/pay/nobody/notify/transaction"
MULTIPART = "multipart/form-data; boundary=x"


def ask(method: str, path: str, body: Any = b"", **given: Any) -> Answered:
    return asyncio.run(exchange(method, path, body, **given))


@pytest.mark.parametrize("charset", ["punycode", "bz2", "idna", "undefined", "gbk", '"utf-7"', "utf-8x", ""])
@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", SIGN_IN, "text/html"),
        ("POST", SIGN_IN, MULTIPART),
        ("POST", "/api/v1/followers/", "application/json"),
        ("POST", NOTIFY, "application/json"),
    ],
)
def test_no_text_is_read_in_another_encoding_than_utf_8(
    method: str, path: str, kind: str, charset: str
) -> None:
    body = b"" if method == "GET" else b"a" * 10_000
    assert ask(method, path, body, content_type=f"{kind}; charset={charset}").status == 415


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf8"', "utf-8; q=1"])
def test_utf_8_is_read_under_each_of_its_names(charset: str) -> None:
    assert ask("GET", SIGN_IN, content_type=f"text/html; charset={charset}").status == 200


@pytest.mark.parametrize("header", ["content_type", "accept"])
@pytest.mark.parametrize("parameter", ["x*=undefined''%41", "x*0*=bz2''%41", "x * = punycode''a"])
def test_no_header_chooses_how_it_is_decoded(header: str, parameter: str) -> None:
    assert ask("GET", "/api/v1/followers/", **{header: f"text/html; {parameter}"}).status == 400


@pytest.mark.parametrize(
    ("hidden", "status"), [("text/html; charset=punycode", 415), ("text/html; x*=bz2''%41", 400)]
)
def test_what_stands_in_the_first_of_two_headers_is_seen_as_well(hidden: str, status: int) -> None:
    got = ask("POST", SIGN_IN, before=[("content-type", hidden)], content_type="text/html")
    assert got.status == status


@pytest.mark.parametrize("path", [SIGN_IN, "/admin/", "/h5/demo/shop/"])
def test_a_cookie_brings_in_no_character_that_no_row_can_hold(path: str) -> None:
    assert ask("GET", path, cookie=r'sessionid="abcdefgh\000ij"').status == 400
    assert ask("GET", path, cookie=r'sessionid="abcdefgh\377ij"').status < 500


@pytest.mark.parametrize("path", ["/admin/", "/api/v1/refunds/%s", "/h5/demo/shop/orders/%s/"])
def test_nobody_is_asked_for_what_no_row_can_hold(path: str) -> None:
    assert ask("GET", path % "a\0b" if "%" in path else path, query="q=a%00b").status == 400


def test_headers_have_a_size() -> None:
    assert ask("GET", SIGN_IN, cookie="a" * 70_000).status == 431


def test_bodies_that_do_not_end_hold_up_nobody(account: OfficialAccount, platform: Platform) -> None:
    """Many more than there are threads, to every kind of path; the test ends only because others go on."""

    async def others() -> list[int]:
        release = asyncio.Event()
        begun: list[str] = []

        async def one_byte(path: str) -> AsyncIterator[bytes]:
            begun.append(path)
            yield b"x"
            await release.wait()

        waiting = [
            asyncio.create_task(exchange("POST", path, one_byte(path), content_length="1000"))
            for path in (SIGN_IN, NOTIFY, "/api/v1/followers/", CALLBACK)
            for _ in range(30)
        ]
        while len(begun) < len(waiting):
            await asyncio.sleep(0)
        push = platform.safe(platform.text("1"))
        query = "&".join(f"{name}={value}" for name, value in push.query.items())
        answers = [
            await exchange("GET", "/healthz/live"),
            await exchange("GET", SIGN_IN),
            await exchange("POST", NOTIFY, b"{}"),
            await exchange("POST", CALLBACK, push.body, query=query),
        ]
        release.set()
        assert {answer.status for answer in await asyncio.gather(*waiting)} == {0}
        return [answer.status for answer in answers]

    assert asyncio.run(others()) == [200, 200, 404, 200]


def test_readers_that_take_nothing_hold_up_nobody() -> None:
    async def another() -> int:
        reads = asyncio.Event()
        waiting = [asyncio.create_task(exchange("GET", SIGN_IN, reads=reads)) for _ in range(30)]
        answer = await exchange("GET", SIGN_IN)
        reads.set()
        assert {each.status for each in await asyncio.gather(*waiting)} == {200}
        return answer.status

    assert asyncio.run(another()) == 200


@pytest.mark.parametrize("path", [SIGN_IN, NOTIFY, "/api/v1/followers/", CALLBACK])
def test_a_body_that_comes_too_slowly_is_given_up(
    account: OfficialAccount, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(bodies, "GRACE_SECONDS", 0)
    monkeypatch.setattr(bodies, "LOOK_SECONDS", 0)

    async def one_byte_and_no_more() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    assert ask("POST", path, one_byte_and_no_more(), content_length="1000").status == 408


@pytest.mark.parametrize(
    ("path", "most"),
    [
        (SIGN_IN, 64 << 10),
        ("/admin/materials/asset/add/", 51 << 20),
        ("/api/v1/followers/", 2621440),
        (NOTIFY, 256 << 10),
        ("/nowhere", 256 << 10),
    ],
)
def test_a_path_takes_no_more_than_is_sent_there(path: str, most: int) -> None:
    """The size may be announced or not; of a body announced as too large, not a byte is read."""

    async def without_end() -> AsyncIterator[bytes]:
        for _ in range(most // 65536 + 2):
            yield b"x" * 65536
        raise AssertionError("all of it was read")

    assert ask("POST", path, without_end()).status == 413
    assert ask("POST", path, without_end(), content_length=str(most + 1)).status == 413
    assert ask("POST", path, [b"x" * most]).status not in {0, 413, 500}


def test_bodies_on_disk_share_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit is refused; small ones need none of it, and what ended has given it back."""
    monkeypatch.setattr(request_checks, "MOST_ON_DISK", 1 << 20)

    async def together() -> list[int]:
        release = asyncio.Event()

        async def large() -> AsyncIterator[bytes]:
            yield b"x" * (1 << 20)
            await release.wait()

        first = asyncio.create_task(exchange("POST", "/admin/", large()))
        while not Body._on_disk:
            await asyncio.sleep(0)
        refused = await exchange("POST", "/admin/", [b"x" * 100_000])
        small = await exchange("POST", "/admin/", [b"x" * 1000])
        release.set()
        await first
        again = await exchange("POST", "/admin/", [b"x" * 100_000])
        return [refused.status, small.status, again.status]

    refused, small, again = asyncio.run(together())
    assert (refused, small) == (503, again)
    assert again < 500
    assert Body._on_disk == 0


def test_a_body_in_chunks_is_read_whole(staff: Cast) -> None:
    """Nobody says in a header how long it is."""
    page = ask("GET", SIGN_IN)
    found = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', page.body)
    assert found is not None
    form = f"csrfmiddlewaretoken={found[1].decode()}&username=nobody&password=wrong".encode()
    cookie = page.headers[b"set-cookie"].decode().partition(";")[0]
    again = ask(
        "POST", SIGN_IN, [form[:50], form[50:]], cookie=cookie,
        content_type="application/x-www-form-urlencoded",
    )  # fmt: skip
    assert (again.status, b"nobody" in again.body) == (200, True)


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/api/v1/x/", {"error": {"code": "too_large", "message": "The body is too large."}}),
        (NOTIFY, {"code": "FAIL", "message": "The body is too large."}),
    ],
)
def test_programs_are_refused_in_their_own_form(path: str, answer: Any) -> None:
    got = ask("POST", path, b"", content_length="99999999", accept_language="en")
    assert got.headers[b"content-type"] == b"application/json"
    assert json.loads(got.body) == answer


def test_people_are_refused_in_their_own_language() -> None:
    assert ask("POST", "/admin/", content_length="99999999").body.decode() == "请求内容过大。"
    english = ask("POST", "/admin/", content_length="99999999", cookie="django_language=en")
    assert english.body == b"The body is too large."


def test_a_header_with_an_underscore_is_not_taken_for_one_with_a_hyphen() -> None:
    """A proxy overwrites the latter only."""
    chinese = asyncio.run(exchange("GET", SIGN_IN, verbatim={"accept_language": "en"}))
    english = asyncio.run(exchange("GET", SIGN_IN, verbatim={"accept-language": "en"}))
    assert b'lang="zh-hans"' in chinese.body
    assert b'lang="en"' in english.body


@pytest.mark.parametrize("name", ["会\0员\x0b\ufffe日", "\ufeff会员日\u200b ", "\u202d会员日\u202c"])
def test_what_is_typed_is_kept_without_what_has_no_place_in_a_text(staff: Cast, name: str) -> None:
    typed = {"account": staff.ours.pk, "name": name, "kind": "text", "text": "到\x14店👩\u200d🚀"}
    client = signed_in(staff.owner)
    client.post("/admin/campaigns/masssend/add/", typed | {"target": "all"})
    send = MassSend.objects.get()
    assert (send.name, send.content["content"]) == ("会员日", "到店👩\u200d🚀")


@pytest.mark.parametrize("asked", ["\u200bA1", "A1\ufeff", "A\x0b1"])
def test_what_is_asked_for_is_cleaned_as_well(staff: Cast, asked: str) -> None:
    Template.objects.create(account=staff.ours, kind="template", platform_id="A1", title="预约提醒")
    page = signed_in(staff.owner).get("/admin/pushes/template/", {"q": asked})
    assert "预约提醒" in page.content.decode()
