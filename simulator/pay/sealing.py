"""The symmetric encryption: AES-256-GCM of API v3, AES-256-ECB of v2's refunds (reference 3.1, 8.3)."""

from __future__ import annotations

import base64
import hashlib
import secrets

from Crypto.Cipher import AES
from Crypto.Util.Padding import pad, unpad

NONCE_LENGTH = 12
TAG_LENGTH = 16


class SealError(Exception):
    """An error: the encrypted text cannot be decrypted."""


def nonce(length: int = 32) -> str:
    return secrets.token_hex(length // 2)


def seal(plain: bytes, apiv3_key: str, associated_data: str) -> dict[str, str]:
    """Returns algorithm, ciphertext, associated_data and nonce of an encrypted resource."""
    number = nonce(NONCE_LENGTH)
    cipher = AES.new(apiv3_key.encode(), AES.MODE_GCM, nonce=number.encode())
    cipher.update(associated_data.encode())
    text, tag = cipher.encrypt_and_digest(plain)
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(text + tag).decode(),
        "associated_data": associated_data,
        "nonce": number,
    }


def open_sealed(resource: dict[str, str], apiv3_key: str) -> bytes:
    """Returns the decrypted content of a resource. Raises SealError."""
    cipher = AES.new(apiv3_key.encode(), AES.MODE_GCM, nonce=resource["nonce"].encode())
    cipher.update(resource.get("associated_data", "").encode())
    try:
        raw = base64.b64decode(resource["ciphertext"], validate=True)
        return cipher.decrypt_and_verify(raw[:-TAG_LENGTH], raw[-TAG_LENGTH:])
    except ValueError as error:
        raise SealError(str(error)) from error


def seal_v2(plain: bytes, v2_key: str) -> str:
    """Returns the encrypted ``req_info`` of a v2 refund notification."""
    return base64.b64encode(_v2_cipher(v2_key).encrypt(pad(plain, AES.block_size))).decode()


def open_v2(sealed: str, v2_key: str) -> bytes:
    """Returns the decrypted content of ``req_info`` of a v2 refund notification. Raises SealError."""
    try:
        return unpad(_v2_cipher(v2_key).decrypt(base64.b64decode(sealed)), AES.block_size)
    except ValueError as error:
        raise SealError(str(error)) from error


def _v2_cipher(v2_key: str) -> AES.EcbMode:  # type: ignore[name-defined]
    return AES.new(hashlib.md5(v2_key.encode(), usedforsecurity=False).hexdigest().encode(), AES.MODE_ECB)
