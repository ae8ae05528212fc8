"""Every call of the platform's list, made well and made badly: each is answered with the platform's codes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from simulator.error_texts import TEXTS
from tests.simulator.conftest import APPID, OPENID, OWNER, Simulator
from tests.simulator.example_calls import Example, Scene, scene_of
from tests.simulator.test_coverage import items

LISTED = [each["path"] for each in items("api_index.json")]
CALLED = [each["path"] for each in items("api_index.json") if each["host"] == "api.weixin.qq.com"]
BY_SECRET = ("/cgi-bin/token", "/cgi-bin/stable_token", "/cgi-bin/clear_quota/v2")
WITH_TOKEN = [path for path in CALLED if path not in BY_SECRET and not path.startswith("/sns/")]
# Clients in use call these by the other method.
BY_EITHER = (
    "/customservice/kfaccount/del", "/cgi-bin/template/get_industry",
    "/cgi-bin/template/get_all_private_template", "/cgi-bin/draft/switch",
)  # fmt: skip
LEFT_OUT = object()
HALF_A_PAIR = "\ud800"
# More than Python makes a number of.
MANY_DIGITS = "9" * 5_000
ODD_VALUES: tuple[Any, ...] = (
    LEFT_OUT, None, "", "x", "长" * 2_000, "\0", HALF_A_PAIR, MANY_DIGITS,
    0, -1, 3.5, 10**30, 10**400, True, [], [[]], [None], {},
)  # fmt: skip
ODD_BODIES = (
    b"", b"{}", b"[]", b"null", b'"x"', b"{", b"\xff\xfe", b'{"a":NaN}', b"[" * 50_000, b'{"a":' * 5_000,
    b'{"a":' + b"9" * 5_000 + b"}",
)  # fmt: skip


@pytest.fixture(scope="module")
def made(process: str) -> Scene:
    simulator = Simulator(process)
    simulator.sim("/reset")
    simulator.sim("/settings", {"repeat_pause": 0, "result_event_delay": 0})
    simulator.sim("/accounts", OWNER)
    return scene_of(simulator)


@pytest.fixture
def scene(simulator: Simulator, made: Scene) -> Scene:
    made.enter(simulator)
    return made


def code(answer: Any) -> int:
    return int(answer.get("errcode", 0))


@pytest.mark.parametrize("path", LISTED)
def test_a_call_as_in_the_manual_is_answered(simulator: Simulator, scene: Scene, path: str) -> None:
    assert code(scene.call(simulator, scene.examples[path])) == 0


def test_what_clients_call_besides_is_answered(simulator: Simulator, scene: Scene) -> None:
    further = [each for path, each in scene.examples.items() if path not in LISTED]
    assert len(further) > 15
    for each in further:
        scene.enter(simulator)
        assert code(scene.call(simulator, each)) == 0, each.path


@pytest.mark.parametrize("path", CALLED)
def test_the_other_method_is_refused_where_clients_do_not_use_it(
    simulator: Simulator, scene: Scene, path: str
) -> None:
    example = scene.examples[path]
    method, refused = ("GET", 43002) if example.method == "POST" else ("POST", 43001)
    body: Any = {} if method == "POST" else None
    answer = scene.call(simulator, replace(example, method=method, body=body, file=None))
    assert (code(answer) == refused) is (path not in BY_EITHER)


@pytest.mark.parametrize("path", WITH_TOKEN)
def test_a_token_that_is_missing_unknown_or_old_is_refused(
    simulator: Simulator, scene: Scene, path: str
) -> None:
    example = scene.examples[path]
    for token, refused in (("", 41001), ("nonsense", 40014), (f"98_{'x' * 100}", 40001)):
        assert code(scene.call(simulator, example, token=token)) == refused
    simulator.sim("/clock", {"advance": 7_201})
    assert code(scene.call(simulator, example)) == 42001


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yields the path of each value in a body, from the outside in."""
    if at:
        yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*at, key))


def changed(body: Any, at: tuple[Any, ...], value: Any) -> Any:
    body = copy.deepcopy(body)
    *outside, last = at
    holder = body
    for key in outside:
        holder = holder[key]
    if value is LEFT_OUT:
        del holder[last]
    else:
        holder[last] = value
    return body


def odd_calls(example: Example) -> Iterator[Example]:
    """The call with each of its parameters left out, or with a value of any type."""
    for name in example.query:
        for value in (LEFT_OUT, "", "x", "-1", "长" * 500, "\0", MANY_DIGITS):
            yield replace(example, query=changed(example.query, (name,), value))
    if example.body is None:
        return
    for body in ODD_BODIES:
        yield replace(example, body=body)
    for at in places(example.body):
        for value in ODD_VALUES:
            body = changed(example.body, at, value)
            yield replace(example, body=json.dumps(body).encode() if value is HALF_A_PAIR else body)


