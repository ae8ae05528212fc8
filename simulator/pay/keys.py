"""The RSA keys of the platform and of merchants: signatures and encrypted fields (pay reference 1, 2, 3.2).

The platform signs every answer, thousands a second under load. Its keys therefore have many short primes with
short private exponents instead of two long primes: for verification they are ordinary 2048-bit keys, they
sign ten times as fast, and their lack of security does not matter in a simulator.
"""

from __future__ import annotations

import base64
import hashlib
import math
import secrets
from dataclasses import dataclass
from functools import lru_cache

from Crypto.Math.Numbers import Integer
from Crypto.PublicKey import RSA
from Crypto.Util.number import isPrime

BITS = 2048
SIZE = BITS // 8
PRIMES = 69
# Below 2**30 Python calculates with one machine word; 69 primes of this range make 2048 bits.
SMALLEST, LARGEST = 853_000_000, 864_000_000
EXPONENT = 65537
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")
DIGEST_SIZE = 32
# The signed block without the digest at its end (PKCS#1 v1.5).
HEAD = b"\x00\x01" + b"\xff" * (SIZE - len(SHA256_PREFIX) - DIGEST_SIZE - 3) + b"\x00" + SHA256_PREFIX
HEAD_NUMBER = int.from_bytes(HEAD + bytes(DIGEST_SIZE), "big")


class BadKeyError(Exception):
    """An error: the text is not a usable RSA key; the message says why."""


class SealedFieldError(Exception):
    """An error: an encrypted field cannot be decrypted with this key."""


@dataclass(slots=True)
class Key:
    """A private key, saved as its primes."""

    primes: list[int]

    @property
    def parts(self) -> Parts:
        return parts(tuple(self.primes))

    def sign(self, message: bytes) -> str:
        """Returns a signature: SHA-256 with RSA, PKCS#1 v1.5, in base64 on one line."""
        return base64.b64encode(self.parts.sign(hashlib.sha256(message).digest())).decode()

    def open_field(self, sealed: str) -> bytes:
        """Returns the decrypted text of a field: OAEP with SHA-1 and an empty label.

        Raises SealedFieldError.
        """
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
    """The numbers for the Chinese remainder theorem, one of each for every prime.

    They are the prime itself, its exponent, its weight in the sum, and the remainder of the padding that is
    signed before the digest.
    """

    modulus: int
    terms: tuple[tuple[int, int, int, int], ...]

    def sign(self, digest: bytes) -> bytes:
        number = int.from_bytes(digest, "big")
        total = sum([pow((number + head) % prime, exponent, prime) * weight
                     for prime, exponent, weight, head in self.terms])  # fmt: skip
        return (total % self.modulus).to_bytes(SIZE, "big")

    def power(self, block: bytes) -> bytes:
        number = int.from_bytes(block, "big")
        total = sum(
            pow(number % prime, exponent, prime) * weight for prime, exponent, weight, _ in self.terms
        )
        return (total % self.modulus).to_bytes(SIZE, "big")


@lru_cache(maxsize=256)
def parts(primes: tuple[int, ...]) -> Parts:
    modulus = math.prod(primes)
    terms = [
        (
            prime,
            pow(EXPONENT, -1, prime - 1),
            modulus // prime * pow(modulus // prime, -1, prime),
            HEAD_NUMBER % prime,
        )
        for prime in primes
    ]
    return Parts(modulus, tuple(terms))


def new_key() -> Key:
    while True:
        primes = set[int]()
        while len(primes) < PRIMES:
            primes.add(_prime())
        if math.prod(primes).bit_length() == BITS:
            return Key(sorted(primes))


def _prime() -> int:
    """Returns a prime p whose exponent d is short: EXPONENT * d = 1 + k * (p - 1) with a small k."""
    while True:
        k = 2 * (1 + secrets.randbelow(64))
        least, most = k * SMALLEST // EXPONENT, k * LARGEST // EXPONENT
        d = least + secrets.randbelow(most - least)
        d += pow(EXPONENT, -1, k) - d % k
        candidate = (EXPONENT * d - 1) // k + 1
        if candidate % 2 and isPrime(candidate):
            return candidate


def from_pem(pem: str) -> Key:
    """Returns the private key in a PEM text. Raises BadKeyError for any other text."""
    found = read_public(pem)
    if not found.has_private():
        raise BadKeyError("this is a public key")
    return Key([int(found.p), int(found.q)])


@lru_cache(maxsize=256)
def read_public(pem: str) -> RSA.RsaKey:
    """Returns the public key of a PEM text (public key, private key or certificate). Raises BadKeyError."""
    try:
        return RSA.import_key(pem)
    except (ValueError, IndexError, TypeError) as error:
        raise BadKeyError("this is no RSA key or certificate in PEM") from error


@lru_cache(maxsize=256)
def _verifier(pem: str) -> tuple[Integer, Integer, int]:
    public = read_public(pem)
    return Integer(public.e), Integer(public.n), public.size_in_bytes()


def verifies(pem: str, message: bytes, signature: str) -> bool:
    """Returns whether a signature is valid for the key of a PEM text. Raises BadKeyError."""
    exponent, modulus, size = _verifier(pem)
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError:
        return False
    number = Integer.from_bytes(raw)
    if len(raw) != size or number >= modulus:
        return False
    head = b"\x00\x01" + b"\xff" * (size - SIZE) + HEAD[2:]
    found = number.inplace_pow(exponent, modulus).to_bytes(size)
    return bool(found == head + hashlib.sha256(message).digest())


def _unpadded(block: bytes) -> bytes:
    length = hashlib.sha1(usedforsecurity=False).digest_size
    seed = _xor(block[1 : length + 1], _mask(block[length + 1 :], length))
    text = _xor(block[length + 1 :], _mask(seed, SIZE - length - 1))
    rest = text[length:].lstrip(b"\x00")
    if block[0] or text[:length] != hashlib.sha1(usedforsecurity=False).digest() or rest[:1] != b"\x01":
        raise SealedFieldError("not made with this key")
    return rest[1:]


def _mask(seed: bytes, length: int) -> bytes:
    """Returns a mask by MGF1 with SHA-1."""
    blocks = (
        hashlib.sha1(seed + count.to_bytes(4, "big"), usedforsecurity=False).digest()
        for count in range(length // 20 + 1)
    )
    return b"".join(blocks)[:length]


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
