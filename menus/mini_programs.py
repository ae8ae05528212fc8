"""The mini programs that buttons may open, and whether they are linked to the account.

The platform has no call for that. It is known from staff, from menus that are live, and from a refused
publication (errcode 45064).
"""

from collections.abc import Iterable

from accounts.official.models import OfficialAccount
from menus import live
from menus.models import LiveMenu, MiniProgram

LONGEST_NAME = 60


def offered(account: OfficialAccount, accounts: Iterable[OfficialAccount]) -> list[tuple[str, str]]:
    """Returns AppID and name of mini programs: the console's own accounts, and those that staff listed."""
    listed = dict(MiniProgram.objects.filter(account=account).values_list("appid", "name"))
    own = {each.appid: each.name for each in accounts if each.kind == OfficialAccount.Kind.MINIPROGRAM}
    return list({**own, **listed}.items())


def known(account: OfficialAccount) -> dict[str, bool | None]:
    """Returns by AppID whether mini programs are linked (``None``: unknown).

    A mini program that a live menu opens is linked.
    """
    found: dict[str, bool | None] = dict.fromkeys(_live(account), True)
    return found | dict(
        MiniProgram.objects.filter(account=account).exclude(linked=None).values_list("appid", "linked")
    )


def mark_linked(account: OfficialAccount, appids: Iterable[str]) -> None:
    MiniProgram.objects.filter(account=account, appid__in=set(appids)).update(linked=True)


def mark_refused(account: OfficialAccount, opened: Iterable[str]) -> None:
    """Marks these mini programs as not linked, after a refusal that does not say which of them is not.

    Those known to be linked are left out, unless all of them are.
    """
    for appid in set(opened):
        MiniProgram.objects.get_or_create(account=account, appid=appid, defaults={"name": _name(appid)})
    rows = MiniProgram.objects.filter(account=account, appid__in=set(opened))
    unsure = rows.exclude(linked=True)
    (unsure if unsure.exists() else rows).update(linked=False)


def _name(appid: str) -> str:
    named = OfficialAccount.objects.filter(appid=appid).values_list("name", flat=True).first()
    return (named or appid)[:LONGEST_NAME]


def _live(account: OfficialAccount) -> set[str]:
    stored = LiveMenu.objects.filter(account=account).values_list("live", flat=True).first()
    return live.appids_of(live.load(stored)) if stored else set()
