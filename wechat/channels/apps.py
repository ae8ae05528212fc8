from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChannelsConfig(AppConfig):
    name = "wechat.channels"
    label = "channels"
    verbose_name = _("Channels")

    def ready(self) -> None:
        """Loads the conditions of segments, which register themselves."""
        import_module("wechat.channels.conditions")
