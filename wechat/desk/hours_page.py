"""The page of the desk's service hours: a form, and the text that followers are told."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import account_page, frame
from accounts.staff.rights import Area
from wechat.console import edit_conflicts
from wechat.console.edit_conflicts import EditForm
from wechat.desk import service_hours
from wechat.desk.models import ServiceHours
from wechat.replies.models import Rule


class HoursForm(EditForm, forms.ModelForm[ServiceHours]):
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("days of the week"),
        choices=Rule.Weekday.choices,
        coerce=int,
        required=False,
        help_text=gettext_lazy("None chosen: every day."),
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = ServiceHours
        fields = ("weekdays", "opens_at", "closes_at")
        widgets = {
            "opens_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "closes_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }


@account_page(Area.MESSAGES)
@edit_conflicts.locks_row
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows and saves the service hours; a POST with ``always`` deletes them."""
    row = ServiceHours.objects.filter(account=account).first()
    form = HoursForm(_posted(request), instance=row or ServiceHours(account=account))
    if request.method == "POST" and "always" in request.POST:
        ServiceHours.objects.filter(account=account).delete()
        return _kept(request, account, _("Service hours: at any time"))
    if form.is_valid():
        kept = form.save()
        return _kept(request, account, _("Service hours: %(hours)s") % {"hours": kept})
    context = frame(request, _("Service hours"), form=form, row=row, in_words=service_hours.in_words(account))
    return TemplateResponse(request, "desk/hours.html", context)


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _kept(request: HttpRequest, account: OfficialAccount, note: str) -> HttpResponse:
    audit.record_with_message(request, account, note)
    return redirect("admin:desk_hours")
