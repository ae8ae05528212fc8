"""The calls of web OAuth, which identify the person who opens a page in WeChat. WeChat reference 13.

The tokens belong to a person and not to the account, so these calls use a ``Transport`` and not a ``Client``.
"""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from wechat.sdk.answers import flag, identifier, needed, text
from wechat.sdk.tokens import Credentials
from wechat.sdk.transport import ApiRequest, Transport

OPEN_BASE = "https://open.weixin.qq.com"
# The code was never given, was used before, or ran out: only a fresh start helps.
SPENT = frozenset({40029, 40163, 42003})

Scope = Literal["snsapi_base", "snsapi_userinfo"]


@dataclass(frozen=True, slots=True)
class UserToken:
    """The person and token for which a code was exchanged.

    ``is_snapshot`` marks a virtual person, for whom nobody must be created or linked.
    """

    openid: str
    scope: str
    unionid: str = ""
    is_snapshot: bool = False
    access_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile that a person agreed to show; a new avatar makes the old one's address invalid."""

    openid: str
    nickname: str
    avatar: str
    unionid: str = ""


def authorize_url(appid: str, redirect_uri: str, scope: Scope, state: str, open_base: str = OPEN_BASE) -> str:
    """Returns the address for the browser; the platform requires this order and the fragment."""
    back = quote(redirect_uri, safe="")
    query = f"appid={appid}&redirect_uri={back}&response_type=code&scope={scope}&state={state}"
    return f"{open_base}/connect/oauth2/authorize?{query}#wechat_redirect"


def exchange(transport: Transport, credentials: Credentials, code: str) -> UserToken:
    """Exchanges a code. Raises ApiError (``SPENT`` codes among others) and TransportError."""
    params = {"appid": credentials.appid, "secret": credentials.secret, "code": code}
    call = ApiRequest("GET", "/sns/oauth2/access_token", {**params, "grant_type": "authorization_code"})
    answer = transport.ask(call)
    return UserToken(
        openid=needed(answer, "openid", call.api, identifier),
        scope=text(answer, "scope"),
        unionid=identifier(answer, "unionid"),
        is_snapshot=bool(flag(answer, "is_snapshotuser")),
        access_token=needed(answer, "access_token", call.api),
    )


def profile(transport: Transport, token: UserToken) -> Profile:
    """Returns nickname and avatar, for a token of snsapi_userinfo. Raises ApiError 48001 for any other."""
    params = {"access_token": token.access_token, "openid": token.openid, "lang": "zh_CN"}
    call = ApiRequest("GET", "/sns/userinfo", params)
    answer = transport.ask(call)
    return Profile(
        openid=needed(answer, "openid", call.api, identifier),
        nickname=text(answer, "nickname"),
        avatar=text(answer, "headimgurl"),
        unionid=identifier(answer, "unionid") or token.unionid,
    )
