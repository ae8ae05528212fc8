"""The doctor's findings about an account's merchants. WeChat Pay reference 9.3, 13."""

import datetime
from collections.abc import Iterator

import requests
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.official.doctor import Finding, Level, clock_findings, examines, own_call
from accounts.official.models import OfficialAccount
from payments.merchants.directory import CachedMerchant, keys_of
from payments.merchants.error_words import in_words
from payments.merchants.models import Merchant
from payments.orders.ordering import new_number
from wechat.kernel.secrets import Undecryptable
from wechat.sdk.errors import TransportError, WeChatError
from wechat.sdk.pay import platform_certificates
from wechat.sdk.pay.cashier import Cashier
from wechat.sdk.pay.errors import KeyRefused, PayRefused, Unsealable

EXPIRES_SOON = datetime.timedelta(days=200)


@examines
def merchants(account: OfficialAccount) -> Iterator[Finding]:
    selling = Merchant.objects.filter(accounts=account, enabled=True).prefetch_related("certificates")
    for merchant in selling:
        try:
            entry = keys_of(merchant)
        except Undecryptable:
            yield Finding(
                Level.FAULT,
                _("No key of FIELD_ENCRYPTION_KEYS opens the keys of merchant %(name)s.")
                % {"name": merchant},
                _(
                    "Put the key back that they were stored with and restart; "
                    "if it is lost, enter them again."
                ),
            )
        except KeyRefused:
            yield Finding(
                Level.FAULT,
                _("The keys of merchant %(name)s cannot be read.") % {"name": merchant},
                _("Enter the private key of apiclient_key.pem and the APIv3 key again."),
            )
        else:
            yield from _with_keys(entry, account)
    if selling:
        yield from clock_findings(settings.WECHAT_PAY_API_BASE)


def _with_keys(entry: CachedMerchant, account: OfficialAccount) -> Iterator[Finding]:
    """Yields the findings about a merchant whose keys can be read."""
    merchant = entry.merchant
    if merchant.has_certificates and not _opens_certificates(entry):
        yield Finding(
            Level.FAULT,
            _("The APIv3 key of merchant %(name)s is not the one that is set at WeChat Pay.")
            % {"name": merchant},
            _("Enter the key of 商户平台 → 账户中心 → API安全, or set a new one there and here."),
        )
        return
    yield from _calls(merchant, account, entry.cashier(merchant.protocol))
    if merchant.has_certificates:
        yield from _certificates(merchant)
    yield from _notify(merchant)


def _calls(merchant: Merchant, account: OfficialAccount, cashier: Cashier) -> Iterator[Finding]:
    """Queries an order that does not exist, which needs a valid key and serial number, and yields findings.

    The call has no effect.
    """
    try:
        cashier.query(new_number("WX", timezone.now()), account.appid)
    except PayRefused as error:
        yield _judged(merchant, account, error)
    except TransportError:
        yield Finding(
            Level.FAULT,
            _("WeChat Pay did not answer, or its answer could not be verified."),
            _("Check that this server may open connections to %(address)s, and the WeChat Pay public key.")
            % {"address": settings.WECHAT_PAY_API_BASE},
        )


def _judged(merchant: Merchant, account: OfficialAccount, error: PayRefused) -> Finding:
    if error.code in {"ORDER_NOT_EXIST", "ORDERNOTEXIST"}:
        return Finding(Level.FINE, _("WeChat Pay accepts the key of merchant %(name)s.") % {"name": merchant})
    if error.code == "SIGN_ERROR":
        return Finding(
            Level.FAULT,
            _("WeChat Pay refuses the signature of merchant %(name)s: %(message)s")
            % {"name": merchant, "message": error.message},
            _(
                "The private key and the certificate serial number belong together: take both from the same "
                "download of 商户平台 → 账户中心 → API安全."
            ),
        )
    if error.code == "APPID_MCHID_NOT_MATCH":
        return Finding(
            Level.FAULT,
            _("The AppID %(appid)s is not bound to merchant number %(mchid)s.")
            % {"appid": account.appid, "mchid": merchant.mchid},
            _("Bind it under 商户平台 → 产品中心 → AppID账号管理."),
        )
    return Finding(
        Level.FAULT,
        _("WeChat Pay refuses merchant %(name)s: %(message)s")
        % {"name": merchant, "message": in_words(error.code, error.message)},
    )


def _opens_certificates(entry: CachedMerchant) -> bool:
    """Returns whether the APIv3 key opens WeChat Pay's certificates, as far as that can be found out."""
    try:
        platform_certificates.download(entry.client())
    except Unsealable:
        return False
    except WeChatError:
        return True
    return True


def _certificates(merchant: Merchant) -> Iterator[Finding]:
    known = list(merchant.certificates.all())
    if not known:
        yield Finding(
            Level.FAULT,
            _("Merchant %(name)s has neither a WeChat Pay public key nor platform certificates.")
            % {"name": merchant},
            _("Download the public key and its ID under 商户平台 → 账户中心 → API安全 and enter both."),
        )
    elif known[0].expires_at < timezone.now() + EXPIRES_SOON:
        yield Finding(
            Level.WARNING,
            _("The newest platform certificate of merchant %(name)s ends on %(day)s.")
            % {"name": merchant, "day": f"{known[0].expires_at:%Y-%m-%d}"},
            _("Start its replacement in 商户平台, or change to the WeChat Pay public key."),
        )


def _notify(merchant: Merchant) -> Iterator[Finding]:
    url = merchant.notify_url("transaction")
    if not url.startswith("https://"):
        yield Finding(
            Level.WARNING,
            _("WeChat Pay notifies only addresses that begin with https://, and this one is %(url)s.")
            % {"url": url},
            _("Set PUBLIC_URL to the public https:// address of this installation."),
        )
    try:
        with own_call() as session:
            status = session.post(url, b"{}", allow_redirects=False).status_code
    except requests.RequestException:
        yield Finding(
            Level.FAULT,
            _("Nothing answers at %(url)s.") % {"url": url},
            _("Start the web process, or set PUBLIC_URL to the address that it is reached at."),
        )
        return
    # Without a signature it must refuse, and it must be us who refuse.
    if status == requests.codes.unauthorized:
        yield Finding(Level.FINE, _("The notify address %(url)s is reachable.") % {"url": url})
    else:
        yield Finding(
            Level.FAULT,
            _("Notifications do not arrive at %(url)s (answered %(status)s).")
            % {"url": url, "status": status},
            _("Check that PUBLIC_URL leads to this installation, without a login or a redirect before it."),
        )
