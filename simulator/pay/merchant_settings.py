"""The settings of a merchant and their checks, and the merchant's key, given or generated."""

from __future__ import annotations

from typing import Any

from Crypto.PublicKey import RSA

from simulator.pay.certificates import issued, new_serial, serial_of
from simulator.pay.keys import BadKeyError, new_key, read_public
from simulator.pay.platform import FIVE_YEARS, make_platform_keys
from simulator.pay.state import Merchant
from simulator.tls import Authority
from simulator.world import World

CONFIGURABLE = {
    "name": str,
    "appids": list,
    "voided": list,
    "apiv3_key": str,
    "v2_key": str,
    "refund_notify_url": str,
    "directories": list,
    "public_notify_only": bool,
    "refuse_reused_nonces": bool,
    "key_mode": str,
    "notify_share": (int, float),
    "fee_rate": int,
    "balance": int,
    "sub_mchids": list,
    "sharing_ratio": int,
    "sharing_notify_url": str,
    "sharing_returns": bool,
    "serving": str,
}
SECRETS = ("apiv3_key", "v2_key")
KEY_MODES = ("certificate", "public_key", "switching")
MATERIAL = ("certificate", "public_key", "serial_no")


class BadSettingError(ValueError):
    """An error: a setting is invalid; the message says what is allowed."""


def configure(world: World, given: dict[str, Any]) -> tuple[Merchant, dict[str, str]]:
    """Creates a merchant, or changes its named settings.

    Returns the merchant, and its generated key, if any, to be shown once. Raises BadSettingError.
    """
    body = dict(given)
    mchid = body.pop("mchid", None)
    if not isinstance(mchid, str) or not mchid.isdecimal():
        raise BadSettingError("mchid is missing, or is not a text of digits")
    material = {name: body.pop(name) for name in MATERIAL if name in body}
    merchants = world.state.pay.merchants
    merchant = merchants.get(mchid) or Merchant(mchid)
    check_settings(body, merchant)
    check_served(body, mchid, merchants)
    made = bring_key(merchant, material, world.now, world.authority)
    for name, value in body.items():
        setattr(merchant, name, value)
    make_platform_keys(merchant, world.now)
    merchants[mchid] = merchant
    return merchant, made


def check_settings(body: dict[str, Any], merchant: Merchant) -> None:
    for name, value in body.items():
        kind: Any = CONFIGURABLE.get(name)
        if kind is None:
            raise BadSettingError(f"a merchant has no {name}; known are {', '.join(CONFIGURABLE)}")
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise BadSettingError(f"{name} does not fit")
    if body.get("key_mode", KEY_MODES[0]) not in KEY_MODES:
        raise BadSettingError(f"key_mode must be one of {', '.join(KEY_MODES)}")
    if body.get("serving", "") not in ("", *(each.serial for each in merchant.platform_certificates)):
        raise BadSettingError("serving is the serial of no platform certificate")
    if len(body.get("apiv3_key", "").encode()) not in (0, 32):
        raise BadSettingError("apiv3_key must be 32 characters")


def check_served(body: dict[str, Any], mchid: str, merchants: dict[str, Merchant]) -> None:
    """Checks that the merchants that a service provider serves exist, and do not include itself.

    Raises BadSettingError if not, or if the ratio of profit sharing is invalid.
    """
    unknown = [each for each in body.get("sub_mchids", []) if each not in merchants or each == mchid]
    if unknown:
        raise BadSettingError(f"sub_mchids are other merchants, made before: {', '.join(map(str, unknown))}")
    if not 0 <= body.get("sharing_ratio", 0) <= 10_000:
        raise BadSettingError("sharing_ratio is in 1/10,000")


def bring_key(
    merchant: Merchant, material: dict[str, Any], now: float, authority: Authority | None
) -> dict[str, str]:
    """Stores the merchant's certificate or key; generates and returns one if the merchant has none."""
    try:
        if "certificate" in material:
            pem = str(material["certificate"])
            read_public(pem)
            merchant.certificates[serial_of(pem)] = pem
        elif "public_key" in material:
            pem = str(material["public_key"])
            if not material.get("serial_no"):
                raise BadSettingError("a public key needs its serial_no")
            merchant.certificates[str(material["serial_no"])] = (
                read_public(pem).public_key().export_key().decode()
            )
        elif not merchant.certificates:
            return issue(merchant, now, authority)
    except BadKeyError as error:
        raise BadSettingError(str(error)) from error
    return {}


def issue(merchant: Merchant, now: float, authority: Authority | None) -> dict[str, str]:
    """Creates a certificate like the platform's, with an ordinary key, which any library accepts.

    It is signed by the authority, if there is one, so that it is also accepted in mutual TLS.
    """
    private, serial = RSA.generate(2048), new_serial()
    if authority:
        pem = authority.certificate(merchant.mchid, serial, private)
    else:
        pem = issued(merchant.mchid, serial, private, new_key(), now - 60, now + FIVE_YEARS)
    merchant.certificates[serial] = pem
    return {
        "serial_no": serial,
        "certificate": pem,
        "private_key": private.export_key(pkcs=8).decode() + "\n",
    }
