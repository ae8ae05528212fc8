"""The mini programs that buttons may open, and whether they are linked to the account.

The platform has no call that tells it. What is known comes from staff, from menus that are live, and from a
publication that was refused (errcode 45064).
"""

from collections.abc import Iterable

from accounts.official.models import OfficialAccount
from menus import live
from menus.models import LiveMenu, MiniProgram

LONGEST_NAME = 60


def offered(account: OfficialAccount, accounts: Iterable[OfficialAccount]) -> list[tuple[str, str]]:
    """Returns AppID and name of mini programs: of the console's accounts, then those that staff listed."""
    listed = dict(MiniProgram.objects.filter(account=account).values_list("appid", "name"))
    own = {each.appid: each.name for each in accounts if each.kind == OfficialAccount.Kind.MINIPROGRAM}
    return list({**own, **listed}.items())


def known(account: OfficialAccount) -> dict[str, bool | None]:
    """Returns whether mini programs are linked, by AppID; ``None`` where nobody knows.

    What a live menu opens is linked.
    """
    found: dict[str, bool | None] = dict.fromkeys(_live(account), True)
    return found | dict(
        MiniProgram.objects.filter(account=account).exclude(linked=None).values_list("appid", "linked")
    )


def note_linked(account: OfficialAccount, appids: Iterable[str]) -> None:
    MiniProgram.objects.filter(account=account, appid__in=set(appids)).update(linked=True)


def note_refused(account: OfficialAccount, opened: Iterable[str]) -> None:
    """Notes that one of these is not linked. If some are known to be, it is one of the others."""
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
