"""The requests of clients in PHP, Go and Java that differ from the platform's documentation."""

from __future__ import annotations

from typing import Any

import requests
from harness import APPID, JPG, OPENID, SECRET, control, flow, run

API = "https://api.weixin.qq.com"
session = requests.Session()


def token() -> str:
    query = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}
    return str(session.get(f"{API}/cgi-bin/token", params=query, timeout=30).json()["access_token"])


TOKEN = token()


def call(method: str, path: str, **more: Any) -> dict[str, Any]:
    query = {"access_token": TOKEN, **more.pop("query", {})}
    answer: dict[str, Any] = session.request(method, API + path, params=query, timeout=30, **more).json()
    assert not answer.get("errcode"), answer
    return answer


@flow("temporary media")
def upload_with_a_form_field() -> None:
    """EasyWeChat 5: the type of an upload is a field of the form."""
    for path in ("/cgi-bin/media/upload", "/cgi-bin/material/add_material"):
        assert call("POST", path, files={"media": ("a.jpg", JPG)}, data={"type": "image"})["media_id"]


@flow("service account deleted")
def deleted_by_get() -> None:
    """EasyWeChat, WxJava: GET with the account in the query."""
    call("POST", "/customservice/kfaccount/add", json={"kf_account": "kf1@demo", "nickname": "x"})
    call("GET", "/customservice/kfaccount/del", query={"kf_account": "kf1@demo"})


@flow("template messages")
def read_by_post() -> None:
    """EasyWeChat: reads by POST, with an empty list or object as the body."""
    for body in ("[]", "{}"):
        call("POST", "/cgi-bin/template/get_industry", data=body)
        call("POST", "/cgi-bin/template/get_all_private_template", data=body)


@flow("followers")
def empty_language() -> None:
    """silenceper/wechat: sends an empty language."""
    asked = {"user_list": [{"openid": OPENID, "lang": ""}]}
    assert call("POST", "/cgi-bin/user/info/batchget", json=asked)["user_info_list"]


@flow("service accounts, sessions")
def numbers() -> None:
    """silenceper/wechat, PowerWeChat: parse ids as numbers."""
    call("POST", "/customservice/kfaccount/add", json={"kf_account": "kf2@demo", "nickname": "x"})
    assert isinstance(call("GET", "/cgi-bin/customservice/getkflist")["kf_list"][0]["kf_id"], int)


@flow("drafts, publications")
def published() -> None:
    """silenceper/wechat: parses and sends the id of a publication as a number."""
    cover = call(
        "POST", "/cgi-bin/material/add_material", files={"media": ("a.jpg", JPG)}, data={"type": "image"}
    )
    article = {"title": "开业", "content": "<p>来</p>", "thumb_media_id": cover["media_id"]}
    draft = call("POST", "/cgi-bin/draft/add", json={"articles": [article]})["media_id"]
    number = call("POST", "/cgi-bin/freepublish/submit", json={"media_id": draft})["publish_id"]
    assert isinstance(number, int)
    call("POST", "/cgi-bin/freepublish/get", json={"publish_id": number})


@flow("tags, blacklist")
def escapes() -> None:
    """Clients that escape: send \\uXXXX in JSON."""
    call("POST", "/cgi-bin/tags/create", data=b'{"tag":{"name":"\\u661f\\u6807"}}')


@flow("mass sends")
def old_image() -> None:
    """wechatpy, WeRoBot, co-wechat-api, EasyWeChat: send one picture as "image"."""
    media = call("POST", "/cgi-bin/media/upload", files={"media": ("a.jpg", JPG)}, data={"type": "image"})
    body = {"filter": {"is_to_all": True}, "msgtype": "image", "image": {"media_id": media["media_id"]}}
    call("POST", "/cgi-bin/message/mass/sendall", json=body)


@flow("token, callback addresses")
def forgotten_token() -> None:
    """co-wechat-api, wechat-api: renew on 40001 alone."""
    query = {"access_token": "98_" + "a" * 128}
    answer = session.get(f"{API}/cgi-bin/getcallbackip", params=query, timeout=30).json()
    assert answer["errcode"] == 40001, answer


@flow("quotas cleared")
def quotas() -> None:
    """silenceper/wechat, EasyWeChat: call clear_quota."""
    call("POST", "/cgi-bin/clear_quota", json={"appid": APPID})
    assert control(f"/calls?appid={APPID}")["counts"]


if __name__ == "__main__":
    run()
