"""The flows of wechatpy as a third-party platform of the Open Platform."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qs, parse_qsl, urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

import requests
from harness import APPID, BASE, KEY, OPENID, TOKEN, control, flow, serve
from wechatpy import create_reply, parse_message
from wechatpy.component import WeChatComponent

COMPONENT, SECRET = "wxc0ffee0123456789", "f" * 32
component = WeChatComponent(COMPONENT, SECRET, TOKEN, KEY)
NAMED = f"/components/{COMPONENT}"
kinds: list[str] = []


def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    query = dict(parse_qsl(environ["QUERY_STRING"]))
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0))
    signed = query["msg_signature"], query["timestamp"], query["nonce"]
    start("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    if environ["PATH_INFO"] == "/events":
        kinds.append(component.parse_message(body, *signed).type)
        return [b"success"]
    message = parse_message(component.crypto.decrypt_message(body, *signed))
    reply = create_reply(f"替你回复:{message.content}", message).render()
    return [component.crypto.encrypt_message(reply, query["nonce"], query["timestamp"]).encode()]


server, address = serve(app)
control(
    "/components",
    {
        "appid": COMPONENT, "secret": SECRET, "token": TOKEN, "aes_key": KEY,
        "event_url": f"{address}events", "callback_url": f"{address}$APPID$/callback",
    },
)  # fmt: skip


def on_phone(path: str, **form: str) -> str:
    """Submits the form of a page as a person's phone does; returns the URL of its redirect."""
    port = urlsplit(BASE).port
    answer = requests.post(
        BASE + path, data=form, headers={"Host": f"anna.localhost:{port}"}, allow_redirects=False, timeout=10
    )
    return answer.headers["Location"]


def inside(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


@flow("platform: ticket, token")
def ticket() -> None:
    control(f"{NAMED}/ticket", {})
    assert component.component_verify_ticket
    assert component.access_token
    assert "component_verify_ticket" in kinds


@flow("platform: authorisation, tokens refreshed")
def authorisation() -> None:
    url = component.get_pre_auth_url_m(f"{address}done")
    where = on_phone(inside(url), choice="allow", appid=APPID, permission="2")
    assert parse_qs(urlsplit(where).query)["auth_code"]
    result = control(f"{NAMED}/authorize", {"appid": APPID})
    assert result["expires_in"] == 3600
    assert "updateauthorized" in kinds
    refresh = component.session.get(f"{APPID}_refresh_token")
    assert component.refresh_authorizer_token(APPID, refresh)["authorizer_access_token"]
    assert component.get_authorizer_info(APPID)["authorizer_info"]["nick_name"]
    assert component.get_authorizer_list()["total_count"] == 1
    component.set_authorizer_option(APPID, "voice_recognize", "1")
    assert component.get_authorizer_option(APPID, "voice_recognize")["option_value"] == "1"


@flow("platform: calls on behalf")
def on_behalf() -> None:
    client = component.get_client_by_appid(APPID)
    assert OPENID in client.user.get_followers()["data"]["openid"]
    assert client.tag.create("服务商")["name"] == "服务商"


@flow("platform: messages answered on behalf")
def messages() -> None:
    result = control(f"/accounts/{APPID}/events/{OPENID}", {"type": "text", "content": "在吗"})
    assert result["shown"][0]["content"] == {"content": "替你回复:在吗"}, result["attempts"]


@flow("platform: web login on behalf")
def login() -> None:
    oauth = component.get_component_oauth(APPID)
    where = on_phone(inside(oauth.get_authorize_url(f"{address}in", "snsapi_userinfo", "s")), choice="allow")
    oauth.fetch_access_token(parse_qs(urlsplit(where).query)["code"][0])
    assert oauth.get_user_info()["openid"] == oauth.open_id
    oauth.refresh_access_token(oauth.refresh_token)


@flow("platform: authorisation taken back")
def cancelled() -> None:
    control(f"{NAMED}/cancel", {"appid": APPID})
    assert "unauthorized" in kinds
    assert component.get_authorizer_list()["total_count"] == 0
    server.shutdown()
