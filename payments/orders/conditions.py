"""The conditions on payments, for segments."""

from typing import Any

from django import forms
from django.db.models import Count, F, Max, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from accounts.followers.comparisons import MOMENTS, NUMBERS, by_moment, moment
from accounts.followers.segments import condition
from accounts.official.models import OfficialAccount
from payments.orders.models import Order


def _whole(account: OfficialAccount, compare: str) -> forms.Field:
    return forms.IntegerField(min_value=0, max_value=1_000_000)


def _yuan(account: OfficialAccount, compare: str) -> forms.Field:
    return forms.DecimalField(min_value=0, max_digits=12, decimal_places=2)


@condition("orders.count", _("paid orders"), NUMBERS, _whole)
def count(account: OfficialAccount, compare: str, value: int) -> Q:
    return _by_number(_payers(account).annotate(number=Count("pk")), compare, value)


@condition("orders.amount", _("paid in yuan, after refunds"), NUMBERS, _yuan)
def amount(account: OfficialAccount, compare: str, value: Any) -> Q:
    paid = _payers(account).annotate(number=Sum(F("total") - F("refunded")))
    return _by_number(paid, compare, int(value * 100))


@condition("orders.last", _("last payment"), MOMENTS, moment)
def last(account: OfficialAccount, compare: str, value: Any) -> Q:
    payers = _payers(account)
    if compare == "never":
        return ~_among(payers)
    return _among(payers.annotate(at=Max("paid_at")).filter(by_moment("at", compare, value)))


def _payers(account: OfficialAccount) -> QuerySet[Order, Any]:
    """Returns a row for each person who has ever paid."""
    paid = Order.objects.filter(account=account, paid_at__isnull=False).exclude(payer_openid="")
    return paid.order_by().values("payer_openid")


def _by_number(payers: QuerySet[Any, Any], compare: str, value: int) -> Q:
    """Returns the condition on how often somebody paid.

    People who never paid have no row; they are included if the number may be 0.
    """
    if compare == "most":
        return ~_among(payers.filter(number__gt=value))
    if compare == "least":
        return _among(payers.filter(number__gte=value)) if value else Q()
    return _among(payers.filter(number=value)) if value else ~_among(payers.filter(number__gt=0))


def _among(payers: QuerySet[Any, Any]) -> Q:
    return Q(openid__in=payers.values("payer_openid"))
