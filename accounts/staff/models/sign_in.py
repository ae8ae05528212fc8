"""The models of sign-in: recent failures, sessions, and the second step."""

import hashlib

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from accounts.staff.models.rights import StaffRight
from wechat.kernel.secrets import HasSecrets, SecretField


class SignInLimit(models.Model):
    """A count of wrong passwords from one origin, and when it may try again (``accounts.staff.sign_in``)."""

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


class StaffSession(models.Model):
    """A browser in which somebody is signed in. ``key`` is that of Django's session, which it ends with."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="sessions", verbose_name=_("member of staff")
    )
    key = models.CharField(max_length=40, unique=True, editable=False)
    browser = models.CharField(_("browser"), max_length=200, blank=True)
    address = models.CharField(_("IP address"), max_length=45, blank=True)
    began_at = models.DateTimeField(_("session since"), default=timezone.now)
    seen_at = models.DateTimeField(_("last active"), default=timezone.now)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    def __str__(self) -> str:
        return f"{self.user} · {self.browser}"


class SecondFactor(HasSecrets):
    """A proof that somebody shows besides the password: an authenticator app, or a passkey.

    ``secret`` is the key of the app, or the passkey's public credential. ``counter`` is the app's last time
    step, which never goes back, so that a code that was seen once is of no use; of a passkey it is its own
    count of uses, zero if it does not count.
    """

    class Kind(models.TextChoices):
        APP = "app", _("Authenticator app")
        PASSKEY = "passkey", _("Passkey")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="second_factors",
        verbose_name=_("member of staff"),
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=60)
    secret = SecretField()
    counter = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("set up"), default=timezone.now)
    used_at = models.DateTimeField(_("last used"), null=True)

    class Meta:
        verbose_name = _("second step of signing in")
        verbose_name_plural = _("second steps of signing in")

    def __str__(self) -> str:
        return self.name


class RecoveryCode(models.Model):
    """A code for who lost the phone: good once. Only its digest is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return str(self.user)

    @staticmethod
    def digest_of(code: str) -> str:
        """Returns the SHA-256 of a code, in hexadecimal; a slow hash is not needed, as codes are random."""
        plain = code.replace("-", "").replace(" ", "").casefold()
        return hashlib.sha256(plain.encode()).hexdigest()


class SecondFactorRule(models.Model):
    """A rule that whoever has this role in the account needs a second step to sign in."""

    account = models.ForeignKey(OfficialAccount, models.CASCADE, related_name="second_factor_rules")
    role = models.CharField(_("role"), max_length=16, choices=StaffRight.Role.choices)

    class Meta:
        verbose_name = _("rule for the second step")
        verbose_name_plural = _("rules for the second step")
        constraints = [models.UniqueConstraint(fields=["account", "role"], name="second_factor_rule_once")]

    def __str__(self) -> str:
        return f"{self.account} · {self.get_role_display()}"
