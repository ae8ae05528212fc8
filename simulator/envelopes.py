"""The envelopes of pushes: signed, encrypted by the account's mode, and tampered with for tests."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from simulator import messages, signing
from simulator.messages import Fields
from simulator.recipients import Recipient

STRANGER = "wxffffffffffffffff"
HUGE_BYTES = 300 * 1024
STALE_SECONDS = 3600
ENTITY = b'<!DOCTYPE xml [<!ENTITY e SYSTEM "file:///etc/hostname">]>'


@dataclass(slots=True)
class Envelope:
    query: dict[str, str]
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """The timestamp and the nonce of a signature; retries can have the same ones."""

    timestamp: str
    nonce: str


def stamp(now: float) -> Stamp:
    return Stamp(str(int(now)), str(secrets.randbelow(2**31)))


def seal(recipient: Recipient, openid: str, fields: Fields, given: Stamp, tamper: str = "") -> Envelope:
    """Returns a push as it is sent: signed, encrypted by the account's mode, and changed by ``tamper``.

    Raises KeyError for an unknown kind of tampering.
    """
    spoil = AFTER_SIGNING[tamper] if tamper and tamper not in BEFORE_SIGNING else None
    if tamper == "stale":
        given = Stamp(str(int(given.timestamp) - STALE_SECONDS), given.nonce)
    encode = messages.as_json if recipient.format == "json" else messages.as_xml
    plain = encode(fields)
    if tamper in SPOILED_TEXTS:
        plain = SPOILED_TEXTS[tamper](plain)
    signature = signing.signature(recipient.token, given.timestamp, given.nonce)
    query = {"signature": signature, "timestamp": given.timestamp, "nonce": given.nonce, "openid": openid}
    envelope = Envelope(query, plain, "application/json" if recipient.format == "json" else "text/xml")
    if recipient.mode != "plain" and tamper != "downgrade":
        encrypt(envelope, recipient, fields, plain, STRANGER if tamper == "appid" else recipient.appid)
    if spoil:
        spoil(envelope)
    return envelope


def encrypt(envelope: Envelope, recipient: Recipient, fields: Fields, plain: bytes, appid: str) -> None:
    sealed = signing.seal(plain, recipient.aes_key, appid)
    shown = dict(fields) if recipient.mode == "compatible" else {"ToUserName": fields.get("ToUserName", "")}
    encode = messages.as_json if recipient.format == "json" else messages.as_xml
    envelope.body = encode({**shown, "Encrypt": sealed})
    query = envelope.query
    signature = signing.signature(recipient.token, query["timestamp"], query["nonce"], sealed)
    query |= {"encrypt_type": "aes", "msg_signature": signature}


def _flip_signatures(envelope: Envelope) -> None:
    for name in ("signature", "msg_signature"):
        if name in envelope.query:
            first = "0" if envelope.query[name][0] != "0" else "1"
            envelope.query[name] = first + envelope.query[name][1:]


def _drop_signatures(envelope: Envelope) -> None:
    for name in ("signature", "msg_signature"):
        envelope.query.pop(name, None)


def _shift_timestamp(envelope: Envelope) -> None:
    envelope.query["timestamp"] = str(int(envelope.query["timestamp"]) + 1)


def _change_nonce(envelope: Envelope) -> None:
    envelope.query["nonce"] += "0"


def _change_body(envelope: Envelope) -> None:
    """Swaps two neighbouring characters in the middle of the encrypted text, or of the plain one."""
    start = max(envelope.body.find(b"<Encrypt>"), 0)
    middle = (start + len(envelope.body)) // 2
    swapped = bytes([envelope.body[middle] ^ 1])
    envelope.body = envelope.body[:middle] + swapped + envelope.body[middle + 1 :]


BEFORE_SIGNING = ("stale", "appid", "malformed", "entity", "huge", "downgrade")
SPOILED_TEXTS: dict[str, Callable[[bytes], bytes]] = {
    "malformed": lambda plain: plain[: len(plain) // 2],
    "entity": lambda plain: ENTITY + plain,
    "huge": lambda plain: plain + b" " * HUGE_BYTES,
}
AFTER_SIGNING: dict[str, Callable[[Envelope], None]] = {
    "signature": _flip_signatures,
    "unsigned": _drop_signatures,
    "timestamp": _shift_timestamp,
    "nonce": _change_nonce,
    "body": _change_body,
}
