"""Our copy of a follower's picture, for staff who may see the follower."""

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from accounts.models import Avatar, Follower
from accounts.rights import Area, Rights
from wechat.kernel import files


def show(request: HttpRequest, pk: int) -> HttpResponseBase:
    follower = get_object_or_404(Follower, pk=pk)
    if not Rights.of(request.user).may_view(Area.FOLLOWERS, follower.account_id):
        raise Http404
    avatar = get_object_or_404(
        Avatar.objects.exclude(file=""), account=follower.account_id, openid=follower.openid
    )
    kind = "image/png" if str(avatar.file.name).endswith(".png") else "image/jpeg"
    return files.response(avatar.file, kind)
