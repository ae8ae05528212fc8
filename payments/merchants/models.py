from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.official.models import OfficialAccount
from wechat.kernel.secrets import Ciphertext, HasSecrets, SecretField
from wechat.kernel.work import WorkRow
from wechat.sdk.pay.certificates import read_certificate
from wechat.sdk.pay.errors import KeyRefused
from wechat.sdk.pay.keys import API_V3_KEY_BYTES, read_private_key, read_public_key

SECRETS = ("private_key", "api_v3_key", "api_v2_key")
API_V2_KEY_LENGTH = 32


class Merchant(HasSecrets, WorkRow):
    """A merchant number (商户号) of WeChat Pay and the accounts that sell through it.

    ``due_at`` is when the platform's certificates are fetched again; null in public key mode, which has none.
    """

    class Protocol(models.TextChoices):
        V3 = "v3", _("API v3")
        MD5 = "v2-md5", _("API v2, signed with MD5")
        HMAC = "v2-hmac", _("API v2, signed with HMAC-SHA256")

    slug = models.SlugField(
        _("short name"), unique=True, max_length=40, help_text=_("Part of the notify address.")
    )
    name = models.CharField(_("name"), max_length=60)
    accounts = models.ManyToManyField(
        OfficialAccount, related_name="merchants", blank=True, verbose_name=_("accounts")
    )
    mchid = models.CharField(
        _("merchant number"),
        max_length=32,
        unique=True,
        validators=[RegexValidator(r"^[0-9]{6,32}$", _("A merchant number has digits only."))],
    )
    serial_no = models.CharField(
        _("certificate serial number"),
        max_length=40,
        validators=[
            RegexValidator(
                r"^[0-9A-F]{40}$",
                _("A serial number has 40 digits and capital letters A-F, leading zeros included."),
            )
        ],
    )
    private_key = SecretField(_("private key"))
    api_v3_key = SecretField(_("APIv3 key"))
    protocol = models.CharField(
        _("interface"),
        max_length=8,
        choices=Protocol.choices,
        default=Protocol.V3,
        help_text=_("For new orders; those under way are finished by the one they were made with."),
    )
    api_v2_key = SecretField(_("APIv2 key"))
    certificate = models.TextField(
        _("merchant's certificate"),
        blank=True,
        help_text=_(
            "apiclient_cert.pem. API v2 refunds with it; given, it is compared with the private key."
        ),
    )
    public_key_id = models.CharField(
        _("WeChat Pay public key ID"),
        max_length=64,
        blank=True,
        validators=[RegexValidator(r"^PUB_KEY_ID_[0-9A-Za-z]+$", _("It begins with PUB_KEY_ID_."))],
    )
    public_key = models.TextField(_("WeChat Pay public key"), blank=True)
    receipt_text = models.CharField(
        _("payment receipt"),
        max_length=300,
        blank=True,
        help_text=_(
            "Sent to the payer as a customer-service message where WeChat allows one; empty sends nothing."
        ),
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    secrets_set_on = models.JSONField(_("secrets set on"), default=dict, blank=True, editable=False)
    certificates_at = models.DateTimeField(_("certificates fetched"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    history = HistoricalRecords(
        excluded_fields=[
            "secret_id", *SECRETS, "certificates_at",
            "due_at", "leased_until", "attempts", "error", "errcode",
        ]
    )  # fmt: skip

    class Meta:
        verbose_name = _("merchant")
        verbose_name_plural = _("merchants")
        ordering = ["name"]
        indexes = [*WorkRow.Meta.indexes]
        constraints = [
            models.CheckConstraint(
                condition=Q(public_key_id="", public_key="") | (~Q(public_key_id="") & ~Q(public_key="")),
                name="merchant_public_key_with_id",
                violation_error_message=_("The public key and its ID belong together."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Checks that keys are in the platform's form: no form field that could check stands before them.

        One that is stored and cannot be opened is left as it is, as long as no other one is entered.
        """
        if not self.is_undecryptable("private_key"):
            self._clean_private_key()
        if self._needs("api_v3_key", self.is_v3) and len(self.api_v3_key.encode()) != API_V3_KEY_BYTES:
            raise ValidationError(_("The APIv3 key has exactly 32 characters."))
        if self._needs("api_v2_key", not self.is_v3) and len(self.api_v2_key) != API_V2_KEY_LENGTH:
            raise ValidationError(_("The APIv2 key has exactly 32 characters."))
        if self.public_key:
            self._clean_public_key()
        if self.certificate or not self.is_v3:
            self._clean_certificate()

    def _needs(self, name: str, is_used: bool) -> bool:
        """Returns whether a key has to have its form: it is used, or stored, and can be opened."""
        return not self.is_undecryptable(name) and (is_used or bool(getattr(self, name)))

    def _clean_private_key(self) -> None:
        try:
            read_private_key(self.private_key)
        except KeyRefused:
            raise ValidationError(
                _("The private key is not that of apiclient_key.pem: an RSA key in PEM form.")
            ) from None

    def _clean_public_key(self) -> None:
        try:
            read_public_key(self.public_key)
        except KeyRefused:
            raise ValidationError(
                _("The WeChat Pay public key is not that of pub_key.pem: a public key in PEM form.")
            ) from None

    def _clean_certificate(self) -> None:
        try:
            certificate = read_certificate(self.certificate)
        except KeyRefused:
            raise ValidationError(
                _("The merchant's certificate is not that of apiclient_cert.pem: a certificate in PEM form.")
            ) from None
        if certificate.serial_no != self.serial_no:
            raise ValidationError(
                _("The certificate has the serial number %(serial)s: correct the one above.")
                % {"serial": certificate.serial_no}
            )
        if self.is_undecryptable("private_key"):
            return
        if certificate.public_key.n != read_private_key(self.private_key).n:
            raise ValidationError(
                _("The private key does not belong to the certificate: take both from the same download.")
            )

    @property
    def is_v3(self) -> bool:
        return self.protocol == self.Protocol.V3

    @property
    def has_certificates(self) -> bool:
        """Returns whether WeChat Pay's answers over API v3 are verified with its certificates."""
        return self.has_secret("api_v3_key") and not self.public_key_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        today = timezone.localdate().isoformat()
        for name in SECRETS:
            value = self.__dict__.get(name)
            if value and not isinstance(value, Ciphertext):
                self.secrets_set_on = {**self.secrets_set_on, name: today}
        super().save(*args, **kwargs)

    def notify_url(self, about: str) -> str:
        """Returns the address for WeChat Pay's notifications of a ``transaction`` or a ``refund``."""
        return f"{settings.PUBLIC_URL}/pay/{self.slug}/notify/{about}"


class PlatformCertificate(models.Model):
    """A certificate that WeChat Pay signs with; during a rotation several are valid at once."""

    merchant = models.ForeignKey(
        Merchant, models.CASCADE, related_name="certificates", verbose_name=_("merchant")
    )
    serial_no = models.CharField(_("serial number"), max_length=64)
    pem = models.TextField(_("certificate"))
    effective_at = models.DateTimeField(_("valid from"))
    expires_at = models.DateTimeField(_("valid until"))

    class Meta:
        verbose_name = _("platform certificate")
        verbose_name_plural = _("platform certificates")
        ordering = ["-effective_at"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "serial_no"], name="platform_certificate_once")
        ]

    def __str__(self) -> str:
        return self.serial_no
