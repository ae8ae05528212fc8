from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class KernelConfig(AppConfig):
    name = "wechat.kernel"
    label = "kernel"
    verbose_name = _("Foundation")

    def ready(self) -> None:
        """Every app's background work is known in every process, and what is asked for its metrics."""
        autodiscover_modules("tasks", "gauges")
