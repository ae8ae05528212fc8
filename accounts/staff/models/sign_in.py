"""How often somebody failed to sign in lately."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SignInLimit(models.Model):
    """Wrong passwords of one origin, and when it may try again; see ``accounts.staff.sign_in``."""

    class Kind(models.TextChoices):
        ADDRESS = "address", _("IP address")
        NAME = "name", _("User name")
        BROWSER = "browser", _("Known browser")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    value = models.CharField(_("value"), max_length=150)
    failures = models.PositiveIntegerField(_("wrong passwords"), default=0)
    failed_at = models.DateTimeField(_("last one"), db_index=True)
    open_at = models.DateTimeField(_("next attempt from"))

    class Meta:
        verbose_name = _("sign-in limit")
        verbose_name_plural = _("sign-in limits")
        constraints = [
            models.UniqueConstraint(fields=["kind", "value"], name="sign_in_limit_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value}"
