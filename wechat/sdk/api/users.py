"""Followers. WeChat reference 6.2."""

from typing import Any, Literal

from wechat.sdk.client import Client


def user_info(client: Client, openid: str, lang: Literal["zh_CN", "zh_TW", "en"] = "zh_CN") -> dict[str, Any]:
    """What the platform tells about one openid; `subscribe` is 0 for somebody who does not follow."""
    return client.get("/cgi-bin/user/info", {"openid": openid, "lang": lang})
