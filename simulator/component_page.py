"""The management page of the Open Platform, to create and monitor third-party platforms in a browser."""

from __future__ import annotations

import base64
import secrets
from html import escape

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from simulator import component_settings
from simulator.authorization_pages import title_of
from simulator.component_push import ComponentPusher
from simulator.components import Component
from simulator.permissions import NAMES
from simulator.setting_checks import BadSettingError
from simulator.world import World

PATH = "/open"
SHOWN_DELIVERIES = 10
FIELDS = {
    "name": ("名称", "Name", ""),
    "event_url": ("授权事件接收 URL", "URL of authorisation events", "http://127.0.0.1:8000/open/events"),
    "callback_url": (
        "消息与事件接收 URL", "URL of messages and events", "http://127.0.0.1:8000/open/$APPID$/callback",
    ),
    "token": ("消息校验 Token", "Token", ""),
}  # fmt: skip
PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>第三方平台 · Third-party platforms</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml"><style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.6 system-ui, "PingFang SC", "Noto Sans CJK SC", sans-serif; margin: 0 auto;
  max-width: 56rem; padding: 24px 16px; background: Canvas; color: CanvasText }}
h1 {{ font-size: 22px }} h2 {{ font-size: 18px; margin: 0 }} small {{ opacity: .75 }}
section {{ border: 1px solid #8884; border-radius: 12px; padding: 16px; margin: 16px 0 }}
form.new {{ display: grid; gap: 12px }}
label {{ display: grid; gap: 4px }}
input, button {{ font: inherit; padding: 8px 12px; border-radius: 8px; border: 1px solid #8886 }}
button {{ background: #07a34f; border: 0; color: #fff; justify-self: start }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px }}
dd {{ margin: 0; overflow-wrap: anywhere }}
@media (max-width: 480px) {{ dl {{ grid-template-columns: 1fr }} dt {{ opacity: .75 }}
  dd {{ margin-bottom: 6px }} }}
code {{ font: 13px ui-monospace, monospace }}
ul {{ padding-left: 20px }} .problem {{ color: #c22; font-weight: 600 }}
</style></head><body><p><a href="/">← 手机 Phones</a></p>
<h1>第三方平台 <small>Third-party platforms</small></h1>{problem}{components}
<section><h2>新建第三方平台 <small>New platform</small></h2><form method="post" class="new">{fields}
<button name="action" value="make">新建 Make</button></form></section></body></html>"""
SECTION = """<section><h2>{name}</h2><dl>{settings}</dl>
<form method="post"><input type="hidden" name="appid" value="{appid}">
<button name="action" value="ticket">推送 component_verify_ticket <small>Push a ticket</small></button></form>
<h3>已授权的账号 <small>Authorised accounts</small></h3><ul>{granted}</ul>
<h3>最近的推送 <small>Latest events</small></h3><ul>{events}</ul></section>"""


def shown(world: World, component: Component) -> str:
    settings = {
        "AppID": component.appid,
        "AppSecret": component.secret,
        "Token": component.token,
        "EncodingAESKey": component.aes_key,
        "授权事件 Events": component.event_url,
        "消息 Messages": component.callback_url,
    }
    granted = "".join(
        f"<li>{escape(name_of(world, appid))}: {'、'.join(NAMES[each] for each in found.permissions)}</li>"
        for appid, found in component.authorizations.items()
    )
    events = "".join(
        f"<li><code>{escape(str(each.fields.get('InfoType')))}</code> {escape(each.verdict)}</li>"
        for each in reversed(component.deliveries[-SHOWN_DELIVERIES:])
    )
    return SECTION.format(
        name=escape(title_of(component)),
        appid=escape(component.appid),
        settings="".join(
            f"<dt>{label}</dt><dd><code>{escape(value)}</code></dd>" for label, value in settings.items()
        ),
        granted=granted or "<li>无 None</li>",
        events=events or "<li>无 None</li>",
    )


def name_of(world: World, appid: str) -> str:
    account = world.state.accounts.get(appid)
    return account.name or appid if account else appid


def make(world: World, form: FormData) -> None:
    """Creates a component with generated secrets. Raises BadSettingError."""
    given = {name: str(form.get(name, "")) for name in FIELDS}
    key = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    appid = f"wx{secrets.token_hex(8)}"
    component_settings.configure(world, appid, {**given, "secret": secrets.token_hex(16), "aes_key": key})


def routes(world: World, events: ComponentPusher) -> list[Route]:
    def page(problem: str = "") -> Response:
        components = "".join(shown(world, each) for each in world.state.components.values())
        fields = "".join(
            f"<label><span>{chinese} <small>{english}</small></span>"
            f'<input name="{name}" placeholder="{example}" autocomplete="off"></label>'
            for name, (chinese, english, example) in FIELDS.items()
        )
        line = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
        return HTMLResponse(PAGE.format(problem=line, components=components, fields=fields))

    async def shown_page(request: Request) -> Response:
        if request.method == "GET":
            return page()
        form = await request.form()
        component = world.state.components.get(str(form.get("appid")))
        try:
            if form.get("action") == "make":
                make(world, form)
            elif component:
                await events.push_ticket(component)
        except BadSettingError as error:
            return page(str(error))
        return RedirectResponse(PATH, 303)

    return [Route(PATH, shown_page, methods=["GET", "POST"])]
