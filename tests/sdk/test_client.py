import json
import logging
import socket
import traceback
from collections.abc import Callable
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.sdk.data import DATA
from tests.sdk.memory_tokens import MemoryTokenStore
from tests.sdk.platform import SECRET, Platform, Reply, answer, multipart_names
from wechat.sdk import jssdk
from wechat.sdk.calls import base as base_api
from wechat.sdk.calls import media, messages
from wechat.sdk.client import Client
from wechat.sdk.content import Text, to_service_json
from wechat.sdk.errors import ApiError, TransportError, WeChatError
from wechat.sdk.tokens import AccessTokens, Credentials
from wechat.sdk.transport import ApiRequest, Transport, shared_session

SEND, INFO, STABLE = "/cgi-bin/message/custom/send", "/cgi-bin/user/info", "/cgi-bin/stable_token"
MESSAGE, PROFILE = to_service_json(Text("a"), openid="oOne"), {"openid": "oOne"}
OK = answer(errcode=0, errmsg="ok")


def test_a_body_goes_out_as_utf8_without_escapes(platform: Platform, client: Client) -> None:
    platform.routes[SEND] = lambda request: OK
    client.post(SEND, to_service_json(Text("你好 🏃"), openid="oOne", kf_account="kf2001@demo_oa"))
    sent = platform.requests[-1]
    assert "你好 🏃".encode() in sent.body
    assert json.loads(sent.body)["customservice"] == {"kf_account": "kf2001@demo_oa"}
    assert sent.query == {"access_token": "98_token-1"}


def test_answers_are_read_as_utf8_whatever_the_header_says(platform: Platform, client: Client) -> None:
    body = '{"subscribe":1,"remark":"三店-王女士\x01"}'.encode()
    platform.routes[INFO] = lambda request: Reply(body, "text/plain; charset=iso-8859-1")
    assert client.get(INFO, PROFILE)["remark"].startswith("三店-王女士")


def test_a_stale_token_is_repaired_once_and_the_call_repeated(platform: Platform, client: Client) -> None:
    platform.routes[INFO] = lambda request: answer(subscribe=1)
    client.get(INFO, PROFILE)
    platform.invalidate()
    assert client.get(INFO, PROFILE) == {"subscribe": 1}
    assert platform.calls() == {STABLE: 2, INFO: 3}


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_platform_that_refuses_every_token_is_asked_twice_and_no_more(
    platform: Platform, client: Client, errcode: int
) -> None:
    platform.routes[INFO] = lambda request: answer(errcode=errcode, errmsg="no")
    with pytest.raises(ApiError) as refused:
        client.get(INFO, PROFILE)
    assert refused.value.errcode == errcode
    assert platform.calls()[INFO] == 2


@pytest.mark.parametrize("errcode", [-1, 45009, 48001, 40003, 987654])
def test_other_refusals_are_not_repeated(platform: Platform, client: Client, errcode: int) -> None:
    platform.routes[SEND] = lambda request: answer(errcode=errcode, errmsg="no rid: aa-bb-cc")
    with pytest.raises(ApiError) as refused:
        client.post(SEND, MESSAGE)
    assert (refused.value.errcode, refused.value.api, refused.value.rid) == (errcode, SEND, "aa-bb-cc")
    assert platform.calls() == {STABLE: 1, SEND: 1}


GARBAGE = {
    "a gateway error": Reply(b"<html>502</html>", "text/html", 502),
    "a page": Reply(b"<html>hello</html>", "text/html"),
    "nothing": Reply(b""),
    "half an answer": Reply(b'{"errcode":0,"errm'),
    "a list": Reply(b"[]"),
    "a deep hole": Reply(b'{"a":' * 100_000),
    "an errcode in words": Reply(b'{"errcode":"sorry"}'),
    "somewhere else": Reply(b"", "text/html", 302, {"Location": "http://127.0.0.1:1/"}),
    "a hang-up": Reply(b"", status=0),
}


@pytest.mark.parametrize("reply", GARBAGE.values(), ids=GARBAGE)
def test_no_usable_answer_means_nobody_knows_what_happened(
    platform: Platform, client: Client, reply: Reply
) -> None:
    platform.routes[SEND] = lambda request: reply
    with pytest.raises(TransportError) as lost:
        client.post(SEND, MESSAGE)
    assert lost.value.outcome_unknown
    assert lost.value.retryable
    assert platform.calls()[SEND] == 1


def test_a_refused_connection_means_nothing_was_sent(session: requests.Session) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        transport = Transport(f"http://127.0.0.1:{taken.getsockname()[1]}", session)
        with pytest.raises(TransportError) as unreachable:
            transport.ask(ApiRequest("GET", INFO))
    assert not unreachable.value.outcome_unknown


class Failing(HTTPAdapter):
    """A network that fails in one way."""

    def __init__(self, failure: requests.RequestException) -> None:
        super().__init__()
        self.failure = failure

    def send(self, *args: Any, **options: Any) -> requests.Response:
        raise self.failure


