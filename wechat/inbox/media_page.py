"""A follower's picture, voice or video, for staff with a right to the account's messages."""

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from accounts.rights import Area, Rights
from wechat.inbox.models import InboundMedia
from wechat.kernel import files


def show(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Whoever may not see it learns no more than that there is nothing."""
    media = get_object_or_404(InboundMedia.objects.select_related("message"), pk=pk)
    if not media.file or not Rights.of(request.user).may_view(Area.MESSAGES, media.message.account_id):
        raise Http404
    return files.response(media.file, media.content_type)
