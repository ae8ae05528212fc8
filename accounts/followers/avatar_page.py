"""The page that serves our copy of a follower's picture to staff who may see the follower."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from accounts.followers.models import Avatar, Follower
from accounts.staff import personal_data
from accounts.staff.gate import object_page
from accounts.staff.rights import Area
from wechat.kernel import files


@object_page(Follower, Area.FOLLOWERS, is_file=True)
def show(request: HttpRequest, follower: Follower) -> HttpResponseBase:
    if personal_data.is_hidden_from_reader(follower.account_id):
        raise PermissionDenied
    avatar = get_object_or_404(
        Avatar.objects.exclude(file=""), account=follower.account_id, openid=follower.openid
    )
    kind = "image/png" if str(avatar.file.name).endswith(".png") else "image/jpeg"
    return files.response(avatar.file, kind)
