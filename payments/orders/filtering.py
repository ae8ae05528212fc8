"""The filters of the lists of orders and refunds, each by an index; sums are shown for chosen days."""

import datetime
from typing import Any

from django import forms
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from accounts.followers import searching
from payments.orders.models import Order, Refund
from payments.orders.ordering import LONGEST
from payments.orders.states import OrderState, RefundState
from wechat.console.big_tables import FilterForm
from wechat.console.days import day_field
from wechat.kernel import rows_by_time
from wechat.sdk.beijing import midnight
from wechat.sdk.pay.money import yuan

# Further back the sums would take longer than the page is worth; the revenue page has months.
MOST_DAYS = 92
MOST_PEOPLE = 200


def choice_field(label: StrOrPromise, choices: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=[("", gettext_lazy("All")), *choices])


class OrderFilter(FilterForm):
    q = forms.CharField(
        label=gettext_lazy("Number or payer"),
        required=False,
        max_length=128,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    state = choice_field(gettext_lazy("State"), OrderState.choices)
    since = day_field(gettext_lazy("Paid from"))
    until = day_field(gettext_lazy("Paid to"))

    def narrow(self, rows: QuerySet[Order]) -> QuerySet[Order]:
        chosen = self.cleaned_data
        if wanted := chosen["q"].strip():
            people = [wanted, *payers(self.request, wanted)]
            number = Q(out_trade_no=wanted) | Q(transaction_id=wanted)
            return rows.filter(number | Q(openid__in=people) | Q(payer_openid__in=people))
        if chosen["state"]:
            rows = rows.filter(state=chosen["state"])
        since = midnight(chosen["since"]) if chosen["since"] else None
        until = midnight(chosen["until"] + datetime.timedelta(days=1)) if chosen["until"] else None
        # Made a week before it was paid at most: the list is then read from a slice of the primary key.
        rows = rows_by_time.between(rows, "created_at", since and since - LONGEST, until)
        if since:
            rows = rows.filter(paid_at__gte=since)
        if until:
            rows = rows.filter(paid_at__lt=until)
        self._note_sums(rows)
        return rows

    def _note_sums(self, rows: QuerySet[Order]) -> None:
        since, until = self.cleaned_data["since"], self.cleaned_data["until"]
        if not since or not until or not 0 <= (until - since).days <= MOST_DAYS:
            return
        sums = rows.aggregate(count=Count("pk"), total=Sum("total"), refunded=Sum("refunded"))
        self.notices.append(
            _("%(count)d orders, ¥%(total)s paid, of that ¥%(refunded)s refunded.")
            % {
                "count": sums["count"],
                "total": yuan(sums["total"] or 0),
                "refunded": yuan(sums["refunded"] or 0),
            }
        )


def payers(request: HttpRequest | None, wanted: str) -> list[str]:
    """Returns openids of people with such a name; as a list, so that the rows are found by an index."""
    return [str(each["openid"]) for each in searching.openids_for(request, wanted)[:MOST_PEOPLE]]


def order_ids(number: str) -> list[int]:
    """Returns ids of the orders with that number, for filters of other tables; a join could use no index."""
    return list(Order.objects.filter(out_trade_no=number).values_list("pk", flat=True))


class RefundFilter(FilterForm):
    q = forms.CharField(
        label=gettext_lazy("Number"),
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    state = choice_field(gettext_lazy("State"), RefundState.choices)

    def narrow(self, rows: QuerySet[Refund]) -> QuerySet[Refund]:
        chosen = self.cleaned_data
        if wanted := chosen["q"].strip():
            return rows.filter(Q(out_refund_no=wanted) | Q(refund_id=wanted) | Q(order__in=order_ids(wanted)))
        return rows.filter(state=chosen["state"]) if chosen["state"] else rows
