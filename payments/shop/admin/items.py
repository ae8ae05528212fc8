"""The admin of items: what is sold, with its page, QR code and sales."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin

from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area, Rights, current_account
from payments.merchants.models import Merchant
from payments.shop.access import address_of, directory_of
from payments.shop.forms import ItemFieldFormSet, ItemFilter, ItemForm
from payments.shop.item_changes import changes, price_text
from payments.shop.models import Item, ItemField
from payments.shop.selling import refusal
from wechat.channels.drawing import png, svg
from wechat.console import downloads
from wechat.console.big_tables import BigTable
from wechat.console.markup import badge, moment
from wechat.console.pages import ParentPermissionsMixin, TabularInline
from wechat.console.phrases import listed
from wechat.materials.models import Asset
from wechat.materials.widgets import FilePicker


class ItemFieldInline(ParentPermissionsMixin, TabularInline[ItemField, Item]):
    model = ItemField
    formset = ItemFieldFormSet
    fields = ("kind", "label", "choices", "required", "position")
    ordering_field = "position"
    hide_ordering_field = True
    extra = 0

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "choices" and field is not None:
            field.widget.attrs["rows"] = 2
        return field


@admin.register(Item)
class ItemAdmin(BigTable, AccountScopedAdmin):
    area = Area.CONTENT
    form = ItemForm
    filter_form = ItemFilter
    inlines = (ItemFieldInline,)
    empty_words = gettext_lazy(
        "An item has a page of its own where followers pay for it: put its address into "
        "a menu, a reply or a code."
    )
    list_display = ("title", "costs", "state_badge", "sold_of", "left_of", "window", "created")
    list_display_links = ("title",)
    list_select_related = ("merchant",)
    list_before_template = "shop/list_tools.html"
    change_form_outer_before_template = "shop/item_head.html"
    fieldsets = (
        (None, {"fields": ("account", "title", "picture", "description", "enabled")}),
        (
            gettext_lazy("What is paid"),
            {"fields": ("merchant", "pricing", "price_yuan", "least_yuan", "most_yuan")},
        ),
        (
            gettext_lazy("How many, and when"),
            {"fields": ("stock", "each_person", "opens_at", "ends_at")},
        ),
    )

    class Media:
        css = {"all": ("shop/shop_admin.css",)}
        js = ("console/shown_fields.js",)

    def get_urls(self) -> list[URLPattern]:
        def file(view: Any) -> Any:
            return self.object_view(view, is_file=True)

        # The only page that another one of ours shows within itself.
        preview = xframe_options_sameorigin(self.preview)
        return [
            path("<int:pk>/preview/", file(preview), name="shop_item_preview"),
            path("<int:pk>/code.png", file(self.code_png), name="shop_item_png"),
            path("<int:pk>/code.svg", file(self.code_svg), name="shop_item_svg"),
            *super().get_urls(),
        ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Returns ``False`` for an item with orders, which are kept; it can be taken off sale."""
        return obj is not None and not obj.sales.exists() and super().has_delete_permission(request, obj)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Returns the initial values of the form, with the account's merchant if there is only one."""
        initial = super().get_changeform_initial_data(request)
        merchants = list(Merchant.objects.filter(accounts=initial["account"], enabled=True)[:2])
        return {**initial, "merchant": merchants[0].pk} if len(merchants) == 1 else initial

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "merchant":
            selling = Merchant.objects.filter(accounts=self.page_account_id(request, None))
            kwargs["queryset"] = selling.order_by("-enabled", "name")
        if db_field.name == "picture":
            kwargs["queryset"] = Asset.objects.filter(kind=Asset.Kind.IMAGE)
            kwargs["widget"] = FilePicker()
            kwargs["widget"].for_account(self.page_account_id(request, None), "image")
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "merchant" and not field.queryset.exists():
            field.help_text = _(
                "The account has no merchant yet: the owner adds one under Settings, Merchants."
            )
        if db_field.name == "picture" and not field.queryset.exists():
            field.help_text = _("There is no picture yet: add one to the media library.")
        return field

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Returns the form field, without links to add merchants or pictures."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in ("merchant", "picture"):
            field.widget = field.widget.widget
        if db_field.name == "description":
            field.widget.attrs["rows"] = 4
        return field

    def save_model(self, request: HttpRequest, obj: Item, form: forms.ModelForm[Item], change: bool) -> None:
        """Saves an item without its counters, which the database updates."""
        if not change:
            return super().save_model(request, obj, form, change)
        counted = {"id", "taken", "sold", "paid", "refunded", "created_at"}
        obj.save(update_fields=[each.name for each in Item._meta.fields if each.name not in counted])
        return None

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Returns what changed, before and after, so that old prices stay known."""
        usual = super().construct_change_message(request, form, formsets, add)
        asked = any(formset.has_changed() for formset in formsets)
        if add:
            return usual
        return listed(filter(None, [changes(form), _("what the payer is asked") if asked else ""]))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        account = current_account(request)
        has_merchant = account is not None and account.merchants.exists()
        context = {"has_merchant": has_merchant, "may_change": self.has_add_permission(request)}
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def page_context(self, request: HttpRequest, row: Item | None) -> dict[str, Any]:
        if row is None:
            return {}
        return {
            "address": address_of(row),
            "directory": directory_of(row.account),
            "state": state_of(row),
            "may_see_money": Rights.of(request.user).may_view(Area.MONEY, row.account_id),
        }

    def preview(self, request: HttpRequest, item: Item) -> HttpResponse:
        """Shows the saved item's page as a follower sees it, with inactive links."""
        context = {"account": item.account, "item": item, "preview": True, "refusal": refusal(item)}
        return render(request, "shop/item.html", context)

    def code_png(self, request: HttpRequest, item: Item) -> HttpResponse:
        return downloads.of_bytes(png(address_of(item)), "image/png", f"{item.title}.png")

    def code_svg(self, request: HttpRequest, item: Item) -> HttpResponse:
        return downloads.of_bytes(svg(address_of(item)), "image/svg+xml", f"{item.title}.svg")

    # --- columns

    @admin.display(description=gettext_lazy("price"))
    def costs(self, item: Item) -> SafeString:
        return format_html('<span class="money">{}</span>', price_text(item.price, item.least, item.most))

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, item: Item) -> SafeString:
        word, colour = state_of(item)
        return badge(word, colour)

    @admin.display(description=gettext_lazy("sold"))
    def sold_of(self, item: Item) -> str:
        return f"{item.sold:,}"

    @admin.display(description=gettext_lazy("pieces left"))
    def left_of(self, item: Item) -> str:
        return "–" if item.left is None else f"{item.left:,}"

    @admin.display(description=gettext_lazy("sale window"))
    def window(self, item: Item) -> SafeString | str:
        if item.opens_at is None and item.ends_at is None:
            return _("always")
        return format_html("{} – {}", moment(item.opens_at), moment(item.ends_at))

    @admin.display(description=gettext_lazy("created"))
    def created(self, item: Item) -> SafeString:
        return moment(item.created_at)


def state_of(item: Item) -> tuple[str, str]:
    """Returns a word for the item's state on sale, and the word's colour."""
    now = timezone.now()
    if not item.enabled:
        return _("off sale"), "plain"
    if not item.merchant.enabled:
        return _("merchant not enabled"), "bad"
    if item.opens_at is not None and now < item.opens_at:
        return _("not yet on sale"), "warn"
    if item.ends_at is not None and now >= item.ends_at:
        return _("sale ended"), "plain"
    if item.left == 0:
        return _("sold out"), "warn"
    return _("on sale"), "good"
