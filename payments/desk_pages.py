"""The exceptions desk, the notifications and the bills."""

import datetime
from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import OfficialAccount
from accounts.rights import Area, Rights
from payments import bill_sums, exporting, held, notices, reconciling, resolutions
from payments.filtering import DiscrepancyFilter
from payments.models import Bill, Discrepancy, Merchant, Notice
from payments.order_pages import money
from payments.ordering import OrderRefused, Uncertain
from payments.scoping import MerchantScopedAdmin, whole_merchants
from wechat.kernel.pages import BigTable, ReadOnly, badge, moment

BILL_COLOURS = {
    Bill.State.WAITING: "plain",
    Bill.State.EMPTY: "plain",
    Bill.State.MATCHED: "good",
    Bill.State.FAILED: "bad",
}
NOTICE_COLOURS = {
    Notice.State.APPLIED: "good",
    Notice.State.REPEAT: "plain",
    Notice.State.ASIDE: "warn",
    Notice.State.FAILED: "bad",
}


class BillDayForm(forms.Form):
    """Which day's bills are fetched by hand: of a merchant all of whose accounts are the reader's."""

    merchant = forms.ModelChoiceField(
        Merchant.objects.none(), label=gettext_lazy("merchant"), empty_label=None
    )
    day = forms.DateField(
        label=gettext_lazy("day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        merchants: Any = self.fields["merchant"]
        merchants.queryset = whole_merchants(request, Area.MONEY, change=True)
        self.first, self.last = reconciling.days_that_exist(timezone.now())
        self.fields["day"].widget.attrs |= {"min": self.first.isoformat(), "max": self.last.isoformat()}

    def clean_day(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["day"]
        if not self.first <= day <= self.last:
            bounds = {"first": self.first, "last": self.last}
            raise forms.ValidationError(_("WeChat Pay has bills from %(first)s to %(last)s.") % bounds)
        return day


class NoteForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("What it was, and what was done"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ResolutionForm(forms.Form):
    resolution = forms.ChoiceField(label=gettext_lazy("What is to be booked"))
    note = forms.CharField(
        label=gettext_lazy("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, found: Discrepancy, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["resolution"]
        chosen.choices = [(each.value, each.label) for each in resolutions.possible(found)]


@admin.register(Discrepancy)
class DiscrepancyAdmin(ReadOnly, BigTable, MerchantScopedAdmin):
    area = Area.MONEY
    list_display = ("noticed", "what", "subject", "here", "there", "became", "order_link")
    list_display_links = ("what",)
    list_select_related = ("order", "merchant")
    filter_form = DiscrepancyFilter
    change_form_outer_after_template = "payments/discrepancy_close.html"
    fields = (
        "what", "became", "subject", "here", "there", "order_link", "refund", "bill", "merchant", "noticed",
        "resolution", "proposed_by", "note", "closed_by", "closed_at",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Those of the account, and, for whoever sees all that the merchant sells, those of no account."""
        rows = super().get_queryset(request)
        whole = Q(account=None, merchant__in=whole_merchants(request, self.area))
        return rows.filter(Q(account__in=self.shown_accounts(request)) | whole)

    def get_urls(self) -> list[URLPattern]:
        pages = (("close", self.close_view), ("propose", self.propose_view), ("decide", self.decide_view))
        ours = [
            path(f"<int:pk>/{name}/", self.object_view(view), name=f"payments_discrepancy_{name}")
            for name, view in pages
        ]
        return [*ours, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        found = cast(Discrepancy, context["original"])
        open_for_us = found.state == Discrepancy.State.OPEN and self._may_close(request, found)
        possible = resolutions.possible(found)
        forms_: dict[str, Any] = {}
        if open_for_us and found.resolution:
            forms_ = {"proposal": found, "is_own": found.proposed_by_id == request.user.pk}
        elif open_for_us:
            forms_ = {"resolution_form": ResolutionForm(found) if possible else None, "note_form": NoteForm()}
        return super().render_change_form(request, {**context, **forms_}, *args, **kwargs)

    def close_view(self, request: HttpRequest, found: Discrepancy) -> HttpResponse:
        """Finance closes an exception with a note; once closed it stays as it is."""
        self._require_right(request, found)
        form = NoteForm(request.POST)
        if request.method == "POST" and form.is_valid():
            assert isinstance(request.user, User)
            Discrepancy.objects.filter(pk=found.pk, state=Discrepancy.State.OPEN, resolution="").update(
                state=Discrepancy.State.CLOSED,
                note=form.cleaned_data["note"],
                closed_by=request.user,
                closed_at=timezone.now(),
            )
            self.log_change(request, found, _("Closed: %(note)s") % {"note": form.cleaned_data["note"]})
            self.message_user(request, _("The exception is closed."))
        elif request.method == "POST":
            self.message_user(request, _("Write down what it was and what was done."), level="ERROR")
        return redirect("admin:payments_discrepancy_change", found.pk)

    def propose_view(self, request: HttpRequest, found: Discrepancy) -> HttpResponse:
        """What is to be booked; nothing is, before a second person agrees."""
        self._require_right(request, found)
        form = ResolutionForm(found, request.POST)
        if request.method == "POST" and form.is_valid():
            assert isinstance(request.user, User)
            chosen = form.cleaned_data
            if resolutions.propose(found, chosen["resolution"], chosen["note"], request.user):
                found.refresh_from_db()
                said = f"{found.get_resolution_display()}: {found.note}"
                self.log_change(request, found, said)
                self.message_user(request, _("Proposed. A second person has to agree."))
        elif request.method == "POST":
            self.message_user(request, _("Choose what is to be booked, and write down why."), level="ERROR")
        return redirect("admin:payments_discrepancy_change", found.pk)

    def decide_view(self, request: HttpRequest, found: Discrepancy) -> HttpResponse:
        """The second person's yes or no to what was proposed."""
        self._require_right(request, found)
        if request.method == "POST" and found.resolution:
            assert isinstance(request.user, User)
            if "agreed" in request.POST:
                self._agree(request, found, request.user)
            elif resolutions.withdraw(found):
                self.log_change(request, found, _("Not booked: %(what)s") % {"what": found.note})
                self.message_user(request, _("Nothing is booked; the exception stays open."))
        return redirect("admin:payments_discrepancy_change", found.pk)

    def _agree(self, request: HttpRequest, found: Discrepancy, by: User) -> None:
        try:
            resolutions.agree(found, by)
        except OrderRefused as error:
            self.message_user(request, str(error.sentence), level="ERROR")
        except Uncertain:
            said = _("WeChat Pay does not answer at the moment. Please try again.")
            self.message_user(request, said, level="WARNING")
        else:
            self.log_change(request, found, _("Booked: %(what)s") % {"what": found.get_resolution_display()})
            self.message_user(request, _("It is booked, and the exception is closed."))

    def _require_right(self, request: HttpRequest, found: Discrepancy) -> None:
        if not self._may_close(request, found):
            raise PermissionDenied

    def _may_close(self, request: HttpRequest, found: Discrepancy) -> bool:
        if found.account_id is not None:
            return Rights.of(request.user).may_change(self.area, found.account_id)
        return whole_merchants(request, self.area, change=True).filter(pk=found.merchant_id).exists()

    @admin.display(description=gettext_lazy("noticed"))
    def noticed(self, found: Discrepancy) -> SafeString:
        return moment(found.created_at)

    @admin.display(description=gettext_lazy("what happened"))
    def what(self, found: Discrepancy) -> str:
        return found.get_kind_display()

    @admin.display(description=gettext_lazy("state"))
    def became(self, found: Discrepancy) -> SafeString:
        is_open = found.state == Discrepancy.State.OPEN
        if is_open and found.resolution:
            return badge(_("Waiting for a second person"), "warn")
        return badge(found.get_state_display(), "warn" if is_open else "plain")

    @admin.display(description=gettext_lazy("order"))
    def order_link(self, found: Discrepancy) -> SafeString | str:
        if found.order_id is None:
            return "–"
        address = reverse("admin:payments_order_change", args=[found.order_id])
        return format_html('<a class="link" href="{}">{}</a>', address, found.order)


@admin.register(Notice)
class NoticeAdmin(ReadOnly, BigTable, MerchantScopedAdmin):
    area = Area.MONEY
    list_display = ("received", "event_type", "summary", "order", "became", "error")
    list_display_links = ("event_type",)
    list_select_related = ("order", "merchant")
    change_form_outer_before_template = "payments/notice_tools.html"
    fields = (
        "received", "event_type", "original_type", "summary", "order", "became", "error", "attempts",
        "notice_id", "merchant",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Those of the account's orders, and, for whoever sees all that the merchant sells, those of none."""
        rows = super().get_queryset(request)
        whole = Q(order=None, merchant__in=whole_merchants(request, self.area))
        return rows.filter(Q(order__account__in=self.shown_accounts(request)) | whole)

    def get_urls(self) -> list[URLPattern]:
        view = self.object_view(self.again_view, change=True)
        return [path("<int:pk>/again/", view, name="payments_notice_again"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        notice = cast(Notice, context["original"])
        unfinished = notice.state in {Notice.State.FAILED, Notice.State.ASIDE} and bool(notice.resource)
        offered = unfinished and self._may(request, notice)
        return super().render_change_form(request, {**context, "may_handle": offered}, *args, **kwargs)

    def again_view(self, request: HttpRequest, notice: Notice) -> HttpResponse:
        """Applying is the same whoever asks for it: what is known already changes nothing."""
        if request.method == "POST":
            notices.handle_now(notice)
            self.log_change(request, notice, _("Handled again"))
            self.message_user(
                request, _("The notification is: %(state)s.") % {"state": notice.get_state_display()}
            )
        return redirect("admin:payments_notice_change", notice.pk)

    def _may(self, request: HttpRequest, notice: Notice) -> bool:
        if notice.order is not None:
            return Rights.of(request.user).may_change(self.area, notice.order.account_id)
        return whole_merchants(request, self.area, change=True).filter(pk=notice.merchant_id).exists()

    @admin.display(description=gettext_lazy("received"))
    def received(self, notice: Notice) -> SafeString:
        return moment(notice.received_at)

    @admin.display(description=gettext_lazy("state"))
    def became(self, notice: Notice) -> SafeString:
        return badge(notice.get_state_display(), NOTICE_COLOURS[Notice.State(notice.state)])


@admin.register(Bill)
class BillAdmin(ReadOnly, BigTable, MerchantScopedAdmin):
    area = Area.MONEY
    list_display = ("dated", "kind", "became", "error", "lines", "came_in", "went_out", "open_exceptions")
    list_display_links = ("dated",)
    list_select_related = ("merchant",)
    list_before_template = "payments/bill_export.html"
    change_form_outer_before_template = "payments/bill_tools.html"
    change_form_outer_after_template = "payments/bill_sums.html"
    fields = (
        "merchant", "kind", "dated", "became", "error", "lines", "came_in", "went_out", "sha1", "fetched",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """A bill is about everything that the merchant sells, so its readers see all of that."""
        rows = super().get_queryset(request)
        return rows.filter(merchant__in=whole_merchants(request, self.area).values("pk"))

    def get_urls(self) -> list[URLPattern]:
        file = self.object_view(self.file_view, is_file=True)
        export = self.account_view(self.export_view)
        return [
            path("<int:pk>/file/", file, name="payments_bill_file"),
            path("export/", export, name="payments_bill_export"),
            path("<int:pk>/again/", self.object_view(self.again_view), name="payments_bill_again"),
            path("fetch/", self.account_view(self.fetch_view, change=True), name="payments_bill_fetch"),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        bill = cast(Bill, context["original"])
        more = {
            "sums": bill_sums.sums(bill),
            "open_count": self._open(bill),
            "may_fetch": self._may_fetch(request, bill),
            "held": held.in_words([bill.merchant]),
        }
        return super().render_change_form(request, {**context, **more}, *args, **kwargs)

    def file_view(self, request: HttpRequest, bill: Bill) -> HttpResponse | FileResponse:
        """The file as WeChat Pay made it, packed."""
        if not bill.file:
            raise Http404
        name = str(bill.file.name).rpartition("/")[2]
        return FileResponse(bill.file.open("rb"), as_attachment=True, filename=name)

    def export_view(self, request: HttpRequest, account: OfficialAccount) -> Any:
        try:
            month = exporting.month_of(request.GET.get("month", ""))
        except ValueError:
            self.message_user(request, _("Choose a month first."), level="ERROR")
            return redirect("admin:payments_bill_changelist")
        chosen = request.GET.get("by", "")
        by = exporting.RefundsBy(chosen) if chosen in exporting.RefundsBy else exporting.RefundsBy.ACCEPTED
        write = exporting.as_excel if request.GET.get("as") == "xlsx" else exporting.as_csv
        return write(account, month, by)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        form = BillDayForm(request)
        offered = cast(Any, form.fields["merchant"]).queryset.exists()
        selling = whole_merchants(request, self.area).filter(accounts__in=self.shown_accounts(request))
        return super().changelist_view(
            request,
            {
                **(extra_context or {}),
                "day_form": form if offered else None,
                "refunds_by": exporting.RefundsBy.choices,
                "held": held.in_words(selling.distinct()),
            },
        )

    def again_view(self, request: HttpRequest, bill: Bill) -> HttpResponse:
        """The same bill once more: what is known already changes nothing."""
        if not self._may_fetch(request, bill):
            raise PermissionDenied
        if request.method == "POST":
            reconciling.fetch_again(bill)
            self.log_change(request, bill, _("Fetched again"))
            self.message_user(request, _("The bill is fetched within a minute."))
        return redirect("admin:payments_bill_change", bill.pk)

    def fetch_view(self, request: HttpRequest, account: OfficialAccount) -> HttpResponse:
        """Both bills of a day, of before the merchant was set up here too."""
        form = BillDayForm(request, request.POST or None)
        if form.is_valid():
            merchant, day = form.cleaned_data["merchant"], form.cleaned_data["day"]
            reconciling.fetch_day(merchant, day)
            self.log_change(request, merchant, _("Bills of %(day)s fetched") % {"day": day})
            self.message_user(request, _("The bills of %(day)s are fetched within a minute.") % {"day": day})
        else:
            for error in form.errors.values():
                self.message_user(request, " ".join(map(str, error)), level="ERROR")
        return redirect("admin:payments_bill_changelist")

    def _may_fetch(self, request: HttpRequest, bill: Bill) -> bool:
        return whole_merchants(request, self.area, change=True).filter(pk=bill.merchant_id).exists()

    def prepare(self, rows: Sequence[Bill]) -> None:
        is_open = Q(discrepancies__state=Discrepancy.State.OPEN)
        counted = Bill.objects.filter(pk__in=[bill.pk for bill in rows])
        counts = dict(
            counted.annotate(count=Count("discrepancies", filter=is_open)).values_list("pk", "count")
        )
        for bill in rows:
            vars(bill)["open_count"] = counts[bill.pk]

    def _open(self, bill: Bill) -> int:
        return bill.discrepancies.filter(state=Discrepancy.State.OPEN).count()

    @admin.display(description=gettext_lazy("day"))
    def dated(self, bill: Bill) -> str:
        return f"{bill.day:%Y-%m-%d}"

    @admin.display(description=gettext_lazy("state"))
    def became(self, bill: Bill) -> SafeString:
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

    @admin.display(description=gettext_lazy("open exceptions"))
    def open_exceptions(self, bill: Bill) -> SafeString | str:
        count = vars(bill).get("open_count", 0)
        return badge(str(count), "warn") if count else "–"
