"""The page for the speed at which WeChat delivers the mass sends of an account.

Reference: WeChat reference 11.
"""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.clients import client_for
from accounts.official.error_sentences import of_error
from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import account_page, frame
from accounts.staff.rights import Area
from wechat.sdk.calls import mass as api
from wechat.sdk.errors import WeChatError

CHOICES = [
    (0, gettext_lazy("800,000 a minute")),
    (1, gettext_lazy("600,000 a minute")),
    (2, gettext_lazy("450,000 a minute")),
    (3, gettext_lazy("300,000 a minute")),
    (4, gettext_lazy("100,000 a minute")),
]


class SpeedForm(forms.Form):
    speed = forms.TypedChoiceField(
        label=gettext_lazy("Speed"), choices=CHOICES, coerce=int, widget=forms.RadioSelect
    )


@account_page(Area.SENDING)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    problem, now = "", None
    form = SpeedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        problem = _set(request, account, form.cleaned_data["speed"])
        if not problem:
            return redirect("admin:campaigns_mass_speed")
    try:
        now = api.speed(client_for(account))
        form.fields["speed"].initial = now.number
    except WeChatError as error:
        problem = problem or of_error(error)
    context = {"form": form, "now": now, "problem": problem}
    page = frame(request, _("Speed of mass sends"), **context)
    return TemplateResponse(request, "campaigns/mass_speed.html", page)


def _set(request: HttpRequest, account: OfficialAccount, number: int) -> str:
    """Sets the speed of mass sends; returns the error in words, or the empty text."""
    try:
        api.set_speed(client_for(account), number)
    except WeChatError as error:
        return of_error(error)
    note = _("Set the speed of mass sends: %(speed)s") % {"speed": dict(CHOICES)[number]}
    audit.record_with_message(request, account, note)
    return ""
