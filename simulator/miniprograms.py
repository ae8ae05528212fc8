"""The phone's data for mini programs: login codes, phone codes, encrypted data (WeChat reference 14)."""

from __future__ import annotations

import hashlib
import json
import os
from base64 import b64decode, b64encode
from typing import Any
from urllib.parse import urlsplit

from Crypto.Cipher import AES
from Crypto.Util.Padding import pad

from simulator import profiles
from simulator.user_actions import ImpossibleError
from simulator.world import Account, World, openid_of, union


def page_of(account: Account) -> str:
    """Returns the URL of a mini program's page in the webview.

    It is empty for other accounts, and without a server.
    """
    parts = urlsplit(account.callback_url)
    slug = parts.path.strip("/").split("/")[1:2]
    if account.kind != "miniprogram" or not slug:
        return ""
    return f"{parts.scheme}://{parts.netloc}/.mini/{account.appid}/?account={slug[0]}"


def login_code(world: World, account: Account, person: str) -> str:
    """Returns the code of ``wx.login``."""
    return _code("login", world, account, person)


def phone_code(world: World, account: Account, person: str) -> str:
    """Returns the code of the button ``getPhoneNumber``."""
    return _code("phone", world, account, person)


def profile(world: World, account: Account, person: str) -> dict[str, str]:
    """Returns the result of ``wx.getUserInfo``: raw data with its signature, and all data encrypted."""
    known = {"nickName": profiles.name_of(person), "avatarUrl": f"{world.addresses.api}/mmopen/{person}/132"}
    raw = json.dumps({**known, "gender": 0, "language": ""}, ensure_ascii=False, separators=(",", ":"))
    ids = {"openId": openid_of(account.appid, person)}
    if unionid := union(account, person).get("unionid"):
        ids["unionId"] = unionid
    key = session_key(account, person)
    signature = hashlib.sha1((raw + key).encode(), usedforsecurity=False).hexdigest()
    sealed = encrypted(key, {**ids, **json.loads(raw), "watermark": watermark(world.now, account)})
    return {"rawData": raw, "signature": signature, **sealed}


def phone_number(account: Account, person: str, now: float) -> dict[str, Any]:
    number = f"139{int(hashlib.sha256(person.encode()).hexdigest(), 16) % 10**8:08}"
    return {
        "phoneNumber": number,
        "purePhoneNumber": number,
        "countryCode": "86",
        "watermark": watermark(now, account),
    }


def watermark(now: float, account: Account) -> dict[str, Any]:
    return {"timestamp": int(now), "appid": account.appid}


def encrypted(key: str, data: dict[str, Any]) -> dict[str, str]:
    iv = os.urandom(16)
    plain = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    sealed = AES.new(b64decode(key), AES.MODE_CBC, iv).encrypt(pad(plain, AES.block_size))
    return {"encryptedData": b64encode(sealed).decode(), "iv": b64encode(iv).decode()}


def session_key(account: Account, person: str) -> str:
    """Returns a person's session key. Raises ImpossibleError before the first login."""
    session = account.logins.sessions.get(openid_of(account.appid, person))
    if session is None:
        raise ImpossibleError("this person has not logged in to the mini program yet")
    return session.key


def _code(kind: str, world: World, account: Account, person: str) -> str:
    if account.kind != "miniprogram":
        raise ImpossibleError("this account is no mini program")
    return account.logins.new_code(kind, person, openid_of(account.appid, person), world.now)


GIVEN = {"login": login_code, "phone": phone_code, "profile": profile}
