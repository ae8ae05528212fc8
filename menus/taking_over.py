"""The take-over of menus made elsewhere: WeChat's menus become published versions, and the drafts."""

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.followers.models import Tag
from accounts.official.models import OfficialAccount
from menus import drafts, tree, watching
from menus.buttons import Button, Buttons, adopted, from_platform
from menus.models import Menu, Platform, Version
from menus.planning import Conditional, Live

State = Version.State


def take_over(account: OfficialAccount, found: Live, *, by: User | None) -> list[Version]:
    """Takes over WeChat's menus and returns their versions; former drafts are kept as versions.

    Every button is kept, including those that cannot be edited.
    """
    with transaction.atomic():
        menus = [(drafts.default_menu(account), found.button)] if found.button else []
        for place, conditional in enumerate(reversed(found.conditional)):
            menus.append((_menu_for(account, conditional, place), conditional.button))
        _no_longer_live(account, [menu for menu, _theirs in menus])
        versions = [_taken(menu, theirs, by) for menu, theirs in menus]
        watching.store(account, found)
    return versions


def _no_longer_live(account: OfficialAccount, live: Sequence[Menu]) -> None:
    """Marks the live versions of other menus as replaced, because WeChat no longer shows them."""
    others = Version.objects.filter(menu__account=account, state=State.PUBLISHED).exclude(menu__in=live)
    others.update(state=State.SUPERSEDED, superseded_at=timezone.now())


def ours_and_theirs(menu: Menu, theirs: Sequence[object]) -> Buttons:
    """Returns the platform's buttons, each matched to the button of ours that it is."""
    known = _known(menu)
    return adopted(from_platform(theirs), known, tree.media_of(known))


def _known(menu: Menu) -> tuple[Button, ...]:
    """Returns the buttons of the live version, or without one, of the draft."""
    version = menu.versions.filter(state=State.PUBLISHED).first() or drafts.draft_of(menu)
    return tree.read(version)


def _taken(menu: Menu, theirs: Sequence[object], by: User | None) -> Version:
    buttons = ours_and_theirs(menu, theirs)
    now = timezone.now()
    live = menu.versions.filter(state=State.PUBLISHED).first()
    if live is not None and live.audience == menu.audience and tree.read(live) == buttons:
        return live
    drafts.replace(menu, buttons, by=by, note=_("The draft before the menu was taken over"))
    version = drafts.add_version(menu, buttons, note=_("Taken over from WeChat"), by=by)
    menu.versions.filter(state=State.PUBLISHED).update(state=State.SUPERSEDED, superseded_at=now)
    version.state, version.published_at = State.PUBLISHED, now
    version.save(update_fields=["state", "published_at"])
    return version


def _menu_for(account: OfficialAccount, conditional: Conditional, position: int) -> Menu:
    """Returns the menu with this rule, or a new one."""
    rule = dict(conditional.rule)
    tag = Tag.objects.filter(account=account, platform_id=_number(rule.get("tag_id"))).first()
    platform = _number(rule.get("client_platform_type"))
    if tag is not None:
        del rule["tag_id"]
    if platform in Platform.values:
        del rule["client_platform_type"]
    else:
        platform = None
    audience = {"tag": tag, "platform": platform, "other_rule": rule}
    found = Menu.objects.filter(account=account, conditional=True, **audience).first()
    system = Platform(platform).label if platform else ""
    name = " · ".join(str(each) for each in (tag, system, *rule.values()) if each)
    menu = found or Menu(
        account=account, conditional=True, name=(name or _("Some followers"))[:60], **audience
    )
    menu.position = position
    menu.save()
    return menu


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 10 else None
