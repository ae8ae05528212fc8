"""The keys for encrypted fields of requests and answers (pay reference 3.2)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from Crypto.Cipher import PKCS1_OAEP
from Crypto.Hash import SHA1

from simulator.pay import texts
from simulator.pay.calls import Call
from simulator.pay.errors import PayError, wrong
from simulator.pay.keys import Key, SealedFieldError, read_public
from simulator.pay.state import Merchant, same_serial


def field_key(call: Call) -> Key:
    """Returns the key with which the encrypted fields of a request can be decrypted. Raises PARAM_ERROR."""
    merchant = call.merchant
    if not call.serial:
        raise PayError("PARAM_ERROR", texts.SERIAL_MISSING)
    if (
        merchant.key_mode != "certificate"
        and same_serial(call.serial, merchant.public_key_id)
        and merchant.public_key
    ):
        return merchant.public_key
    for each in merchant.platform_certificates:
        if same_serial(call.serial, each.serial) and merchant.key_mode != "public_key":
            return each.key
    raise PayError("PARAM_ERROR", texts.SERIAL_OF_PLATFORM)


def check_sealed(call: Call, body: Mapping[str, Any], *names: str) -> list[bytes]:
    """Returns the decrypted content of fields. Raises PARAM_ERROR if one cannot be decrypted."""
    key, opened = field_key(call), []
    for name in names:
        try:
            opened.append(key.open_field(body[name]))
        except SealedFieldError as error:
            raise wrong(f"/{name}", body[name], str(error)) from error
    return opened


def sealed_for(merchant: Merchant, content: bytes) -> str:
    """Returns a field encrypted for the merchant's own key."""
    serial = next(serial for serial in merchant.certificates if serial not in merchant.voided)
    cipher = PKCS1_OAEP.new(read_public(merchant.certificates[serial]), hashAlgo=SHA1)
    return base64.b64encode(cipher.encrypt(content)).decode()
