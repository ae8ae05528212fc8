"""The payment notifications that could not be applied, for the page of failures."""

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.official.errcodes import sentence
from accounts.official.models import OfficialAccount
from accounts.operations.failures import SOURCES, FailureSource
from accounts.staff.rights import Area, Rights
from payments.merchants.error_words import of_text
from payments.merchants.models import Merchant
from payments.merchants.scoping import own_or_whole
from payments.notifications import notices
from payments.notifications.models import Notice


def _failed(account: OfficialAccount) -> QuerySet[Notice]:
    """Returns the notifications that were given up, of merchants that the account sells through."""
    selling = Merchant.objects.filter(accounts=account).values("pk")
    return Notice.objects.filter(merchant__in=selling, state=Notice.State.FAILED, due_at=None)


def _narrow(
    rows: QuerySet[Notice], account: OfficialAccount, rights: Rights, change: bool
) -> QuerySet[Notice]:
    """Returns those of the account, and those without an order if the reader has the whole merchant."""
    own = Q(order__account=account)
    return rows.filter(own_or_whole(own, rights, Area.MONEY, path="order__account", change=change))


def _apply_again(rows: QuerySet[Notice]) -> int:
    found = list(rows)
    for notice in found:
        notices.handle_now(notice)
    return len(found)


def _page(notice: Notice) -> str:
    return reverse("admin:notifications_notice_change", args=[notice.pk])


SOURCES.add(
    "notices",
    FailureSource(
        gettext_lazy("Payment notifications"), Area.MONEY, _failed, _apply_again, _page,
        cause=("", "error"), words=lambda _number, text: sentence(None, of_text(text)), narrow=_narrow,
    ),
)  # fmt: skip
