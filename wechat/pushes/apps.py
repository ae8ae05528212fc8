from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PushesConfig(AppConfig):
    name = "wechat.pushes"
    label = "pushes"
    verbose_name = _("Sent messages")
