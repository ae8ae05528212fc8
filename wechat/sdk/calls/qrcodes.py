"""The calls for QR codes with a scene, and for their pictures. WeChat reference 7.1 and 7.2."""

from dataclasses import dataclass
from typing import Any

from wechat.sdk import answers
from wechat.sdk.client import Client
from wechat.sdk.errors import ContentError, TransportError
from wechat.sdk.transport import MP_BASE, ApiRequest, Transport

CREATE = "/cgi-bin/qrcode/create"
LONGEST_SECONDS = 30 * 86_400
LARGEST_PERMANENT_ID = 100_000
LARGEST_TEMPORARY_ID = 2**32 - 1
LONGEST_SCENE = 64
# All the permanent codes an account may ever have; one more is refused with 45029.
MOST_PERMANENT = 100_000


@dataclass(frozen=True, slots=True)
class Made:
    """A new code: ``ticket`` is for its picture, ``url`` is the content of the picture.

    ``expires_in`` is in seconds, as the platform granted it; None for a permanent code.
    """

    ticket: str
    url: str
    expires_in: int | None = None


def create_temporary(client: Client, scene: int | str, seconds: int) -> Made:
    """Makes a code that expires after 1 to ``LONGEST_SECONDS`` seconds; a scene may be used repeatedly.

    ``scene`` is an integer from 1 to 2^32 - 1 or a text of 1 to 64 characters; raises ContentError otherwise.
    """
    if not 1 <= seconds <= LONGEST_SECONDS:
        raise ContentError("seconds", f"A temporary code ends within {LONGEST_SECONDS} seconds.")
    action = "QR_SCENE" if isinstance(scene, int) else "QR_STR_SCENE"
    answer = _created(client, action, _scene(scene, LARGEST_TEMPORARY_ID), expire_seconds=seconds)
    granted = answers.seconds(answer, "expire_seconds") or seconds
    return _made(answer, min(granted, LONGEST_SECONDS))


def create_permanent(client: Client, scene: int | str) -> Made:
    """Makes a permanent code.

    ``scene`` is an integer from 1 to 100,000 or a text of 1 to 64 characters.
    """
    action = "QR_LIMIT_SCENE" if isinstance(scene, int) else "QR_LIMIT_STR_SCENE"
    return _made(_created(client, action, _scene(scene, LARGEST_PERMANENT_ID)), None)


def picture(ticket: str, mp_base: str = MP_BASE) -> bytes:
    """Downloads the platform's own picture of a code, a JPG. Needs no token.

    Raises TransportError if it has none.
    """
    download = Transport(mp_base).download(ApiRequest("GET", "/cgi-bin/showqrcode", {"ticket": ticket}))
    if download.json is not None:
        raise TransportError("/cgi-bin/showqrcode answered no picture", outcome_unknown=True)
    return download.body


def _scene(scene: int | str, largest: int) -> dict[str, int | str]:
    if isinstance(scene, int):
        if not 1 <= scene <= largest:
            raise ContentError("scene", f"A scene's number is from 1 to {largest}.", largest)
        return {"scene_id": scene}
    if not 1 <= len(scene) <= LONGEST_SCENE:
        raise ContentError("scene", "A scene's text has 1 to 64 characters.", LONGEST_SCENE)
    return {"scene_str": scene}


def _created(client: Client, action: str, scene: dict[str, int | str], **more: Any) -> dict[str, Any]:
    return client.post(CREATE, {**more, "action_name": action, "action_info": {"scene": scene}})


def _made(answer: dict[str, Any], expires_in: int | None) -> Made:
    ticket, url = (answers.needed(answer, name, CREATE) for name in ("ticket", "url"))
    return Made(ticket, url, expires_in)
