"""The link with which somebody sets a password: signed, valid once, and for a limited number of days.

Whoever holds the link can sign in as that person afterwards, so it is shown once, to whoever made it.
"""

import logging
import smtplib
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import AbstractBaseUser, User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.contrib.auth.views import PasswordResetConfirmView
from django.core.mail import send_mail
from django.http import HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminPasswordWidget

log = logging.getLogger(__name__)

DAYS = settings.PASSWORD_RESET_TIMEOUT // 86_400


class FirstPasswordTokens(PasswordResetTokenGenerator):
    """A generator of tokens that sign a user with their password, so that a new password ends the token."""

    key_salt = "accounts.staff.first_password"


TOKENS = FirstPasswordTokens()


def link_for(user: User) -> str:
    """Returns the full URL at which the user can set a password."""
    number = urlsafe_base64_encode(force_bytes(user.pk))
    path = reverse("first_password", args=(number, TOKENS.make_token(user)))
    return f"{settings.PUBLIC_URL}{path}"


def mail(user: User, link: str) -> bool | None:
    """Sends the link; returns whether the mail server accepted it (``None``: no mail server or address)."""
    if not user.email or not settings.EMAIL_HOST:
        return None
    text = _(
        "Hello %(name)s,\n\nset your password for the WeChat Console here:\n%(link)s\n\n"
        "The link works once and for %(days)d days. Then sign in as %(username)s."
    )
    words = {"name": user.first_name, "link": link, "days": DAYS, "username": user.username}
    try:
        send_mail(_("Your access to the WeChat Console"), text % words, None, [user.email])
    except (smtplib.SMTPException, OSError) as error:
        log.warning("mail_not_sent", extra={"reason": type(error).__name__})
        return False
    return True


class PasswordForm(SetPasswordForm):  # type: ignore[type-arg]  # not subscriptable at run time
    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        for name in ("new_password1", "new_password2"):
            self.fields[name].widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})


class SetPassword(PasswordResetConfirmView):
    """The page behind the link; it removes the token from the address bar before it shows anything."""

    template_name = "staff/first_password.html"
    form_class = PasswordForm
    token_generator = TOKENS
    success_url = reverse_lazy("admin:index")

    def get_user(self, uidb64: str) -> AbstractBaseUser | None:
        user = super().get_user(uidb64)
        return user if user is not None and user.is_active else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Adds the context of the console's pages, and another title for a link that is no longer valid."""
        context = super().get_context_data(**kwargs) | admin.site.each_context(self.request)
        if not self.validlink:
            return context | {"title": _("This link is over")}
        return context | {"title": _("Set your password"), "person": self.user}

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, _("The password is set. Sign in with it."))
        return super().form_valid(form)
