"""The menus that WeChat shows for an account, read and written as one value."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.followers.models import Tag
from accounts.official.models import OfficialAccount
from menus import tree
from menus.buttons import Button, children_of, to_platform
from menus.models import Menu, Version
from menus.planning import Add, Conditional, Create, DeleteAll, Live, Remove, Step, rule_of
from wechat.console.phrases import listed
from wechat.materials.models import Asset
from wechat.sdk.answers import flag, part, rows, text
from wechat.sdk.calls import menus as api
from wechat.sdk.client import Client
from wechat.sdk.errors import ApiError, TransportError

NO_MENU = 46003
NOT_CONDITIONAL = 65301


class MenuNotReady(Exception):
    """The menus cannot be sent to the platform as they are; the message tells staff why."""


def read(client: Client) -> Live:
    """Returns all menus that WeChat shows now. Raises ``WeChatError``."""
    try:
        response = api.get(client)
    except ApiError as error:
        if error.errcode != NO_MENU:
            raise
        return _made_on_page(client)
    conditional = [
        Conditional(rows(each, "button"), rule_of(each.get("matchrule")), text(each, "menuid"))
        for each in rows(response, "conditionalmenu")
    ]
    # Menu ids increase; the order of the list is not documented.
    conditional.sort(key=lambda each: (len(each.menuid), each.menuid))
    menu = part(response, "menu")
    if not isinstance(menu.get("button"), list):
        # Taken for none, it would look as if somebody had deleted the menu.
        raise TransportError("/cgi-bin/menu/get answered no menu", outcome_unknown=True)
    return Live(rows(menu, "button"), tuple(conditional))


def _made_on_page(client: Client) -> Live:
    response = api.current(client)
    button = rows(part(response, "selfmenu_info"), "button")
    if not flag(response, "is_menu_open") or not button:
        return Live()
    return Live(button, made_on_page=True)


def perform(client: Client, step: Step) -> None:
    """Makes the call of a step. Raises ``WeChatError``, except if what is to be deleted is gone already."""
    match step:
        case Create():
            api.create(client, step.button)
        case Add():
            api.add_conditional(client, step.button, step.rule)
        case Remove() | DeleteAll():
            try:
                api.delete(client) if isinstance(step, DeleteAll) else api.delete_conditional(
                    client, step.menuid
                )
            except ApiError as error:
                if error.errcode not in (NO_MENU, NOT_CONDITIONAL):
                    raise


def dump(live: Live) -> dict[str, Any]:
    conditional = [
        {"button": each.button, "matchrule": each.rule, "menuid": each.menuid} for each in live.conditional
    ]
    return {"button": live.button, "conditional": conditional, "made_on_page": live.made_on_page}


def load(stored: Mapping[str, Any]) -> Live:
    conditional = (
        Conditional(each["button"], each["matchrule"], each["menuid"]) for each in stored["conditional"]
    )
    return Live(stored["button"], tuple(conditional), stored["made_on_page"])


def wanted(account: OfficialAccount, changed: Menu | None = None, version: Version | None = None) -> Live:
    """Returns what should be live: every menu's live version, but ``version`` for the changed menu.

    Each menu has the audience of its version: a changed audience applies from the next version on. Without a
    ``version`` the changed menu is taken off. Raises ``MenuNotReady``.
    """
    versions = live_versions(account)
    if changed is not None:
        versions = {**versions, changed.pk: version} if version else _without(versions, changed)
    menus = [menu for menu in Menu.objects.filter(account=account) if menu.pk in versions]
    default = next((menu for menu in menus if not menu.conditional), None)
    if default is None:
        if menus and changed is not None and changed.conditional and version:
            raise MenuNotReady(_("Publish the menu for everybody first: WeChat wants one before any other."))
        return Live()
    buttons = tree.read_many(list(versions.values()))
    shown = {menu.pk: _payload(buttons[versions[menu.pk].pk]) for menu in menus}
    # Here the upper menu takes precedence, on the platform the newest one.
    conditional = [menu for menu in reversed(menus) if menu.conditional]
    return Live(
        shown[default.pk],
        tuple(Conditional(shown[menu.pk], matchrule(versions[menu.pk])) for menu in conditional),
    )


def live_versions(account: OfficialAccount) -> dict[int, Version]:
    """Returns the published versions, by the primary key of the menu."""
    found = Version.objects.filter(menu__account=account, state=Version.State.PUBLISHED)
    return {version.menu_id: version for version in found.select_related("menu")}


def order_with(menu: Menu) -> list[Menu]:
    """Returns the conditional menus that are live, and this one if it is conditional, by precedence."""
    shown = Q(versions__state=Version.State.PUBLISHED) | Q(pk=menu.pk)
    return list(Menu.objects.filter(shown, account=menu.account_id, conditional=True).distinct())


def is_in_order(menu: Menu, seen: Sequence[int]) -> bool:
    """Returns whether the menus that are live with this one win over one another as they were ``seen`` to."""
    now = [each.pk for each in order_with(menu)]
    return [pk for pk in now if pk in seen] == [pk for pk in seen if pk in now]


def matchrule(version: Version) -> dict[str, str]:
    """Returns the platform's matchrule. Raises ``MenuNotReady`` for a tag that is not on the platform."""
    audience = version.audience
    rule = {
        "tag_id": str(_tag_number(version)) if audience.get("tag") else "",
        "client_platform_type": str(audience.get("platform") or ""),
        **audience.get("other", {}),
    }
    return {name: value for name, value in rule.items() if value}


def _tag_number(version: Version) -> int:
    tag = Tag.objects.filter(pk=version.audience["tag"]).first()
    if tag is None:
        raise MenuNotReady(
            _("The tag of the menu “%(menu)s” was deleted: publish that menu again, or take it off.")
            % {"menu": version.menu}
        )
    if tag.platform_id is None:
        raise MenuNotReady(
            _("WeChat does not know the tag “%(tag)s” of the menu “%(menu)s” yet.")
            % {"tag": tag, "menu": version.menu}
        )
    return tag.platform_id


def _payload(buttons: Sequence[Button]) -> list[dict[str, Any]]:
    media = tree.media_of(buttons)
    missing = [key for key, media_id in media.items() if not media_id]
    if missing:
        names = Asset.objects.filter(pk__in=missing).values_list("name", flat=True)
        raise MenuNotReady(
            _("These files are not on WeChat yet: %(names)s. Upload them again in the media library.")
            % {"names": listed(names)}
        )
    return to_platform(buttons, media)


def _without(versions: Mapping[int, Version], menu: Menu) -> dict[int, Version]:
    return {key: version for key, version in versions.items() if key != menu.pk}


def appids_of(live: Live) -> set[str]:
    """Returns the AppIDs of the mini programs that buttons of any menu open."""
    every_button = [*live.button, *(one for each in live.conditional for one in each.button)]
    both = [one for each in every_button for one in (each, *children_of(each))]
    return {appid for one in both if (appid := text(one, "appid"))}
