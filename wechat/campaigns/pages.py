"""What the pages of a campaign have in common."""

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from accounts.rights import Area, Rights, choose_account
from wechat.campaigns.models import Campaign


def found(request: HttpRequest, pk: int, *, change: bool = False) -> Campaign:
    """The campaign, with the switcher moved to its account. Raises ``Http404``, ``PermissionDenied``."""
    related = ("account", "template", "segment", "tag", "author", "approved_by")
    campaign = Campaign.objects.select_related(*related).filter(pk=pk).first()
    rights = Rights.of(request.user)
    if campaign is None or not rights.may_view(Area.SENDING, campaign.account_id):
        raise Http404
    if change and not rights.may_change(Area.SENDING, campaign.account_id):
        raise PermissionDenied
    choose_account(request, campaign.account_id)
    return campaign


def may_change(request: HttpRequest, campaign: Campaign) -> bool:
    return Rights.of(request.user).may_change(Area.SENDING, campaign.account_id)


def log(request: HttpRequest, campaign: Campaign, words: str, flag: int = CHANGE) -> None:
    LogEntry.objects.log_actions(user_of(request).pk, [campaign], flag, words)


def user_of(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
