"""The check of an account's reply to a push, as strict as the platform's (WeChat reference 1.5, 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from simulator import signing, strict_json
from simulator.errors import ApiError
from simulator.recipients import Recipient
from simulator.world import Account

LONGEST_TEXT = 2048
ARTICLES_ON_MESSAGE = 1
ARTICLES_ON_EVENT = 8


class RefusedError(Exception):
    """An error: the platform refuses the reply, and the follower sees a notice. The message says why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: ``fields`` as received; ``content`` in the format of customer-service messages."""

    fields: dict[str, Any]
    msgtype: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """The parts of a push that its reply depends on."""

    account: Account
    recipient: Recipient
    openid: str
    is_event: bool
    now: float


def judge(question: Question, body: bytes) -> Reply | None:
    """Returns the reply of a response's body, None if it is "success" or empty. Raises RefusedError."""
    if body in (b"", b"success"):
        return None
    fields = _opened(question.recipient, _parsed(question.recipient, body))
    _check_addresses(question, fields)
    msgtype = _text(fields, "MsgType")
    if msgtype not in CONTENTS:
        raise RefusedError(f"unknown MsgType {msgtype!r}")
    return Reply(fields, msgtype, CONTENTS[msgtype](question, fields))


def _parsed(recipient: Recipient, body: bytes) -> dict[str, Any]:
    return _from_json(body) if recipient.format == "json" else _from_xml(body)


def _from_json(body: bytes) -> dict[str, Any]:
    try:
        fields = strict_json.loads(body)
    except ValueError:
        raise RefusedError("the answer is not JSON") from None
    if not isinstance(fields, dict):
        raise RefusedError("the answer is not a JSON object")
    return fields


def _from_xml(body: bytes) -> dict[str, Any]:
    if body.lstrip()[:1] in (b"{", b"["):
        raise RefusedError("the answer is JSON")
    try:
        root = etree.fromstring(
            body, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        )
    except (etree.XMLSyntaxError, ValueError):
        raise RefusedError("the answer is not XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise RefusedError("the answer has a DTD")
    if root.tag != "xml":
        raise RefusedError(f"the root element is <{root.tag}>")
    fields = _value(root)
    return fields if isinstance(fields, dict) else {}


def _value(element: etree._Element) -> dict[str, Any] | str:
    """Returns nested elements as a dict, in which repeated siblings are a list."""
    if not len(element):
        return element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        name, value = str(child.tag), _value(child)
        found[name] = [*_several(found[name]), value] if name in found else value
    return found


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _opened(recipient: Recipient, fields: dict[str, Any]) -> dict[str, Any]:
    """Returns the fields of a reply, decrypted if necessary. Raises RefusedError.

    Replies must be encrypted in safe mode, must not in plain mode, and can be either in compatible mode.
    """
    if "Encrypt" not in fields:
        if recipient.mode == "safe":
            raise RefusedError("the account is in safe mode and the answer is not encrypted")
        return fields
    if recipient.mode == "plain":
        raise RefusedError("the account is in plain mode and the answer is encrypted")
    sealed = _text(fields, "Encrypt")
    parts = (_text(fields, "TimeStamp"), _text(fields, "Nonce"), sealed)
    if not signing.same(signing.signature(recipient.token, *parts), _text(fields, "MsgSignature")):
        raise RefusedError("MsgSignature is wrong")
    try:
        return _parsed(recipient, signing.open_sealed(sealed, recipient.aes_key, recipient.appid))
    except signing.EnvelopeError as error:
        raise RefusedError(str(error)) from error


def _check_addresses(question: Question, fields: dict[str, Any]) -> None:
    if _text(fields, "ToUserName") != question.openid:
        raise RefusedError("ToUserName is not the openid of the sender")
    if _text(fields, "FromUserName") != question.account.original_id:
        raise RefusedError("FromUserName is not the original id of the account")
    if not _text(fields, "CreateTime").isdecimal():
        raise RefusedError("CreateTime is not a number")


def _text(fields: dict[str, Any], name: str, default: str | None = None) -> str:
    value = fields.get(name, default)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise RefusedError(f"{name} is missing")
    return value


def _group(fields: dict[str, Any], name: str) -> dict[str, Any]:
    value = fields.get(name)
    if not isinstance(value, dict):
        raise RefusedError(f"{name} is missing")
    return value


def _media(question: Question, group: dict[str, Any], name: str, *kinds: str) -> str:
    media_id = _text(group, name)
    try:
        question.account.find_media(media_id, question.now, *kinds)
    except ApiError:
        raise RefusedError(
            f"{name} {media_id[:20]!r} is unknown, too old or not {' or '.join(kinds)}"
        ) from None
    return media_id


def _read_text(question: Question, fields: dict[str, Any]) -> dict[str, Any]:
    content = _text(fields, "Content")
    if not content:
        raise RefusedError("Content is empty")
    if len(content.encode()) > LONGEST_TEXT:
        raise RefusedError(f"Content is longer than {LONGEST_TEXT} bytes")
    return {"content": content}


def _read_image(question: Question, fields: dict[str, Any]) -> dict[str, Any]:
    return {"media_id": _media(question, _group(fields, "Image"), "MediaId", "image")}


def _read_voice(question: Question, fields: dict[str, Any]) -> dict[str, Any]:
    return {"media_id": _media(question, _group(fields, "Voice"), "MediaId", "voice")}


def _read_video(question: Question, fields: dict[str, Any]) -> dict[str, Any]:
    video = _group(fields, "Video")
    texts = {"title": _text(video, "Title", ""), "description": _text(video, "Description", "")}
    return {"media_id": _media(question, video, "MediaId", "video"), **texts}


def _read_music(question: Question, fields: dict[str, Any]) -> dict[str, Any]:
    music = _group(fields, "Music")
    names = {
        "title": "Title",
        "description": "Description",
        "musicurl": "MusicUrl",
        "hqmusicurl": "HQMusicUrl",
    }
    content = {ours: _text(music, theirs, "") for ours, theirs in names.items()}
    return {**content, "thumb_media_id": _media(question, music, "ThumbMediaId", "thumb", "image")}


def _read_news(question: Question, fields: dict[str, Any]) -> dict[str, Any]:
    items = _several(_group(fields, "Articles").get("item", []))
    if not items or not all(isinstance(item, dict) for item in items):
        raise RefusedError("Articles has no item")
    if _text(fields, "ArticleCount") != str(len(items)):
        raise RefusedError("ArticleCount is not the number of items")
    if len(items) > (ARTICLES_ON_EVENT if question.is_event else ARTICLES_ON_MESSAGE):
        raise RefusedError(f"{len(items)} articles are too many here")
    names = {"title": "Title", "description": "Description", "url": "Url", "picurl": "PicUrl"}
    return {"articles": [{ours: _text(item, theirs, "") for ours, theirs in names.items()} for item in items]}


def _read_transfer(question: Question, fields: dict[str, Any]) -> dict[str, Any]:
    if "TransInfo" not in fields:
        return {}
    return {"kf_account": _text(_group(fields, "TransInfo"), "KfAccount")}


CONTENTS: dict[str, Callable[[Question, dict[str, Any]], dict[str, Any]]] = {
    "text": _read_text,
    "image": _read_image,
    "voice": _read_voice,
    "video": _read_video,
    "music": _read_music,
    "news": _read_news,
    "transfer_customer_service": _read_transfer,
}
