"""The admin of daily bills: staff fetch, read and export them."""

import datetime
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official import error_sentences
from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area, Rights, current_account
from payments.bills import exporting, reconciling, sums
from payments.bills.models import Bill, Discrepancy
from payments.merchants import error_words, held_work
from payments.merchants.models import Merchant
from payments.merchants.scoping import MerchantScopedAdmin, own_or_whole, whole_merchants
from wechat.console import downloads
from wechat.console.amounts import money
from wechat.console.big_tables import BigTable
from wechat.console.days import day_field
from wechat.console.markup import badge, moment
from wechat.console.pages import ReadOnly
from wechat.console.phrases import joined, labelled

BILL_COLOURS = {
    Bill.State.WAITING: "plain",
    Bill.State.EMPTY: "plain",
    Bill.State.MATCHED: "good",
    Bill.State.FAILED: "bad",
}


def no_bill_of_day() -> str:
    """Returns the refusal to fetch the bills of a day for which WeChat Pay has none."""
    first, last = reconciling.days_that_exist(timezone.now())
    return _("WeChat Pay has bills from %(first)s to %(last)s.") % {"first": first, "last": last}


class BillDayForm(forms.Form):
    """The form to fetch a day's bills by hand; it offers merchants whose accounts are all the reader's."""

    merchant = forms.ModelChoiceField(
        Merchant.objects.none(), label=gettext_lazy("merchant"), empty_label=None
    )
    day = day_field(gettext_lazy("day"), required=True)

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        merchants: Any = self.fields["merchant"]
        merchants.queryset = whole_merchants(Rights.of(request.user), Area.MONEY, change=True)
        first, last = reconciling.days_that_exist(timezone.now())
        self.fields["day"].widget.attrs |= {"min": first.isoformat(), "max": last.isoformat()}

    def clean_day(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["day"]
        if not reconciling.can_be_fetched(day, timezone.now()):
            raise forms.ValidationError(no_bill_of_day())
        return day


@admin.register(Bill)
class BillAdmin(ReadOnly, BigTable, MerchantScopedAdmin):
    area = Area.MONEY
    empty_words = gettext_lazy(
        "WeChat Pay makes the bill of a day the next morning at about ten; it is fetched "
        "by itself once a merchant is set up."
    )
    list_display = (
        "dated",
        "kind",
        "state_badge",
        "failure",
        "lines",
        "came_in",
        "went_out",
        "open_discrepancies",
    )
    list_display_links = ("dated",)
    list_select_related = ("merchant",)
    list_before_template = "bills/bill_export.html"
    change_form_outer_before_template = "bills/bill_tools.html"
    change_form_outer_after_template = "bills/bill_sums.html"
    fields = (
        "merchant", "kind", "dated", "state_badge", "failure", "lines", "came_in", "went_out",
        "sha1", "fetched",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Returns bills of merchants whose accounts the reader may all see, as a bill covers all of them."""
        rows = super().get_queryset(request)
        whole = whole_merchants(Rights.of(request.user), self.area)
        of_bill = self._open(request).filter(bill=OuterRef("pk")).order_by().values("bill")
        count = Coalesce(Subquery(of_bill.values(count=Count("pk"))), 0)
        found: QuerySet[Any] = rows.filter(merchant__in=whole.values("pk")).annotate(open_count=count)
        return found

    def get_urls(self) -> list[URLPattern]:
        file = self.object_view(self.file_view, is_file=True)
        export = self.account_view(self.export_view)
        return [
            path("<int:pk>/file/", file, name="bills_bill_file"),
            path("export/", export, name="bills_bill_export"),
            path("<int:pk>/again/", self.object_view(self.again_view), name="bills_bill_again"),
            path("fetch/", self.account_view(self.fetch_view, change=True), name="bills_bill_fetch"),
            *super().get_urls(),
        ]

    def page_context(self, request: HttpRequest, row: Bill) -> dict[str, Any]:
        return {
            # Nothing is compared before the bill is there.
            "sums": sums.sums(row) if row.state in (Bill.State.MATCHED, Bill.State.EMPTY) else [],
            "open_count": self._open(request).filter(bill=row).count(),
            "may_fetch": self._may_fetch(request, row)
            and reconciling.can_be_fetched(row.day, timezone.now()),
            "held": held_work.in_words([row.merchant], request),
        }

    def file_view(self, request: HttpRequest, bill: Bill) -> FileResponse:
        """Sends the bill file as WeChat Pay made it, compressed."""
        if not bill.file:
            raise Http404
        return downloads.of_stored(bill.file)

    def export_view(self, request: HttpRequest, account: OfficialAccount) -> Any:
        try:
            month = exporting.month_of(request.GET.get("month", ""))
        except ValueError:
            self.message_user(request, _("Choose a month first."), level="ERROR")
            return redirect("admin:bills_bill_changelist")
        chosen = request.GET.get("by", "")
        by = exporting.RefundsBy(chosen) if chosen in exporting.RefundsBy else exporting.RefundsBy.ACCEPTED
        write = exporting.as_excel if request.GET.get("as") == "xlsx" else exporting.as_csv
        return write(account, month, by)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        form = BillDayForm(request)
        offered = cast(Any, form.fields["merchant"]).queryset.exists()
        # Also of a merchant that others sell through: whoever waits for it is told why.
        selling = Merchant.objects.filter(accounts__in=self.shown_accounts(request))
        return super().changelist_view(
            request,
            {
                **(extra_context or {}),
                "day_form": form if offered else None,
                "refunds_by": exporting.RefundsBy.choices,
                "held": held_work.in_words(selling.distinct(), request),
            },
        )

    def again_view(self, request: HttpRequest, bill: Bill) -> HttpResponse:
        """Makes a worker fetch the bill again; known lines change nothing."""
        if not self._may_fetch(request, bill):
            raise PermissionDenied
        if request.method == "POST" and not reconciling.can_be_fetched(bill.day, timezone.now()):
            self.message_user(request, no_bill_of_day(), level="ERROR")
        elif request.method == "POST":
            reconciling.fetch_again(bill)
            self.log_change(request, bill, _("Fetched again"))
            self.message_user(request, _("The bill is fetched within a minute."))
        return redirect("admin:bills_bill_change", bill.pk)

    def fetch_view(self, request: HttpRequest, account: OfficialAccount) -> HttpResponse:
        """Makes a worker fetch both bills of a day, also of days before the merchant was set up here."""
        form = BillDayForm(request, request.POST or None)
        if form.is_valid():
            merchant, day = form.cleaned_data["merchant"], form.cleaned_data["day"]
            reconciling.fetch_day(merchant, day)
            self.log_change(request, merchant, _("Bills of %(day)s fetched") % {"day": day})
            self.message_user(request, _("The bills of %(day)s are fetched within a minute.") % {"day": day})
        else:
            for name, errors in form.errors.items():
                wrong = joined(errors)
                field = form.fields.get(name)
                self.message_user(request, labelled(field.label, wrong) if field else wrong, level="ERROR")
        return redirect("admin:bills_bill_changelist")

    def _may_fetch(self, request: HttpRequest, bill: Bill) -> bool:
        whole = whole_merchants(Rights.of(request.user), self.area, change=True)
        return whole.filter(pk=bill.merchant_id).exists()

    def _open(self, request: HttpRequest) -> QuerySet[Discrepancy]:
        """Returns the open discrepancies that the reader may see."""
        own = Q(account=current_account(request))
        shown = own_or_whole(own, Rights.of(request.user), self.area)
        return Discrepancy.objects.filter(shown, state=Discrepancy.State.OPEN)

    @admin.display(description=gettext_lazy("day"))
    def dated(self, bill: Bill) -> str:
        return f"{bill.day:%Y-%m-%d}"

    @admin.display(description=gettext_lazy("error"))
    def failure(self, bill: Bill) -> SafeString:
        return error_sentences.rendered(error_words.of_text(bill.error))

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, bill: Bill) -> SafeString:
        colour = "warn" if bill.error else BILL_COLOURS[Bill.State(bill.state)]
        return badge(bill.get_state_display(), colour)

    @admin.display(description=gettext_lazy("income"))
    def came_in(self, bill: Bill) -> SafeString:
        return money(bill.income)

    @admin.display(description=gettext_lazy("refunds and spending"))
    def went_out(self, bill: Bill) -> SafeString:
        return money(bill.spent)

    @admin.display(description=gettext_lazy("fetched"))
    def fetched(self, bill: Bill) -> SafeString:
        return moment(bill.fetched_at)

    @admin.display(description=gettext_lazy("open discrepancies"))
    def open_discrepancies(self, bill: Bill) -> SafeString | str:
        count = vars(bill)["open_count"]
        return badge(str(count), "warn") if count else "–"
