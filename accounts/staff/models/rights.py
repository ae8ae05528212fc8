"""The model of rights: which staff may do what with which account."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount


class StaffRight(models.Model):
    """A role of a member of staff in one account. A superuser may do everything in all accounts."""

    class Role(models.TextChoices):
        EDITOR = "editor", _("Editor: rules, menus, content")
        PUBLISHER = "publisher", _("Publisher: also publishes and sends")
        SERVICE = "service", _("Service: reads and answers messages")
        FINANCE = "finance", _("Finance: orders and refunds")
        AUDITOR = "auditor", _("Auditor: reads everything")
        OWNER = "owner", _("Owner: everything, with secrets and staff")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="rights", verbose_name=_("member of staff")
    )
    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="rights", verbose_name=_("account")
    )
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)

    class Meta:
        verbose_name = _("staff right")
        verbose_name_plural = _("staff rights")
        constraints = [
            models.UniqueConstraint(fields=["user", "account", "role"], name="staff_right_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.account} · {self.get_role_display()}"


class Withheld(models.Model):
    """A right that a role lacks in an account although its area would include it.

    It is the right to export files about people, or to see who they are.
    """

    class What(models.TextChoices):
        EXPORT = "export", _("take files with people along")
        PERSONS = "persons", _("see personal data")

    account = models.ForeignKey(OfficialAccount, models.CASCADE, related_name="+", verbose_name=_("account"))
    role = models.CharField(_("role"), max_length=16, choices=StaffRight.Role.choices)
    what = models.CharField(_("what was done"), max_length=8, choices=What.choices)

    class Meta:
        verbose_name = _("withheld right")
        verbose_name_plural = _("withheld rights")
        constraints = [models.UniqueConstraint(fields=["account", "role", "what"], name="withheld_once")]

    def __str__(self) -> str:
        return f"{self.account} · {self.get_role_display()} · {self.get_what_display()}"
