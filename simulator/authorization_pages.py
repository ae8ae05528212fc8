"""The pages on which an account's administrator authorises a component.

In a browser: a code to scan (``componentloginpage``). On the phone: the choice of the account and of the
permissions it grants (``bindcomponent``), and the list of existing grants.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from simulator import authorizations, qrcodes
from simulator.component_push import ComponentPusher
from simulator.components import AUTHORIZATION_CODE_LIFE, Component, PreAuthCode
from simulator.consent import PathTo, with_query
from simulator.pages import page, refusal
from simulator.whole_numbers import whole_number
from simulator.world import Account, World

LOGIN_PAGE, BIND_PAGES = "/cgi-bin/componentloginpage", ("/safe/bindcomponent", "/wxaopen/safe/bindcomponent")
GRANTED_PAGE = "/safe/authorizations"
OFFICIAL_ONLY, MINI_ONLY = "1", "2"
TITLE = "第三方平台授权"
SCAN = """<h1>{name}</h1><p>请公众号或小程序的管理员用微信扫码授权</p>
<p><img src="data:image/jpeg;base64,{code}" alt="二维码" width="240" height="240"></p>
<p class="small">也可以把这个地址粘贴到手机的“扫一扫”里：</p><p><code>{url}</code></p>
<script>
const look = async () => {{
  const answer = await (await fetch({state})).json();
  if (answer.url) location.href = answer.url;
}};
setInterval(look, 1000);
</script>"""
CHOOSE = """<h1>{name}</h1><p>选择要授权的账号</p>
<form method="post" class="wide"><fieldset>{accounts}</fieldset>
<button class="yes">下一步</button></form>"""
ASK = """<h1>{name}</h1><p>将获得“{account}”的以下权限</p>
<form method="post" class="wide"><input type="hidden" name="appid" value="{appid}">
<fieldset>{permissions}</fieldset><button class="yes" name="choice" value="allow">确认授权</button>
<button name="choice" value="refuse">取消</button></form>"""
DONE, REFUSED = "<h1>授权成功</h1><p>可以关闭这个网页了。</p>", "<h1>已取消</h1><p>没有授权任何权限。</p>"
GRANTED = """<h1>{account}</h1><p>已授权的第三方平台</p>{components}"""
GRANTED_TO = """<form method="post" class="wide"><input type="hidden" name="component" value="{appid}">
<p><strong>{name}</strong></p><fieldset>{permissions}</fieldset>
<button class="yes" name="choice" value="update">更新授权</button>
<button name="choice" value="cancel">取消授权</button></form>"""
OPTION = '<label><input type="{kind}" name="{field}" value="{value}"{checked}> {text}</label>'


class RefusedError(Exception):
    """An error page; the message is shown on it."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """The request in a component's link to authorise it.

    ``scanned``: the browser that shows the code continues, not the phone.
    """

    component: Component
    pre_auth: PreAuthCode
    pre_auth_code: str
    redirect_uri: str
    accounts: list[Account]
    scanned: bool


def read(world: World, query: Mapping[str, str]) -> Invitation:
    """Returns the request in a component's link. Raises RefusedError with the reason."""
    component = world.state.components.get(query.get("component_appid", ""))
    if component is None:
        raise RefusedError("component_appid 错误")
    code, redirect_uri = query.get("pre_auth_code", ""), query.get("redirect_uri", "")
    pre_auth = component.pre_auth_codes.get(code)
    if pre_auth is None or pre_auth.ends_at <= world.now:
        raise RefusedError("pre_auth_code 无效或已过期")
    if not component.allows(redirect_uri):
        raise RefusedError("redirect_uri 的域名与第三方平台的授权发起页域名不一致")
    found = [each for each in world.state.accounts.values() if fits(each, query)]
    if not found:
        raise RefusedError("没有可以授权的公众号或小程序")
    return Invitation(component, pre_auth, code, redirect_uri, found, query.get("no_scan") != "1")


def fits(account: Account, query: Mapping[str, str]) -> bool:
    """Returns whether this account can be chosen, by ``auth_type`` and ``biz_appid``."""
    is_mini, kind = account.kind == "miniprogram", query.get("auth_type", "")
    if (kind == OFFICIAL_ONLY and is_mini) or (kind == MINI_ONLY and not is_mini):
        return False
    return query.get("biz_appid", "") in ("", account.appid)


def result_url(invitation: Invitation, code: str) -> str:
    result = {"auth_code": code, "expires_in": str(AUTHORIZATION_CODE_LIFE)}
    return with_query(invitation.redirect_uri, result)


def options(available: Mapping[int, str], chosen: Iterable[int]) -> str:
    return "".join(
        OPTION.format(
            kind="checkbox",
            field="permission",
            value=number,
            checked=" checked" if number in chosen else "",
            text=f"{number} {escape(name)}",
        )
        for number, name in available.items()
    )


def numbers(form: FormData) -> list[int]:
    named = (whole_number(str(each)) for each in form.getlist("permission"))
    return [each for each in named if each is not None]


