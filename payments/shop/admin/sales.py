"""The admin of sales: who bought what, with which answers, and whether it was delivered."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from accounts.approvals.models import Approval
from accounts.followers import export_approval, people
from accounts.official.models import OfficialAccount
from accounts.staff import personal_data
from accounts.staff.gate import reader
from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area, Rights, current_account
from payments.orders.admin.orders import COLOURS, trade_number
from payments.orders.filtering import order_ids, payers
from payments.orders.states import OrderState
from payments.shop import sale_export, selling
from payments.shop.handlers import EXPORT
from payments.shop.models import Item, Sale
from wechat.console import downloads
from wechat.console.amounts import money
from wechat.console.big_tables import BigTable, FilterForm
from wechat.console.markup import badge, moment
from wechat.console.phrases import labelled
from wechat.kernel.row_ids import row_id

Fulfilment = Sale.Fulfilment
# The newest items whose buyers can be downloaded.
OFFERED = 200


def _account_id(sale: Sale) -> int:
    return sale.order.account_id


class SaleFilter(FilterForm):
    item = forms.ModelChoiceField(
        Item.objects.none(),
        label=gettext_lazy("Payment item"),
        required=False,
        empty_label=gettext_lazy("All"),
    )
    fulfilment = forms.ChoiceField(
        label=gettext_lazy("Delivery"),
        required=False,
        choices=[("", gettext_lazy("All")), *Fulfilment.choices],
    )
    q = forms.CharField(
        label=gettext_lazy("Order number or buyer"),
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"type": "search"}),
    )

    def narrow(self, rows: QuerySet[Sale]) -> QuerySet[Sale]:
        chosen = self.cleaned_data
        if wanted := chosen["q"].strip():
            items: QuerySet[Item] = cast(Any, self.fields["item"]).queryset
            bought = Q(item__in=list(items.values_list("pk", flat=True)))
            bought &= Q(openid__in=payers(self.request, wanted))
            return rows.filter(Q(order__in=order_ids(wanted)) | bought)
        if chosen["item"]:
            rows = rows.filter(item=chosen["item"])
        if chosen["fulfilment"] == Fulfilment.OPEN:
            return rows.filter(selling.TO_DELIVER)
        return rows.filter(fulfilment=chosen["fulfilment"]) if chosen["fulfilment"] else rows


@admin.register(Sale)
class SaleAdmin(BigTable, AccountScopedAdmin):
    area = Area.MONEY
    account_path = "item__account"
    filter_form = SaleFilter
    actions = ("deliver",)
    empty_words = gettext_lazy("Whoever pays for an item is listed here, with what they filled in.")
    list_display = ("number", "paid", "who", "item", "filled_in", "amount", "state_badge", "delivery")
    list_display_links = ("number",)
    list_select_related = ("item", "item__account", "order")
    list_before_template = "shop/sale_tools.html"
    fields = (
        "number",
        "paid",
        "item",
        "buyer",
        "amount",
        "state_badge",
        "filled_in",
        "delivery",
        "fulfilment_note",
    )
    readonly_fields = ("number", "paid", "item", "buyer", "amount", "state_badge", "filled_in", "delivery")

    def get_urls(self) -> list[URLPattern]:
        view = self.account_view(require_POST(self.export_view), posts_change=False)
        return [path("export/", view, name="shop_sale_export"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Returns paid sales only."""
        return super().get_queryset(request).filter(selling.IS_PAID)

    def filter_of(self, request: HttpRequest) -> FilterForm | None:
        form = super().filter_of(request)
        if form is not None:
            account = current_account(request)
            cast(Any, form.fields["item"]).queryset = Item.objects.filter(account=account)
        return form

    def prepare(self, rows: Sequence[Sale]) -> None:
        people.attach_people(rows, account_id=_account_id)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        items = Item.objects.filter(account=current_account(request)).order_by("-pk")
        listed = row_id(request.GET.get("item", "")) or 0
        # The item whose buyers are listed comes first, and so is chosen, however old it is.
        offered = [*items.filter(pk=listed), *items.exclude(pk=listed)[:OFFERED]]
        return super().changelist_view(request, {**(extra_context or {}), "items": offered})

    @admin.action(description=gettext_lazy("Mark as delivered"), permissions=["change"])
    def deliver(self, request: HttpRequest, queryset: QuerySet[Sale]) -> None:
        mine = queryset.filter(item__account__in=Rights.of(request.user).changeable(self.area))
        delivered = selling.deliver(mine)
        for sale in delivered:
            self.log_change(request, sale, _("Marked as delivered"))
        message = ngettext("%d order is delivered.", "%d orders are delivered.", len(delivered))
        self.message_user(request, message % len(delivered))

    def export_view(self, request: HttpRequest, account: OfficialAccount) -> HttpResponseBase:
        """Sends a file of an item's buyers, recorded in the item's history, or asks for its approval."""
        item = get_object_or_404(Item, pk=row_id(request.POST.get("item", "")), account=account)
        personal_data.check_export(request, account.pk)
        masked = personal_data.is_hidden_from_reader(account.pk)
        if not masked and (waits := self._ask_for_buyers(request, item)) is not None:
            return redirect("admin:approvals_approval", waits.pk)
        self.log_change(request, item, _("Exported what the buyers filled in"))
        return downloads.as_csv_stream(sale_export.rows(item, masked=masked), f"buyers-{item.pk}")

    def _ask_for_buyers(self, request: HttpRequest, item: Item) -> Approval | None:
        return export_approval.ask_for_file(
            EXPORT,
            item.account_id,
            reader(request),
            title=_("File of buyers: %(item)s") % {"item": item},
            size=Sale.objects.filter(selling.IS_PAID, item=item).count(),
            page=f"{reverse('admin:shop_sale_changelist')}?item={item.pk}",
        )

    @admin.display(description=gettext_lazy("order number"))
    def number(self, sale: Sale) -> SafeString:
        return trade_number(sale.order.out_trade_no)

    @admin.display(description=gettext_lazy("paid"))
    def paid(self, sale: Sale) -> SafeString:
        return moment(sale.order.paid_at)

    @admin.display(description=gettext_lazy("payer"))
    def who(self, sale: Sale) -> SafeString:
        return people.rendered(people.of_row(sale, account_id=_account_id))

    @admin.display(description=gettext_lazy("payer"))
    def buyer(self, sale: Sale) -> SafeString:
        address = reverse("admin:orders_order_change", args=[sale.order_id])
        person = people.of_row(sale, account_id=_account_id)
        return format_html(
            '{} <a class="link" href="{}">{}</a>', people.rendered(person), address, sale.order
        )

    @admin.display(description=gettext_lazy("what was filled in"))
    def filled_in(self, sale: Sale) -> SafeString | str:
        answers = [(labelled(question, _shown(sale, answer)),) for question, answer in sale.answers if answer]
        return format_html_join(SafeString("<br>"), "{}", answers) if answers else "–"

    @admin.display(description=gettext_lazy("amount"))
    def amount(self, sale: Sale) -> SafeString:
        return money(sale.order.total)

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, sale: Sale) -> SafeString:
        return badge(sale.order.get_state_display(), COLOURS[OrderState(sale.order.state)])

    @admin.display(description=gettext_lazy("delivery"))
    def delivery(self, sale: Sale) -> SafeString:
        colour = "good" if sale.fulfilment == Fulfilment.DONE else "warn"
        return badge(sale.get_fulfilment_display(), colour)


def _shown(sale: Sale, value: str) -> str:
    """Returns a personal value of the buyer, masked if the reader may not see it."""
    return personal_data.for_reader(value, _account_id(sale))
