"""The import of the menus that are live on WeChat."""

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from accounts.operations.imports import IMPORTS, Import, ImportState
from accounts.staff.rights import Area
from menus import live
from menus.models import Version
from menus.taking_over import take_over


def _here(account: OfficialAccount) -> ImportState:
    return ImportState(Version.objects.filter(menu__account=account, state=Version.State.PUBLISHED).count())


def _take(account: OfficialAccount, by: User) -> str:
    versions = take_over(account, live.read(client_for(account)), by=by)
    if not versions:
        return _("This account has no menu on WeChat.")
    return _("Taken over: %(count)d menus.") % {"count": len(versions)}


IMPORTS.add(
    "menus",
    Import(gettext_lazy("Custom menu"), Area.CONTENT, _here, _take, "admin:menus_menu_changelist"),
)
