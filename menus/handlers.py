"""The registrations of menus: answers to taps, their counting, and the uses of files and answers."""

from collections.abc import Iterator, Mapping, Sequence

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official import links
from accounts.official.links import PageLink
from accounts.official.models import OfficialAccount
from menus import answering, approval, counting
from menus.buttons import OWN_KEY
from menus.kinds import KEYED
from menus.models import MenuItem, MiniProgram, Version
from wechat.console import codes, page_paths
from wechat.contents.models import pages_of
from wechat.inbox.answerers import Answerer, named
from wechat.inbox.routing import Answer, InboundEvent, Precedence, answers, reacts
from wechat.materials import usage
from wechat.materials.models import Asset
from wechat.replies.facts import perform
from wechat.replies.handovers import RULES_BEHIND
from wechat.sdk.messages import Click, LocationSelect, ScanCode, SendPics, View, ViewMiniProgram

# Registered by being imported.
__all__ = ["answer_tap", "approval", "count_tap"]


@answers(order=Precedence.MENU, quick=True)
def answer_tap(event: InboundEvent) -> Answer | None:
    """Answers a tap with the reply of the button or of its rule; without one, the rules may answer."""
    entry = answering.of(event.account).find(event.message)
    script = entry.script_for(event.account) if entry else None
    if entry is None or script is None or not script.contents:
        return None
    plan = perform(script, event)
    return Answer(f"menu:{entry.uid}", plan.now, plan.later)


@reacts(Click, View, ViewMiniProgram, ScanCode, SendPics, LocationSelect)
def count_tap(event: InboundEvent) -> None:
    entry = answering.of(event.account).find(event.message)
    if entry is not None and event.row is not None:
        counting.count(event.row, entry)


def _rule_behind(event: InboundEvent) -> int | None:
    """Returns the id of the rule whose reply a button sends, or ``None``."""
    entry = answering.of(event.account).find(event.message)
    return entry.rule_id if entry is not None and entry.script is None else None


RULES_BEHIND.add("menu", _rule_behind)


@links.used_before
def pages_of_buttons(account: OfficialAccount) -> Iterator[PageLink]:
    """Yields the addresses that buttons open or opened, by their newest names."""
    items = MenuItem.objects.filter(version__menu__account=account).exclude(url="")
    for item in items.order_by("url", "-pk").distinct("url")[:200]:
        yield PageLink(item.url, item.name or item.url, _("Used before"))


@usage.register
def buttons_with(asset: Asset) -> list[str]:
    items = MenuItem.objects.filter(Q(asset=asset) | Q(cover=asset) | Q(file=asset))
    found = items.order_by("uid", "-version__number").distinct("uid").select_related("version__menu")
    return [
        _("button “%(button)s” of %(version)s") % {"button": item.name, "version": item.version}
        for item in found
    ]


@codes.menu_keys.register
def keys(account_id: int, wanted: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yields keys and names of the buttons that answer, for rules about one of them.

    Without ``wanted``, those of the live menus; otherwise those with the wanted keys, including former ones.
    """
    items = MenuItem.objects.filter(version__menu__account=account_id, kind__in=KEYED)
    if wanted:
        uids = [key.removeprefix(OWN_KEY) for key in wanted]
        # The newest name is last, which takes precedence.
        items = items.filter(Q(key__in=wanted) | Q(uid__in=uids)).order_by("version_id")
        yield from ((key, _("a menu item that was deleted")) for key in wanted if key.startswith(OWN_KEY))
    else:
        items = items.filter(version__state=Version.State.PUBLISHED).order_by("pk")
    for item in items:
        yield item.key or f"{OWN_KEY}{item.uid}", item.name


@codes.mini_programs.register
def programs(account_id: int, wanted: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yields AppID and name of the mini programs that staff listed as linked to the account."""
    rows = MiniProgram.objects.filter(account=account_id).order_by("name")
    yield from (rows.filter(appid__in=wanted) if wanted else rows[:200]).values_list("appid", "name")


@named("menu", gone=gettext_lazy("a menu item that was deleted"))
def names(uids: Sequence[str]) -> Mapping[str, Answerer]:
    items = MenuItem.objects.filter(uid__in=uids).order_by("uid", "-version_id").distinct("uid")
    return {
        item.uid: Answerer(
            _("menu “%(name)s”") % {"name": item.name},
            reverse("admin:menus_menu_change", args=[item.version.menu_id]),
        )
        for item in items.select_related("version")
    }


@page_paths.used.register
def pages(account_id: int) -> Iterator[page_paths.Pairs]:
    """Yields the queries of the pages that buttons, and their replies, open."""
    items = MenuItem.objects.filter(version__menu__account=account_id)
    yield items.exclude(pagepath="").order_by().values_list("appid", "pagepath")
    yield pages_of(items)