@pytest.mark.parametrize(
    ("failure", "unknown"),
    [
        (requests.ConnectTimeout(), False),
        (requests.ReadTimeout(), True),
        (requests.exceptions.ChunkedEncodingError(), True),
        (requests.exceptions.SSLError(), True),
    ],
)
def test_only_a_connection_never_made_leaves_no_doubt(
    session: requests.Session, failure: requests.RequestException, unknown: bool
) -> None:
    session.mount("http://", Failing(failure))
    with pytest.raises(TransportError) as lost:
        Transport("http://platform.example", session).ask(ApiRequest("GET", INFO))
    assert lost.value.outcome_unknown is unknown


def test_no_secret_is_shown_when_things_go_wrong(
    platform: Platform,
    client: Client,
    credentials: Credentials,
    base: str,
    session: requests.Session,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    platform.routes[SEND] = lambda request: Reply(b"", status=0)
    platform.routes[INFO] = lambda request: answer(errcode=40003, errmsg="invalid openid")
    classic = AccessTokens(credentials, MemoryTokenStore(), Transport(base, session), kind="classic")
    shown = [
        repr(client),
        repr(ApiRequest("GET", INFO, {"access_token": "98_token-1"}, {"secret": SECRET})),
        classic.get()[:0],
    ]
    unreachable = Transport("http://127.0.0.1:1", session)
    calls: list[Callable[[], object]] = [
        lambda: client.post(SEND, MESSAGE),
        lambda: client.get(INFO, PROFILE),
        lambda: unreachable.ask(ApiRequest("GET", INFO, {"access_token": "98_token-1"})),
    ]
    for call in calls:
        with pytest.raises(WeChatError) as failed:
            call()
        assert failed.value.__context__ is None
        shown += traceback.format_exception_only(failed.value)
    shown += [record.getMessage() for record in caplog.records]
    assert any("access_token=***" in line for line in shown)
    assert not [line for line in shown if "98_token" in line or SECRET in line]


def test_calls_are_observed_with_their_outcome(
    platform: Platform, base: str, session: requests.Session
) -> None:
    seen: list[tuple[str, str]] = []
    transport = Transport(base, session, lambda api, outcome, seconds, error: seen.append((api, outcome)))
    platform.valid = {"t"}
    replies = iter([OK, answer(errcode=45009, errmsg="quota"), Reply(b"", status=500)])
    platform.routes[INFO] = lambda request: next(replies)
    for _ in range(3):
        try:
            transport.ask(ApiRequest("GET", INFO).with_token("t"))
        except WeChatError:
            continue
    assert seen == [(INFO, "ok"), (INFO, "45009"), (INFO, "lost")]


def test_a_call_is_logged_with_api_outcome_and_duration(
    platform: Platform, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    platform.routes[INFO] = lambda request: answer(errcode=45009, errmsg="quota")
    with pytest.raises(ApiError):
        client.get(INFO, PROFILE)
    record = next(record for record in caplog.records if record.name == "wechat.sdk")
    assert (record.__dict__["api"], record.__dict__["errcode"]) == (INFO, "45009")
    assert record.__dict__["duration"] >= 0


@pytest.mark.parametrize(
    ("errcode", "level"), [(40003, "INFO"), (45009, "WARNING"), (-1, "WARNING"), (987654, "WARNING")]
)
def test_only_a_refusal_nobody_can_foresee_is_a_warning(
    platform: Platform, client: Client, caplog: pytest.LogCaptureFixture, errcode: int, level: str
) -> None:
    caplog.set_level(logging.DEBUG)
    platform.routes[INFO] = lambda request: answer(errcode=errcode, errmsg="no")
    with pytest.raises(ApiError):
        client.get(INFO, PROFILE)
    records = [record for record in caplog.records if record.__dict__.get("api") == INFO]
    assert [record.levelname for record in records] == [level]


@pytest.mark.parametrize(
    ("reply", "filename", "is_file"),
    [
        (
            Reply(
                b"\xff\xd8{", "image/jpeg", headers={"Content-Disposition": 'attachment; filename="a.jpg"'}
            ),
            "a.jpg",
            True,
        ),
        (Reply(b"{oddly", "image/jpeg"), "", True),
        (Reply(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "text/plain"), "", True),
        (Reply(b"\xff\xd8\xff\xe0", "application/json"), "", True),
        (
            Reply(
                b"#!AMR", "voice/speex", headers={"Content-Disposition": 'attachment; filename="../../b.amr"'}
            ),
            "b.amr",
            True,
        ),
        (Reply(b'{"video_url":"http://v.example/1"}', "text/plain"), "", False),
        (Reply(b'{"video_url":"http://v.example/1"}', "application/json"), "", False),
    ],
)
def test_a_download_is_a_file_or_an_answer(
    platform: Platform, client: Client, reply: Reply, filename: str, is_file: bool
) -> None:
    platform.routes["/cgi-bin/media/get"] = lambda request: reply
    download = media.get_temporary(client, "m1")
    assert (download.filename, download.json is None) == (filename, is_file)
    assert download.body == reply.body


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "application/octet-stream"])
def test_a_download_that_is_refused_is_an_error(
    platform: Platform, client: Client, content_type: str
) -> None:
    refused = Reply(b'{"errcode":40007,"errmsg":"invalid media_id"}', content_type)
    platform.routes["/cgi-bin/media/get"] = lambda request: refused
    with pytest.raises(ApiError, match="40007"):
        media.get_temporary(client, "gone")


