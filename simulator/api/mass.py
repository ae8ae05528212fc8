"""The API of mass sends: delivered with a delay, reported by MASSSENDJOBFINISH (WeChat reference 11)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from simulator.api.calls import OK, Answer, Call, api, verified, verified_service
from simulator.api.customer_service import check_text
from simulator.errors import ApiError
from simulator.mass import A_MONTH, DELETED, FAILED, SUCCESS, Job, Known
from simulator.push import Pusher
from simulator.world import Account, World

HELPER = "oMassHelper0mphelper00000000"
LONGEST_CLIENT_ID = 32
DAY, MINUTE = 86_400, 60
MOST_OPENIDS, MOST_IMAGES = 10_000, 20
# Recipients a minute in ten thousands, by the number of the speed.
SPEEDS = (80, 60, 45, 30, 10)
FILES = {"voice": "voice", "mpvideo": "video"}
REFUSED_BY_ADMINISTRATOR = "err(40001)"


@api("POST", "/cgi-bin/message/mass/sendall", right=verified)
def send_all(call: Call) -> Answer:
    check_clientmsgid(call)
    content = content_of(call)
    chosen = call.object("filter")
    everybody = bool(chosen.get("is_to_all"))
    tag = None if everybody else tagged(call, chosen)
    openids = [
        each.openid
        for each in call.account.followers.values()
        if each.subscribed and (tag is None or tag in (each.tags or []))
    ]
    return submit(call, content, openids, waits=everybody and call.account.mass.confirms)


@api("POST", "/cgi-bin/message/mass/send", right=verified_service)
def send(call: Call) -> Answer:
    check_clientmsgid(call)
    content = content_of(call)
    openids = call.texts("touser", 40031)
    if len(openids) < 2:
        raise ApiError(40130)
    if len(openids) > MOST_OPENIDS:
        raise ApiError(40032)
    known = call.account.followers
    return submit(call, content, [each for each in openids if each in known and known[each].subscribed])


def check_clientmsgid(call: Call) -> None:
    """Checks that the clientmsgid is not too long, and was not used within a day.

    Raises 45067, 45066, 89504 or 45065 otherwise.
    """
    client_id = str(call.body.get("clientmsgid") or "")
    if len(client_id.encode()) > LONGEST_CLIENT_ID:
        raise ApiError(45067)
    known = call.account.mass.known.get(client_id)
    if known is None or call.world.now - known.at >= DAY:
        return
    if call.world.now - known.at < MINUTE:
        raise ApiError(45066)
    waits = call.account.mass.jobs[str(known.msg_id)].waits
    raise ApiError(89504) if waits else ApiError(45065, more={"msg_id": known.msg_id})


def tagged(call: Call, chosen: dict[str, Any]) -> int:
    """Returns the id of the tag that a mass send goes to. Raises 40152 if the account has no such tag."""
    tag = chosen.get("tag_id")
    if str(tag) not in call.account.tags:
        raise ApiError(40152)
    return int(str(tag))


def content_of(call: Call) -> dict[str, Any]:
    kind = call.body.get("msgtype")
    if kind == "wxcard":
        raise ApiError(45113)
    if kind not in ("mpnews", "text", "image", "voice", "mpvideo"):
        raise ApiError(40008)
    # The older format for a single picture, "image", still works.
    images_sent = kind == "image" and "images" in call.body
    content = dict(call.object("images" if images_sent else str(kind)))
    if kind == "text":
        check_text(call, content)
    if kind == "image":
        images = content.get("media_ids") if images_sent else [content.get("media_id")]
        if not isinstance(images, list) or not 0 < len(images) <= MOST_IMAGES:
            raise ApiError(40215)
        for each in images:
            call.account.find_media(str(each), call.world.now, "image")
        return {**content, "media_id": images[0]}
    if kind in FILES:
        call.account.find_media(str(content.get("media_id")), call.world.now, FILES[str(kind)])
    if kind == "mpnews":
        draft = call.account.newsroom.drafts.get(str(content.get("media_id")))
        if draft is None:
            raise ApiError(40007)
        content["articles"] = draft.articles
    return content


def submit(call: Call, content: dict[str, Any], openids: list[str], *, waits: bool = False) -> Answer:
    """Accepts a mass send, or holds it until it is confirmed; records its clientmsgid in both cases."""
    sends, today = call.account.mass, day_of(call.world)
    if call.account.kind == "subscription" and today in sends.days:
        raise ApiError(45028)
    sends.days.append(today)
    kind = str(call.body["msgtype"])
    job = Job(call.world.message_id() % 10**10, kind, content, openids, waits=waits, at=call.world.now)
    sends.jobs[str(job.msg_id)] = job
    if call.body.get("clientmsgid"):
        sends.known[str(call.body["clientmsgid"])] = Known(job.msg_id, call.world.now)
    if kind == "mpnews":
        job.msg_data_id = call.world.next_number() + 2_247_483_000
        del call.account.newsroom.drafts[content["media_id"]]
    if waits:
        raise ApiError(89505)
    call.pusher.start_task(finish(call.world, call.pusher, call.account, job, sends.outcome))
    answer = {"errcode": 0, "errmsg": "send job submission success", "msg_id": job.msg_id}
    return {**answer, "msg_data_id": job.msg_data_id} if job.msg_data_id else answer


async def administrator_answers(world: World, pusher: Pusher, account: Account, *, confirmed: bool) -> None:
    for job in account.mass.jobs.values():
        if job.waits:
            job.waits = False
            outcome = account.mass.outcome if confirmed else REFUSED_BY_ADMINISTRATOR
            pusher.start_task(finish(world, pusher, account, job, outcome))


async def finish(world: World, pusher: Pusher, account: Account, job: Job, outcome: str) -> None:
    await asyncio.sleep(world.settings.result_event_delay)
    done = outcome == "send success"
    reached = deliver(world, account, job) if done else []
    job.status, job.reached = SUCCESS if done else FAILED, len(reached)
    answer = {
        "Event": "MASSSENDJOBFINISH",
        "MsgID": job.msg_id,
        "Status": outcome,
        "TotalCount": len(job.openids),
        "FilterCount": len(reached),
        "SentCount": len(reached),
        "ErrorCount": 0,
    }
    if job.msgtype == "mpnews":
        answer |= article_report(world, job)
    if not account.mass.silent:
        pusher.report_later(account, HELPER, answer)


def deliver(world: World, account: Account, job: Job) -> list[str]:
    """Delivers a mass send to its followers with quota left this month; returns their openids.

    A subscription account has a limit by day instead, which is checked when it sends.
    """
    counts, month = account.mass.received, day_of(world)[:7]
    reached = []
    for openid in job.openids:
        key = f"{openid} {month}"
        follower = account.followers.get(openid)
        if follower is None or not follower.subscribed or follower.blacklisted:
            continue
        if account.kind == "service" and counts.get(key, 0) >= A_MONTH:
            continue
        counts[key] = counts.get(key, 0) + 1
        world.write(account, openid, "account", "mass", job.msgtype, job.content, str(job.msg_id))
        reached.append(openid)
    return reached


def article_report(world: World, job: Job) -> dict[str, Any]:
    numbers = range(1, len(job.content["articles"]) + 1)
    checks = [{"ArticleIdx": number, "UserDeclareState": 0, "AuditState": 0} for number in numbers]
    urls = [{"ArticleIdx": n, "ArticleUrl": f"{world.addresses.mp}/s/{job.msg_id}-{n}"} for n in numbers]
    return {
        "CopyrightCheckResult": {"Count": len(checks), "ResultList": {"item": checks}, "CheckState": 1},
        "ArticleUrlResult": {"Count": len(urls), "ResultList": {"item": urls}},
    }


def job_of(call: Call) -> Job:
    job = call.account.mass.jobs.get(str(call.body.get("msg_id")))
    if job is None:
        raise ApiError(40059)
    return job


@api("POST", "/cgi-bin/message/mass/get", right=verified)
def get(call: Call) -> Answer:
    job = job_of(call)
    return {"msg_id": job.msg_id, "msg_status": job.status}


@api("POST", "/cgi-bin/message/mass/delete", right=verified)
def delete(call: Call) -> Answer:
    """Deletes sent articles or videos (no other types); the cards in the chats stay."""
    job, number = job_of(call), call.whole("article_idx", 0, 40060)
    if job.msgtype not in ("mpnews", "mpvideo"):
        raise ApiError(40059)
    every = list(range(1, len(job.content.get("articles", [0])) + 1))
    if number and number not in every:
        raise ApiError(40060)
    job.deleted = sorted({*job.deleted, *([number] if number else every)})
    if job.deleted == every:
        job.status = DELETED
    return OK


@api("POST", "/cgi-bin/message/mass/speed/get", right=verified)
def speed(call: Call) -> Answer:
    number = call.account.mass.speed
    return {"speed": number, "realspeed": SPEEDS[number]}


@api("POST", "/cgi-bin/message/mass/speed/set", right=verified)
def set_speed(call: Call) -> Answer:
    if call.body.get("speed") is None:
        raise ApiError(45084)
    number = call.whole("speed", -1, 45083)
    if number not in range(len(SPEEDS)):
        raise ApiError(45083)
    call.account.mass.speed = number
    return OK


@api("POST", "/cgi-bin/media/uploadvideo", right=verified)
def video_for_mass(call: Call) -> Answer:
    """Stores a copy of a video under a new id, which only mass sends accept."""
    video = call.account.find_media(call.text("media_id", 40007), call.world.now, "video")
    made = call.world.add_media(call.account, "video", video.name, video.content_type, video.data)
    return {"type": "video", "media_id": made.media_id, "created_at": made.created_at}


def day_of(world: World) -> str:
    """Returns the platform's current day as text, in China's time."""
    return (datetime.fromtimestamp(world.now, UTC) + timedelta(hours=8)).date().isoformat()
