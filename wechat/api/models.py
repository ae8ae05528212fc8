"""The models of API clients, nonces, kept answers and accesses to the access token."""

import datetime
import secrets

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from wechat.kernel.secrets import HasRenewedSecret, SecretField

# "Last used" is for people; a write a request would be for nobody.
USED_EVERY = datetime.timedelta(minutes=1)


def new_key_id() -> str:
    return f"ck_{secrets.token_hex(10)}"


class ApiClient(HasRenewedSecret):
    """A business system with its scopes, accounts, allowed addresses and rate limit."""

    name = models.CharField(_("name"), max_length=60)
    key_id = models.CharField(_("key ID"), max_length=32, unique=True, default=new_key_id, editable=False)
    secret = SecretField(_("secret"))
    scopes = ArrayField(models.CharField(max_length=60), verbose_name=_("scopes"), default=list)
    accounts = models.ManyToManyField(
        OfficialAccount, related_name="api_clients", verbose_name=_("official accounts")
    )
    networks = ArrayField(
        models.CharField(max_length=50), verbose_name=_("allowed addresses"), default=list, blank=True
    )
    per_minute = models.PositiveIntegerField(_("requests a minute"), default=600)
    enabled = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=models.Q(per_minute__gt=0), name="apiclient_may_call_at_all")
        ]

    def __str__(self) -> str:
        return self.name

    def make_secret(self) -> str:
        """Sets and returns a new secret, to be shown once; does not save it. The previous one stays valid."""
        self.replace_secret("secret", secrets.token_urlsafe(32))
        return self.secret

    def is_use_to_note(self) -> bool:
        return self.last_used_at is None or self.last_used_at < timezone.now() - USED_EVERY

    def note_use(self) -> None:
        if self.is_use_to_note():
            self.last_used_at = timezone.now()
            ApiClient.objects.filter(pk=self.pk).update(last_used_at=self.last_used_at)


class SeenNonce(models.Model):
    """A nonce that was used while Redis was away."""

    value = models.CharField(max_length=120, primary_key=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("used nonce")
        verbose_name_plural = _("used nonces")

    def __str__(self) -> str:
        return self.value


class KeptAnswer(models.Model):
    """The answer to a request with an ``Idempotency-Key``; empty while the request is in work."""

    client = models.ForeignKey(ApiClient, models.CASCADE, related_name="+", verbose_name=_("API client"))
    key = models.CharField("Idempotency-Key", max_length=128)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    answer = models.TextField(_("kept answer"), blank=True)
    leased_until = models.DateTimeField(_("being worked on until"))
    expires_at = models.DateTimeField(_("kept until"), db_index=True)

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        constraints = [
            models.UniqueConstraint(fields=["client", "key"], name="idempotency_key_once_per_client")
        ]

    def __str__(self) -> str:
        return self.key


class TokenAccess(models.Model):
    """The record that a client read the account's access token: who, when, from where."""

    client = models.ForeignKey(ApiClient, models.PROTECT, related_name="+", verbose_name=_("API client"))
    account = models.ForeignKey(OfficialAccount, models.CASCADE, related_name="+", verbose_name=_("account"))
    at = models.DateTimeField(_("at"), auto_now_add=True)
    address = models.GenericIPAddressField(_("IP address"), null=True)

    class Meta:
        verbose_name = _("access to the token")
        verbose_name_plural = _("accesses to the token")
        indexes = [models.Index(fields=["account", "-id"], name="token_access_newest")]

    def __str__(self) -> str:
        return f"{self.client} · {self.account}"
