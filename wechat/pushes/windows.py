"""The ledger of send windows: how many messages each follower's actions still allow.

Each follower has one grant for each kind of action, replaced by a newer action of that kind, whatever the
order in which they are handled. A send takes from the grant that ends first.

Reference: WeChat reference 8.1 When a message may be sent.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.official.models import OfficialAccount
from wechat.pushes.models import SendWindow

Trigger = SendWindow.Trigger
MINUTE = datetime.timedelta(minutes=1)
TWO_DAYS = datetime.timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Grant:
    """The number of messages that an action allows, and for how long."""

    messages: int
    within: datetime.timedelta


OFFICIAL_ACCOUNT: Mapping[Trigger, Grant] = {
    Trigger.MESSAGE: Grant(5, TWO_DAYS),
    Trigger.MENU: Grant(3, MINUTE),
    Trigger.FOLLOW: Grant(3, MINUTE),
    Trigger.SCAN: Grant(3, MINUTE),
}
MINI_PROGRAM: Mapping[Trigger, Grant] = {
    Trigger.MESSAGE: Grant(5, TWO_DAYS),
    Trigger.ENTER: Grant(2, MINUTE),
}

GRANT = """
INSERT INTO pushes_sendwindow (account_id, openid, trigger, "left", expires_at, granted_at)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (account_id, openid, trigger) DO UPDATE SET
    "left" = excluded."left", expires_at = excluded.expires_at, granted_at = excluded.granted_at
WHERE pushes_sendwindow.granted_at < excluded.granted_at
"""
# The grant is locked as it is selected: a concurrent send that waited for it takes from what is left, or from
# the next grant if nothing is.
SPEND = """
UPDATE pushes_sendwindow spent SET "left" = spent."left" - 1
FROM unnest(%s::text[]) AS asked(openid), LATERAL (
    SELECT mine.id FROM pushes_sendwindow mine
    WHERE mine.account_id = %s AND mine.openid = asked.openid AND mine."left" > 0 AND mine.expires_at > %s
    ORDER BY mine.expires_at, mine.id LIMIT 1 FOR NO KEY UPDATE
) ending
WHERE spent.id = ending.id
RETURNING spent.openid, spent.id, spent.granted_at
"""


@dataclass(frozen=True, slots=True)
class Left:
    """The number of messages that may be sent before ``until``."""

    number: int
    until: datetime.datetime

    def __str__(self) -> str:
        until = timezone.localtime(self.until)
        form = "H:i" if until.date() == timezone.localdate() else "m-d H:i"
        values = {"number": self.number, "until": date_format(until, form)}
        return _("%(number)d until %(until)s") % values


@dataclass(frozen=True, slots=True)
class Allowance:
    """The messages that may be sent: a part for each time at which some of them expire, the nearest first."""

    parts: tuple[Left, ...] = ()

    def __str__(self) -> str:
        """Returns the parts one by one in words, because their sum would promise too much for later."""
        return _(", ").join(map(str, self.parts))

    @property
    def left(self) -> int:
        """Returns the number of messages that may be sent now."""
        return sum(part.number for part in self.parts)


@dataclass(frozen=True, slots=True)
class Spent:
    """A message that was taken from a grant."""

    window_id: int
    granted_at: datetime.datetime


def grants(account: OfficialAccount) -> Mapping[Trigger, Grant]:
    return MINI_PROGRAM if account.kind == OfficialAccount.Kind.MINIPROGRAM else OFFICIAL_ACCOUNT


def grant(account: OfficialAccount, openid: str, trigger: Trigger, at: datetime.datetime) -> None:
    """Records an action of the follower; one older than the recorded action of its kind changes nothing."""
    given = grants(account).get(trigger)
    if given is not None:
        _write(account, openid, trigger, given.messages, at + given.within, at)


def close(account: OfficialAccount, openid: str, at: datetime.datetime) -> None:
    """Records that the follower left: earlier actions allow no message any more."""
    for trigger in grants(account):
        _write(account, openid, trigger, 0, at, at)


def left(account: OfficialAccount, openid: str, at: datetime.datetime) -> Allowance:
    """Returns the messages that the follower's actions allow at that time."""
    found = SendWindow.objects.filter(account=account, openid=openid, left__gt=0, expires_at__gt=at)
    parts = found.values("expires_at").annotate(number=Sum("left")).order_by("expires_at")
    return Allowance(tuple(Left(each["number"], each["expires_at"]) for each in parts))


def spend_each(
    account: OfficialAccount, openids: Sequence[str], at: datetime.datetime
) -> Mapping[str, Spent]:
    """Takes one message of each of these followers who has any left, from the grant that ends first.

    Returns by openid what was taken.
    """
    with connection.cursor() as cursor:
        # Sorted, so that two workers do not deadlock.
        cursor.execute(SPEND, [sorted(set(openids)), account.pk, at])
        return {openid: Spent(window_id, granted_at) for openid, window_id, granted_at in cursor.fetchall()}


def refund(spent: Spent) -> None:
    """Gives back a message that surely was not sent.

    A grant that was replaced in the meantime stays as it is.
    """
    SendWindow.objects.filter(pk=spent.window_id, granted_at=spent.granted_at).update(left=F("left") + 1)


def exhaust(account: OfficialAccount, openid: str, at: datetime.datetime) -> None:
    """Empties the grants from before that time, because the platform says that they are used up."""
    SendWindow.objects.filter(account=account, openid=openid, granted_at__lte=at).update(left=0)


def _write(
    account: OfficialAccount,
    openid: str,
    trigger: Trigger,
    messages: int,
    until: datetime.datetime,
    at: datetime.datetime,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(GRANT, [account.pk, openid, trigger.value, messages, until, at])