@pytest.mark.parametrize("path", CALLED)
def test_no_value_of_any_type_breaks_a_call(simulator: Simulator, scene: Scene, path: str) -> None:
    for odd in odd_calls(scene.examples[path]):
        assert code(scene.call(simulator, odd)) in {0, *TEXTS}, odd


def test_no_value_of_any_type_breaks_what_clients_call_besides(simulator: Simulator, scene: Scene) -> None:
    for path, example in scene.examples.items():
        for odd in odd_calls(example) if path not in LISTED else ():
            assert code(scene.call(simulator, odd)) in {0, *TEXTS}, odd


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=x", "application/json"]
)
def test_an_upload_that_is_no_form_has_no_file(simulator: Simulator, scene: Scene, kind: str) -> None:
    url = f"{simulator.base}/cgi-bin/media/upload"
    query = {"access_token": scene.tokens[APPID], "type": "image"}
    given: dict[str, Any] = {"data": b"--x\r\nnonsense", "headers": {"Content-Type": kind}}
    assert simulator.session.post(url, params=query, timeout=30, **given).json()["errcode"] == 41005


@pytest.mark.parametrize(
    ("path", "left_out", "refused"),
    [
        ("/cgi-bin/token", "appid", 41002),
        ("/cgi-bin/token", "secret", 41004),
        ("/cgi-bin/stable_token", "appid", 41002),
        ("/cgi-bin/stable_token", "secret", 41004),
        ("/cgi-bin/stable_token", "grant_type", 40002),
        ("/cgi-bin/clear_quota", "appid", 41002),
        ("/cgi-bin/clear_quota/v2", "appid", 41002),
        ("/cgi-bin/clear_quota/v2", "appsecret", 41004),
        ("/cgi-bin/user/info", "openid", 41009),
        ("/cgi-bin/user/info/updateremark", "openid", 41009),
        ("/cgi-bin/tags/getidlist", "openid", 41009),
        ("/cgi-bin/media/get", "media_id", 41006),
        ("/cgi-bin/material/get_material", "media_id", 41006),
        ("/cgi-bin/draft/add", "articles", 44003),
        ("/cgi-bin/menu/addconditional", "matchrule", 65304),
        ("/cgi-bin/menu/addconditional", "button", 65307),
        ("/cgi-bin/message/mass/speed/set", "speed", 45084),
        ("/wxaapi/newtmpl/getpubtemplatetitles", "ids", 200018),
        ("/sns/oauth2/access_token", "code", 41008),
        ("/sns/oauth2/access_token", "secret", 41004),
        ("/sns/oauth2/refresh_token", "refresh_token", 41003),
        ("/sns/jscode2session", "js_code", 41008),
        ("/wxa/getwxacodeunlimit", "scene", 40169),
        ("/datacube/getusersummary", "begin_date", 61500),
    ],
)
def test_what_is_missing_has_the_platforms_code_and_null_is_the_same(
    simulator: Simulator, scene: Scene, path: str, left_out: str, refused: int
) -> None:
    example = scene.examples[path]
    values = (LEFT_OUT, None) if example.body else (LEFT_OUT,)
    for value in values:
        body = changed(example.body, (left_out,), value) if example.body else None
        query = example.query if example.body else changed(example.query, (left_out,), value)
        assert code(scene.call(simulator, replace(example, body=body, query=query))) == refused


@pytest.mark.parametrize("value", [None, "", [], {}, ["天河店"], True])
def test_a_field_of_a_template_holds_a_text_or_a_number(
    simulator: Simulator, scene: Scene, value: Any
) -> None:
    send = scene.examples["/cgi-bin/message/template/send"]
    body = changed(send.body, ("data", "thing4", "value"), value)
    assert code(scene.call(simulator, replace(send, body=body))) == 47003
    body["data"]["thing4"]["value"] = 39.8
    assert code(scene.call(simulator, replace(send, body=body))) == 0


@pytest.mark.parametrize("content", [None, "", 5, ["x"]])
def test_a_text_to_many_and_its_preview_need_words(simulator: Simulator, scene: Scene, content: Any) -> None:
    for path in ("/cgi-bin/message/mass/sendall", "/cgi-bin/message/mass/preview"):
        example = scene.examples[path]
        body = {**example.body, "text": {"content": content}}
        assert code(scene.call(simulator, replace(example, body=body))) == 44004


def test_a_preview_of_media_needs_media_the_account_has(simulator: Simulator, scene: Scene) -> None:
    preview = scene.examples["/cgi-bin/message/mass/preview"]
    body = {"touser": OPENID, "msgtype": "image", "image": {"media_id": "nobody's"}}
    assert code(scene.call(simulator, replace(preview, body=body))) == 40007
