"""The API of mini program codes: pictures whose scan opens a page (WeChat reference 14.5)."""

from __future__ import annotations

import io
import re

import segno
from PIL import Image
from starlette.responses import Response

from simulator.api.calls import Answer, Call, api
from simulator.api.miniprogram import mini_program
from simulator.errors import ApiError
from simulator.whole_numbers import whole_number

SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]+")
LONGEST_SCENE, LONGEST_PATH = 32, 1024
NARROWEST, WIDEST, USUAL = 280, 1280, 430
VERSIONS = ("release", "trial", "develop")


@api("POST", "/wxa/getwxacodeunlimit", right=mini_program)
def unlimited(call: Call) -> Answer:
    """Creates a code for a scene of at most 32 characters.

    Raises 40169 or 40129 for an invalid scene, 41030 for the page, 40097 for the version.
    """
    scene = call.body.get("scene")
    if not isinstance(scene, str) or not 0 < len(scene) <= LONGEST_SCENE:
        raise ApiError(40169)
    if not SCENE.fullmatch(scene):
        raise ApiError(40129)
    page = call.optional_text("page", 41030)
    if page.startswith("/") or "?" in page or len(page.encode()) > LONGEST_PATH:
        raise ApiError(41030)
    if call.body.get("env_version", "release") not in VERSIONS:
        raise ApiError(40097)
    return picture(call, f"{page}?scene={scene}")


@api("POST", "/wxa/getwxacode", right=mini_program)
def of_path(call: Call) -> Answer:
    return picture(call, path_of(call))


@api("POST", "/cgi-bin/wxaapp/createwxaqrcode", right=mini_program)
def qrcode_of_path(call: Call) -> Answer:
    """Creates a square QR code, as older clients show it."""
    return picture(call, path_of(call))


def path_of(call: Call) -> str:
    """Returns the path of the page to open. Raises 40159 if it is missing or too long."""
    path = call.body.get("path")
    if not isinstance(path, str) or not 0 < len(path.encode()) <= LONGEST_PATH:
        raise ApiError(40159)
    return path


def picture(call: Call, target: str) -> Response:
    width = whole_number(str(call.body.get("width", USUAL)))
    if width is None or not NARROWEST <= width <= WIDEST:
        raise ApiError(40097)
    drawn = io.BytesIO()
    address = f"{call.world.addresses.mp}/a/~~{call.account.appid}~{target}"
    segno.make(address, error="m").save(drawn, kind="png", scale=4)
    image = Image.open(drawn).convert("RGB").resize((width, width))
    clear = call.body.get("is_hyaline") is True
    file = io.BytesIO()
    image.save(file, "PNG" if clear else "JPEG")
    return Response(file.getvalue(), media_type="image/png" if clear else "image/jpeg")
