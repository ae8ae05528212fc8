"""What people call themselves, and how they look."""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

NAMES = ("林小满", "陈一诺", "王大海", "李知夏", "赵清欢", "孙北辰", "周予安", "吴青柠", "郑多多", "冯晓月")
COLOURS = ("#e57373", "#5c9ded", "#9a7bd0", "#e0a03c", "#4db6ac", "#d277a8", "#7a9e4f", "#6d8cc4")
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 132 132"><rect width="132" height="132" fill="{}"/>'
    '<circle cx="66" cy="52" r="24" fill="#fff"/><path d="M18 132c0-30 20-46 48-46s48 16 48 46" fill="#fff"/>'
    "</svg>"
)


def name_of(person: str) -> str:
    return NAMES[_number(person) % len(NAMES)]


async def picture(request: Request) -> Response:
    colour = COLOURS[_number(request.path_params["face"]) % len(COLOURS)]
    return Response(PICTURE.format(colour), media_type="image/svg+xml")


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])


routes = [Route("/mmopen/{face}/{size}", picture)]
