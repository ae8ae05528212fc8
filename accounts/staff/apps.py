from django.apps import AppConfig
from django.contrib.auth.apps import AuthConfig
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    default = True
    name = "accounts.staff"
    label = "staff"
    verbose_name = _("Staff")


class SignInConfig(AuthConfig):
    """The configuration of Django's own auth app, with a name for its pages."""

    default = False
    verbose_name = _("Staff")
