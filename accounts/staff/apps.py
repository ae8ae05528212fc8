from django.apps import AppConfig
from django.contrib.auth.apps import AuthConfig
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    default = True
    name = "accounts.staff"
    label = "staff"
    verbose_name = _("Staff")


class SignInConfig(AuthConfig):
    """Django's own app of users, with a name for the console's pages."""

    default = False
    verbose_name = _("Staff")
