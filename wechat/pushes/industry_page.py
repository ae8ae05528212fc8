"""The page of an account's industries at WeChat, which can be changed once a month."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.error_sentences import of_error
from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import account_page, frame
from accounts.staff.rights import Area
from wechat.pushes import industries, library
from wechat.sdk.errors import WeChatError

NOTHING = [("", gettext_lazy("Please choose"))]
CHOICES = [*NOTHING, *industries.INDUSTRIES.items()]


class IndustryForm(forms.Form):
    first = forms.TypedChoiceField(label=gettext_lazy("Main industry"), choices=CHOICES, coerce=int)
    second = forms.TypedChoiceField(label=gettext_lazy("Second industry"), choices=CHOICES, coerce=int)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("first") and given.get("first") == given.get("second"):
            raise ValidationError(_("Choose two different industries."))
        return given


@account_page(Area.SENDING, change=True)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    form = IndustryForm(request.POST or None)
    problem = ""
    if request.method == "POST" and form.is_valid():
        if "sure" not in request.POST:
            return _asked(request, form)
        problem = _chosen(request, account, form)
        if not problem:
            return redirect("admin:pushes_template_industry")
    context = {"form": form, "current": [], "problem": problem}
    try:
        context["current"] = industries.current(account)
    except WeChatError as error:
        context["problem"] = problem or of_error(error)
    page = frame(request, _("Industries of the account"), **context)
    return TemplateResponse(request, "pushes/industry.html", page)


def _asked(request: HttpRequest, form: IndustryForm) -> HttpResponse:
    """Shows a confirmation with what a change of the industries causes."""
    names = [industries.INDUSTRIES[form.cleaned_data[name]] for name in ("first", "second")]
    context = frame(request, _("Change the industries"), form=form, names=names)
    return TemplateResponse(request, "pushes/industry_sure.html", context)


def _chosen(request: HttpRequest, account: OfficialAccount, form: IndustryForm) -> str:
    """Changes the industries; returns the error in words, or the empty text."""
    first, second = form.cleaned_data["first"], form.cleaned_data["second"]
    try:
        industries.choose(account, first, second)
    except WeChatError as error:
        return of_error(error)
    library.sync(account)
    names = " / ".join(str(industries.INDUSTRIES[each]) for each in (first, second))
    note = _("Changed the industries at WeChat: %(names)s") % {"names": names}
    audit.record(request, account, note)
    return ""
