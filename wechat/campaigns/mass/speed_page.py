"""How quickly WeChat delivers the mass sends of an account.

Reference: WeChat reference 11.
"""

from django import forms
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.clients import client_for
from accounts.errcodes import mark, sentence
from accounts.models import OfficialAccount
from accounts.pages import frame
from accounts.rights import Area, Rights, current_account
from wechat.sdk.api import mass as api
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


def show(request: HttpRequest) -> HttpResponse:
    account, rights = current_account(request), Rights.of(request.user)
    if account is None or not rights.may_view(Area.SENDING, account.pk):
        raise PermissionDenied
    problem, now = "", None
    form = SpeedForm(request.POST or None)
    if request.method == "POST":
        if not rights.may_change(Area.SENDING, account.pk):
            raise PermissionDenied
        if form.is_valid():
            problem = _set(request, account, form.cleaned_data["speed"])
            if not problem:
                return redirect("admin:campaigns_mass_speed")
    try:
        now = api.speed(client_for(account))
        form.fields["speed"].initial = now.number
    except WeChatError as error:
        problem = problem or sentence(mark(error))
    context = {"form": form, "now": now, "problem": problem}
    page = frame(request, _("Speed of mass sends"), Area.SENDING, **context)
    return TemplateResponse(request, "campaigns/mass_speed.html", page)


def _set(request: HttpRequest, account: OfficialAccount, number: int) -> str:
    """What is wrong, if it is not done."""
    try:
        api.set_speed(client_for(account), number)
    except WeChatError as error:
        return sentence(mark(error))
    assert isinstance(request.user, User)
    note = _("Set the speed of mass sends: %(speed)s") % {"speed": dict(CHOICES)[number]}
    LogEntry.objects.log_actions(request.user.pk, [account], CHANGE, note)
    messages.success(request, note)
    return ""
