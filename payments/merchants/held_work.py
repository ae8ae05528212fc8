"""The holds on a merchant's background work, in words: WeChat Pay refused something, or is away."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from accounts.staff.held_work import DECIDED, WORDS, lift, reason, usual_reason, when
from accounts.staff.rights import Area, Rights
from payments.merchants.error_words import of_text
from payments.merchants.models import Merchant
from payments.merchants.scoping import whole_merchants
from wechat.kernel.models import Hold
from wechat.kernel.work import KINDS

# The names of the kinds of work that are done for a merchant.
WORKS: list[str] = []


def add(work: str) -> None:
    """Registers a kind of work whose subject is a merchant."""
    WORKS.append(work)
    WORDS.add(work, _reason)
    DECIDED.add(work, decided_by)


def decided_by(request: HttpRequest) -> QuerySet[Merchant]:
    """Returns the merchants whose holds the reader may lift: those whose accounts' money is all theirs."""
    return whole_merchants(Rights.of(request.user), Area.MONEY, change=True)


@dataclass(frozen=True, slots=True)
class HeldWork:
    """A kind of a merchant's work on hold, with the reason, and whether the reader may lift the hold."""

    merchant: Merchant
    work: str
    label: StrOrPromise
    reason: str
    may_go_on: bool


def in_words(merchants: Iterable[Merchant], request: HttpRequest) -> list[HeldWork]:
    """Returns the holds of these merchants, for the reader of a page."""
    known = {merchant.pk: merchant for merchant in merchants}
    found = list(_open(known).order_by("subject", "work"))
    mine = {merchant.pk for merchant in decided_by(request)} if found else set()
    return [
        HeldWork(
            known[hold.subject], hold.work, KINDS.get(hold.work).label, reason(hold), hold.subject in mine
        )
        for hold in found
    ]


def resume(merchant: Merchant, works: Iterable[str] | None = None) -> bool:
    """Lifts the holds on these kinds of the merchant's work, or on all; returns whether there were any."""
    held = _open([merchant.pk])
    return lift(held if works is None else held.filter(work__in=list(works)))


def _open(merchants: Iterable[int]) -> QuerySet[Hold]:
    return Hold.objects.filter(work__in=WORKS, subject__in=list(merchants), until__isnull=False)


def _reason(hold: Hold) -> str:
    if hold.cause != Hold.Cause.ACCOUNT:
        return usual_reason(hold)
    return _(
        "WeChat Pay refuses this for the whole merchant: %(why)s Nothing is lost: it is tried again at "
        "%(until)s, and goes on at once when the merchant is saved with the right keys."
    ) % {"why": of_text(hold.error), **when(hold)}
