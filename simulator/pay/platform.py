"""The platform's keys for each merchant, and the API to download them (pay reference 2.4, 2.5)."""

from __future__ import annotations

from simulator.pay import moments, sealing, texts
from simulator.pay.calls import Answer, Call, pay_api
from simulator.pay.certificates import certificate, new_serial
from simulator.pay.errors import PayError
from simulator.pay.keys import new_key
from simulator.pay.state import Merchant, PlatformCertificate

FIVE_YEARS = 5 * 365 * 86_400


def make_platform_keys(merchant: Merchant, now: float) -> None:
    """Creates the platform keys that the merchant's key mode needs, if they do not exist."""
    if merchant.key_mode != "public_key" and not merchant.platform_certificates:
        merchant.serving = add_certificate(merchant, now).serial
    if merchant.key_mode != "certificate" and merchant.public_key is None:
        merchant.public_key = new_key()
        merchant.public_key_id = f"PUB_KEY_ID_01{merchant.mchid}{moments.compact(now)[:8]}{1:014d}"


def add_certificate(merchant: Merchant, now: float) -> PlatformCertificate:
    """Adds a platform certificate.

    Serials after the first begin with a zero, which careless clients drop.
    """
    key, serial = new_key(), new_serial(leading_zero=bool(merchant.platform_certificates))
    pem = certificate("Tenpay.com sign (simulator)", serial, key, now - 60, now + FIVE_YEARS)
    made = PlatformCertificate(serial, key, pem, now - 60, now + FIVE_YEARS)
    merchant.platform_certificates.append(made)
    return made


@pay_api("GET", "/v3/certificates")
def certificates(call: Call) -> Answer:
    """Returns the platform's certificates. Raises 404 if the merchant only has the public key."""
    found = [each for each in call.merchant.platform_certificates if each.ends > call.now]
    if call.merchant.key_mode == "public_key" or not found:
        raise PayError("RESOURCE_NOT_EXISTS", texts.NO_CERTIFICATE)
    return {"data": [certificate_payload(call.merchant, each) for each in found]}


def certificate_payload(merchant: Merchant, each: PlatformCertificate) -> dict[str, object]:
    return {
        "effective_time": moments.rfc3339(each.starts),
        "encrypt_certificate": sealing.seal(each.pem.encode(), merchant.apiv3_key, "certificate"),
        "expire_time": moments.rfc3339(each.ends),
        "serial_no": each.serial,
    }
