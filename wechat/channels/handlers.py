"""The registrations of channels: welcomes, the count of scans, and names for the log and conversations."""

import datetime
import logging
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlencode

from django.conf import settings
from django.db import Error
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official import links
from accounts.official.links import PageLink
from accounts.official.models import OfficialAccount
from wechat.channels import scanning, tagging, welcomes
from wechat.channels.models import SCENE_PREFIX, Channel, Scan, Welcome
from wechat.channels.welcomes import Audience, ChannelScript
from wechat.console import codes, page_paths
from wechat.contents.models import pages_of
from wechat.inbox import conversation
from wechat.inbox.answerers import Answerer, named
from wechat.inbox.bubbles import Bubble, Part
from wechat.inbox.routing import Answer, InboundEvent, Precedence, answers, reacts
from wechat.materials import usage
from wechat.materials.models import Asset
from wechat.replies.facts import perform
from wechat.sdk.messages import Scan as Scanned
from wechat.sdk.messages import Subscribe, Unsubscribe

OFFERED = 500
log = logging.getLogger(__name__)


@answers(order=Precedence.CHANNEL, quick=True)
def welcome(event: InboundEvent) -> Answer | None:
    """Returns the welcome of the scanned channel; ``None`` leaves the answer to the rules."""
    found = _script_scanned(event)
    if found is None:
        return None
    plan = perform(found.script, event)
    return Answer(f"channel:{found.channel_id}", plan.now, plan.later)


@reacts(Subscribe, Scanned)
def count_scan(event: InboundEvent) -> None:
    if event.row is None or not isinstance(event.message, Subscribe | Scanned):
        return
    channel = scanning.record(event.row, event.message)
    if channel is not None:
        tagging.tag(channel, event.row.openid)


@reacts(Unsubscribe)
def note_leaving(event: InboundEvent) -> None:
    if event.row is not None:
        scanning.note_leaving(event.row)


@links.register
def code_pictures(account: OfficialAccount) -> Iterator[PageLink]:
    """Yields links to the pages that show channels' codes, to be offered where a link is chosen."""
    for channel in Channel.objects.filter(account=account).select_related("code").order_by("-pk")[:200]:
        code = getattr(channel, "code", None)
        if code is not None and code.can_be_scanned:
            address = f"{settings.WECHAT_MP_BASE}/cgi-bin/showqrcode?{urlencode({'ticket': code.ticket})}"
            yield PageLink(address, channel.name, _("Channel codes"))


@usage.register
def channels_with(asset: Asset) -> list[str]:
    found = Channel.objects.filter(
        pk__in=[
            *Welcome.objects.filter(asset=asset).values_list("channel", flat=True),
            *Welcome.objects.filter(cover=asset).values_list("channel", flat=True),
        ]
    )
    return [_("channel “%(name)s”") % {"name": channel.name} for channel in found]


@named("channel", gone=gettext_lazy("a channel that was deleted"))
def names(ids: Sequence[str]) -> Mapping[str, Answerer]:
    found = Channel.objects.filter(pk__in=[each for each in ids if each.isdecimal()])
    return {str(channel.pk): Answerer(channel.name, _page(channel.pk)) for channel in found}


@codes.scenes.register
def channels(account_id: int, scenes: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yields the scenes and names of the newest channels, or of those with the scenes asked for.

    Scenes of deleted channels that were asked for are named as such.
    """
    found = Channel.objects.filter(account=account_id)
    found = found.filter(scene__in=scenes) if scenes else found.order_by("-pk")[:OFFERED]
    names = dict(found.values_list("scene", "name"))
    yield from names.items()
    for scene in scenes:
        if scene.startswith(SCENE_PREFIX) and scene not in names:
            yield scene, _("a channel that was deleted")


@conversation.register
def scanned(
    account: OfficialAccount, openid: str, before: datetime.datetime | None, limit: int
) -> Iterator[Bubble]:
    """Yields the follower's scans as bubbles of the conversation, the newest first."""
    scans = Scan.objects.filter(account=account, openid=openid).select_related("channel", "message")
    if before is not None:
        scans = scans.filter(message__received_at__lt=before)
    for scan in scans.filter(message__isnull=False).order_by("-message__received_at", "-pk")[:limit]:
        assert scan.message is not None
        words = _("Channel “%(name)s”: %(kind)s") % {
            "name": scan.channel.name,
            "kind": scan.get_kind_display(),
        }
        yield Bubble(
            scan.message.received_at,
            ours=False,
            part=Part("system", words),
            source_link=_page(scan.channel_id),
        )


def _script_scanned(event: InboundEvent) -> ChannelScript | None:
    message = event.message
    if not isinstance(message, Subscribe | Scanned) or not message.scene:
        return None
    audience = _audience(event, message) if isinstance(message, Subscribe) else Audience.EXISTING
    return welcomes.of(event.account, message.scene, audience)


def _audience(event: InboundEvent, message: Subscribe) -> Audience:
    """Returns the audience of the welcome: a follower who returns is an existing one.

    If the database cannot be asked, the follower counts as new.
    """
    if not any(welcomes.of(event.account, message.scene, audience) for audience in Audience):
        return Audience.NEW
    event.needs_rows()
    moment = datetime.datetime.fromtimestamp(message.create_time, tz=datetime.UTC)
    try:
        is_back = scanning.has_followed_before(event.account, message.openid, moment)
    except Error:
        log.warning("welcome_without_rows", extra={"account": event.account.slug})
        return Audience.NEW
    return Audience.EXISTING if is_back else Audience.NEW


def _page(channel_id: int) -> str:
    return reverse("admin:channels_channel_change", args=[channel_id])


@page_paths.used.register
def pages(account_id: int) -> Iterator[page_paths.Pairs]:
    yield pages_of(Welcome.objects.filter(channel__account=account_id))
