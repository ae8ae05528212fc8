"""The calls for mass sends. WeChat reference 11 Mass send.

``content`` is a body as the functions below return it. A ``clientmsgid`` has at most 32 bytes. A repeat of
one within a minute raises ApiError 45066, and within 24 hours ApiError 45065, whose ``msg_id`` is that of the
first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wechat.sdk import answers
from wechat.sdk.answers import count, number
from wechat.sdk.client import Client
from wechat.sdk.errors import TransportError

LEAST_OPENIDS, MOST_OPENIDS = 2, 10_000

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The accepted job, which is not done yet. ``msg_data_id`` is 0 except for articles."""

    msg_id: int
    msg_data_id: int = 0


@dataclass(frozen=True, slots=True)
class Speed:
    """The speed of mass sends: ``number`` 0 to 4, quickest first.

    ``a_minute`` is the number of messages a minute that it recently reached.
    """

    number: int
    a_minute: int


def text(words: str) -> Body:
    return {"msgtype": "text", "text": {"content": words}}


def images(media_ids: Sequence[str], recommend: str = "") -> Body:
    chosen: dict[str, Any] = {"media_ids": list(media_ids)}
    return {"msgtype": "image", "images": {**chosen, "recommend": recommend} if recommend else chosen}


def voice(media_id: str) -> Body:
    return {"msgtype": "voice", "voice": {"media_id": media_id}}


def video(media_id: str) -> Body:
    """Returns the body of a video; ``media_id`` is one of ``video_for_mass``."""
    return {"msgtype": "mpvideo", "mpvideo": {"media_id": media_id}}


def articles(media_id: str, *, ignore_reprint: bool) -> Body:
    """Returns the body of a draft, whose media_id becomes invalid with the send.

    ``ignore_reprint``: send it even if the platform judges it to be a reprint.
    """
    return {
        "msgtype": "mpnews",
        "mpnews": {"media_id": media_id},
        "send_ignore_reprint": int(ignore_reprint),
    }


def send_all(client: Client, content: Body, clientmsgid: str, *, tag_id: int | None = None) -> Accepted:
    """Sends to everybody, or to the followers with a tag.

    Raises ApiError 89504 or 89505 if an administrator has to agree.
    """
    chosen: Body = {"is_to_all": True} if tag_id is None else {"is_to_all": False, "tag_id": tag_id}
    body = {"filter": chosen, **content, "clientmsgid": clientmsgid}
    return _accepted(client, "/cgi-bin/message/mass/sendall", body)


def send(client: Client, content: Body, clientmsgid: str, openids: Sequence[str]) -> Accepted:
    """Sends to 2 to 10,000 followers. Raises ApiError 40130 or 40032 for fewer or more."""
    body = {"touser": list(openids), **content, "clientmsgid": clientmsgid}
    return _accepted(client, "/cgi-bin/message/mass/send", body)


def preview(client: Client, content: Body, *, wechat_id: str) -> None:
    """Sends to one person by WeChat id; 100 a day. Of several pictures only the first is sent."""
    body = dict(content)
    if "images" in body:
        body["image"] = {"media_id": body.pop("images")["media_ids"][0]}
    client.post("/cgi-bin/message/mass/preview", {"towxname": wechat_id, **body})


def status(client: Client, msg_id: int) -> str:
    """Returns SEND_SUCCESS, SENDING, SEND_FAIL or DELETE. Raises ApiError 40059 for an unknown id."""
    return answers.text(client.post("/cgi-bin/message/mass/get", {"msg_id": str(msg_id)}), "msg_status")


def delete(client: Client, msg_id: int, article: int = 0) -> None:
    """Deletes sent articles or videos: the content is gone, but delivered cards stay.

    ``article`` counts from 1; 0: all.
    """
    client.post("/cgi-bin/message/mass/delete", {"msg_id": msg_id, "article_idx": article})


def speed(client: Client) -> Speed:
    answer = client.post("/cgi-bin/message/mass/speed/get")
    # The platform counts in 万.
    return Speed(number(answer, "speed"), 10_000 * count(answer, "realspeed"))


def set_speed(client: Client, number: int) -> None:
    client.post("/cgi-bin/message/mass/speed/set", {"speed": number})


def video_for_mass(client: Client, media_id: str, title: str, description: str) -> str:
    """Returns the media_id that a mass send takes for a video of the library."""
    body = {"media_id": media_id, "title": title, "description": description}
    api = "/cgi-bin/media/uploadvideo"
    return answers.needed(client.post(api, body), "media_id", api)


def _accepted(client: Client, api: str, body: Body) -> Accepted:
    answer = client.post(api, body)
    msg_id = number(answer, "msg_id")
    if msg_id <= 0:
        raise TransportError(f"{api} answered no msg_id", outcome_unknown=True)
    return Accepted(msg_id, number(answer, "msg_data_id"))
