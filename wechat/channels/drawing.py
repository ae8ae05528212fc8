"""The drawing of codes and posters as files.

The description of a drawn file contains the address in the code, so that a simulator or a search finds it.
"""

import io

import segno
from PIL import Image, PngImagePlugin

from wechat.channels.models import Poster

SCALE = 12
# The width of the light margin that a camera needs around the code, in modules.
QUIET_ZONE = 4


def png(url: str) -> bytes:
    """Returns the code as a PNG."""
    return _saved(_drawn(url), url)


def svg(url: str) -> bytes:
    drawn = io.BytesIO()
    made = segno.make_qr(url, error="m")
    made.save(drawn, kind="svg", scale=SCALE, border=QUIET_ZONE, title=url, light="#fff")
    return drawn.getvalue()


def poster(poster: Poster, url: str) -> bytes:
    """Returns the poster with the code on it, as a PNG.

    Raises ``FileNotFoundError`` if the background file is missing.
    """
    with poster.background.open("rb") as file, Image.open(file) as opened:
        picture = opened.convert("RGB")
    picture.paste(_drawn(url, poster.size), (poster.left, poster.top))
    return _saved(picture, url)


def _drawn(url: str, side: int | None = None) -> Image.Image:
    """Returns the code drawn with whole pixels per module, because a sharp code is read from further away.

    ``side`` is the width in pixels, including the quiet zone; its remaining pixels are a white margin.
    """
    made, drawn = segno.make_qr(url, error="m"), io.BytesIO()
    scale = max(1, side // made.symbol_size(border=QUIET_ZONE)[0]) if side else SCALE
    made.save(drawn, kind="png", scale=scale, border=QUIET_ZONE)
    code = Image.open(drawn).convert("RGB")
    if side is None:
        return code
    white = Image.new("RGB", (side, side), "white")
    white.paste(code, ((side - code.width) // 2, (side - code.height) // 2))
    return white


def _saved(image: Image.Image, url: str) -> bytes:
    saved, about = io.BytesIO(), PngImagePlugin.PngInfo()
    about.add_text("Description", url)
    image.save(saved, "PNG", pnginfo=about)
    return saved.getvalue()
