"""The page of an account's send rates by kind of message."""

from collections.abc import Mapping
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_stubs_ext import StrOrPromise

from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import account_page, frame
from accounts.staff.rights import Area
from wechat.console import edit_conflicts
from wechat.console.edit_conflicts import EditForm
from wechat.pushes import send_rates
from wechat.pushes.models import Push, SendRate

Kind = Push.Kind

MOST = 5000
# The daily quota of a new account; it grows with its followers.
A_DAY = {Kind.SERVICE: 500_000, Kind.TEMPLATE: 100_000, Kind.SUBSCRIBE: 10_000_000}
KINDS = {
    OfficialAccount.Kind.SERVICE: (Kind.SERVICE, Kind.TEMPLATE, Kind.NOTICE, Kind.ONCE),
    OfficialAccount.Kind.SUBSCRIPTION: (Kind.SERVICE, Kind.ONCE),
    OfficialAccount.Kind.MINIPROGRAM: (Kind.SERVICE, Kind.SUBSCRIBE),
}


class RatesForm(EditForm, forms.Form):
    """A form with a field for each kind that the account can send; an empty one means the usual rate."""

    def __init__(self, account: OfficialAccount, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.account = account
        self.set = dict(SendRate.objects.filter(account=account).values_list("kind", "per_second"))
        for kind in KINDS[OfficialAccount.Kind(account.kind)]:
            self.fields[kind.value] = forms.IntegerField(
                label=kind.label,
                required=False,
                initial=self.set.get(kind.value),
                min_value=1,
                max_value=MOST,
                widget=forms.NumberInput(
                    attrs={"placeholder": send_rates.PER_SECOND[kind], "min": 1, "max": MOST}
                ),
            )

    def save(self) -> None:
        for name, value in self.cleaned_data.items():
            if value != self.set.get(name):
                SendRate.objects.update_or_create(
                    account=self.account, kind=name, defaults={"per_second": value}
                )

    def worded(self, speeds: Mapping[str, int | None]) -> dict[str, str]:
        """Returns the speeds in words by kind of message, for the audit log."""
        return {str(field.label): _worded(speeds.get(name)) for name, field in self.fields.items()}


@dataclass(frozen=True, slots=True)
class RateRow:
    """A row of the page: the field of one kind of message, its usual rate and the platform's limit."""

    field: forms.BoundField
    usual: int
    limit: StrOrPromise


@account_page(Area.SENDING)
@edit_conflicts.locks_row
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    form = RatesForm(account, request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _kept(request, account, form)
    rows = [
        RateRow(form[name], send_rates.PER_SECOND[Kind(name)], _limit(Kind(name))) for name in form.fields
    ]
    context = frame(request, _("Sending speed"), form=form, rows=rows, most=MOST)
    return TemplateResponse(request, "pushes/rates.html", context)


def _kept(request: HttpRequest, account: OfficialAccount, form: RatesForm) -> HttpResponse:
    form.save()
    if form.cleaned_data != {name: form.set.get(name) for name in form.cleaned_data}:
        audit.record(request, account, "", form.worded(form.set), form.worded(form.cleaned_data))
    messages.success(request, _("The speeds are kept; messages that wait are sent at them from now on."))
    return redirect("admin:pushes_rates")


def _limit(kind: Push.Kind) -> StrOrPromise:
    if kind not in A_DAY:
        return _("WeChat names no number; it says when it is too much, and sending waits until it may go on.")
    return _("%(count)s a day for a new account, more with more followers.") % {"count": f"{A_DAY[kind]:,}"}


def _worded(per_second: int | None) -> str:
    if per_second is None:
        return _("the usual speed")
    return ngettext("%d a second", "%d a second", per_second) % per_second
