"""The models of official accounts and mini programs, their tokens, quotas and callback addresses."""

import datetime
import re
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from wechat.kernel.secrets import Ciphertext, HasPreviousSecrets, HasSecrets, SecretField
from wechat.kernel.work import SWITCHES, WorkRow
from wechat.sdk.envelope import CallbackKeys, Mode

TOKEN_FORM = re.compile(r"[A-Za-z0-9]{3,32}")
AES_KEY_FORM = re.compile(r"[A-Za-z0-9]{43}")

SECRETS = ("appsecret", "token", "aes_key")

KEY_NEEDED = _("Compatible and safe mode need the EncodingAESKey.")


class OfficialAccount(HasPreviousSecrets):
    """An Official Account (服务号 or 公众号) or mini program, as set up on the platform."""

    # The platform switches within minutes, but both sides are changed by hand.
    REPLACEABLE = ("token", "aes_key")

    class Kind(models.TextChoices):
        SERVICE = "service", _("Service account (服务号)")
        SUBSCRIPTION = "subscription", _("Official account (公众号, 订阅号)")
        MINIPROGRAM = "miniprogram", _("Mini program")

    class ModeChoice(models.TextChoices):
        PLAIN = Mode.PLAIN.value, _("Plain (明文模式)")
        COMPATIBLE = Mode.COMPATIBLE.value, _("Compatible (兼容模式)")
        SAFE = Mode.SAFE.value, _("Safe (安全模式)")

    class TokenKind(models.TextChoices):
        STABLE = "stable", _("Stable token")
        CLASSIC = "classic", _("Classic token")

    name = models.CharField(_("name"), max_length=60)
    slug = models.SlugField(
        _("short name"), unique=True, max_length=40, help_text=_("Part of the callback address.")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.SERVICE)
    appid = models.CharField(
        _("AppID"),
        max_length=32,
        unique=True,
        validators=[
            RegexValidator(r"^wx[0-9a-f]{16}$", _("An AppID is wx and 16 small letters a-f or digits."))
        ],
    )
    original_id = models.CharField(
        _("original ID"), max_length=32, blank=True, help_text=_("gh_ and 12 characters, from 公众号设置.")
    )
    appsecret = SecretField(_("AppSecret"))
    token = SecretField(_("callback token"))
    aes_key = SecretField(_("EncodingAESKey"))
    previous_tokens = SecretField()
    previous_aes_keys = SecretField()
    mode = models.CharField(
        _("message mode"), max_length=12, choices=ModeChoice.choices, default=ModeChoice.SAFE
    )
    token_kind = models.CharField(
        _("access token"), max_length=8, choices=TokenKind.choices, default=TokenKind.STABLE
    )
    enabled = models.BooleanField(
        _("enabled"),
        default=True,
        help_text=_(
            "Off, it takes in no messages, and sends, publishes and reads nothing: what is planned waits "
            "until it is on again."
        ),
    )
    # The days on which the secrets were last set, by field: {"token": "2026-02-01"}.
    secrets_set_on = models.JSONField(_("secrets set on"), default=dict, blank=True, editable=False)
    # The results of probes: {"service_messages": {"able": true, "at": "2026-02-01T08:00:00+08:00"}}.
    abilities = models.JSONField(_("abilities"), default=dict, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    history = HistoricalRecords(
        excluded_fields=["secret_id", "appsecret", "token", "aes_key", "previous_tokens", "previous_aes_keys"]
    )

    class Meta:
        verbose_name = _("official account")
        verbose_name_plural = _("official accounts")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(mode="plain") | ~models.Q(aes_key=""),
                name="account_encrypted_mode_has_key",
                violation_error_message=KEY_NEEDED,
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raises ``ValidationError`` for secrets in a wrong form, which no form field checks.

        Secrets that cannot be decrypted are left as they are.
        """
        if not self.is_undecryptable("token") and not TOKEN_FORM.fullmatch(self.token):
            raise ValidationError(_("The callback token has 3 to 32 letters and digits."))
        if self.is_undecryptable("aes_key"):
            return
        if self.aes_key and not AES_KEY_FORM.fullmatch(self.aes_key):
            raise ValidationError(_("The EncodingAESKey has exactly 43 letters and digits."))
        if self.mode != Mode.PLAIN and not self.aes_key:
            raise ValidationError(KEY_NEEDED)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._date_new_secrets()
        super().save(*args, **kwargs)

    @property
    def callback_path(self) -> str:
        return f"/wechat/{self.slug}/callback"

    @property
    def callback_url(self) -> str:
        return settings.PUBLIC_URL + self.callback_path

    def change_callback_keys(self, *, token: str = "", aes_key: str = "") -> None:
        """Sets new keys (empty: unchanged); the previous ones stay valid for a day, see ``replace_secret``.

        WeChat goes on with the one that was saved there last, whichever that is.
        """
        for name, value in {"token": token, "aes_key": aes_key}.items():
            if value and value != self.readable_secret(name):
                self.replace_secret(name, value)

    def _date_new_secrets(self) -> None:
        today = timezone.localdate().isoformat()
        for name in SECRETS:
            value = self.__dict__.get(name)
            if value and not isinstance(value, Ciphertext):
                self.secrets_set_on = {**self.secrets_set_on, name: today}

    def undecryptable_secrets(self) -> list[str]:
        """Returns the names of the fields whose secrets no configured key decrypts."""
        return [name for name in SECRETS if self.is_undecryptable(name)]

    def callback_keys(self, at: datetime.datetime) -> CallbackKeys:
        """Returns the keys of callbacks that are valid at a time.

        Raises ``Undecryptable`` if the current ones cannot be decrypted.
        """
        return CallbackKeys(
            appid=self.appid,
            token=self.token,
            aes_key=self.aes_key,
            mode=Mode(self.mode),
            previous_tokens=tuple(each.text for each in self.previous("token") if each.until > at),
            previous_aes_keys=tuple(each.text for each in self.previous("aes_key") if each.until > at),
            original_id=self.original_id,
        )


SWITCHES[OfficialAccount] = "enabled"


class VerificationState(models.Model):
    """The newest event about an account's verification by WeChat (微信认证), and how long it is valid."""

    account = models.OneToOneField(OfficialAccount, models.CASCADE, related_name="verification_state")
    event = models.CharField(max_length=64)
    at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        verbose_name = _("state of a verification")
        verbose_name_plural = _("states of verifications")

    def __str__(self) -> str:
        return f"{self.account}: {self.event}"


class StoredToken(HasSecrets):
    """An access token or ticket, stored for the time that Redis is down."""

    name = models.CharField(max_length=120, unique=True)
    value = SecretField()
    expires_at = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("stored token")
        verbose_name_plural = _("stored tokens")

    def __str__(self) -> str:
        return self.name


class TokenEvent(models.Model):
    """A token was fetched, or the platform refused one in use: when, and by which process."""

    class What(models.TextChoices):
        FETCHED = "fetched", _("fetched from WeChat")
        REFUSED = "refused", _("refused by WeChat before its time")

    name = models.CharField(max_length=120)
    what = models.CharField(_("what"), max_length=8, choices=What.choices)
    process = models.CharField(_("process"), max_length=120)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("event of a token")
        verbose_name_plural = _("events of tokens")
        indexes = [models.Index(fields=["name", "-id"], name="token_event_newest")]

    def __str__(self) -> str:
        return f"{self.name} · {self.get_what_display()}"


class QuotaReading(WorkRow):
    """The platform's daily counters of an account, as last read; ``due_at`` is the next reading.

    ``figures`` has by API path: calls a day, used, left, calls a minute.
    """

    account = models.OneToOneField(OfficialAccount, models.CASCADE, related_name="quota_reading")
    figures = models.JSONField(default=dict)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta(WorkRow.Meta):
        verbose_name = _("reading of quotas")
        verbose_name_plural = _("readings of quotas")

    def __str__(self) -> str:
        return str(self.account)


class QuotaClearing(models.Model):
    """A reset of all daily counters of the account, which the platform allows ten times a month."""

    account = models.ForeignKey(OfficialAccount, models.CASCADE, related_name="quota_clearings")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("clearing of quotas")
        verbose_name_plural = _("clearings of quotas")

    def __str__(self) -> str:
        return f"{self.account} · {self.at:%Y-%m-%d}"


class CallbackAddresses(WorkRow):
    """The addresses of WeChat's callbacks, as last read for an account; ``due_at`` is the next reading."""

    account = models.OneToOneField(OfficialAccount, models.CASCADE, related_name="callback_addresses")
    addresses = models.JSONField(default=list)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta(WorkRow.Meta):
        verbose_name = _("list of callback addresses")
        verbose_name_plural = _("lists of callback addresses")

    def __str__(self) -> str:
        return str(self.account)
