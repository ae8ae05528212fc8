"""The payment notifications that could not be applied, for the page of failures."""

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.operations.failures import SOURCES, FailureSource
from accounts.staff.rights import Area, Rights
from payments.merchants.error_words import sentence_of
from payments.merchants.models import Merchant
from payments.merchants.scoping import own_or_whole
from payments.notifications import handling
from payments.notifications.models import Notification


def _failed(account: OfficialAccount) -> QuerySet[Notification]:
    """Returns the notifications that were given up, of merchants that the account sells through."""
    selling = Merchant.objects.filter(accounts=account).values("pk")
    return Notification.objects.filter(merchant__in=selling, state=Notification.State.FAILED, due_at=None)


def _narrow(
    rows: QuerySet[Notification], account: OfficialAccount, rights: Rights, change: bool
) -> QuerySet[Notification]:
    """Returns those of the account, and those without an order if the reader has the whole merchant."""
    own = Q(order__account=account)
    return rows.filter(own_or_whole(own, rights, Area.MONEY, path="order__account", change=change))


def _apply_again(rows: QuerySet[Notification]) -> int:
    found = list(rows)
    for notification in found:
        handling.handle_now(notification)
    return len(found)


def _page(notification: Notification) -> str:
    return reverse("admin:notifications_notification_change", args=[notification.pk])


SOURCES.add(
    "notifications",
    FailureSource(
        gettext_lazy("Payment notifications"), Area.MONEY, _failed, _apply_again, _page,
        cause=("", "error"), words=sentence_of, narrow=_narrow,
    ),
)  # fmt: skip
