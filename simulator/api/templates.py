"""The API of template messages and their templates (WeChat reference 9)."""

from __future__ import annotations

from typing import Any

from simulator.api.calls import OK, Answer, Call, api, verified_service
from simulator.api.mass import day_of
from simulator.errors import ApiError
from simulator.industries import INDUSTRIES
from simulator.templates import LIBRARY, MOST, Held, Template, check, made
from simulator.whole_numbers import whole_number
from simulator.world import Follower

REPEAT_SECONDS = 600


@api("POST", "/cgi-bin/message/template/send", right=verified_service)
def send(call: Call) -> Answer:
    """Accepts a template message, whose delivery is reported shortly after by TEMPLATESENDJOBFINISH."""
    follower = call.account.follower(call.text("touser", 40003))
    template = wanted(call, "template")
    data = call.object("data")
    if not follower.subscribed:
        raise ApiError(43004)
    check(template, data)
    if earlier := sent_before(call, follower):
        return {**OK, "msgid": earlier}
    msgid = call.world.message_id()
    remember(call, follower, msgid)
    if template.banned:
        return intercept(call, template, follower, data, msgid)
    call.world.write(
        call.account, follower.openid, "account", "template", "template", shown(call, template, data, msgid)
    )
    finished = {"Event": "TEMPLATESENDJOBFINISH", "MsgID": msgid, "Status": "success"}
    call.pusher.report_later(call.account, follower.openid, finished)
    return {**OK, "msgid": msgid}


def wanted(call: Call, kind: str) -> Template:
    """Returns the template that a call names. Raises 40037 if the account does not have it."""
    template = call.account.templates.get(call.text("template_id", 40037))
    if template is None or template.kind != kind:
        raise ApiError(40037)
    return template


def shown(call: Call, template: Template, data: dict[str, Any], msgid: int) -> dict[str, Any]:
    """Returns the content that the phone shows."""
    content = {"template_id": template.template_id, "title": template.title, "data": data, "msgid": msgid}
    names = ("url", "miniprogram", "page")
    return content | {name: call.body[name] for name in names if call.body.get(name)}


def intercept(call: Call, template: Template, follower: Follower, data: dict[str, Any], msgid: int) -> Answer:
    """Accepts a message but does not deliver it; the owner can query intercepted messages."""
    text = "\n".join(f"{name}:{field['value']}" for name, field in data.items())
    number, at = call.world.next_number(), int(call.world.now)
    call.account.held.append(Held(number, template.template_id, template.title, text, follower.openid, at))
    finished = {"Event": "TEMPLATESENDJOBFINISH", "MsgID": msgid, "Status": "failed: system failed"}
    call.pusher.report_later(call.account, follower.openid, finished)
    return {**OK, "msgid": msgid}


def sent_before(call: Call, follower: Follower) -> int | None:
    """Returns the msgid of an earlier call with this client_msg_id in the last ten minutes, if any."""
    key = repeat_key(call, follower)
    msgid, at = call.account.template_sends.get(key, [0, 0]) if key else (0, 0)
    return msgid if msgid and call.world.now - at < REPEAT_SECONDS else None


def remember(call: Call, follower: Follower, msgid: int) -> None:
    if key := repeat_key(call, follower):
        call.account.template_sends[key] = [msgid, int(call.world.now)]


def repeat_key(call: Call, follower: Follower) -> str:
    own = call.body.get("client_msg_id")
    return f"{follower.openid} {own}" if own else ""


@api("GET", "/cgi-bin/template/get_all_private_template", also="POST", right=verified_service)
def all_private(call: Call) -> Answer:
    found = [each for each in call.account.templates.values() if each.kind == "template"]
    return {
        "template_list": [
            {
                "template_id": each.template_id,
                "title": each.title,
                "primary_industry": INDUSTRIES[each.industry][0] if each.industry else "",
                "deputy_industry": INDUSTRIES[each.industry][1] if each.industry else "",
                "content": each.content,
                "example": each.example,
            }
            for each in found
        ]
    }


@api("POST", "/cgi-bin/template/api_add_template", right=verified_service)
def add(call: Call) -> Answer:
    """Adds a template of the category library; templates of the older industry library cannot be added."""
    short_id, names = call.text("template_id_short", 40036), call.body.get("keyword_name_list")
    if not short_id.isdecimal():
        raise ApiError(40247)
    entry = LIBRARY.get(short_id)
    if entry is None:
        raise ApiError(40036)
    offered = [name for name, _, _ in entry.keywords]
    if not isinstance(names, list) or not names or any(name not in offered for name in names):
        raise ApiError(40246)
    check_room(call, "template", 45026)
    template = made("template", entry, [offered.index(name) for name in names])
    call.account.templates[template.template_id] = template
    return {**OK, "template_id": template.template_id}


@api("POST", "/cgi-bin/template/del_private_template", right=verified_service)
def delete(call: Call) -> Answer:
    del call.account.templates[wanted(call, "template").template_id]
    return OK


@api("GET", "/cgi-bin/template/get_industry", also="POST", right=verified_service)
def industry(call: Call) -> Answer:
    names = [INDUSTRIES[number] for number in call.account.industries]
    first, second = ({"first_class": sort, "second_class": name} for sort, name in names)
    return {"primary_industry": first, "secondary_industry": second}


@api("POST", "/cgi-bin/template/api_set_industry", right=verified_service)
def set_industry(call: Call) -> Answer:
    """Changes the account's industries, at most once a month; deletes the templates of those it leaves."""
    named = [whole_number(str(call.body.get(name, ""))) for name in ("industry_id1", "industry_id2")]
    chosen = [each for each in named if each in INDUSTRIES]
    if len(chosen) < len(named):
        raise ApiError(40102)
    month = day_of(call.world)[:7]
    if call.account.industries_changed_in == month:
        raise ApiError(43100)
    call.account.industries = chosen
    call.account.industries_changed_in = month
    kept = {0, *call.account.industries}
    call.account.templates = {
        key: each for key, each in call.account.templates.items() if each.industry in kept
    }
    return OK


@api("POST", "/wxa/sec/queryblocktmplmsg", right=verified_service)
def intercepted(call: Call) -> Answer:
    template_id, after = call.text("tmpl_msg_id", 40037), call.whole("largest_id", 0)
    found = [each for each in call.account.held if each.template_id == template_id and each.id > after]
    answer = [
        {
            "id": str(each.id),
            "tmpl_msg_id": each.template_id,
            "title": each.title,
            "content": each.content,
            "send_timestamp": each.at,
            "openid": each.openid,
        }
        for each in found[: call.whole("limit", 100)]
    ]
    return {**OK, "msginfo": answer}


def check_room(call: Call, kind: str, code: int) -> None:
    """Checks that the account can have one more template of a kind. Raises ``code`` if it cannot."""
    if sum(each.kind == kind for each in call.account.templates.values()) >= MOST:
        raise ApiError(code)
