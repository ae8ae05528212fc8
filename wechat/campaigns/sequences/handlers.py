"""The effects of incoming messages on sequences: who enters one, and who leaves."""

from collections.abc import Mapping, Sequence

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wechat.campaigns.models import Sequence as SequenceModel
from wechat.campaigns.models import SequenceStep
from wechat.campaigns.sequences import enrolling, entering
from wechat.channels.models import Channel
from wechat.inbox.answerers import Answerer, named
from wechat.inbox.routing import InboundEvent, reacts
from wechat.materials import usage
from wechat.materials.models import Asset
from wechat.sdk.messages import (
    Click,
    Image,
    Link,
    Location,
    LocationSelect,
    Scan,
    ScanCode,
    SendPics,
    ShortVideo,
    Subscribe,
    Text,
    Unsubscribe,
    Video,
    Voice,
)

# Registered by being imported.
__all__ = ["entering", "names"]


@named("sequence", gone=gettext_lazy("a sequence that was deleted"))
def names(ids: Sequence[str]) -> Mapping[str, Answerer]:
    found = SequenceModel.objects.filter(pk__in=[each for each in ids if each.isdecimal()])
    return {
        str(pk): Answerer(
            _("sequence “%(name)s”") % {"name": name}, reverse("admin:campaigns_sequence_change", args=[pk])
        )
        for pk, name in found.values_list("pk", "name")
    }


@reacts(Subscribe)
def followed(event: InboundEvent) -> None:
    row = event.row
    if row is not None:
        enrolling.start(event.account, row.openid, "follow", f"follow:{row.pk}", at=row.received_at)


@reacts(Subscribe, Scan)
def scanned(event: InboundEvent) -> None:
    """Starts sequences of a channel whose code was scanned; a follow by such a code is a scan as well."""
    message, row = event.message, event.row
    assert isinstance(message, Subscribe | Scan)
    if row is None or not message.scene:
        return
    channel = Channel.objects.filter(account=event.account, scene=message.scene).first()
    if channel is not None:
        enrolling.start(
            event.account, row.openid, "scan", f"scan:{row.pk}", at=row.received_at, channel_id=channel.pk
        )


@reacts(Click, LocationSelect, ScanCode, SendPics)
def tapped(event: InboundEvent) -> None:
    """Starts sequences of menu items that were tapped.

    Items that open a page are left out, as they tell only where they lead.
    """
    message, row = event.message, event.row
    assert isinstance(message, Click | LocationSelect | ScanCode | SendPics)
    if row is not None:
        enrolling.start(
            event.account,
            row.openid,
            "menu",
            f"menu:{row.pk}",
            at=row.received_at,
            menu_key=message.event_key,
        )


@reacts(Text, Image, Voice, Video, ShortVideo, Location, Link)
def wrote(event: InboundEvent) -> None:
    if event.row is not None:
        enrolling.replied(event.account, event.row.openid, event.row.received_at)


@reacts(Unsubscribe)
def left(event: InboundEvent) -> None:
    if event.row is not None:
        enrolling.left(event.account, event.row.openid, event.row.received_at)


@usage.register
def sequences_with(asset: Asset) -> list[str]:
    using = SequenceStep.objects.filter(Q(asset=asset) | Q(cover=asset)).order_by("sequence")
    names = using.values_list("sequence__name", flat=True).distinct()
    return [_("sequence “%(name)s”") % {"name": name} for name in names]
