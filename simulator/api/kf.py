"""The API of customer-service workers, sessions and records (WeChat reference 8.4 to 8.6)."""

from __future__ import annotations

import re
from typing import Any

from simulator import files
from simulator.api.calls import OK, Answer, Call, api, verified
from simulator.api.media import uploaded
from simulator.errors import ApiError
from simulator.kf import CustomerService, Session, Worker
from simulator.saving import dump

WORKERS = 100
NICKNAME = 16
RECORDS_A_PAGE = 10_000
DAY = 86_400
AVATAR = files.Rule(5 * files.MB, ("jpg", "png"), 40009)
ACCOUNT = re.compile(r"[A-Za-z0-9_]{1,10}@\S+")


def service(call: Call) -> CustomerService:
    return call.account.customer_service


def worker(call: Call, name: str) -> Worker:
    try:
        return service(call).workers[name]
    except KeyError:
        raise ApiError(65401) from None


def named(call: Call) -> Worker:
    name = call.parameter("kf_account")
    if not name:
        raise ApiError(65404)
    return worker(call, name)


def nickname(call: Call) -> str:
    given = call.text("nickname", 65403)
    if len(given) > NICKNAME:
        raise ApiError(65403)
    return given


@api("POST", "/customservice/kfaccount/add", right=verified)
def add(call: Call) -> Answer:
    account, workers = call.text("kf_account", 65404), service(call).workers
    if not ACCOUNT.fullmatch(account):
        raise ApiError(65404)
    if account in workers:
        raise ApiError(65406)
    if len(workers) >= WORKERS:
        raise ApiError(65405)
    workers[account] = Worker(account, nickname(call), 1000 + call.world.next_number())
    return OK


@api("POST", "/customservice/kfaccount/update", right=verified)
def update(call: Call) -> Answer:
    named(call).nickname = nickname(call)
    return OK


@api("POST", "/customservice/kfaccount/del", also="GET", right=verified)
def delete(call: Call) -> Answer:
    gone = named(call)
    del service(call).workers[gone.account]
    service(call).sessions = {
        openid: each for openid, each in service(call).sessions.items() if each.worker != gone.account
    }
    return OK


@api("POST", "/customservice/kfaccount/uploadheadimg", right=verified, upload=True)
async def set_avatar(call: Call) -> Answer:
    """Sets the avatar of a customer-service account: a JPG or PNG of at most 5 MB."""
    chosen = named(call)
    name, data = await uploaded(call)
    kept = call.world.add_media(call.account, "avatar", name, files.check(data, AVATAR), data)
    kept.permanent = True
    chosen.avatar = kept.media_id
    return OK


@api("POST", "/customservice/kfaccount/inviteworker", right=verified)
def invite(call: Call) -> Answer:
    invited, wechat_id = named(call), call.text("invite_wx", 65409)
    if invited.wechat_id:
        raise ApiError(65412)
    if invited.invite_wx:
        raise ApiError(65411 if invited.invite_wx != wechat_id else 65408)
    if any(each.wechat_id == wechat_id for each in service(call).workers.values()):
        raise ApiError(65407)
    invited.invite_wx = wechat_id
    return OK


@api("GET", "/cgi-bin/customservice/getkflist", right=verified)
def listed(call: Call) -> Answer:
    return {"kf_list": [described(call, each) for each in service(call).workers.values()]}


def described(call: Call, each: Worker) -> dict[str, Any]:
    picture = call.account.media.get(each.avatar)
    face = call.world.media_url(call.account, picture) if picture else ""
    answer = {
        "kf_account": each.account,
        "kf_nick": each.nickname,
        "kf_id": each.kf_id,
        "kf_headimgurl": face,
        "kf_wx": each.wechat_id,
    }
    if each.invite_wx and not each.wechat_id:
        answer |= {"invite_wx": each.invite_wx, "invite_status": "waiting"}
    return answer


@api("GET", "/cgi-bin/customservice/getonlinekflist", right=verified)
def online(call: Call) -> Answer:
    sessions = service(call).sessions.values()
    return {
        "kf_online_list": [
            {
                "kf_account": each.account,
                "status": 1,
                "kf_id": each.kf_id,
                "accepted_case": sum(session.worker == each.account for session in sessions),
            }
            for each in service(call).workers.values()
            if each.online
        ]
    }


@api("POST", "/customservice/kfsession/create", right=verified)
def create_session(call: Call) -> Answer:
    chosen, openid = named(call), call.account.follower(call.text("openid", 40003)).openid
    if not chosen.wechat_id:
        raise ApiError(65402)
    if not chosen.online:
        raise ApiError(65415)
    serving = service(call).sessions.get(openid)
    if serving and serving.worker != chosen.account:
        raise ApiError(65414)
    service(call).waiting.pop(openid, None)
    service(call).sessions[openid] = Session(chosen.account, int(call.world.now))
    call.account.followers[openid].with_worker = True
    call.pusher.report_later(
        call.account, openid, {"Event": "kf_create_session", "KfAccount": chosen.account}
    )
    return OK


@api("POST", "/customservice/kfsession/close", right=verified)
def close_session(call: Call) -> Answer:
    chosen, openid = named(call), call.account.follower(call.text("openid", 40003)).openid
    serving = service(call).sessions.get(openid)
    if serving is None:
        raise ApiError(65413)
    if serving.worker != chosen.account:
        raise ApiError(65414)
    del service(call).sessions[openid]
    call.account.followers[openid].with_worker = False
    closed = {"Event": "kf_close_session", "KfAccount": chosen.account, "CloseType": "KF"}
    call.pusher.report_later(call.account, openid, closed)
    return OK


@api("GET", "/customservice/kfsession/getsession", right=verified)
def session(call: Call) -> Answer:
    call.account.follower(call.query.get("openid", ""))
    found = service(call).sessions.get(call.query["openid"])
    return {"createtime": found.since if found else 0, "kf_account": found.worker if found else ""}


@api("GET", "/customservice/kfsession/getsessionlist", right=verified)
def sessions(call: Call) -> Answer:
    name = worker(call, call.query.get("kf_account", "")).account
    found = [
        {"createtime": each.since, "openid": openid}
        for openid, each in service(call).sessions.items()
        if each.worker == name
    ]
    return {"sessionlist": found}


@api("GET", "/customservice/kfsession/getwaitcase", right=verified)
def waiting(call: Call) -> Answer:
    waits = sorted(service(call).waiting.items(), key=lambda each: each[1])
    shown = [{"latest_time": since, "openid": openid} for openid, since in waits[:100]]
    return {"count": len(waits), "waitcaselist": shown}


@api("POST", "/customservice/msgrecord/getmsglist", right=verified)
def records(call: Call) -> Answer:
    begins, ends = call.number("starttime"), call.number("endtime")
    first, number = call.number("msgid"), call.number("number")
    if begins > ends or first < 1 or not 0 < number <= RECORDS_A_PAGE:
        raise ApiError(65416)
    if ends - begins > DAY:
        raise ApiError(65417)
    within = [each for each in service(call).records if begins <= each.time <= ends]
    page = within[first - 1 : first - 1 + number]
    return {"recordlist": dump(page), "number": len(page), "msgid": first + len(page)}
