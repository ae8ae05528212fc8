"""The common parts of a campaign's pages."""

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from wechat.campaigns.models import Campaign


def all_campaigns() -> "QuerySet[Campaign]":
    return Campaign.objects.select_related("account", "template", "segment", "tag", "author", "approved_by")


def user_of(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
