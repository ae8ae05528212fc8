"""Who may open the pages about rules, and for which account."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import OfficialAccount
from accounts.rights import Area, Rights, current_account
from wechat.kernel.row_ids import row_id
from wechat.replies.models import Rule


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


def may_change(request: HttpRequest, account: OfficialAccount) -> bool:
    return Rights.of(request.user).may_change(Area.CONTENT, account.pk)


def frame(request: HttpRequest, account: OfficialAccount, title: str) -> dict[str, Any]:
    """What every page about rules starts from."""
    return {
        **admin.site.each_context(request),
        "title": title,
        "opts": Rule._meta,
        "account": account,
        "may_change": may_change(request, account),
    }