@dataclass(frozen=True, slots=True)
class BindPages:
    """The phone's pages on which an account's administrator authorises a component."""

    events: ComponentPusher
    path_to: PathTo

    @property
    def world(self) -> World:
        return self.events.world

    async def bind(self, request: Request) -> Response:
        try:
            invitation = read(self.world, request.query_params)
        except RefusedError as error:
            return refusal(str(error))
        form = await request.form() if request.method == "POST" else FormData()
        if form.get("choice") == "refuse":
            return page(TITLE, REFUSED)
        account = self._chosen(invitation, str(form.get("appid", "")))
        if account is None:
            return page(TITLE, self._choose(invitation))
        if form.get("choice") != "allow":
            return page(TITLE, self._ask(invitation, account))
        granted = authorizations.authorize(
            self.world, invitation.component, account, numbers(form), invitation.pre_auth_code
        )
        self.events.push_later(invitation.component, granted.event)
        if invitation.scanned:
            return page(TITLE, DONE)
        url = result_url(invitation, granted.code)
        return RedirectResponse(self.path_to(request.path_params["person"], url) or url, 302)

    def _chosen(self, invitation: Invitation, appid: str) -> Account | None:
        if len(invitation.accounts) == 1:
            return invitation.accounts[0]
        return next((each for each in invitation.accounts if each.appid == appid), None)

    def _choose(self, invitation: Invitation) -> str:
        rows = "".join(
            OPTION.format(
                kind="radio",
                field="appid",
                value=escape(each.appid),
                checked=" checked" if place == 0 else "",
                text=escape(each.name or each.appid),
            )
            for place, each in enumerate(invitation.accounts)
        )
        return CHOOSE.format(name=escape(title_of(invitation.component)), accounts=rows)

    def _ask(self, invitation: Invitation, account: Account) -> str:
        available = authorizations.available(self.world, invitation.component, account)
        return ASK.format(
            name=escape(title_of(invitation.component)),
            account=escape(account.name or account.appid),
            appid=escape(account.appid),
            permissions=options(available, available),
        )

    async def granted(self, request: Request) -> Response:
        """Shows the account's grants by component, where they can be changed or revoked."""
        account = self.world.state.accounts.get(request.query_params.get("appid", ""))
        if account is None:
            return refusal("没有这个账号")
        if request.method == "POST":
            form = await request.form()
            component = self.world.state.components.get(str(form.get("component")))
            if component and account.appid in component.authorizations:
                self._change(component, account, form)
        rows = "".join(
            GRANTED_TO.format(
                appid=escape(each.appid),
                name=escape(title_of(each)),
                permissions=options(
                    authorizations.available(self.world, each, account),
                    each.authorizations[account.appid].permissions,
                ),
            )
            for each in self.world.state.components.values()
            if account.appid in each.authorizations
        )
        body = GRANTED.format(account=escape(account.name or account.appid), components=rows or "<p>无</p>")
        return page(TITLE, body)

    def _change(self, component: Component, account: Account, form: FormData) -> None:
        if form.get("choice") == "cancel":
            event = authorizations.cancel(self.world, component, account)
        else:
            event = authorizations.authorize(self.world, component, account, numbers(form)).event
        self.events.push_later(component, event)


def title_of(component: Component) -> str:
    return component.name or component.appid


def phone_routes(events: ComponentPusher, path_to: PathTo) -> list[BaseRoute]:
    pages = BindPages(events, path_to)
    bind = [Route(path, pages.bind, methods=["GET", "POST"]) for path in (LOGIN_PAGE, *BIND_PAGES)]
    return [*bind, Route(GRANTED_PAGE, pages.granted, methods=["GET", "POST"])]


def browser_routes(world: World) -> list[BaseRoute]:
    """Returns the route of the page with the code to scan, which continues after the phone confirmed."""

    async def login_page(request: Request) -> Response:
        try:
            invitation = read(world, request.query_params)
        except RefusedError as error:
            return refusal(str(error), script="")
        query = {"action": "bindcomponent", **request.query_params}
        url = f"{world.addresses.mp}{BIND_PAGES[0]}?{urlencode(query)}"
        body = SCAN.format(
            name=escape(title_of(invitation.component)),
            code=base64.b64encode(qrcodes.drawn(url, comment=url)).decode(),
            url=escape(url),
            state=json.dumps(f"{LOGIN_PAGE}/state?{request.url.query}").replace("<", "\\u003c"),
        )
        return page(TITLE, body, script="")

    async def state(request: Request) -> Response:
        try:
            invitation = read(world, request.query_params)
        except RefusedError as error:
            return JSONResponse({"url": "", "error": str(error)})
        code = invitation.pre_auth.authorization_code
        return JSONResponse({"url": result_url(invitation, code) if code else ""})

    return [Route(LOGIN_PAGE, login_page), Route(f"{LOGIN_PAGE}/state", state)]
