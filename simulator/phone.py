"""The phone in the browser: its page, its actions, and its live events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from simulator import files, miniprograms, qrcodes, samples, strict_json
from simulator.chat import act
from simulator.errors import ApiError
from simulator.live import LiveEvent, Viewer
from simulator.push import Pusher
from simulator.saving import dump
from simulator.user_actions import Actor, ImpossibleError
from simulator.windows import usable
from simulator.world import Account, Entry, Follower, World, openid_of

STATIC = Path(__file__).parent / "static"
HEARTBEAT_SECONDS = 15.0
SHOWN_AT_FIRST = 200
# Pictures of articles can have any host; scripts and styles only this one.
POLICY = (
    "default-src 'self'; img-src * data:; media-src *; base-uri 'none'; form-action 'none'; "
    "frame-src http://*.localhost:*"
)


@dataclass(frozen=True, slots=True)
class Phone:
    """The phone of a person, with the chat of one account open."""

    world: World
    pusher: Pusher
    request: Request
    account: Account

    @property
    def openid(self) -> str:
        return openid_of(self.account.appid, self.request.path_params["person"])

    @property
    def actor(self) -> Actor:
        return Actor(self.world, self.account, self.openid)

    async def given(self) -> dict[str, Any]:
        """Returns the JSON object of the page's request. Raises ValueError for anything else."""
        found = strict_json.loads(await self.request.body())
        if not isinstance(found, dict):
            raise ValueError("no object")
        return found


async def conversation(phone: Phone) -> Any:
    """Returns the last lines of the chat, which the live stream continues."""
    entries = phone.world.thread(phone.account.appid, phone.openid)[-SHOWN_AT_FIRST:]
    person = standing(phone.world, phone.account, phone.openid)
    return {"openid": phone.openid, "person": person, "entries": [line(each) for each in entries]}


async def do(phone: Phone) -> Any:
    done = await act(phone.pusher, phone.actor, {**await phone.given(), "wait": False})
    if (follower := phone.account.followers.get(phone.openid)) and phone.account.open_platform:
        follower.unionid = openid_of("union", phone.request.path_params["person"])
    return done


async def notices(phone: Phone) -> Any:
    """Returns the subscription messages for which a page of the account can request consent."""
    found = [each for each in phone.account.templates.values() if each.kind == "notice"]
    left = phone.account.notice_grants
    return {
        "notices": [
            {
                "template_id": each.template_id,
                "title": each.title,
                "left": left.get(f"{phone.openid} {each.template_id}", 0),
            }
            for each in found
        ]
    }


async def upload(phone: Phone) -> Any:
    """Stores a file chosen by the person, which is sent by its media_id afterwards."""
    kind, name = phone.request.query_params.get("kind", ""), phone.request.query_params.get("name", "file")
    rule = files.TEMPORARY.get(kind)
    if rule is None:
        raise ImpossibleError("nobody can send such a file")
    data = await phone.request.body()
    content_type = files.check(data, rule)
    return {"media_id": phone.world.add_media(phone.account, kind, name, content_type, data).media_id}


async def codes(phone: Phone) -> Any:
    """Returns the QR codes of the account."""
    return {"codes": qrcodes.listed(phone.account, phone.world.now)}


async def recognise(phone: Phone) -> Any:
    """Returns the ticket of the QR code in a picture (the body), or of the one named by the query's text.

    For a picture with the code of a page of the platform, the answer has the page's ``url``.
    """
    text = phone.request.query_params.get("text")
    if text is None:
        picture = await phone.request.body()
        if url := qrcodes.page_in_picture(picture):
            return {"url": url}
        return {"ticket": qrcodes.in_picture(phone.account, picture).ticket}
    return {"ticket": qrcodes.in_text(phone.account, text).ticket}


def standing(world: World, account: Account, openid: str) -> dict[str, Any]:
    """Returns the follower's data for the phone's header.

    ``may_send`` are the grants of customer-service messages that are usable at ``now``.
    """
    follower = account.followers.get(openid) or Follower(openid, subscribed=False)
    now = world.now
    return {
        "following": follower.subscribed,
        "with_worker": follower.with_worker,
        "may_send": dump(usable(follower.grants or {}, now)),
        "now": now,
    }


def line(entry: Entry) -> dict[str, Any]:
    shown: dict[str, Any] = dump(entry)
    return shown


Handler = Callable[[Phone], Awaitable[Any]]


def endpoint(world: World, pusher: Pusher, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        account = world.state.accounts.get(request.path_params["appid"])
        if account is None:
            return JSONResponse({"error": "there is no such account"}, 404)
        try:
            return JSONResponse(await handler(Phone(world, pusher, request, account)))
        except ImpossibleError as error:
            return JSONResponse({"error": str(error)}, 400)
        except ApiError as error:
            return JSONResponse({"error": error.text, "errcode": error.code}, 400)
        except (ValueError, TypeError):
            return JSONResponse({"error": "this cannot be read"}, 400)

    return answer


def as_server_sent_event(world: World, event: LiveEvent) -> str:
    """Returns an event as the text of a server-sent event."""
    data: dict[str, Any] = {"appid": event.appid, "openid": event.openid}
    if isinstance(event.item, Entry):
        data["entry"] = line(event.item)
        data["person"] = standing(world, world.account(event.appid), event.openid)
    else:
        data["item"] = event.item
    return f"event: {event.kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


async def stream(world: World, viewer: Viewer) -> AsyncIterator[str]:
    try:
        yield "retry: 1000\n\n"
        while True:
            try:
                event = await asyncio.wait_for(viewer.queue.get(), HEARTBEAT_SECONDS)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if event is None:
                return
            # A reset may have deleted the account of an entry that waited to be sent.
            if event.kind == "reset" or event.appid in world.state.accounts:
                yield as_server_sent_event(world, event)
    finally:
        world.live.leave(viewer)


def routes(world: World, pusher: Pusher) -> list[BaseRoute]:
    async def page(request: Request) -> Response:
        return FileResponse(STATIC / "phone.html", headers={"Content-Security-Policy": POLICY})

    async def accounts(request: Request) -> Response:
        found = [
            {"appid": each.appid, "name": each.name or each.appid, "mini": miniprograms.page_of(each)}
            for each in world.state.accounts.values()
        ]
        has_components = bool(world.state.components)
        return JSONResponse({"accounts": found, "samples": samples.NAMES, "components": has_components})

    async def live(request: Request) -> Response:
        """Streams what happens; ``watch`` names conversations as appid:openid, separated by commas."""
        named = [each.partition(":") for each in request.query_params.get("watch", "").split(",")]
        viewer = world.live.join((appid, openid) for appid, _, openid in named)
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(stream(world, viewer), media_type="text/event-stream", headers=headers)

    return [
        Route("/", page),
        Route("/phone/accounts", accounts),
        Route("/phone/live", live),
        Route("/phone/{appid}/{person}/conversation", endpoint(world, pusher, conversation)),
        Route("/phone/{appid}/{person}/notices", endpoint(world, pusher, notices)),
        Route("/phone/{appid}/{person}/do", endpoint(world, pusher, do), methods=["POST"]),
        Route("/phone/{appid}/{person}/media", endpoint(world, pusher, upload), methods=["POST"]),
        Route("/phone/{appid}/{person}/codes", endpoint(world, pusher, codes)),
        Route("/phone/{appid}/{person}/codes", endpoint(world, pusher, recognise), methods=["POST"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
