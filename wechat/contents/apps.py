from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContentsConfig(AppConfig):
    name = "wechat.contents"
    label = "contents"
    verbose_name = _("Contents")
