"""The bills that could not be fetched, for the page of failures."""

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.operations.failures import SOURCES, FailureSource
from accounts.staff.rights import Area, Rights
from payments.bills import reconciling
from payments.bills.models import Bill
from payments.merchants.error_words import sentence_of
from payments.merchants.models import Merchant
from payments.merchants.scoping import whole_merchants


def _failed(account: OfficialAccount) -> QuerySet[Bill]:
    """Returns the failed bills of the merchants that the account sells through."""
    selling = Merchant.objects.filter(accounts=account).values("pk")
    return Bill.objects.filter(merchant__in=selling, state=Bill.State.FAILED)


def _narrow(rows: QuerySet[Bill], _: OfficialAccount, rights: Rights, change: bool) -> QuerySet[Bill]:
    return rows.filter(merchant__in=whole_merchants(rights, Area.MONEY, change=change))


def _fetch_again(rows: QuerySet[Bill]) -> int:
    bills = list(rows)
    for bill in bills:
        reconciling.fetch_again(bill)
    return len(bills)


def _page(bill: Bill) -> str:
    return reverse("admin:bills_bill_change", args=[bill.pk])


SOURCES.add(
    "bills",
    FailureSource(
        gettext_lazy("Fetching and comparing bills"), Area.MONEY, _failed, _fetch_again, _page,
        cause=("", "error"), words=sentence_of, narrow=_narrow,
    ),
)  # fmt: skip
