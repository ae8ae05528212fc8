"""The codes and tokens of logins to an account's pages or mini program (WeChat reference 13, 14)."""

from __future__ import annotations

import secrets
from base64 import b64encode
from dataclasses import dataclass, field

from simulator.errors import ApiError

CODE_LIFE = 300
TOKEN_LIFE = 7200
REFRESH_LIFE = 30 * 86_400
FORGET_AFTER = 3600


@dataclass(slots=True)
class Code:
    """A one-time code for the consent of a person.

    ``kind`` is oauth, login (wx.login) or phone (getPhoneNumber).
    """

    kind: str
    person: str
    openid: str
    ends_at: float
    scope: str = ""
    snapshot: bool = False
    used: bool = False
    # The AppID of the component that requested it on the account's behalf.
    component: str = ""


@dataclass(slots=True)
class UserToken:
    """An OAuth token of a person, as opposed to the account's token."""

    person: str
    openid: str
    scope: str
    ends_at: float
    refresh: str
    refresh_ends_at: float


@dataclass(slots=True)
class Session:
    """A login to a mini program, with the person's latest session key."""

    person: str
    key: str


@dataclass(slots=True)
class Logins:
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, UserToken] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)

    def new_code(
        self,
        kind: str,
        person: str,
        openid: str,
        now: float,
        scope: str = "",
        *,
        snapshot: bool = False,
        component: str = "",
    ) -> str:
        for code in [code for code, each in self.codes.items() if each.ends_at + FORGET_AFTER < now]:
            del self.codes[code]
        code = f"0{secrets.token_hex(15)}"
        self.codes[code] = Code(kind, person, openid, now + CODE_LIFE, scope, snapshot, component=component)
        return code

    def spend(self, code: str, kind: str, now: float, component: str = "") -> Code:
        """Uses up a code and returns it.

        Raises 40029 if it is unknown, foreign, or expired (42003 for an expired OAuth code), 40163 if it was
        used.
        """
        found = self.codes.get(code)
        if found is None or found.kind != kind or found.component != component:
            raise ApiError(40029)
        if found.used:
            raise ApiError(40163)
        if found.ends_at <= now:
            raise ApiError(42003 if kind == "oauth" else 40029)
        found.used = True
        return found

    def new_token(self, person: str, openid: str, scope: str, now: float) -> tuple[str, UserToken]:
        value, refresh = f"99_{secrets.token_urlsafe(60)}", f"99_{secrets.token_urlsafe(60)}"
        token = UserToken(person, openid, scope, now + TOKEN_LIFE, refresh, now + REFRESH_LIFE)
        self.tokens[value] = token
        return value, token

    def refreshed(self, refresh: str, now: float) -> tuple[str, UserToken]:
        """Returns a new token that replaces the one with this refresh token.

        Raises 40030 if the refresh token is unknown, 42002 if it expired.
        """
        for value, token in self.tokens.items():
            if token.refresh == refresh:
                if token.refresh_ends_at <= now:
                    raise ApiError(42002)
                del self.tokens[value]
                fresh, renewed = self.new_token(token.person, token.openid, token.scope, now)
                renewed.refresh, renewed.refresh_ends_at = refresh, token.refresh_ends_at
                return fresh, renewed
        raise ApiError(40030)

    def checked(self, value: str, openid: str, now: float) -> UserToken:
        """Returns a token that is valid for this person.

        Raises 40001 if the token is unknown, 42001 if it expired, 40003 if it is another person's.
        """
        token = self.tokens.get(value)
        if token is None:
            raise ApiError(40001)
        if token.ends_at <= now:
            raise ApiError(42001)
        if token.openid != openid:
            raise ApiError(40003)
        return token

    def new_session(self, person: str, openid: str) -> str:
        key = b64encode(secrets.token_bytes(16)).decode()
        self.sessions[openid] = Session(person, key)
        return key
