"""Addresses that need no token: media files, and pictures of QR codes (WeChat reference 7.2)."""

from __future__ import annotations

import io

import segno
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.world import World


def routes(world: World) -> list[Route]:
    async def media(request: Request) -> Response:
        account = world.state.accounts.get(request.path_params["appid"])
        found = account.media.get(request.path_params["media_id"]) if account else None
        if found is None:
            return Response(status_code=404)
        headers = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
        return Response(found.data, media_type=found.content_type, headers=headers)

    async def qrcode(request: Request) -> Response:
        ticket = request.query_params.get("ticket", "")
        for account in world.state.accounts.values():
            if code := account.qrcodes.get(ticket):
                picture = io.BytesIO()
                segno.make(code.url, error="m").save(picture, kind="png", scale=8, border=4)
                return Response(picture.getvalue(), media_type="image/png")
        return Response(status_code=404)

    return [Route("/mmbiz/{appid}/{media_id}", media), Route("/cgi-bin/showqrcode", qrcode)]
