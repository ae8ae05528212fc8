"""The pages of a channel's code: as a file, on a poster, and to make it anew."""

import re

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import RowsOfAnother, account_page, object_page
from accounts.staff.rights import Area
from wechat.channels import drawing, making
from wechat.channels.models import Channel, Poster
from wechat.channels.page_frame import all_channels, frame
from wechat.console import downloads
from wechat.kernel import files, work

MOST_AT_ONCE = 200


@object_page(all_channels, Area.CONTENT, is_file=True)
def picture(request: HttpRequest, channel: Channel) -> HttpResponseBase:
    """Returns the platform's picture of the code, or a drawing of it as long as the picture is missing."""
    code = channel.code
    if code.picture:
        kind = "image/png" if str(code.picture.name).endswith(".png") else "image/jpeg"
        return files.response(code.picture, kind)
    if not code.url:
        raise Http404
    return HttpResponse(drawing.png(code.url), content_type="image/png")


@object_page(all_channels, Area.CONTENT, is_file=True)
def png(request: HttpRequest, channel: Channel) -> HttpResponse:
    return downloads.of_bytes(drawing.png(_url(channel)), "image/png", f"{channel.name}.png")


@object_page(all_channels, Area.CONTENT, is_file=True)
def svg(request: HttpRequest, channel: Channel) -> HttpResponse:
    return downloads.of_bytes(drawing.svg(_url(channel)), "image/svg+xml", f"{channel.name}.svg")


@object_page(all_channels, Area.CONTENT, is_file=True)
def poster(request: HttpRequest, channel: Channel, poster: int) -> HttpResponse:
    chosen = get_object_or_404(Poster, pk=poster, account=channel.account_id)
    try:
        drawn = drawing.poster(chosen, _url(channel))
    except FileNotFoundError:
        raise Http404 from None
    return downloads.of_bytes(drawn, "image/png", f"{channel.name}-{chosen.name}.png")


@object_page(Poster, Area.CONTENT, is_file=True)
def background(request: HttpRequest, chosen: Poster) -> HttpResponseBase:
    kind = "image/png" if str(chosen.background.name).endswith(".png") else "image/jpeg"
    try:
        return files.response(chosen.background, kind)
    except FileNotFoundError:
        raise Http404 from None


@account_page(Area.CONTENT, change=True)
def make_again(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows what will happen, and makes the codes anew once that is confirmed."""
    channels = _chosen(request, account)
    if request.method == "POST":
        return _made_again(request, channels)
    context = {
        **frame(request, _("Make the codes anew")),
        "channels": channels,
        "replaced": [channel for channel in channels if channel.code.can_be_scanned],
        "temporary": [each for each in channels if each.lifetime == Channel.Lifetime.TEMPORARY],
        "ids": ",".join(str(channel.pk) for channel in channels),
    }
    return TemplateResponse(request, "channels/make_again.html", context)


def _chosen(request: HttpRequest, account: OfficialAccount) -> list[Channel]:
    """Returns the chosen channels of the account.

    Raises ``Http404`` if none is chosen, ``RowsOfAnother`` if one belongs to another account.
    """
    named = request.POST.get("ids") or request.GET.get("ids", "")
    ids = [int(each) for each in re.findall(r"\d{1,18}", named)][:MOST_AT_ONCE]
    channels = list(Channel.objects.filter(account=account, pk__in=ids).select_related("code", "account"))
    if not ids:
        raise Http404
    if len(channels) != len(set(ids)):
        raise RowsOfAnother
    return channels


def _made_again(request: HttpRequest, channels: list[Channel]) -> HttpResponse:
    for channel in channels:
        making.make_again(channel.code)
    work.wake("channels.make_codes")
    audit.record(request, channels, _("Code made anew"))
    count = len(channels)
    done = ngettext("%(count)d code is being made.", "%(count)d codes are being made.", count)
    messages.success(request, done % {"count": count})
    if count == 1:
        return redirect("admin:channels_channel_change", channels[0].pk)
    return redirect("admin:channels_channel_changelist")


def _url(channel: Channel) -> str:
    if not channel.code.url:
        raise Http404
    return channel.code.url
