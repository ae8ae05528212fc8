"""The routes for pages inside WeChat: checks of ``wx.config``, recorded voices, and mini programs' data.

WeChat reference 4.7 and 14. A mini program is a single page, which logs in at the account's server.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from simulator import miniprograms, samples
from simulator.signing import same
from simulator.user_actions import ImpossibleError
from simulator.world import World

PAGE = Path(__file__).parent / "static" / "mini.html"


def is_valid_config(world: World, config: dict[str, object], url: str) -> bool:
    """Returns whether the signature of a ``wx.config`` is valid for this page."""
    account = world.state.accounts.get(str(config.get("appId")))
    ticket = account.tokens.tickets.get("jsapi") if account else None
    if ticket is None or ticket.ends_at <= world.now:
        return False
    page, nonce, at = url.partition("#")[0], config.get("nonceStr"), config.get("timestamp")
    text = f"jsapi_ticket={ticket.value}&noncestr={nonce}&timestamp={at}&url={page}"
    expected = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    return same(str(config.get("signature")), expected)


def routes(world: World) -> list[BaseRoute]:
    async def check(request: Request) -> Response:
        payload = await request.json()
        good = is_valid_config(world, payload.get("config") or {}, str(payload.get("url", "")))
        return JSONResponse({"errMsg": "config:ok" if good else "config:invalid signature"})

    async def upload_voice(request: Request) -> Response:
        """Answers ``wx.uploadVoice`` of a configured page: the serverId is a media_id of its account."""
        payload = await request.json()
        config = payload.get("config") or {}
        if not is_valid_config(world, config, str(payload.get("url", ""))):
            return JSONResponse({"errMsg": "uploadVoice:fail, the permission value is offline verifying"})
        account = world.account(str(config["appId"]))
        name, content_type, data = samples.load("voice", "")
        media = world.add_media(account, "voice", name, content_type, data)
        media.from_jssdk = True
        return JSONResponse({"errMsg": "uploadVoice:ok", "serverId": media.media_id})

    async def mini(request: Request) -> Response:
        return FileResponse(PAGE)

    async def given(request: Request) -> Response:
        account = world.state.accounts.get(request.path_params["appid"])
        give = miniprograms.GIVEN.get(request.path_params["what"])
        if account is None or give is None:
            return JSONResponse({"error": "a mini program cannot ask for that"}, 404)
        try:
            return JSONResponse({"given": give(world, account, request.path_params["person"])})
        except ImpossibleError as error:
            return JSONResponse({"error": str(error)}, 400)

    return [
        Route("/.webview/jssdk", check, methods=["POST"]),
        Route("/.webview/voice", upload_voice, methods=["POST"]),
        Route("/.mini/{appid}/", mini),
        Route("/.mini/{appid}/{what}", given, methods=["POST"]),
    ]
