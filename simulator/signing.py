"""The callback signatures and the message encryption, by the specification (WeChat reference 1.2 to 1.4)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from Crypto.Cipher import AES
from Crypto.Cipher._mode_cbc import CbcMode

PADDING_BLOCK = 32
PREFIX_BYTES = 16


class EnvelopeError(Exception):
    """An error: the encrypted text cannot be decrypted; the message says why."""


def signature(*parts: str) -> str:
    """Returns a signature: SHA-1 hex over the parts sorted by byte value and joined without separator."""
    joined = b"".join(sorted(part.encode() for part in parts))
    return hashlib.sha1(joined, usedforsecurity=False).hexdigest()


def key_bytes(encoding_aes_key: str) -> bytes:
    """Returns the 32 bytes of a 43-character EncodingAESKey.

    Its last character can have two spare bits.
    """
    return base64.b64decode(encoding_aes_key + "=")


def random_prefix() -> bytes:
    return secrets.token_hex(PREFIX_BYTES // 2).encode()


def seal(message: bytes, encoding_aes_key: str, appid: str, prefix: bytes | None = None) -> str:
    """Encrypts a message for ``appid``; returns one line of standard base64."""
    text = (prefix or random_prefix()) + len(message).to_bytes(4, "big") + message + appid.encode()
    padding = PADDING_BLOCK - len(text) % PADDING_BLOCK
    sealed = _cipher(encoding_aes_key).encrypt(text + bytes([padding]) * padding)
    return base64.b64encode(sealed).decode()


def open_sealed(sealed: str, encoding_aes_key: str, appid: str) -> bytes:
    """Returns the decrypted message.

    Raises EnvelopeError if padding, length or AppID is wrong.
    """
    try:
        raw = base64.b64decode(sealed, validate=True)
    except ValueError as error:
        raise EnvelopeError("Encrypt is not base64") from error
    if not raw or len(raw) % AES.block_size:
        raise EnvelopeError("Encrypt is not a multiple of the cipher block")
    return _message(_unpadded(_cipher(encoding_aes_key).decrypt(raw)), appid)


def same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def _cipher(encoding_aes_key: str) -> CbcMode:
    key = key_bytes(encoding_aes_key)
    return AES.new(key, AES.MODE_CBC, iv=key[: AES.block_size])


def _unpadded(text: bytes) -> bytes:
    padding = text[-1]
    if not 1 <= padding <= PADDING_BLOCK or text[-padding:] != bytes([padding]) * padding:
        raise EnvelopeError("the padding is wrong")
    return text[:-padding]


def _message(text: bytes, appid: str) -> bytes:
    end = PREFIX_BYTES + 4 + int.from_bytes(text[PREFIX_BYTES : PREFIX_BYTES + 4], "big")
    if len(text) < PREFIX_BYTES + 4 or end > len(text):
        raise EnvelopeError("the length field runs past the end")
    if not hmac.compare_digest(text[end:], appid.encode()):
        raise EnvelopeError("the AppID inside is another one")
    return text[PREFIX_BYTES + 4 : end]
