"""RSA keys of the platform and of merchants: signatures and encrypted fields (pay reference 1, 2,
3.2).

The platform signs every answer, thousands a second under load. Its keys therefore have eight short primes in
place of two long ones: to who verifies they are ordinary 2048-bit keys, they sign six times as fast, and that
they protect nothing does not matter here.
"""

from __future__ import annotations

import base64
import hashlib
import math
import secrets
from dataclasses import dataclass
from functools import lru_cache

from Crypto.Hash import SHA256
from Crypto.Math.Numbers import Integer
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15
from Crypto.Util.number import isPrime

BITS = 2048
SIZE = BITS // 8
PRIMES = 8
EXPONENT = 65537
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")


class BadKeyError(Exception):
    """This is no usable RSA key; the message says why."""


class SealedFieldError(Exception):
    """An encrypted field cannot be opened with this key."""


@dataclass(slots=True)
class Key:
    """A private key as it is saved: its primes."""

    primes: list[int]

    @property
    def parts(self) -> Parts:
        return parts(tuple(self.primes))

    def sign(self, message: bytes) -> str:
        """SHA-256 with RSA, PKCS#1 v1.5, in base64 on one line."""
        digest = SHA256_PREFIX + hashlib.sha256(message).digest()
        padded = b"\x00\x01" + b"\xff" * (SIZE - len(digest) - 3) + b"\x00" + digest
        return base64.b64encode(self.parts.power(padded)).decode()

    def open_field(self, sealed: str) -> bytes:
        """What a sensitive field holds: OAEP with SHA-1 and an empty label. Raises SealedFieldError."""
        try:
            raw = base64.b64decode(sealed, validate=True)
        except ValueError as error:
            raise SealedFieldError("not base64") from error
        if len(raw) != SIZE or int.from_bytes(raw, "big") >= self.parts.modulus:
            raise SealedFieldError("not made with this key")
        return _unpadded(self.parts.power(raw))

    @property
    def public_pem(self) -> str:
        return self.public.export_key().decode() + "\n"

    @property
    def public(self) -> RSA.RsaKey:
        return RSA.construct((self.parts.modulus, EXPONENT))


@dataclass(frozen=True, slots=True)
class Parts:
    """What the Chinese remainder theorem needs of each prime: itself, its exponent, its weight in the sum."""

    modulus: int
    each: tuple[tuple[int, Integer, int, int], ...]

    def power(self, block: bytes) -> bytes:
        number = int.from_bytes(block, "big")
        total = sum(
            int(pow(Integer(number % prime), exponent, modulus)) * weight
            for prime, modulus, exponent, weight in self.each
        )
        return (total % self.modulus).to_bytes(SIZE, "big")


@lru_cache(maxsize=256)
def parts(primes: tuple[int, ...]) -> Parts:
    modulus = math.prod(primes)
    each = [
        (
            prime,
            Integer(prime),
            pow(EXPONENT, -1, prime - 1),
            modulus // prime * pow(modulus // prime, -1, prime),
        )
        for prime in primes
    ]
    return Parts(modulus, tuple(each))


def new_key() -> Key:
    while True:
        primes = {_prime(BITS // PRIMES) for _ in range(PRIMES)}
        if len(primes) == PRIMES and math.prod(primes).bit_length() == BITS:
            return Key(sorted(primes))


def _prime(bits: int) -> int:
    """Its five highest bits are set, so that eight of them make a number of full length."""
    while True:
        candidate = secrets.randbits(bits) | 0b11111 << bits - 5 | 1
        if candidate % EXPONENT != 1 and isPrime(candidate):
            return int(candidate)


def from_pem(pem: str) -> Key:
    """Raises BadKeyError."""
    found = read_public(pem)
    if not found.has_private():
        raise BadKeyError("this is a public key")
    return Key([int(found.p), int(found.q)])


@lru_cache(maxsize=256)
def read_public(pem: str) -> RSA.RsaKey:
    """The key in a PEM text: a public key, a private one or a certificate. Raises BadKeyError."""
    try:
        return RSA.import_key(pem)
    except (ValueError, IndexError, TypeError) as error:
        raise BadKeyError("this is no RSA key or certificate in PEM") from error


def verifies(public: RSA.RsaKey, message: bytes, signature: str) -> bool:
    try:
        raw = base64.b64decode(signature, validate=True)
        pkcs1_15.new(public).verify(SHA256.new(message), raw)
    except ValueError:
        return False
    return True


def _unpadded(block: bytes) -> bytes:
    length = hashlib.sha1(usedforsecurity=False).digest_size
    seed = _xor(block[1 : length + 1], _mask(block[length + 1 :], length))
    text = _xor(block[length + 1 :], _mask(seed, SIZE - length - 1))
    rest = text[length:].lstrip(b"\x00")
    if block[0] or text[:length] != hashlib.sha1(usedforsecurity=False).digest() or rest[:1] != b"\x01":
        raise SealedFieldError("not made with this key")
    return rest[1:]


def _mask(seed: bytes, length: int) -> bytes:
    """MGF1 with SHA-1."""
    blocks = (
        hashlib.sha1(seed + count.to_bytes(4, "big"), usedforsecurity=False).digest()
        for count in range(length // 20 + 1)
    )
    return b"".join(blocks)[:length]


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
