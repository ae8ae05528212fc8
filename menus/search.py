"""The search source of menus: by name, and by the words on buttons."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area
from accounts.staff.search import MOST, Found, page_of, source
from menus.models import Menu, MenuItem, Version
from wechat.console.by_name import named

NOW = (Version.State.DRAFT, Version.State.PUBLISHED)


@source("menus.menus", gettext_lazy("Menus"), "menu", Area.CONTENT)
def menus(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    rows = Menu.objects.filter(account=account)
    found = {menu.pk: (menu, "") for menu in named(rows, "name", wanted, MOST)}
    buttons = MenuItem.objects.filter(version__menu__account=account, version__state__in=NOW)
    for button in named(buttons.select_related("version__menu"), "name", wanted, MOST):
        found.setdefault(button.version.menu_id, (button.version.menu, button.name))
    for menu, detail in found.values():
        yield Found(menu.name, detail, page_of(menu))
