from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts and followers")

    def ready(self) -> None:
        """Any app may have conditions for segments, bulk jobs, and things to show on a person's page."""
        autodiscover_modules("conditions", "bulk", "person", "privacy")
