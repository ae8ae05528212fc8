from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConsoleConfig(AppConfig):
    name = "wechat.console"
    label = "console"
    verbose_name = _("Console")

    def ready(self) -> None:
        """Needs the settings to be complete, as the skin does."""
        from wechat.console import read_only

        read_only.install()
