"""The primitives under the callback envelope: the sorted SHA-1 and the AES message cipher.

WeChat reference 1.2 (signature) and 1.4 (message encryption).
"""

import binascii
import re
import threading
from base64 import b64decode, b64encode
from hashlib import sha1
from hmac import compare_digest

from Crypto.Cipher import AES
from Crypto.Random import get_random_bytes

from wechat.sdk.errors import EnvelopeError

KEY_FORM = re.compile(r"[A-Za-z0-9]{43}")
PREFIX = 16
BLOCK = 32
HEADER = PREFIX + 4
PADDING = tuple(bytes([size]) * size for size in range(BLOCK + 1))


def sign(*parts: str) -> str:
    """Returns the lower-case hex SHA-1 of the parts, sorted by byte value and joined without separator."""
    # A query string may smuggle in lone surrogates; they must fail the comparison, not crash the encoder.
    encoded = sorted([part.encode(errors="surrogatepass") for part in parts])
    return sha1(b"".join(encoded), usedforsecurity=False).hexdigest()


class MessageCipher:
    """The AES-256-CBC of callback bodies as the platform applies it, for one key and one AppID.

    ``aes_key`` is the 43 character EncodingAESKey; anything else raises ValueError. The AES objects are made
    once, because making one takes several times as long as a message. Any thread may use them.
    """

    __slots__ = ("_appid", "_blocks", "_chain", "_chaining", "_iv")

    def __init__(self, aes_key: str, appid: str) -> None:
        if not KEY_FORM.fullmatch(aes_key):
            raise ValueError("an EncodingAESKey is 43 letters and digits")
        # The 43rd character may carry two spare bits that are not zero: this decoder drops them.
        key = b64decode(aes_key + "=")
        self._appid = appid.encode()
        self._iv = key[:16]
        self._blocks = AES.new(key, AES.MODE_ECB)
        self._chain = AES.new(key, AES.MODE_CBC, self._iv)
        self._chaining = threading.Lock()

    def encrypt(self, message: bytes) -> str:
        """Returns the base64 text of ``Encrypt`` for message bytes, with a new random prefix."""
        plain = get_random_bytes(PREFIX) + len(message).to_bytes(4, "big") + message + self._appid
        # The chain goes on from message to message. Its state enters the first block alone, which is the
        # random prefix: the reader, who starts from the fixed vector, finds other random bytes there.
        with self._chaining:
            sealed = self._chain.encrypt(plain + PADDING[BLOCK - len(plain) % BLOCK])
        return b64encode(sealed).decode()

    def decrypt(self, encrypted: str) -> bytes:
        """Returns the message bytes from the base64 text of ``Encrypt``. Raises EnvelopeError."""
        try:
            sealed = b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError):
            raise EnvelopeError("malformed") from None
        if not sealed or len(sealed) % AES.block_size:
            raise EnvelopeError("length")
        # What CBC is: each block deciphered, and xored with the sealed block before it.
        plain = _xored(self._blocks.decrypt(sealed), self._iv + sealed[: -AES.block_size])
        return self._message(self._unpadded(plain))

    def _unpadded(self, padded: bytes) -> bytes:
        size = padded[-1]
        if not 1 <= size <= BLOCK or not compare_digest(padded[-size:], PADDING[size]):
            raise EnvelopeError("padding")
        return padded[:-size]

    def _message(self, plain: bytes) -> bytes:
        end = HEADER + int.from_bytes(plain[PREFIX:HEADER], "big")
        if end > len(plain):
            raise EnvelopeError("length")
        if not compare_digest(plain[end:], self._appid):
            raise EnvelopeError("appid")
        return plain[HEADER:end]


def _xored(one: bytes, other: bytes) -> bytes:
    """Returns the XOR of two byte strings of the same length, computed with integers.

    Calling a library's function takes five times as long.
    """
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))
