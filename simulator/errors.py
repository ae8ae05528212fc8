"""Business errors: HTTP 200 with errcode, errmsg and a request id (WeChat reference 0.2 and 16)."""

from __future__ import annotations

import secrets

TEXTS = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40004: "invalid media type",
    40005: "invalid file type",
    40006: "invalid meida size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid image size",
    40010: "invalid voice size",
    40011: "invalid video size",
    40012: "invalid thumb size",
    40013: "invalid appid",
    40014: "invalid access_token",
    40032: "invalid openid list size",
    40033: r"invalid charset. please check your request, if include \uxxxx will create fail!",
    40035: "invalid args size",
    40036: "invalid template_id size",
    40037: "invalid template_id",
    40052: "invalid action name",
    40053: "invalid action info, please check document",
    40062: "invalid title size",
    40097: "invalid args",
    40125: "invalid appsecret",
    40164: "invalid ip {0} ipv6 ::ffff:{0}, not in whitelist",
    40201: "invalid check url",
    40202: "invalid check action",
    40203: "invalid check operator",
    40246: "invalid keyword list",
    40247: "invalid template_id_short, use category template",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41005: "media data missing",
    41006: "media_id missing",
    41009: "missing openid",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    43004: "require subscribe",
    43101: "user refuse to accept the msg",
    44001: "empty media data",
    44002: "empty post data",
    44003: "empty news data",
    44004: "empty content",
    45001: "media size out of limit",
    45002: "content size out of limit",
    45007: "playtime out of limit",
    45008: "article size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45026: "template num exceeds limit",
    45029: "qrcode count out of limit",
    45047: "out of response count limit",
    45072: "invalid command",
    45080: "need sending message to user, or recving message from user in the last 30 seconds before typing",
    45081: "you are already typing",
    45098: "msgmenu list size is out of limit",
    45099: "msgmenu item content size is out of limit",
    46001: "media data no exist",
    47001: "data format error",
    47003: "argument invalid! {0} invalid",
    48001: "api unauthorized",
    48006: "forbid to clear quota because of reaching the limit",
    48008: "no permission for this msgtype",
    76021: "cgi_path not found, please check",
    76022: "could not use this cgi_path, no permission",
    200012: "template num exceeds limit",
    200014: "invalid tid",
    200016: "invalid start",
    200017: "invalid limit",
    200018: "category ids missing",
    200019: "invalid category ids",
    200020: "invalid kidList",
    200021: "invalid sceneDesc",
}


class ApiError(Exception):
    """A call the platform refuses. `details` fill the places of the error's text."""

    def __init__(self, code: int, *details: str) -> None:
        super().__init__(code)
        self.code = code
        self.text = (
            TEXTS.get(code, "unknown error").format(*details) if details else TEXTS.get(code, "unknown error")
        )


def refusal(code: int, text: str) -> dict[str, object]:
    return {"errcode": code, "errmsg": f"{text} rid: {request_id()}"}


def request_id() -> str:
    digits = secrets.token_hex(12)
    return f"{digits[:8]}-{digits[8:16]}-{digits[16:]}"
