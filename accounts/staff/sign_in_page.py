"""The pages of signing in, with delays against guessing: the password, then the second step."""

import math

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.staff import passkeys, second_factor, sessions
from accounts.staff.gate import reader
from accounts.staff.sign_in import SignInAttempt, TooSoon

NEXT = "second_step_next"


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Verification code"),
        max_length=20,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", "autofocus": "", "spellcheck": "false"}
        ),
    )


def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return admin.site.login(request)
    try:
        attempt = SignInAttempt(request, request.POST.get("username", ""))
    except TooSoon as too_soon:
        return _too_soon(request, too_soon)
    response = admin.site.login(request)
    # Django answers a wrong password with the form, and a right one with a redirect.
    if response.status_code == 302:
        attempt.succeeded(response)
        _begun(request, response["Location"])
    return response


def second_step(request: HttpRequest) -> HttpResponse:
    """Asks for a code; a wrong code counts like a wrong password, with the same delays."""
    user = request.user
    if not isinstance(user, User) or second_factor.pending(request) != second_factor.SHOW:
        return redirect("admin:index")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            attempt = SignInAttempt(request, user.username)
        except TooSoon as too_soon:
            return _too_soon(request, too_soon)
        if second_factor.is_right(user, form.cleaned_data["code"]):
            response = done(request)
            attempt.succeeded(response)
            return response
        form.add_error("code", _("This code is wrong, or was used already."))
    context = {
        **admin.site.each_context(request),
        "title": _("Second step"),
        "form": form,
        "passkeys": passkeys.has(user),
    }
    return TemplateResponse(request, "staff/second_step.html", context)


def done(request: HttpRequest) -> HttpResponse:
    """Completes the sign-in, and redirects to the page asked for."""
    request.session.pop(second_factor.PENDING, None)
    return redirect(request.session.pop(NEXT, None) or "admin:index")


def _begun(request: HttpRequest, following: str) -> None:
    user = reader(request)
    sessions.begin(request, user)
    if left := second_factor.left_to_do(user):
        request.session[second_factor.PENDING] = left
        request.session[NEXT] = following


def _too_soon(request: HttpRequest, too_soon: TooSoon) -> HttpResponse:
    seconds = max(1, math.ceil((too_soon.open_at - timezone.now()).total_seconds()))
    response = render(request, "console/sign_in_later.html", {"seconds": seconds}, status=429)
    response["Retry-After"] = str(seconds)
    return response
