"""The page of open.weixin.qq.com that asks a person for consent (WeChat reference 13.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from simulator.components import Component
from simulator.pages import page, refusal
from simulator.permissions import WEB_PAGES
from simulator.world import Account, World, openid_of

SCOPES = ("snsapi_base", "snsapi_userinfo")
LONGEST_STATE = 128
ASK = """<h1>{name}</h1><p>申请获得你的公开信息（昵称、头像等）</p>
<form method="post"><button class="yes" name="choice" value="allow">同意</button>
<button name="choice" value="refuse">拒绝</button>
<button class="small" name="choice" value="snapshot">以快照页打开（虚拟用户）</button></form>"""
ASK_ONCE = """<h1>{name}</h1><p>申请向你发送一条消息</p>
<form method="post"><button class="yes" name="choice" value="confirm">允许</button>
<button name="choice" value="cancel">取消</button></form>"""
ELSEWHERE = "<h1>请在微信客户端打开链接</h1>"

PathTo = Callable[[str, str], str | None]


class RefusedError(Exception):
    """An error page, which the account's server never sees."""


@dataclass(frozen=True, slots=True)
class Consent:
    account: Account
    redirect_uri: str
    scope: str
    state: str
    component: Component | None = None


def read(world: World, query: dict[str, str]) -> Consent:
    """Returns the consent that a page of an account requests.

    Raises RefusedError with the error number that the platform shows.
    """
    appid, redirect_uri, scope = (query.get(name, "") for name in ("appid", "redirect_uri", "scope"))
    for value, number in ((appid, 10012), (redirect_uri, 10011), (scope, 10010)):
        if not value:
            raise RefusedError(number)
    account = world.state.accounts.get(appid)
    if account is None or query.get("response_type") != "code":
        raise RefusedError(10012)
    if scope not in SCOPES or not account.verified or account.kind != "service":
        raise RefusedError(10005)
    component = component_of(world, account, query)
    if not (component.allows(redirect_uri) if component else account.authorises(redirect_uri)):
        raise RefusedError(10003)
    state = query.get("state", "")
    if len(state.encode()) > LONGEST_STATE:
        raise RefusedError(10013)
    return Consent(account, redirect_uri, scope, state, component)


def component_of(world: World, account: Account, query: dict[str, str]) -> Component | None:
    """Returns the component that requests consent on the account's behalf, if any.

    Raises RefusedError if it is not allowed to.
    """
    if "component_appid" not in query:
        return None
    component = world.state.components.get(query["component_appid"])
    if component is None:
        raise RefusedError(10012)
    found = component.authorizations.get(account.appid)
    if found is None or WEB_PAGES not in found.permissions:
        raise RefusedError(10005)
    return component


def back(world: World, consent: Consent, person: str, *, snapshot: bool = False) -> str:
    """Returns the URL to which the person is redirected, with a new code."""
    openid = openid_of(consent.account.appid, f"{person}/snapshot" if snapshot else person)
    component = consent.component.appid if consent.component else ""
    code = consent.account.logins.new_code(
        "oauth", person, openid, world.now, consent.scope, snapshot=snapshot, component=component
    )
    result = {"code": code, "state": consent.state}
    if component:
        result["appid"] = consent.account.appid
    return with_query(consent.redirect_uri, result)


def with_query(url: str, added: dict[str, str]) -> str:
    """Returns the URL with further query parameters.

    A fragment stays at the end, because a router in the page may need it.
    """
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *added.items()]
    return urlunsplit(parts._replace(query=urlencode(query)))


def routes(world: World, path_to: PathTo) -> list[BaseRoute]:
    async def authorize(request: Request) -> Response:
        person = request.path_params["person"]
        try:
            consent = read(world, dict(request.query_params))
        except RefusedError as error:
            return refusal(f"错误码 {error}")
        choice = (await request.form()).get("choice") if request.method == "POST" else None
        if consent.scope == "snsapi_userinfo" and choice is None:
            return page(consent.account.name, ASK.format(name=escape(consent.account.name)))
        if choice == "refuse":
            url = with_query(consent.redirect_uri, {"state": consent.state})
        else:
            url = back(world, consent, person, snapshot=choice == "snapshot")
        return RedirectResponse(path_to(person, url) or url, 302)

    return [
        Route("/connect/oauth2/authorize", authorize, methods=["GET", "POST"]),
        Route("/connect/qrconnect", website_login),
    ]


def subscriptions(world: World, path_to: PathTo) -> list[BaseRoute]:
    """Returns the route of the page that asks for consent to one more message (WeChat reference 10.3)."""

    async def subscribe(request: Request) -> Response:
        query, person = request.query_params, request.path_params["person"]
        account = world.state.accounts.get(query.get("appid", ""))
        template_id, target = query.get("template_id", ""), query.get("redirect_url", "")
        if account is None or query.get("action") != "get_confirm" or not account.authorises(target):
            return refusal("参数错误")
        choice = (await request.form()).get("choice") if request.method == "POST" else None
        if choice is None:
            return page(account.name, ASK_ONCE.format(name=escape(account.name)))
        openid = openid_of(account.appid, person)
        if choice == "confirm":
            key = f"{openid} {template_id}"
            account.notice_grants[key] = account.notice_grants.get(key, 0) + 1
        result = {"openid": openid, "template_id": template_id, "action": str(choice)}
        kept = {name: query[name] for name in ("scene", "reserved") if name in query}
        url = with_query(target, {**result, **kept})
        return RedirectResponse(path_to(person, url) or url, 302)

    return [Route("/mp/subscribemsg", subscribe, methods=["GET", "POST"])]


async def website_login(request: Request) -> Response:
    """Refuses a website login by QR code, which belongs to another product of the Open Platform."""
    return refusal("网站应用的扫码登录（qrconnect）未被模拟 · not played by this simulator")


async def elsewhere(request: Request) -> Response:
    """Returns the page for browsers other than WeChat's."""
    return page("无法打开网页", ELSEWHERE)
