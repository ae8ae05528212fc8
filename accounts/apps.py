from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts and followers")

    def ready(self) -> None:
        """The kinds of conditions and jobs register themselves."""
        for name in ("conditions", "bulk", "exporting", "importing"):
            import_module(f"accounts.{name}")