def test_a_download_with_a_stale_token_is_repaired_too(platform: Platform, client: Client) -> None:
    platform.routes["/cgi-bin/media/get"] = lambda request: Reply(b"\x89PNG", "image/png")
    media.get_temporary(client, "m1")
    platform.invalidate()
    assert media.get_temporary(client, "m1").body == b"\x89PNG"


@pytest.mark.parametrize(
    "reply", [Reply(b"", "image/png"), Reply(b"<html>", "text/html"), Reply(b"oops", "application/json")]
)
def test_an_empty_or_foreign_download_is_no_answer(platform: Platform, client: Client, reply: Reply) -> None:
    platform.routes["/cgi-bin/media/get"] = lambda request: reply
    with pytest.raises(TransportError):
        media.get_temporary(client, "m1")


@pytest.mark.parametrize("name", ["media_id", "thumb_media_id"])
def test_an_upload_is_a_form_with_the_file_and_its_own_name(
    platform: Platform, client: Client, name: str
) -> None:
    platform.routes["/cgi-bin/media/upload"] = lambda request: answer(**{name: "m1", "created_at": 1})
    assert (
        media.upload_temporary(client, "thumb", media.Upload("封面.jpg", b"\xff\xd8", "image/jpeg")) == "m1"
    )
    sent = platform.requests[-1]
    assert multipart_names(sent) == ["media", "封面.jpg"]
    assert sent.query["type"] == "thumb"


def test_a_repaired_upload_carries_the_file_again(platform: Platform, client: Client) -> None:
    platform.routes["/cgi-bin/media/upload"] = lambda request: answer(
        media_id=str(request.body.count(b"BYTES"))
    )
    upload = media.Upload("a.jpg", b"BYTES", "image/jpeg")
    assert media.upload_temporary(client, "image", upload) == "1"
    platform.invalidate()
    assert media.upload_temporary(client, "image", upload) == "1"


def test_a_permanent_video_carries_its_title(platform: Platform, client: Client) -> None:
    platform.routes["/cgi-bin/material/add_material"] = lambda request: answer(media_id="m1")
    media.add_permanent(client, "video", media.Upload("a.mp4", b"0", "video/mp4"), "开课预告", "三分钟")
    assert '{"title": "开课预告", "introduction": "三分钟"}'.encode() in platform.requests[-1].body


def test_the_small_calls_ask_what_they_should(platform: Platform, client: Client) -> None:
    for path in ("/cgi-bin/get_api_domain_ip", "/cgi-bin/getcallbackip"):
        platform.routes[path] = lambda request: answer(ip_list=["203.0.113.0/24"])
    for path in (
        "/cgi-bin/callback/check",
        "/cgi-bin/openapi/quota/get",
        "/cgi-bin/get_current_autoreply_info",
        "/cgi-bin/message/custom/typing",
        "/cgi-bin/material/del_material",
    ):
        platform.routes[path] = lambda request: answer(errcode=0, asked=request.body.decode())
    assert base_api.api_domain_ips(client) == base_api.callback_ips(client) == ["203.0.113.0/24"]
    assert base_api.callback_check(client, "dns")["asked"] == '{"action":"dns","check_operator":"DEFAULT"}'
    assert base_api.quota_get(client, SEND)["asked"] == f'{{"cgi_path":"{SEND}"}}'
    assert base_api.current_autoreply_info(client)["errcode"] == 0
    messages.typing(client, "oOne", on=False)
    assert json.loads(platform.requests[-1].body) == {"touser": "oOne", "command": "CancelTyping"}
    media.delete(client, "m1")
    assert json.loads(platform.requests[-1].body) == {"media_id": "m1"}


def test_one_process_keeps_one_session_per_host_without_cookies(platform: Platform, base: str) -> None:
    platform.valid = {"t"}
    platform.routes[INFO] = lambda request: Reply(b"{}", headers={"Set-Cookie": "a=b"})
    for _ in range(2):
        Transport(base).ask(ApiRequest("GET", INFO).with_token("t"))
    assert "Cookie" not in platform.requests[-1].headers
    assert shared_session(base, 1) is shared_session(base, 1)
    assert shared_session(base, 1) is not shared_session(base, 2)


@pytest.mark.parametrize(
    "vector",
    json.loads((DATA / "vectors" / "jssdk_signature.json").read_text("utf-8"))["vectors"],
    ids=lambda vector: str(vector["id"]),
)
def test_a_page_is_signed_as_the_vectors_say(vector: dict[str, str]) -> None:
    signature = jssdk.signature(
        vector["jsapi_ticket"], vector["noncestr"], int(vector["timestamp"]), vector["page_url"]
    )
    assert signature == vector["signature"]
