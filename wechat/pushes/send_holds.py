"""The holds on one kind of message of an account: a used-up quota, a refusal, an outage.

Two holds may lie on a kind. ``SENDS`` holds every send of it. ``BULK_SENDS`` holds those of campaigns a while
longer after a quota pause: the platform's day begins at midnight, which is no time to write to people.

Reference: WeChat reference 4.3 Quota management, 0.3 for the day.
"""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone
from django_stubs_ext import StrOrPromise

from accounts.official.models import OfficialAccount
from accounts.staff.held_work import reason
from wechat.kernel.models import Hold
from wechat.kernel.work import holds, policy
from wechat.pushes.models import Push
from wechat.sdk.errors import Cause, WeChatError

SENDS, BULK_SENDS = "pushes.send", "pushes.send_bulk"


def report(account_id: int, kind: str, error: WeChatError, *, is_probe: bool = False) -> bool:
    """Notes an error of a send; returns whether sends of this kind wait from now on."""
    cause = error.cause
    if cause not in {Cause.QUOTA, Cause.RATE, Cause.ACCOUNT, Cause.AWAY}:
        return False
    if cause == Cause.QUOTA:
        morning = policy.next_quota_morning(timezone.now())
        holds.hold(BULK_SENDS, account_id, cause, error, part=kind, until=morning)
    return holds.report(SENDS, account_id, cause, error, part=kind, is_probe=is_probe)


def answered(account_id: int, kind: str, *, bulk: bool, is_probe: bool) -> None:
    """Notes that the platform took a message of this kind."""
    holds.answered(held(bulk=bulk).filter(subject=account_id, part=kind), is_probe=is_probe)


def held(*, bulk: bool) -> QuerySet[Hold]:
    """Returns the holds that sends wait for, and the failures counted so far."""
    return Hold.objects.filter(work__in=[SENDS, BULK_SENDS] if bulk else [SENDS])


def take_probe(account_id: int, kind: str, *, bulk: bool) -> bool:
    """Returns whether this worker is the one to find out if the sends may go on."""
    return holds.take_probe(held(bulk=bulk).filter(subject=account_id, part=kind))


def give_back_probe(account_id: int, kind: str, *, bulk: bool) -> None:
    """Has another message tried at once: the one that was to find out did not."""
    holds.give_back_probe(held(bulk=bulk).filter(subject=account_id, part=kind))


def go_on(account: OfficialAccount, kind: str) -> None:
    """Has sends go on at once, as after the quota was raised or the address added to the whitelist."""
    holds.lift_all(_open(account).filter(part=kind))


def waiting(account: OfficialAccount) -> list[Hold]:
    """Returns the holds that the account's sends wait for, one a kind, the one that lasts longest."""
    found = {hold.part: hold for hold in _open(account).order_by("until")}
    return [found[kind] for kind in sorted(found)]


@dataclass(frozen=True, slots=True)
class HeldKind:
    """A kind of message that waits, and why."""

    kind: str
    label: StrOrPromise
    reason: str


def in_words(account: OfficialAccount) -> list[HeldKind]:
    """Returns the kinds of message that the account's sends wait with, and why, for staff."""
    return [HeldKind(hold.part, Push.Kind(hold.part).label, reason(hold)) for hold in waiting(account)]


def _open(account: OfficialAccount) -> QuerySet[Hold]:
    return Hold.objects.filter(work__in=[SENDS, BULK_SENDS], subject=account.pk, until__isnull=False)
