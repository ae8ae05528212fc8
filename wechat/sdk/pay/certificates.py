"""The reader of X.509 certificates: serial number, public key, and period of validity.

WeChat Pay reference 2.4.
"""

import datetime
import re
from base64 import b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass, field

from Crypto.PublicKey import RSA
from Crypto.Util.asn1 import DerObject, DerSequence

from wechat.sdk.pay.errors import KeyRefused

PEM = re.compile(r"-----BEGIN CERTIFICATE-----\s(.+?)-----END CERTIFICATE-----", re.DOTALL)
UTC_TIME, GENERALIZED_TIME, EXPLICIT_VERSION = 0x17, 0x18, 0xA0


@dataclass(frozen=True, slots=True)
class Certificate:
    serial_no: str
    effective_at: datetime.datetime
    expires_at: datetime.datetime
    public_key: RSA.RsaKey = field(repr=False)
    pem: str = field(repr=False)


def read_certificate(pem: str) -> Certificate:
    """Reads a certificate in PEM form. Raises KeyRefused."""
    found = PEM.search(pem)
    if found is None:
        raise KeyRefused("not a certificate in PEM form")
    try:
        whole = DerSequence().decode(b64decode(found[1]))
        body = DerSequence().decode(whole[0])
        # The version is left out of the oldest form.
        start = 1 if isinstance(body[0], bytes) and body[0][0] == EXPLICIT_VERSION else 0
        validity = DerSequence().decode(body[start + 3])
        effective_at, expires_at = (_moment(value) for value in (validity[0], validity[1]))
        # Fixed width: a serial number may begin with zeros.
        serial = f"{int(body[start]):040X}"
        key = RSA.import_key(pem)
    except (Base64Error, ValueError, IndexError, TypeError) as error:
        raise KeyRefused(f"a certificate that cannot be read: {error}") from None
    return Certificate(serial, effective_at, expires_at, key, found[0] + "\n")


def _moment(encoded: bytes) -> datetime.datetime:
    value = DerObject()
    value.decode(encoded)
    text = value.payload.decode("ascii").removesuffix("Z")
    if encoded[0] == UTC_TIME:
        text = f"{'19' if int(text[:2]) >= 50 else '20'}{text}"
    elif encoded[0] != GENERALIZED_TIME:
        raise ValueError("no time")
    return datetime.datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=datetime.UTC)
