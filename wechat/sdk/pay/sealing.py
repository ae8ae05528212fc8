"""The encryption of API v3: of notifications and certificates (AES-GCM), and of single fields (RSA-OAEP).

WeChat Pay reference 3.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any

from Crypto.Cipher import AES, PKCS1_OAEP
from Crypto.PublicKey import RSA

from wechat.sdk.pay.errors import Unsealable

ALGORITHM = "AEAD_AES_256_GCM"
TAG_BYTES = 16
LONGEST_FIELD = 214
WRONG_KEY = "does not decrypt with this APIv3 key"


def unseal(resource: Mapping[str, Any], api_v3_key: bytes) -> bytes:
    """Returns the plaintext of ``{algorithm, ciphertext, associated_data, nonce}``. Raises Unsealable."""
    if resource.get("algorithm") != ALGORITHM:
        raise Unsealable("an algorithm other than AEAD_AES_256_GCM")
    try:
        sealed = b64decode(str(resource.get("ciphertext", "")), validate=True)
        nonce = str(resource.get("nonce", "")).encode()
        cipher = AES.new(api_v3_key, AES.MODE_GCM, nonce=nonce)
        cipher.update(str(resource.get("associated_data") or "").encode())
        return cipher.decrypt_and_verify(sealed[:-TAG_BYTES], sealed[-TAG_BYTES:])
    except (Base64Error, ValueError):
        raise Unsealable(WRONG_KEY) from None


def seal_field(text: str, key: RSA.RsaKey) -> str:
    """Encrypts a name or number for WeChat Pay. Raises ValueError beyond 214 bytes."""
    plain = text.encode()
    if len(plain) > LONGEST_FIELD:
        raise ValueError(f"a sealed field has at most {LONGEST_FIELD} bytes")
    return b64encode(PKCS1_OAEP.new(key).encrypt(plain)).decode()
