"""Who may open the pages about channels, and for which account."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from accounts.models import OfficialAccount
from accounts.rights import Area, Rights, choose_account, current_account
from wechat.channels.models import Channel
from wechat.kernel.row_ids import row_id


def account_to_view(request: HttpRequest) -> OfficialAccount:
    """Raises ``PermissionDenied``."""
    account = current_account(request)
    if account is None or not Rights.of(request.user).may_view(Area.CONTENT, account.pk):
        raise PermissionDenied
    return account


def account_to_change(request: HttpRequest) -> OfficialAccount:
    """The account the form was made for, whatever the switcher says by now. Raises ``PermissionDenied``."""
    account = current_account(request)
    rights = Rights.of(request.user)
    if posted := row_id(request.POST.get("account", "")):
        account = rights.accounts.get(posted)
    if account is None or not rights.may_change(Area.CONTENT, account.pk):
        raise PermissionDenied
    return account


def channel_to_view(request: HttpRequest, pk: int) -> Channel:
    """Whoever may not see it learns no more than that there is nothing. Raises ``Http404``."""
    channel = Channel.objects.select_related("code", "account").filter(pk=pk).first()
    if channel is None or not Rights.of(request.user).may_view(Area.CONTENT, channel.account_id):
        raise Http404
    choose_account(request, channel.account_id)
    return channel


def frame(request: HttpRequest, account: OfficialAccount, title: str) -> dict[str, Any]:
    """What every page about channels starts from."""
    return {
        **admin.site.each_context(request),
        "title": title,
        "opts": Channel._meta,
        "account": account,
        "may_change": Rights.of(request.user).may_change(Area.CONTENT, account.pk),
    }
