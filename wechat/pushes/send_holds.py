"""The holds on sending one kind of message of an account: a used-up quota, a refusal, a circuit breaker.

There are two holds for a kind. ``SENDS`` holds all messages of it. ``BULK_SENDS`` holds those of campaigns
longer after a used-up quota: the platform's day begins at midnight, which is no time to write to people.

The upload of a picture has a quota of its own: the part ``UPLOAD`` holds the messages that need one, which
are always messages to single followers.

Reference: WeChat reference 4.3 Quota management, 0.3 for the day.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.official.models import OfficialAccount
from accounts.staff.held_work import reason
from wechat.kernel.models import Hold
from wechat.kernel.work import holds, policy
from wechat.pushes.models import Push
from wechat.sdk.errors import Cause, WeChatError

SENDS, BULK_SENDS = "pushes.send", "pushes.send_bulk"
UPLOAD = "upload"
# What staff call the parts that are on hold each by itself.
PARTS: Mapping[str, StrOrPromise] = {
    **dict(Push.Kind.choices),
    UPLOAD: _("Upload of pictures of conversations"),
}


def report(account_id: int, part: str, error: WeChatError, *, is_probe: bool = False) -> bool:
    """Records an error of a send; returns whether messages of this part are on hold from now on."""
    cause = error.cause
    if cause not in {Cause.QUOTA, Cause.RATE, Cause.ACCOUNT, Cause.AWAY}:
        return False
    if cause == Cause.QUOTA and part != UPLOAD:
        morning = policy.next_quota_morning(timezone.now())
        holds.hold(BULK_SENDS, account_id, cause, error, part=part, until=morning)
    return holds.report(SENDS, account_id, cause, error, part=part, is_probe=is_probe)


def answered(account_id: int, part: str, *, bulk: bool, is_probe: bool) -> None:
    """Records that the platform accepted a message, or an upload."""
    holds.answered(held(bulk=bulk).filter(subject=account_id, part=part), is_probe=is_probe)


def held(*, bulk: bool) -> QuerySet[Hold]:
    """Returns the holds that sends wait for, including rows that only count failures so far."""
    return Hold.objects.filter(work__in=[SENDS, BULK_SENDS] if bulk else [SENDS])


def take_probe(account_id: int, part: str, *, bulk: bool) -> bool:
    """Claims the probe of a hold; returns whether this worker got it."""
    return holds.take_probe(held(bulk=bulk).filter(subject=account_id, part=part))


def give_back_probe(account_id: int, part: str, *, bulk: bool) -> None:
    """Gives the probe back, so that another message is tried at once."""
    holds.give_back_probe(held(bulk=bulk).filter(subject=account_id, part=part))


def go_on(account: OfficialAccount, part: str) -> None:
    """Lifts the holds on a part, for example after the quota was raised."""
    holds.lift_all(_open(account).filter(part=part))


def waiting(account: OfficialAccount) -> list[Hold]:
    """Returns the longest hold of each part that the account's sends wait for."""
    found = {hold.part: hold for hold in _open(account).order_by("until")}
    return [found[part] for part in sorted(found)]


@dataclass(frozen=True, slots=True)
class HeldPart:
    """A kind of message, or the uploads, on hold, and why."""

    part: str
    label: StrOrPromise
    reason: str


def in_words(account: OfficialAccount) -> list[HeldPart]:
    """Returns what is on hold of the account's messages, with the reasons in words."""
    return [HeldPart(hold.part, PARTS[hold.part], reason(hold)) for hold in waiting(account)]


def _open(account: OfficialAccount) -> QuerySet[Hold]:
    return Hold.objects.filter(work__in=[SENDS, BULK_SENDS], subject=account.pk, until__isnull=False)
