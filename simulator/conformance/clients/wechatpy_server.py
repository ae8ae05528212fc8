"""The flows of wechatpy as an account's server, in a WSGI application."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIEnvironment

from harness import APPID, KEY, TOKEN, check_callbacks, flow
from wechatpy import create_reply, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.events import SubscribeEvent
from wechatpy.messages import ImageMessage
from wechatpy.replies import ImageReply
from wechatpy.utils import check_signature

crypto = WeChatCrypto(TOKEN, KEY, APPID)


def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    query = dict(parse_qsl(environ["QUERY_STRING"]))
    check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
    start("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    if environ["REQUEST_METHOD"] == "GET":
        return [query["echostr"].encode()]
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    signed = [query.get(name, "") for name in ("timestamp", "nonce")]
    if "msg_signature" not in query:
        return [answer(body).encode()]
    opened = crypto.decrypt_message(body, query["msg_signature"], *signed)
    return [crypto.encrypt_message(answer(opened), *reversed(signed)).encode()]


def answer(body: bytes | str) -> str:
    message = parse_message(body)
    if isinstance(message, ImageMessage):
        return str(ImageReply(message=message, media_id=message.media_id).render())
    text = "欢迎" if isinstance(message, SubscribeEvent) else f"听到了:{message.content}"
    return str(create_reply(text, message).render())


@flow("server: callbacks in plain mode")
def plain_callbacks() -> None:
    check_callbacks(app, "plain")


@flow("server: callbacks in safe mode")
def safe_callbacks() -> None:
    check_callbacks(app, "safe")


@flow("server: callbacks in compatible mode")
def compatible_callbacks() -> None:
    check_callbacks(app, "compatible")
