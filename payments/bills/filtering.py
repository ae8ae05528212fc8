"""The filters above the list of discrepancies."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from payments.bills.models import Discrepancy
from payments.orders.filtering import choice_field
from payments.orders.mismatches import MismatchKind
from wechat.console.big_tables import FilterForm


class DiscrepancyFilter(FilterForm):
    state = choice_field(gettext_lazy("State"), Discrepancy.State.choices)
    kind = choice_field(gettext_lazy("Kind"), MismatchKind.choices)

    def narrow(self, rows: QuerySet[Discrepancy]) -> QuerySet[Discrepancy]:
        for name in ("state", "kind"):
            if self.cleaned_data[name]:
                rows = rows.filter(**{name: self.cleaned_data[name]})
        return rows
