"""The keys for signatures: the merchant's own key, and the keys that WeChat Pay signs with.

WeChat Pay reference 2.4 (platform certificates), 2.5 (public key mode).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from Crypto.PublicKey import RSA

from wechat.sdk.pay.certificates import Certificate
from wechat.sdk.pay.errors import KeyRefused

API_V3_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class MerchantKeys:
    """The keys of a merchant. ``serial_no`` is that of the certificate that belongs to ``private_key``."""

    mchid: str
    serial_no: str
    private_key: RSA.RsaKey = field(repr=False)
    api_v3_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PlatformKeys:
    """The keys of WeChat Pay by their value in ``Wechatpay-Serial``, an opaque text.

    ``preferred`` is the key that our requests ask for in answers, and with which fields are encrypted.
    """

    by_serial: Mapping[str, RSA.RsaKey] = field(repr=False)
    preferred: str

    def with_certificates(self, certificates: Iterable[Certificate]) -> "PlatformKeys":
        more = list(certificates)
        newest = max(more, key=lambda one: one.effective_at).serial_no if more else ""
        keys = {**self.by_serial, **{one.serial_no: one.public_key for one in more}}
        return PlatformKeys(keys, self.preferred or newest)


def platform_keys(
    certificates: Iterable[Certificate] = (), public_key_id: str = "", public_key: str = ""
) -> PlatformKeys:
    """Returns WeChat Pay's keys; the public key comes first if there are certificates too, during a switch.

    Raises KeyRefused.
    """
    keys = {public_key_id: read_public_key(public_key)} if public_key_id else {}
    return PlatformKeys(keys, public_key_id).with_certificates(certificates)


def read_private_key(pem: str) -> RSA.RsaKey:
    """Reads a private key.

    Raises KeyRefused for anything but an unencrypted RSA private key of 2048 bits or more.
    """
    key = _read(pem, "private key")
    if not key.has_private():
        raise KeyRefused("a public key in the place of the private key")
    return key


def read_public_key(pem: str) -> RSA.RsaKey:
    """Reads a public key. Raises KeyRefused."""
    key = _read(pem, "public key")
    if key.has_private():
        raise KeyRefused("a private key in the place of the public key")
    return key


def _read(pem: str, name: str) -> RSA.RsaKey:
    try:
        key = RSA.import_key(pem.strip())
    except (ValueError, IndexError, TypeError):
        raise KeyRefused(f"not a {name} in PEM form") from None
    if key.size_in_bits() < 2048:
        raise KeyRefused(f"a {name} of fewer than 2048 bits")
    return key
