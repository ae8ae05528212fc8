"""The generated X.509 certificates of the platform and of merchants without their own (reference 2.4)."""

from __future__ import annotations

import base64
import secrets
import textwrap
from collections.abc import Iterable
from datetime import UTC, datetime

from Crypto.PublicKey import RSA
from Crypto.Util.asn1 import DerBitString, DerInteger, DerNull, DerObject, DerObjectId, DerSequence, DerSetOf

from simulator.pay.keys import Key

SHA256_WITH_RSA = "1.2.840.113549.1.1.11"
COMMON_NAME = "2.5.4.3"
UTF8_STRING, UTC_TIME = 0x0C, 0x17


def new_serial(*, leading_zero: bool = False) -> str:
    """Returns a serial number: 40 hex digits, upper case.

    The first bit is zero, so that it is a positive number of 20 bytes.
    """
    first = secrets.randbelow(0x0F) + 1 if leading_zero else secrets.randbelow(0x70) + 0x10
    return f"{first:02X}{secrets.token_hex(19).upper()}"


def certificate(name: str, serial: str, key: Key, starts: float, ends: float) -> str:
    """Returns a self-signed certificate for ``key``, in PEM. Times are Unix seconds."""
    return issued(name, serial, key.public, key, starts, ends)


def issued(
    name: str,
    serial: str,
    public: RSA.RsaKey,
    signer: Key,
    starts: float,
    ends: float,
    *,
    issuer: str = "",
    extensions: Iterable[bytes] = (),
) -> str:
    """Returns a certificate for ``public``, signed with another key.

    Without an ``issuer``, ``name`` is the issuer as well.
    """
    algorithm = DerSequence([DerObjectId(SHA256_WITH_RSA).encode(), DerNull().encode()]).encode()
    whose, signed_by = _name(name), _name(issuer or name)
    extended = [DerSequence(list(extensions), explicit=3).encode()] if extensions else []
    validity = DerSequence([_time(starts), _time(ends)]).encode()
    version = DerInteger(2, explicit=0).encode()
    number = DerInteger(int(serial, 16)).encode()
    key = public.public_key().export_key("DER")
    body = DerSequence([version, number, algorithm, signed_by, validity, whose, key, *extended]).encode()
    signature = DerBitString(base64.b64decode(signer.sign(body))).encode()
    der = DerSequence([body, algorithm, signature]).encode()
    lines = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"


def serial_of(pem: str) -> str:
    """Returns the serial number of a certificate with its leading zeros.

    Raises ValueError if it is not a certificate.
    """
    lines = [line for line in pem.strip().splitlines() if not line.startswith("-----")]
    whole = DerSequence().decode(base64.b64decode("".join(lines)))
    body = DerSequence().decode(whole[0])
    return f"{int(body[1]):040X}"


def _name(common_name: str) -> bytes:
    text = _object(UTF8_STRING, common_name.encode())
    attribute = DerSequence([DerObjectId(COMMON_NAME).encode(), text]).encode()
    return DerSequence([DerSetOf([attribute]).encode()]).encode()


def _object(tag: int, payload: bytes) -> bytes:
    return DerObject(tag, payload).encode()


def _time(seconds: float) -> bytes:
    return _object(UTC_TIME, datetime.fromtimestamp(seconds, UTC).strftime("%y%m%d%H%M%SZ").encode())
