"""Who may open, change and publish menus, and what every page about them starts from."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from accounts.models import OfficialAccount
from accounts.rights import Area, Rights, choose_account, current_account
from menus.models import Menu
from wechat.kernel.row_ids import row_id


def may_edit(request: HttpRequest, account_id: int) -> bool:
    return Rights.of(request.user).may_change(Area.CONTENT, account_id)


def may_publish(request: HttpRequest, account_id: int) -> bool:
    return Rights.of(request.user).may_change(Area.SENDING, account_id)


def account_to_view(request: HttpRequest) -> OfficialAccount:
    """The one of the switcher. Raises ``PermissionDenied``."""
    account = current_account(request)
    if account is None or not Rights.of(request.user).may_view(Area.CONTENT, account.pk):
        raise PermissionDenied
    return account


def account_to_change(request: HttpRequest) -> OfficialAccount:
    """The account the form was made for, whatever the switcher says by now. Raises ``PermissionDenied``."""
    account = current_account(request)
    if posted := row_id(request.POST.get("account", "")):
        account = Rights.of(request.user).accounts.get(posted)
    if account is None or not may_edit(request, account.pk):
        raise PermissionDenied
    return account


def menu_to_view(request: HttpRequest, pk: int) -> Menu:
    """Raises ``Http404`` for a menu of an account that is none of the reader's."""
    menu = Menu.objects.select_related("account", "tag").filter(pk=pk).first()
    if menu is None or not Rights.of(request.user).may_view(Area.CONTENT, menu.account_id):
        raise Http404
    choose_account(request, menu.account_id)
    return menu


def menu_to_edit(request: HttpRequest, pk: int) -> Menu:
    menu = menu_to_view(request, pk)
    if not may_edit(request, menu.account_id):
        raise PermissionDenied
    return menu


def menu_to_publish(request: HttpRequest, pk: int) -> Menu:
    menu = menu_to_view(request, pk)
    if not may_publish(request, menu.account_id):
        raise PermissionDenied
    return menu


def staff(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def frame(request: HttpRequest, account: OfficialAccount, title: str) -> dict[str, Any]:
    return {
        **admin.site.each_context(request),
        "title": title,
        "opts": Menu._meta,
        "account": account,
        "may_edit": may_edit(request, account.pk),
        "may_publish": may_publish(request, account.pk),
    }
