from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConsoleConfig(AppConfig):
    name = "wechat.console"
    label = "console"
    verbose_name = _("Console")

    def ready(self) -> None:
        """Installs the read-only forms, which need complete settings, like the skin itself."""
        from wechat.console import read_only

        read_only.install()
