"""The callback as the WSGI server calls it."""

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

import pytest

from config.wsgi import application
from tests.platform import Platform, Push
from wechat.inbox import routing
from wechat.inbox.models import InboundMessage
from wechat.inbox.routing import Answer
from wechat.sdk.content import Text

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("account", "only_these_handlers"),
]

Got = tuple[str, dict[str, str], bytes]


@pytest.fixture
def call() -> Callable[..., Got]:
    def request(path: str, push: Push, method: str = "POST") -> Got:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": urlencode(push.query),
            "CONTENT_LENGTH": str(len(push.body)),
            "wsgi.input": io.BytesIO(push.body),
        }
        setup_testing_defaults(environ)
        got: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], object]:
            got.extend([status, dict(headers)])
            return got.append

        body = b"".join(application(environ, start_response))
        return got[0], got[1], body

    return request


def test_a_push_is_answered(call: Callable[..., Got], platform: Platform) -> None:
    routing.answers(order=1, quick=True)(lambda event: Answer("test", Text("hello")))
    status, headers, body = call("/wechat/demo/callback", platform.safe(platform.text("1")))
    assert (status, headers["Content-Type"]) == ("200 OK", "text/xml; charset=utf-8")
    assert headers["Content-Length"] == str(len(body))
    assert platform.opened(body)["Content"] == "hello"


def test_the_address_is_verified(call: Callable[..., Got], platform: Platform) -> None:
    push = Push(platform.plain("").query | {"echostr": "42"}, b"")
    assert call("/wechat/demo/callback/", push, "GET")[2] == b"42"


@pytest.mark.parametrize("path", ["/wechat/demo/callback", "/wechat/nobody/callback"])
def test_what_is_not_signed_is_refused(call: Callable[..., Got], path: str) -> None:
    status, _, body = call(path, Push({}, b"<xml/>"))
    assert status in {"403 Forbidden", "404 Not Found"}
    assert not body.startswith(b"<xml")
    assert not InboundMessage.objects.exists()


def test_other_methods_are_not_allowed(call: Callable[..., Got], platform: Platform) -> None:
    assert call("/wechat/demo/callback", platform.plain(""), "PUT")[0] == "405 Method Not Allowed"


def test_every_other_path_is_djangos(call: Callable[..., Got]) -> None:
    assert call("/healthz/live", Push({}, b""), "GET")[2] == b'{"live": true}'
