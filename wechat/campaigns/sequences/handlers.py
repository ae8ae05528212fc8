"""What arrives and means something for sequences: who enters one, who stops."""

from django.db.models import Q
from django.utils.translation import gettext as _

from wechat.campaigns.models import SequenceStep
from wechat.campaigns.sequences import enrolling
from wechat.channels.models import Channel
from wechat.inbox.routing import InboundEvent, reacts
from wechat.materials import usage
from wechat.materials.models import Asset
from wechat.sdk.messages import (
    Image,
    Link,
    Location,
    Scan,
    ShortVideo,
    Subscribe,
    Text,
    Unsubscribe,
    Video,
    Voice,
)


@reacts(Subscribe)
def followed(event: InboundEvent) -> None:
    row = event.row
    if row is not None:
        enrolling.start(event.account, row.openid, "follow", f"follow:{row.pk}", at=row.received_at)


@reacts(Subscribe, Scan)
def scanned(event: InboundEvent) -> None:
    """Only codes of channels count; a follow by such a code is a scan as well."""
    message, row = event.message, event.row
    assert isinstance(message, Subscribe | Scan)
    if row is None or not message.scene:
        return
    channel = Channel.objects.filter(account=event.account, scene=message.scene).first()
    if channel is not None:
        enrolling.start(
            event.account, row.openid, "scan", f"scan:{row.pk}", at=row.received_at, channel_id=channel.pk
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
