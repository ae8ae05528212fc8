"""How much each role refunds without a second person, for owners."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area
from payments.merchants.amounts import money
from payments.orders.models import RefundLimit
from payments.orders.refunds.limit_form import RefundLimitForm


@admin.register(RefundLimit)
class RefundLimitAdmin(AccountScopedAdmin):
    area = Area.SETTINGS
    form = RefundLimitForm
    fields = ("account", "role", "alone_up_to")
    list_display = ("role", "amount")

    @admin.display(description=gettext_lazy("alone up to"))
    def amount(self, limit: RefundLimit) -> SafeString:
        return money(limit.alone_up_to)
