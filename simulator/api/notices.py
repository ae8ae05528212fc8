"""The API of subscription messages: their library, and sending to people who agreed (WeChat reference 10)."""

from __future__ import annotations

from simulator.api.calls import OK, Answer, Call, api, verified, verified_service
from simulator.api.templates import check_room, remember, sent_before, shown, wanted
from simulator.errors import ApiError
from simulator.templates import CATEGORIES, LIBRARY, check, made, value_of
from simulator.whole_numbers import whole_number
from simulator.world import Account

LONG_TERM = 3
PAGE = 30
SCENE_CHARACTERS = 15
FEWEST, MOST = 2, 5
TITLE_CHARACTERS, CONTENT_CHARACTERS = 15, 200


def with_notices(account: Account) -> bool:
    return account.verified and account.kind in ("service", "miniprogram")


def mini_program(account: Account) -> bool:
    return account.kind == "miniprogram"


@api("GET", "/wxaapi/newtmpl/getcategory", right=with_notices)
def categories(call: Call) -> Answer:
    return {**OK, "data": [{"id": each, "name": name} for each, name in CATEGORIES.items()]}


@api("GET", "/wxaapi/newtmpl/getpubtemplatetitles", right=with_notices)
def titles(call: Call) -> Answer:
    ids = [each for each in call.query.get("ids", "").split(",") if each]
    if not ids:
        raise ApiError(200018)
    if any(whole_number(each) not in CATEGORIES for each in ids):
        raise ApiError(200019)
    start, limit = (whole_number(call.query.get(name, "")) for name in ("start", "limit"))
    if start is None:
        raise ApiError(200016)
    if limit is None or not 0 < limit <= PAGE:
        raise ApiError(200017)
    found = [each for each in LIBRARY.values() if str(each.category) in ids]
    page = found[start : start + limit]
    answer = [
        {"tid": int(each.tid), "title": each.title, "type": each.lasts, "categoryId": str(each.category)}
        for each in page
    ]
    return {**OK, "count": len(found), "data": answer}


@api("GET", "/wxaapi/newtmpl/getpubtemplatekeywords", right=with_notices)
def keywords(call: Call) -> Answer:
    entry = LIBRARY.get(call.query.get("tid", ""))
    if entry is None:
        raise ApiError(200014)
    answer = [
        {"kid": number, "name": name, "example": example, "rule": typed}
        for number, (name, typed, example) in enumerate(entry.keywords, start=1)
    ]
    return {**OK, "count": len(answer), "data": answer}


@api("POST", "/wxaapi/newtmpl/addtemplate", right=with_notices)
def add(call: Call) -> Answer:
    entry, kids = LIBRARY.get(str(call.body.get("tid", ""))), call.body.get("kidList")
    if entry is None:
        raise ApiError(200014)
    known = range(1, len(entry.keywords) + 1)
    if (
        not isinstance(kids, list)
        or not FEWEST <= len(kids) <= MOST
        or any(each not in known for each in kids)
    ):
        raise ApiError(200020)
    if len(str(call.body.get("sceneDesc", ""))) > SCENE_CHARACTERS:
        raise ApiError(200021)
    check_room(call, "notice", 200012)
    template = made("notice", entry, [each - 1 for each in kids])
    call.account.templates[template.template_id] = template
    return {**OK, "priTmplId": template.template_id}


@api("GET", "/wxaapi/newtmpl/gettemplate", right=with_notices)
def all_private(call: Call) -> Answer:
    answer = [
        {
            "priTmplId": each.template_id,
            "title": each.title,
            "content": each.content,
            "example": each.example,
            "type": each.lasts,
            "keywordEnumValueList": [
                {"keywordCode": f"{name}.DATA", "enumValueList": values}
                for name, values in each.choices.items()
            ],
        }
        for each in call.account.templates.values()
        if each.kind == "notice"
    ]
    return {**OK, "data": answer}


@api("POST", "/wxaapi/newtmpl/deltemplate", right=with_notices)
def delete(call: Call) -> Answer:
    template = call.account.templates.get(call.text("priTmplId", 40037))
    if template is None or template.kind != "notice":
        raise ApiError(40037)
    del call.account.templates[template.template_id]
    return OK


@api("POST", "/cgi-bin/message/subscribe/bizsend", right=verified_service)
def send(call: Call) -> Answer:
    return sent(call)


@api("POST", "/cgi-bin/message/subscribe/send", right=mini_program)
def send_as_mini_program(call: Call) -> Answer:
    return sent(call)


def sent(call: Call) -> Answer:
    """Sends a subscription message; a one-time template uses up one agreement of the person.

    The event subscribe_msg_sent_event reports the result.
    """
    follower = call.account.follower(call.text("touser", 40003))
    template = wanted(call, "notice")
    data = call.object("data")
    check(template, data)
    if earlier := sent_before(call, follower):
        return {**OK, "msgid": earlier}
    spend(call.account, follower.openid, template.template_id, lasts=template.lasts == LONG_TERM)
    msgid = call.world.message_id()
    remember(call, follower, msgid)
    content = shown(call, template, data, msgid)
    call.world.write(call.account, follower.openid, "account", "notice", "template", content)
    outcome = {
        "TemplateId": template.template_id,
        "MsgID": msgid,
        "ErrorCode": 0,
        "ErrorStatus": "success",
    }
    finished = {"Event": "subscribe_msg_sent_event", "SubscribeMsgSentEvent": {"List": [outcome]}}
    call.pusher.report_later(call.account, follower.openid, finished)
    return {**OK, "msgid": msgid}


def spend(account: Account, openid: str, template_id: str, *, lasts: bool = False) -> None:
    """Uses up one agreement of the person, unless it is permanent. Raises 43101 if none is left."""
    key = f"{openid} {template_id}"
    if account.notice_grants.get(key, 0) <= 0:
        raise ApiError(43101)
    if not lasts:
        account.notice_grants[key] -= 1


@api("POST", "/cgi-bin/message/template/subscribe", right=verified)
def send_once(call: Call) -> Answer:
    """Sends a message of the older one-time subscription, which people confirm on a web page."""
    openid, template_id = call.text("touser", 40003), call.text("template_id", 40037)
    title, data = call.text("title", 47001), call.object("data")
    if len(title) > TITLE_CHARACTERS:
        raise ApiError(40062)
    if not 0 < len(value_of(data.get("content"))) <= CONTENT_CHARACTERS:
        raise ApiError(47003, "data.content.value")
    spend(call.account, openid, template_id)
    answer = {"template_id": template_id, "title": title, "data": data}
    answer |= {name: call.body[name] for name in ("url", "miniprogram") if call.body.get(name)}
    call.world.write(call.account, openid, "account", "once", "template", answer)
    return OK
