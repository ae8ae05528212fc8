from django.apps import AppConfig
from django.contrib.auth.apps import AuthConfig
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    default = True
    name = "accounts.staff"
    label = "staff"
    verbose_name = _("Staff")


class SignInConfig(AuthConfig):
    """Django's own app of those who sign in, by a name that its pages may show."""

    default = False
    verbose_name = _("Staff")
