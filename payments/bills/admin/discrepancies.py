"""The admin of discrepancies: points in which WeChat Pay and our books differ, and the decisions of staff."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.approvals import policy
from accounts.staff.gate import reader
from accounts.staff.rights import Area, Rights
from payments.bills import resolutions
from payments.bills.filtering import DiscrepancyFilter
from payments.bills.models import Discrepancy
from payments.merchants.scoping import MerchantScopedAdmin, own_or_whole, whole_merchants
from payments.orders.ordering import OrderRefused, Uncertain
from wechat.console.big_tables import BigTable
from wechat.console.markup import badge, moment
from wechat.console.pages import ReadOnly
from wechat.console.phrases import labelled


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
    list_title = gettext_lazy("Discrepancies")
    empty_words = gettext_lazy(
        "The books agree. What a bill or a message of WeChat Pay says otherwise is listed here."
    )
    list_display = ("noticed", "what", "subject", "ours", "theirs", "state_badge")
    list_display_links = ("what",)
    list_select_related = ("order", "merchant")
    filter_form = DiscrepancyFilter
    change_form_outer_after_template = "bills/discrepancy_close.html"
    fields = (
        "what", "state_badge", "subject", "ours", "theirs", "order_link", "refund", "bill", "merchant",
        "noticed", "resolution", "proposed_by", "note", "closed_by", "closed_at",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Returns the account's discrepancies, and those without one of merchants the reader has whole."""
        rows = super().get_queryset(request)
        own = Q(account__in=self.shown_accounts(request))
        return rows.filter(own_or_whole(own, Rights.of(request.user), self.area))

    def get_urls(self) -> list[URLPattern]:
        pages = (("close", self.close_view), ("propose", self.propose_view), ("decide", self.decide_view))
        ours = [
            path(f"<int:pk>/{name}/", self.object_view(view), name=f"bills_discrepancy_{name}")
            for name, view in pages
        ]
        return [*ours, *super().get_urls()]

    def page_context(self, request: HttpRequest, row: Discrepancy) -> dict[str, Any]:
        if row.state != Discrepancy.State.OPEN or not self._may_close(request, row):
            return {}
        possible = resolutions.possible(row)
        alone = self._alone(request, row) if possible else {}
        if row.resolution:
            return {"proposal": row, "is_own": row.proposed_by_id == request.user.pk, **alone}
        resolution_form = ResolutionForm(row) if possible else None
        return {"resolution_form": resolution_form, "note_form": NoteForm(), **alone}

    def _alone(self, request: HttpRequest, found: Discrepancy) -> dict[str, Any]:
        """Returns whether nobody else may approve a booking, and whether the reader may invite somebody."""
        assert found.order is not None
        account_id = found.order.account_id
        return {
            "is_alone": not policy.others(account_id, self.area, reader(request)).exists(),
            "may_invite": Rights.of(request.user).may_change(Area.SETTINGS, account_id),
        }

    def close_view(self, request: HttpRequest, found: Discrepancy) -> HttpResponse:
        """Closes a discrepancy for good, with a note of finance."""
        self._require_right(request, found)
        form = NoteForm(request.POST)
        if request.method == "POST" and form.is_valid():
            note = form.cleaned_data["note"]
            if resolutions.close(found, note, reader(request)):
                self.log_change(request, found, _("Closed: %(note)s") % {"note": note})
                self.message_user(request, _("The discrepancy is closed."))
            else:
                self._tell_of_change(request)
        elif request.method == "POST":
            self.message_user(request, _("Write down what it was and what was done."), level="ERROR")
        return redirect("admin:bills_discrepancy_change", found.pk)

    def propose_view(self, request: HttpRequest, found: Discrepancy) -> HttpResponse:
        """Keeps a proposed booking, which is carried out only when a second person agrees."""
        self._require_right(request, found)
        form = ResolutionForm(found, request.POST)
        if request.method == "POST" and form.is_valid():
            chosen = form.cleaned_data
            if resolutions.propose(found, chosen["resolution"], chosen["note"], reader(request)):
                found.refresh_from_db()
                change_message = labelled(found.get_resolution_display(), found.note)
                self.log_change(request, found, change_message)
                self.message_user(request, _("Proposed. A second person has to agree."))
            else:
                self._tell_of_change(request)
        elif request.method == "POST":
            self.message_user(request, _("Choose what is to be booked, and write down why."), level="ERROR")
        return redirect("admin:bills_discrepancy_change", found.pk)

    def decide_view(self, request: HttpRequest, found: Discrepancy) -> HttpResponse:
        """Carries out or rejects the booking that the second person was shown, if it is still proposed."""
        self._require_right(request, found)
        if request.method == "POST":
            shown = request.POST.get("agreed") or request.POST.get("rejected")
            if not found.resolution or shown != found.resolution:
                self._tell_of_change(request)
            elif "agreed" in request.POST:
                self._agree(request, found, reader(request))
            elif resolutions.withdraw(found):
                self.log_change(request, found, _("Not booked: %(what)s") % {"what": found.note})
                self.message_user(request, _("Nothing is booked; the discrepancy stays open."))
            else:
                self._tell_of_change(request)
        return redirect("admin:bills_discrepancy_change", found.pk)

    def _agree(self, request: HttpRequest, found: Discrepancy, by: User) -> None:
        try:
            resolutions.agree(found, by)
        except OrderRefused as error:
            self.message_user(request, str(error.sentence), level="ERROR")
        except Uncertain:
            message = _("WeChat Pay gives no usable answer at the moment. Please try again.")
            self.message_user(request, message, level="WARNING")
        else:
            self.log_change(request, found, _("Booked: %(what)s") % {"what": found.get_resolution_display()})
            self.message_user(request, _("It is booked, and the discrepancy is closed."))

    def _tell_of_change(self, request: HttpRequest) -> None:
        message = _("Somebody else has decided about this discrepancy meanwhile: please look at it again.")
        self.message_user(request, message, level="ERROR")

    def _require_right(self, request: HttpRequest, found: Discrepancy) -> None:
        if not self._may_close(request, found):
            raise PermissionDenied

    def _may_close(self, request: HttpRequest, found: Discrepancy) -> bool:
        rights = Rights.of(request.user)
        if found.account_id is not None:
            return rights.may_change(self.area, found.account_id)
        return whole_merchants(rights, self.area, change=True).filter(pk=found.merchant_id).exists()

    @admin.display(description=gettext_lazy("noticed"))
    def noticed(self, found: Discrepancy) -> SafeString:
        return moment(found.created_at)

    @admin.display(description=gettext_lazy("what happened"))
    def what(self, found: Discrepancy) -> str:
        return found.get_kind_display()

    @admin.display(description=gettext_lazy("here"))
    def ours(self, found: Discrepancy) -> SafeString:
        return _lines(found.here)

    @admin.display(description=gettext_lazy("with WeChat Pay"))
    def theirs(self, found: Discrepancy) -> SafeString:
        return _lines(found.there)

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, found: Discrepancy) -> SafeString:
        is_open = found.state == Discrepancy.State.OPEN
        if is_open and found.resolution:
            return badge(_("Waiting for a second person"), "warn")
        return badge(found.get_state_display(), "warn" if is_open else "plain")

    @admin.display(description=gettext_lazy("order"))
    def order_link(self, found: Discrepancy) -> SafeString | str:
        if found.order_id is None:
            return "–"
        address = reverse("admin:orders_order_change", args=[found.order_id])
        return format_html('<a class="link" href="{}">{}</a>', address, found.order)


def _lines(text: str) -> SafeString:
    return format_html('<span class="multiline">{}</span>', text or "–")
