"""The opening of notifications, which are always verified, then parsed, then decrypted.

WeChat Pay reference 5.4.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wechat.sdk import answers
from wechat.sdk.pay import verifying
from wechat.sdk.pay.errors import NotUnderstood
from wechat.sdk.pay.keys import PlatformKeys
from wechat.sdk.pay.sealing import unseal
from wechat.sdk.text import load_json

LONGEST_BODY = 256 * 1024
# The platform says "up to 36".
LONGEST_ID = 64
LONGEST_TEXT = 128


@dataclass(frozen=True, slots=True)
class OpenedNotification:
    """A genuine notification; ``resource`` is its decrypted content."""

    id: str
    event_type: str
    original_type: str
    summary: str
    resource: dict[str, Any] = field(repr=False)


def open_notification(
    keys: PlatformKeys, api_v3_key: bytes, headers: Mapping[str, str], body: bytes, now: float
) -> OpenedNotification:
    """Verifies, parses and decrypts a notification.

    Raises NotGenuine, Unsealable, or NotUnderstood for a genuine one that cannot be read.
    """
    verifying.check(keys, headers, body, now)
    envelope = _object(body)
    resource = envelope.get("resource")
    if not isinstance(resource, dict):
        raise NotUnderstood("a notification about nothing")
    notification_id, event_type = _text(envelope, "id"), _text(envelope, "event_type")
    if not notification_id or len(notification_id) > LONGEST_ID:
        raise NotUnderstood("a notification without a usable id")
    return OpenedNotification(
        id=notification_id,
        event_type=event_type,
        original_type=_text(resource, "original_type"),
        summary=answers.text(envelope, "summary")[:LONGEST_TEXT],
        resource=_object(unseal(resource, api_v3_key)),
    )


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = load_json(text)
    except ValueError:
        raise NotUnderstood("not JSON") from None
    if not isinstance(found, dict):
        raise NotUnderstood("not a JSON object")
    return found


def _text(found: Mapping[str, Any], name: str) -> str:
    value = answers.text(found, name)
    if not value and found.get(name):
        raise NotUnderstood(f"{name} is no text")
    return value[:LONGEST_TEXT]
