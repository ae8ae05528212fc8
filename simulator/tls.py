"""TLS for clients that only use https: a certificate authority, and a certificate for WeChat's host names.

The folder keeps the authority between starts, so that clients only have to trust it once.
"""

from __future__ import annotations

import hashlib
import ipaddress
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from Crypto.PublicKey import RSA
from Crypto.Util.asn1 import DerBitString, DerBoolean, DerObject, DerObjectId, DerOctetString, DerSequence

from simulator.pay.certificates import issued, new_serial
from simulator.pay.keys import Key, from_pem

AUTHORITY = "WeChat simulator CA"
LIFE = 825 * 86_400
# A client's clock can be far behind, for example in tests that move it.
EARLIER = 400 * 86_400
WECHAT_HOSTS = (
    "api.weixin.qq.com",
    "api2.weixin.qq.com",
    "sh.api.weixin.qq.com",
    "sz.api.weixin.qq.com",
    "hk.api.weixin.qq.com",
    "mp.weixin.qq.com",
    "open.weixin.qq.com",
    "file.api.weixin.qq.com",
    "api.mch.weixin.qq.com",
    "api2.mch.weixin.qq.com",
    "apihk.mch.weixin.qq.com",
    "fraud.mch.weixin.qq.com",
    "wx.tenpay.com",
    "mmbiz.qpic.cn",
    "thirdwx.qlogo.cn",
)
LOCAL = ("localhost", "*.localhost", "127.0.0.1", "::1")
BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_USAGE = "2.5.29.19", "2.5.29.15", "2.5.29.37"
SUBJECT_KEY, AUTHORITY_KEY, ALTERNATIVES = "2.5.29.14", "2.5.29.35", "2.5.29.17"
SERVER, CLIENT = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"
SIGNS_CERTIFICATES, SIGNS_AND_ENCRYPTS = b"\x06", b"\xa0"
DNS_NAME, IP_ADDRESS, KEY_ID = 2, 7, 0
TRUE = DerBoolean(value=True).encode()


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority in a folder; ``pem`` is its own certificate, which clients have to trust."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def key(self) -> Key:
        return from_pem(self.key_path.read_text())

    @property
    def key_path(self) -> Path:
        return self.folder / "ca.key"

    def certificate(self, name: str, serial: str, public: RSA.RsaKey, hosts: Iterable[str] = ()) -> str:
        """Returns a certificate for a server if ``hosts`` are given, else for a client."""
        signer, since, named = self.key, time.time() - EARLIER, list(hosts)
        extensions = [
            extension(BASIC_CONSTRAINTS, DerSequence([]).encode(), critical=True),
            extension(KEY_USAGE, usage(SIGNS_AND_ENCRYPTS), critical=True),
            extension(
                EXTENDED_USAGE, DerSequence([DerObjectId(SERVER if named else CLIENT).encode()]).encode()
            ),
            extension(SUBJECT_KEY, DerOctetString(key_id(public)).encode()),
            extension(AUTHORITY_KEY, DerSequence([tagged(KEY_ID, key_id(signer.public))]).encode()),
        ]
        if named:
            extensions.append(
                extension(ALTERNATIVES, DerSequence([alternative(each) for each in named]).encode())
            )
        return issued(
            name, serial, public, signer, since, since + LIFE, issuer=AUTHORITY, extensions=extensions
        )


def authority(folder: Path) -> Authority:
    """Returns the authority of a folder, which is created if there is none."""
    found = Authority(folder)
    if not found.path.exists() or not found.key_path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        private = RSA.generate(2048)
        write_secret(found.key_path, private.export_key(pkcs=8).decode() + "\n")
        key = Key([int(private.p), int(private.q)])
        identity = key_id(private)
        extensions = [
            extension(BASIC_CONSTRAINTS, DerSequence([TRUE]).encode(), critical=True),
            extension(KEY_USAGE, usage(SIGNS_CERTIFICATES), critical=True),
            extension(SUBJECT_KEY, DerOctetString(identity).encode()),
            extension(AUTHORITY_KEY, DerSequence([tagged(KEY_ID, identity)]).encode()),
        ]
        now = time.time()
        ends = now + 10 * 365 * 86_400
        found.path.write_text(
            issued(AUTHORITY, new_serial(), private, key, now - EARLIER, ends, extensions=extensions)
        )
    return found


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    certificate: Path
    key: Path


def server_certificate(ca: Authority, hosts: Iterable[str]) -> ServerCertificate:
    """Creates a new certificate at each start, which is quick, because the hosts can have changed."""
    made = ServerCertificate(ca.folder / "server.pem", ca.folder / "server.key")
    private = RSA.generate(2048)
    write_secret(made.key, private.export_key(pkcs=8).decode() + "\n")
    names = list(dict.fromkeys([*LOCAL, *WECHAT_HOSTS, *hosts]))
    made.certificate.write_text(ca.certificate("WeChat simulator", new_serial(), private, names))
    return made


def write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def extension(name: str, value: bytes, *, critical: bool = False) -> bytes:
    marked = [TRUE] if critical else []
    return DerSequence([DerObjectId(name).encode(), *marked, DerOctetString(value).encode()]).encode()


def usage(bits: bytes) -> bytes:
    """Returns the DER encoding of KeyUsage bits, with the number of unused ones at the end."""
    unused = (bits[0] & -bits[0]).bit_length() - 1
    return DerObject(0x03, bytes([unused]) + bits).encode()


def key_id(public: RSA.RsaKey) -> bytes:
    der = DerSequence().decode(public.public_key().export_key("DER"))
    return hashlib.sha1(DerBitString().decode(der[1]).value, usedforsecurity=False).digest()


def tagged(tag: int, content: bytes) -> bytes:
    """Returns an ASN.1 CHOICE: the content under a context tag."""
    return DerOctetString(content, implicit=tag).encode()


def alternative(host: str) -> bytes:
    try:
        return tagged(IP_ADDRESS, ipaddress.ip_address(host).packed)
    except ValueError:
        return tagged(DNS_NAME, host.encode())
