from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

# The modules by which an app joins in, whoever asks for them; docs/adding.md says what each one is for.
JOINED_BY = (
    "tasks", "handlers", "checkup", "conditions", "bulk", "timeline", "privacy", "gauges", "search", "todo",
    "daily_figures", "imports", "failures",
)  # fmt: skip


class KernelConfig(AppConfig):
    name = "wechat.kernel"
    label = "kernel"
    verbose_name = _("Foundation")

    def ready(self) -> None:
        """Imports the modules named in ``JOINED_BY`` of every app, so that they register what they offer."""
        autodiscover_modules(*JOINED_BY)
