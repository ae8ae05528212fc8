"""The inbox's own reactions: it fetches media, notes verifications and publishes events to webhooks."""

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.official import verification
from wechat.inbox import media
from wechat.inbox.routing import InboundEvent, reacts
from wechat.kernel import work
from wechat.sdk.messages import (
    AccountVerification,
    Click,
    Event,
    Image,
    Message,
    Scan,
    ScanCode,
    Subscribe,
    Unsubscribe,
    Video,
    View,
    ViewMiniProgram,
    Voice,
)
from wechat.webhooks import events, outbox

OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
TEXT = {"openid": OPENID, "kind": "text", "event": "", "text": "你好", "sent_at": "2026-03-02T10:00:00+08:00"}
EVENT: dict[str, Any] = {**TEXT, "kind": "event", "text": ""}

events.register("follower.followed", _("Somebody followed"), {**EVENT, "event": "subscribe"})
events.register("follower.left", _("Somebody left"), {**EVENT, "event": "unsubscribe"})
events.register("message.received", _("A message arrived"), TEXT)
events.register("qrcode.scanned", _("A QR code was scanned"), {**EVENT, "event": "scan"})
events.register("menu.tapped", _("A menu button was tapped"), {**EVENT, "event": "click"})

PUBLISHED: tuple[tuple[tuple[type[Message], ...], str], ...] = (
    ((Subscribe,), "follower.followed"),
    ((Unsubscribe,), "follower.left"),
    ((Scan,), "qrcode.scanned"),
    ((Click, View, ViewMiniProgram, ScanCode), "menu.tapped"),
)


@reacts(Image, Voice, Video)
def keep_media(event: InboundEvent) -> None:
    if event.row:
        media.queue_fetch(event.row, event.message)
        work.wake("inbox.fetch_media")


@reacts(AccountVerification)
def keep_verification(event: InboundEvent) -> None:
    message = event.message
    if event.row and isinstance(message, AccountVerification):
        verification.record(
            event.account, message.event, event.row.sent_at, message.expired_time, message.fail_reason
        )


@reacts()
def publish_event(event: InboundEvent) -> None:
    row, name = event.row, _published(event.message)
    if row is None or not name:
        return
    data = {
        "openid": row.openid,
        "kind": row.kind,
        "event": row.event,
        "text": row.text,
        "sent_at": row.sent_at.isoformat(),
        "message": asdict(event.message),
    }
    outbox.emit(event.account, name, data, key=f"message:{row.pk}", openid=row.openid)


def _published(message: Message) -> str:
    """Returns the name of the webhook event for a message; empty if it is not published."""
    for kinds, name in PUBLISHED:
        if isinstance(message, kinds):
            return name
    return "" if isinstance(message, Event) else "message.received"
