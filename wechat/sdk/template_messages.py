"""The messages made from a template, and their bodies for each way of sending.

WeChat reference 9.3 (template messages), 10.2 (notices), 10.3 (one-time subscription), 10.4 (mini program).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from wechat.sdk.errors import ContentError


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateMessage:
    """A message from a template; ``values`` by field name, as ``thing4``.

    With a mini program, ``url`` is for old clients. ``scene`` and ``title`` belong to one-time subscription
    messages, whose only value is ``content``. A mini program's own messages open ``pagepath`` there and have
    no ``appid``.
    """

    template_id: str
    values: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    appid: str = ""
    pagepath: str = ""
    scene: str = ""
    title: str = ""

    @property
    def link(self) -> dict[str, Any]:
        if not self.appid:
            return {}
        return {"miniprogram": {"appid": self.appid, "pagepath": self.pagepath}}

    @property
    def data(self) -> dict[str, Any]:
        return {name: {"value": value} for name, value in self.values.items()}


def template_body(message: TemplateMessage, openid: str, client_msg_id: str) -> dict[str, Any]:
    """Returns the body of ``/cgi-bin/message/template/send``.

    A repeated ``client_msg_id`` is sent once within ten minutes.
    """
    body = {"touser": openid, "template_id": message.template_id, "client_msg_id": client_msg_id}
    return {**body, **_filled(url=message.url), **message.link, "data": message.data}


def notice_body(message: TemplateMessage, openid: str, client_msg_id: str) -> dict[str, Any]:
    """Returns the body of ``/cgi-bin/message/subscribe/bizsend``."""
    body = {"touser": openid, "template_id": message.template_id, "client_msg_id": client_msg_id}
    return {**body, **_filled(page=message.url), **message.link, "data": message.data}


def once_body(message: TemplateMessage, openid: str) -> dict[str, Any]:
    """Returns the body of ``/cgi-bin/message/template/subscribe``."""
    body = {"touser": openid, "template_id": message.template_id, **_filled(url=message.url)}
    return {**body, **message.link, "scene": message.scene, "title": message.title, "data": message.data}


def subscribe_body(message: TemplateMessage, openid: str) -> dict[str, Any]:
    """Returns the body of ``/cgi-bin/message/subscribe/send``, as a mini program to its own user."""
    body = {"touser": openid, "template_id": message.template_id, **_filled(page=message.pagepath)}
    return {**body, "miniprogram_state": "formal", "lang": "zh_CN", "data": message.data}


def to_dict(message: TemplateMessage) -> dict[str, Any]:
    """Returns plain data for storing as JSON, without the template's id."""
    texts = {name: getattr(message, name) for name in _TEXTS}
    return {"type": "template", "values": dict(message.values), **_filled(**texts)}


def from_dict(template_id: str, stored: Mapping[str, Any]) -> TemplateMessage:
    """Returns the message that ``to_dict`` wrote. Raises ContentError for other data."""
    values = stored.get("values", {})
    texts = {name: stored[name] for name in _TEXTS if name in stored}
    if not isinstance(values, dict) or not all(isinstance(each, str) for each in texts.values()):
        raise ContentError("values", "A template message has texts by name.")
    return TemplateMessage(
        template_id=template_id, values={name: str(each) for name, each in values.items()}, **texts
    )


_TEXTS = [one.name for one in fields(TemplateMessage) if one.name not in {"template_id", "values"}]


def _filled(**texts: str) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}
