from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillsConfig(AppConfig):
    name = "payments.bills"
    label = "bills"
    verbose_name = _("Bills")
