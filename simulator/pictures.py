"""The URLs without a token: media files, and pictures of QR codes (WeChat reference 7.2)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator import qrcodes
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
                return Response(qrcodes.picture(code), media_type="image/jpeg")
        return Response(status_code=404)

    async def account_code(request: Request) -> Response:
        account = world.state.accounts.get(request.path_params["appid"])
        if account is None:
            return Response(status_code=404)
        drawn = qrcodes.drawn(f"http://weixin.qq.com/r/{account.original_id}")
        return Response(drawn, media_type="image/jpeg")

    return [
        Route("/mmbiz/{appid}/{media_id}", media),
        Route("/mmbiz_qr/{appid}", account_code),
        Route("/cgi-bin/showqrcode", qrcode),
    ]
