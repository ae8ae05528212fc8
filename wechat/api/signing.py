"""The signature of a request: what is signed, and with what.

HMAC-SHA256 in hex, with the client's secret, over six lines: method, path, query as it was sent, timestamp
(Unix seconds), nonce, and the SHA-256 of the body in hex.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Signed:
    """The parts of a request that its signature covers."""

    method: str
    path: str
    query: str
    timestamp: str
    nonce: str
    body: bytes

    @property
    def text(self) -> bytes:
        digest = sha256(self.body).hexdigest()
        parts = (self.method, self.path, self.query, self.timestamp, self.nonce, digest)
        # A header may smuggle in what is no UTF-8: it must fail the comparison, not crash the encoder.
        return "\n".join(parts).encode(errors="surrogatepass")

    def signature(self, secret: str) -> str:
        return hmac.digest(secret.encode(), self.text, "sha256").hex()

    def matches(self, signature: str, secret: str) -> bool:
        return hmac.compare_digest(self.signature(secret).encode(), signature.encode(errors="surrogatepass"))
