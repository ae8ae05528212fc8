"""The nicknames and portraits of people."""

from __future__ import annotations

import hashlib
import io

from PIL import Image, ImageDraw
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

NAMES = ("林小满", "陈一诺", "王大海", "李知夏", "赵清欢", "孙北辰", "周予安", "吴青柠", "郑多多", "冯晓月")
COLOURS = ("#e57373", "#5c9ded", "#9a7bd0", "#e0a03c", "#4db6ac", "#d277a8", "#7a9e4f", "#6d8cc4")
SIDE = 132


def name_of(person: str) -> str:
    return NAMES[_number(person) % len(NAMES)]


async def picture(request: Request) -> Response:
    colour = COLOURS[_number(request.path_params["face"]) % len(COLOURS)]
    return Response(_drawn(colour), media_type="image/jpeg")


def _drawn(colour: str) -> bytes:
    """Returns a drawn portrait as a JPG, the platform's format."""
    drawing = Image.new("RGB", (SIDE, SIDE), colour)
    brush = ImageDraw.Draw(drawing)
    brush.ellipse((42, 28, 90, 76), fill="#fff")
    brush.ellipse((18, 86, 114, 182), fill="#fff")
    drawing.save(file := io.BytesIO(), "JPEG", quality=90)
    return file.getvalue()


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])


routes = [Route("/mmopen/{face}/{size}", picture)]
