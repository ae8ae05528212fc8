"""The envelope of callbacks: it proves the sender and the time, and contains the message.

The account's mode decides what is required, never the content of a request. The XML parser gets no text whose
signature was not checked. WeChat reference 1.2 to 1.4.
"""

import enum
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest

from wechat.sdk import text
from wechat.sdk.crypto import MessageCipher, sign
from wechat.sdk.errors import EnvelopeError
from wechat.sdk.xml import MAX_BODY

__all__ = [
    "FRESHNESS",
    "MAX_BODY",
    "CallbackKeys",
    "Mode",
    "Opened",
    "open_envelope",
    "seal",
    "verify_query",
]

FRESHNESS = 300

# Base64 holds no markup, and the signature covers what is found: no parser is needed, so none is offered
# to strangers. A follower can type what looks like this element, hence the last one counts. Possessive
# quantifiers keep the search linear.
_ENCRYPT = re.compile(rb"<Encrypt>\s*+(?:<!\[CDATA\[)?+\s*+([A-Za-z0-9+/=]++)\s*+(?:\]\]>)?+\s*+</Encrypt>")
_TIMESTAMP = re.compile(r"[0-9]{1,11}")


class Mode(enum.StrEnum):
    """The ways in which an account exchanges callbacks: 明文 (plain), 兼容 (compatible), 安全 (safe)."""

    PLAIN = "plain"
    COMPATIBLE = "compatible"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class CallbackKeys:
    """The tokens and keys that check the callbacks of one account.

    Build once, use for every callback. Previous tokens and keys stay valid during a change. Raises
    ValueError for an AES key of the wrong form, or none at all in an encrypted mode. Without a token every
    callback is refused.
    """

    appid: str
    token: str = field(repr=False)
    aes_key: str = field(default="", repr=False)
    mode: Mode = Mode.PLAIN
    previous_tokens: tuple[str, ...] = field(default=(), repr=False)
    previous_aes_keys: tuple[str, ...] = field(default=(), repr=False)
    original_id: str = ""
    tokens: tuple[str, ...] = field(init=False, repr=False, compare=False)
    ciphers: tuple[MessageCipher, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        aes_keys = () if self.mode is Mode.PLAIN else (self.aes_key, *self.previous_aes_keys)
        object.__setattr__(self, "ciphers", tuple(MessageCipher(key, self.appid) for key in aes_keys))
        object.__setattr__(self, "tokens", tuple(filter(None, (self.token, *self.previous_tokens))))


@dataclass(frozen=True, slots=True)
class Opened:
    """A verified body, with the cipher and token that matched; the reply is sealed with the same two.

    ``cipher`` is None in plain mode. ``in_json`` is the format of the push, and so of the reply.
    """

    body: bytes
    cipher: MessageCipher | None
    token: str = field(repr=False)
    in_json: bool = False


def verify_query(keys: CallbackKeys, query: Mapping[str, str], now: float) -> None:
    """Checks the ``signature`` of a GET verification or a plain push, and that it is fresh.

    The signature is required in every mode, because an unsigned echostr must never be echoed. For pushes in
    the encrypted modes use ``open_envelope`` only. Raises EnvelopeError.
    """
    _signing_token(keys, query, "signature", now)


def open_envelope(keys: CallbackKeys, query: Mapping[str, str], body: bytes, now: float) -> Opened:
    """Verifies and decrypts a push; ``now`` is in Unix seconds.

    Raises EnvelopeError; its reason is "downgraded" for a plain push to an account in an encrypted mode.
    """
    if len(body) > MAX_BODY:
        raise EnvelopeError("length")
    in_json = text.is_json(body)
    if keys.mode is Mode.PLAIN:
        return Opened(body, None, _signing_token(keys, query, "signature", now), in_json)
    encrypted = _encrypted_json(body) if in_json else _encrypted_element(body)
    token = _signing_token(keys, query, "msg_signature", now, encrypted)
    if query.get("signature"):
        verify_query(keys, query, now)
    message, cipher = _decrypted(keys, encrypted)
    return Opened(message, cipher, token, in_json)


def seal(opened: Opened, reply: bytes, timestamp: int, nonce: str) -> bytes:
    """Returns the reply to ``opened`` in the push's format, encrypted if the push was.

    The plain replies "success" and "" are not sealed. WeChat reference 1.4 and 1.5.
    """
    if opened.cipher is None:
        return reply
    encrypted = opened.cipher.encrypt(reply)
    signature = sign(opened.token, str(timestamp), nonce, encrypted)
    if opened.in_json:
        envelope = {"Encrypt": encrypted, "MsgSignature": signature, "TimeStamp": timestamp, "Nonce": nonce}
        return json.dumps(envelope).encode()
    # None of the four holds anything that XML escapes.
    return (
        f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
        f"<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
    ).encode()


def _signing_token(keys: CallbackKeys, query: Mapping[str, str], name: str, now: float, *signed: str) -> str:
    """Returns the token that made the signature called ``name``, after its time was checked as well."""
    signature, timestamp, nonce = (query.get(part, "") for part in (name, "timestamp", "nonce"))
    if not (signature and timestamp and nonce):
        raise EnvelopeError("missing")
    given = signature.encode(errors="surrogatepass")
    for token in keys.tokens:
        if compare_digest(given, sign(token, timestamp, nonce, *signed).encode()):
            _check_freshness(timestamp, now)
            return token
    raise EnvelopeError("signature")


def _check_freshness(timestamp: str, now: float) -> None:
    if not _TIMESTAMP.fullmatch(timestamp):
        raise EnvelopeError("malformed")
    if abs(now - int(timestamp)) > FRESHNESS:
        raise EnvelopeError("stale")


def _encrypted_element(body: bytes) -> str:
    found = _ENCRYPT.findall(text.in_utf8(body))
    if not found:
        raise EnvelopeError("downgraded")
    return bytes(found[-1]).decode()


def _encrypted_json(body: bytes) -> str:
    try:
        envelope = text.load_json(body)
    except ValueError:
        raise EnvelopeError("malformed") from None
    encrypted = envelope.get("Encrypt")
    if not encrypted:
        raise EnvelopeError("downgraded")
    if not isinstance(encrypted, str):
        raise EnvelopeError("malformed")
    return encrypted


def _decrypted(keys: CallbackKeys, encrypted: str) -> tuple[bytes, MessageCipher]:
    """Decrypts with the current key, then with the previous one.

    If both fail, the error of the current key is raised.
    """
    current, *previous = keys.ciphers
    try:
        return current.decrypt(encrypted), current
    except EnvelopeError:
        for cipher in previous:
            try:
                return cipher.decrypt(encrypted), cipher
            except EnvelopeError:
                continue
        raise
