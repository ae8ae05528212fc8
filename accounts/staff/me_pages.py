"""The pages of the reader's own user account: password, second step, and sessions."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST
from django_stubs_ext import StrOrPromise

from accounts.staff import audit, passkeys, second_factor, sessions, sign_in_page
from accounts.staff.gate import reader
from accounts.staff.models import RecoveryCode, SecondFactor
from accounts.staff.sign_in import SignInAttempt, TooSoon
from wechat.console import qr_codes
from wechat.kernel.row_ids import row_id

SALT = "accounts.staff.new_app"
# How long the drawn key can be confirmed by a first code.
KEY_SECONDS = 3600


class AppForm(forms.Form):
    """The form for the first code of an authenticator app.

    It contains the drawn key, signed for the user it was drawn for.
    """

    key = forms.CharField(widget=forms.HiddenInput())
    code = forms.CharField(
        label=gettext_lazy("Code that the app shows"),
        max_length=10,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


def show(request: HttpRequest) -> HttpResponse:
    user = reader(request)
    unused = RecoveryCode.objects.filter(user=user, used_at=None).count()
    return _page(
        request, "staff/me.html", _("My account"),
        factors=SecondFactor.objects.filter(user=user).order_by("pk"),
        is_required=second_factor.is_required(user), codes_left=unused,
        sessions=sessions.of_user(user), current=request.session.session_key,
    )  # fmt: skip


def add_app(request: HttpRequest) -> HttpResponse:
    """Shows a key to scan; adds the app as a second step once it has shown a valid code."""
    user = reader(request)
    form = AppForm(request.POST or None)
    key = _key(user, request.POST.get("key", "")) or second_factor.new_key()
    if request.method == "POST" and form.is_valid():
        if second_factor.add_app(user, key, form.cleaned_data["code"]) is not None:
            return _added(request, user, _("Added an authenticator app."))
        form.add_error("code", _("This code does not fit: type what the app shows now."))
    drawn = qr_codes.data_uri(second_factor.address_of(user, key))
    signed = signing.dumps([user.pk, key], salt=SALT)
    return _page(
        request, "staff/add_app.html", _("Authenticator app"), form=form, drawn=drawn, key=key, signed=signed,
        must=second_factor.pending(request) == second_factor.SET_UP,
    )  # fmt: skip


@require_POST
def passkey(request: HttpRequest) -> HttpResponse:
    """Answers the script that adds a passkey: first with the options, then by storing the passkey."""
    user, given = reader(request), passkeys.read(request)
    if "answer" not in given:
        return JsonResponse(passkeys.begin_registration(request, user))
    name = str(given.get("name") or sessions.browser_of(request))[:60]
    try:
        passkeys.add(request, user, given["answer"], name)
    except passkeys.PasskeyRefused:
        return JsonResponse({"error": _("The passkey could not be added. Try again.")}, status=400)
    audit.record(request, user, _("Added a passkey."))
    request.session.pop(second_factor.PENDING, None)
    return JsonResponse({"done": True})


@require_POST
def passkey_step(request: HttpRequest) -> HttpResponse:
    """Answers the script of the sign-in with a passkey: first with the options, then by checking it."""
    user, given = reader(request), passkeys.read(request)
    if second_factor.pending(request) != second_factor.SHOW:
        return JsonResponse({"error": _("Sign in first.")}, status=400)
    if "answer" not in given:
        return JsonResponse(passkeys.begin_authentication(request, user))
    try:
        attempt = SignInAttempt(request, user.username)
    except TooSoon:
        return JsonResponse({"error": _("Too many attempts. Wait a moment.")}, status=429)
    if not passkeys.is_right(request, user, given["answer"]):
        return JsonResponse({"error": _("This passkey does not fit. Try again.")}, status=400)
    following = sign_in_page.done(request)
    response = JsonResponse({"next": following["Location"]})
    attempt.succeeded(response)
    return response


@require_POST
def new_codes(request: HttpRequest) -> HttpResponse:
    user = reader(request)
    if not _knows_password(request, user):
        return redirect("admin:staff_me")
    audit.record(request, user, _("Made new recovery codes."))
    return _codes_page(request, user)


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Deletes a second step after the password was given, but not the last one that a role needs."""
    user = reader(request)
    own = SecondFactor.objects.filter(user=user)
    if not _knows_password(request, user):
        return redirect("admin:staff_me")
    if second_factor.is_required(user) and own.count() == 1:
        messages.error(request, _("Your role needs a second step: add another one first."))
        return redirect("admin:staff_me")
    if own.filter(pk=pk).delete()[0]:
        audit.record(request, user, _("Took away a second step."))
        messages.success(request, _("It is gone."))
    if not second_factor.has(user):
        RecoveryCode.objects.filter(user=user).delete()
    return redirect("admin:staff_me")


@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Ends one of the reader's other sessions, or all of them."""
    user = reader(request)
    own = sessions.of_user(user).exclude(key=request.session.session_key)
    if chosen := row_id(request.POST.get("session", "")):
        own = own.filter(pk=chosen)
    count = sessions.end(own)
    if count:
        audit.record(request, user, _("Ended own sessions."))
    messages.success(request, ngettext("%d session is ended.", "%d sessions are ended.", count) % count)
    return redirect("admin:staff_me")


def _added(request: HttpRequest, user: User, note: str) -> HttpResponse:
    audit.record(request, user, note)
    request.session.pop(second_factor.PENDING, None)
    if RecoveryCode.objects.filter(user=user, used_at=None).exists():
        messages.success(request, note)
        return redirect("admin:staff_me")
    return _codes_page(request, user)


def _codes_page(request: HttpRequest, user: User) -> HttpResponse:
    codes = second_factor.new_recovery_codes(user)
    response = _page(request, "staff/recovery_codes.html", _("Recovery codes"), codes=codes)
    response["Cache-Control"] = "no-store"
    return response


def _knows_password(request: HttpRequest, user: User) -> bool:
    """Returns whether the password was given again, which is required to weaken the second step.

    The browser may have been left unattended.
    """
    try:
        attempt = SignInAttempt(request, user.username)
    except TooSoon:
        messages.error(request, _("Too many attempts. Wait a moment."))
        return False
    if not user.check_password(request.POST.get("password", "")):
        messages.error(request, _("The password is wrong."))
        return False
    attempt.succeeded(HttpResponse())
    return True


def _key(user: User, signed: str) -> str:
    try:
        owner, key = signing.loads(signed, salt=SALT, max_age=KEY_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(key) if owner == user.pk else ""


def _page(request: HttpRequest, template: str, title: StrOrPromise, **context: Any) -> TemplateResponse:
    frame = {**admin.site.each_context(request), "title": title}
    return TemplateResponse(request, template, {**frame, **context})
