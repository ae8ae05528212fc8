"""How much a role refunds without a second person, as staff fill it in."""

from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.staff.pages import AccountForm
from payments.merchants.amounts import AmountField
from payments.orders.models import RefundLimit


class RefundLimitForm(AccountForm):
    alone_up_to = AmountField(
        label=_("without a second person, in yuan"),
        widget=UnfoldAdminTextInputWidget(),
        help_text=_("For one order altogether, and for all that one person or system refunds in a day."),
    )

    class Meta:
        model = RefundLimit
        fields = ("account", "role", "alone_up_to")
