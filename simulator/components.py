"""Third-party platforms (components) of the Open Platform, and the accounts that authorised them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from simulator.errors import ApiError
from simulator.permissions import ALL
from simulator.quotas import Quotas
from simulator.tokens import TokenBook

TICKET_PERIOD, TICKET_LIFE = 600, 12 * 3600
PRE_AUTH_LIFE, AUTHORIZATION_CODE_LIFE = 1800, 3600
FORGET_AFTER = 86_400
CONFIGURED = (
    "appid", "secret", "token", "aes_key", "name", "event_url", "callback_url", "domains", "ip_whitelist",
    "permissions",
)  # fmt: skip


@dataclass(slots=True)
class PreAuthCode:
    """A pre-authorisation code, which opens the authorisation page once.

    ``authorization_code`` is set when the account's administrator confirms.
    """

    ends_at: float
    authorization_code: str = ""


@dataclass(slots=True)
class AuthorizationCode:
    authorizer_appid: str
    ends_at: float
    used: bool = False


@dataclass(slots=True)
class Authorization:
    """The authorisation by one account: the ids of permission sets, and the tokens of the component.

    ``failed_pushes`` and ``held_until`` concern this account's messages to the component's address.
    """

    permissions: list[int]
    authorized_at: int
    refresh_token: str
    tokens: TokenBook = field(default_factory=TokenBook)
    failed_pushes: int = 0
    held_until: float = 0.0


@dataclass(slots=True)
class EventDelivery:
    """One event to the component's own address, and the response."""

    at: float
    fields: dict[str, Any]
    verdict: str
    status: int | None = None
    body: str = ""


@dataclass(slots=True)
class Component:
    """A third-party platform of the Open Platform, with its settings, codes, tokens and authorisations.

    ``event_url`` receives tickets and authorisation events, ``callback_url`` the messages of authorised
    accounts; ``$APPID$`` in it is replaced by the account's AppID. ``permissions`` are the sets it requests.
    """

    appid: str
    secret: str = ""
    token: str = ""
    aes_key: str = ""
    name: str = ""
    event_url: str = ""
    callback_url: str = ""
    # The hosts (or host:port) where authorisations start and people log in; if empty, the callbacks' hosts.
    domains: list[str] = field(default_factory=list)
    ip_whitelist: list[str] = field(default_factory=list)
    permissions: list[int] = field(default_factory=lambda: list(ALL))
    pushes_tickets: bool = True
    ticket_pushed_at: float = 0.0
    # The time of creation of each verify ticket.
    tickets: dict[str, float] = field(default_factory=dict)
    tokens: TokenBook = field(default_factory=TokenBook)
    quotas: Quotas = field(default_factory=Quotas)
    pre_auth_codes: dict[str, PreAuthCode] = field(default_factory=dict)
    authorization_codes: dict[str, AuthorizationCode] = field(default_factory=dict)
    authorizations: dict[str, Authorization] = field(default_factory=dict)
    deliveries: list[EventDelivery] = field(default_factory=list)

    def emptied(self) -> Component:
        """Returns the same component with its settings only, without authorisations."""
        return Component(**{name: getattr(self, name) for name in CONFIGURED})

    def allows(self, url: str) -> bool:
        """Returns whether an authorisation may redirect to this URL."""
        parts = urlsplit(url)
        known = self.domains or [urlsplit(each).netloc for each in (self.event_url, self.callback_url)]
        return bool(parts.netloc) and (parts.netloc in known or parts.hostname in known)

    def new_ticket(self, now: float) -> str:
        self.tickets = {each: at for each, at in self.tickets.items() if at > now - FORGET_AFTER}
        ticket = f"ticket@@@{secrets.token_urlsafe(60)}"
        self.tickets[ticket] = self.ticket_pushed_at = now
        return ticket

    def check_ticket(self, ticket: str, now: float) -> None:
        """Checks a ticket. Raises 61006 if it was never pushed, 61005 if it is older than twelve hours."""
        made_at = self.tickets.get(ticket)
        if made_at is None:
            raise ApiError(61006)
        if made_at + TICKET_LIFE <= now:
            raise ApiError(61005)

    def new_pre_auth_code(self, now: float) -> str:
        known = self.pre_auth_codes.items()
        self.pre_auth_codes = {code: each for code, each in known if each.ends_at > now - FORGET_AFTER}
        code = f"preauthcode@@@{secrets.token_urlsafe(48)}"
        self.pre_auth_codes[code] = PreAuthCode(now + PRE_AUTH_LIFE)
        return code

    def new_authorization_code(self, authorizer_appid: str, now: float) -> str:
        known = self.authorization_codes.items()
        self.authorization_codes = {code: each for code, each in known if each.ends_at > now - FORGET_AFTER}
        code = f"queryauthcode@@@{secrets.token_urlsafe(48)}"
        ends_at = now + AUTHORIZATION_CODE_LIFE
        self.authorization_codes[code] = AuthorizationCode(authorizer_appid, ends_at)
        return code

    def spend_code(self, code: str, now: float) -> str:
        """Uses up an authorization code; returns the AppID of the account that authorised.

        Raises 61009 if the code is unknown, 61010 if it was used or expired.
        """
        found = self.authorization_codes.get(code)
        if found is None:
            raise ApiError(61009)
        if found.used or found.ends_at <= now:
            raise ApiError(61010)
        found.used = True
        return found.authorizer_appid

    def authorization(self, authorizer_appid: str) -> Authorization:
        """Returns an account's authorization. Raises 61003 if it did not authorise this component."""
        try:
            return self.authorizations[authorizer_appid]
        except KeyError:
            raise ApiError(61003) from None


def new_refresh_token() -> str:
    return f"refreshtoken@@@{secrets.token_urlsafe(32)}"
