"""The in-process directory of merchants with their keys, so that verifying a notification needs no query."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.official.clients import observe_call
from payments.merchants.models import Merchant
from wechat.kernel.secrets import Undecryptable
from wechat.kernel.versioned_cache import Cached
from wechat.sdk.errors import Cause
from wechat.sdk.pay import v2
from wechat.sdk.pay.cashier import Cashier, V3Cashier
from wechat.sdk.pay.certificates import read_certificate
from wechat.sdk.pay.client import PayClient
from wechat.sdk.pay.errors import KeyRefused
from wechat.sdk.pay.keys import MerchantKeys, PlatformKeys, platform_keys, read_private_key
from wechat.sdk.pay.v2_cashier import V2Cashier
from wechat.sdk.pay.v2_client import V2Client, V2Keys

log = logging.getLogger(__name__)
SIGN_TYPES: dict[str, str] = {Merchant.Protocol.MD5: v2.MD5_TYPE, Merchant.Protocol.HMAC: v2.HMAC_TYPE}


class MerchantUnusable(Exception):
    """The error for a merchant whose keys are missing or unreadable, so that no call can be signed."""

    cause = Cause.ACCOUNT

    def __str__(self) -> str:
        return _("The keys of the merchant are missing or unusable.")


@dataclass(frozen=True, slots=True)
class CachedMerchant:
    merchant: Merchant
    keys: MerchantKeys
    platform: PlatformKeys
    v2: V2Keys | None = None

    def client(self) -> PayClient:
        return PayClient(self.keys, self.platform, settings.WECHAT_PAY_API_BASE, observer=observe_call)

    def cashier(self, protocol: str) -> Cashier:
        """Returns the client for orders and refunds by one of the two APIs. Raises ``MerchantUnusable``."""
        if protocol == Merchant.Protocol.V3:
            return V3Cashier(self.client())
        if self.v2 is None:
            raise MerchantUnusable(self.merchant.slug)
        keys = replace(self.v2, sign_type=SIGN_TYPES[protocol])
        return V2Cashier(V2Client(keys, settings.WECHAT_PAY_API_BASE, observe_call))


@dataclass(frozen=True, slots=True)
class CachedMerchants:
    """The merchants by id, and the slugs of those whose keys are missing or cannot be read."""

    usable: Mapping[int, CachedMerchant]
    unusable: frozenset[str]


def find(slug: str) -> CachedMerchant | None:
    """Returns the merchant of that slug. Raises ``MerchantUnusable``."""
    known = _entries.get()
    if slug in known.unusable:
        raise MerchantUnusable(slug)
    return next((entry for entry in known.usable.values() if entry.merchant.slug == slug), None)


def is_selling(merchant: Merchant) -> bool:
    """Returns whether anything new may be sold; what was sold before is finished either way."""
    entry = _entries.get().usable.get(merchant.pk)
    return entry is not None and entry.merchant.enabled


def client_for(merchant: Merchant) -> PayClient:
    """Returns the merchant's client for API v3. Raises ``MerchantUnusable``."""
    return _entry(merchant).client()


def cashier_for(merchant: Merchant, protocol: str) -> Cashier:
    """Returns the merchant's client for one of the two APIs. Raises ``MerchantUnusable``."""
    return _entry(merchant).cashier(protocol)


def _entry(merchant: Merchant) -> CachedMerchant:
    entry = _entries.get().usable.get(merchant.pk)
    if entry is None:
        raise MerchantUnusable(merchant.slug)
    return entry


def keys_of(merchant: Merchant) -> CachedMerchant:
    """Returns the merchant with its parsed keys. Raises ``KeyRefused`` or ``Undecryptable``."""
    certificates = [read_certificate(row.pem) for row in merchant.certificates.all()]
    return CachedMerchant(
        merchant,
        MerchantKeys(
            merchant.mchid,
            merchant.serial_no,
            read_private_key(merchant.private_key),
            merchant.api_v3_key.encode(),
        ),
        platform_keys(certificates, merchant.public_key_id, merchant.public_key),
        _v2_keys(merchant),
    )


def _v2_keys(merchant: Merchant) -> V2Keys | None:
    if not merchant.api_v2_key:
        return None
    return V2Keys(
        merchant.mchid,
        merchant.api_v2_key,
        certificate=merchant.certificate,
        private_key=merchant.private_key,
    )


def _build() -> CachedMerchants:
    """Returns all merchants, disabled ones too.

    What a disabled one sold before has to be finished, and its notifications arrive.
    """
    usable, unusable = {}, set()
    for merchant in Merchant.objects.prefetch_related("certificates"):
        try:
            usable[merchant.pk] = keys_of(merchant)
        except (KeyRefused, Undecryptable) as error:
            # The others must go on selling.
            log.error("merchant_unusable", extra={"merchant": merchant.slug, "error": str(error)})
            unusable.add(merchant.slug)
    return CachedMerchants(usable, frozenset(unusable))


_entries = Cached("merchants", _build)
