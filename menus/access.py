"""The access to menus: who may publish them, and the query and template context shared by their pages."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django_stubs_ext import StrOrPromise

from accounts.staff import gate
from accounts.staff.rights import Area, Rights
from menus.models import Menu

PUBLISHING = (Area.SENDING,)


def may_publish(request: HttpRequest, account_id: int) -> bool:
    return Rights.of(request.user).may_change(Area.SENDING, account_id)


def all_menus() -> "QuerySet[Menu]":
    return Menu.objects.select_related("account", "tag")


def frame(request: HttpRequest, title: StrOrPromise) -> dict[str, Any]:
    account_id, rights = gate.entered(request).account.pk, Rights.of(request.user)
    return gate.frame(
        request,
        title,
        opts=Menu._meta,
        may_edit=rights.may_change(Area.CONTENT, account_id),
        may_publish=rights.may_change(Area.SENDING, account_id),
    )
