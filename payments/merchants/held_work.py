"""What a merchant's background work waits for, in words: a refusal of WeChat Pay, or WeChat Pay away."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from accounts.staff.held_work import reason, when
from payments.merchants.models import Merchant
from payments.merchants.words import of_text
from wechat.kernel.models import Hold
from wechat.kernel.registry import Registry
from wechat.kernel.work import holds

# What staff call each kind of work that is done for a merchant, by its name.
LABELS: Registry[StrOrPromise] = Registry("label of a merchant's work")


@dataclass(frozen=True, slots=True)
class HeldWork:
    """A kind of work of a merchant that waits, and why."""

    merchant: Merchant
    label: StrOrPromise
    reason: str


def in_words(merchants: Iterable[Merchant]) -> list[HeldWork]:
    """Returns what the work of these merchants waits for, for staff."""
    known = {merchant.pk: merchant for merchant in merchants}
    found = _open(known).order_by("subject", "work")
    return [HeldWork(known[hold.subject], LABELS.get(hold.work), _reason(hold)) for hold in found]


def go_on(merchant: Merchant) -> None:
    """Has the merchant's work go on at once, as after its keys were put right."""
    holds.lift_all(_open([merchant.pk]))


def _open(merchants: Iterable[int]) -> QuerySet[Hold]:
    return Hold.objects.filter(work__in=LABELS.names(), subject__in=list(merchants), until__isnull=False)


def _reason(hold: Hold) -> str:
    if hold.cause != Hold.Cause.ACCOUNT:
        return reason(hold)
    return _(
        "WeChat Pay refuses this for the whole merchant: %(why)s Nothing is lost: it is tried again at "
        "%(until)s, and goes on at once when the merchant is saved with the right keys."
    ) % {"why": of_text(hold.error), **when(hold)}
