"""The authorisations of components by accounts: granting, changing and revoking them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from simulator.components import AUTHORIZATION_CODE_LIFE, Authorization, Component, new_refresh_token
from simulator.permissions import EXCLUSIVE, of_kind
from simulator.tokens import Token
from simulator.world import Account, World


@dataclass(frozen=True, slots=True)
class Granted:
    """The authorization code of a grant, and the event to push."""

    code: str
    event: dict[str, Any]


def available(world: World, component: Component, account: Account) -> dict[int, str]:
    """Returns the names of the permission sets that this account can grant, by their numbers.

    These are the sets for its kind of account that the component requests, without exclusive sets that
    another component holds.
    """
    held = {
        number
        for other in world.state.components.values()
        if other is not component and account.appid in other.authorizations
        for number in other.authorizations[account.appid].permissions
        if number in EXCLUSIVE
    }
    known = of_kind(account.kind).items()
    return {number: name for number, name in known if number in component.permissions and number not in held}


def authorize(
    world: World,
    component: Component,
    account: Account,
    permissions: Iterable[int] | None = None,
    pre_auth_code: str = "",
) -> Granted:
    """Authorises a component for an account; grants all available permission sets without ``permissions``.

    A second grant changes the first one, and ends its refresh token.
    """
    wanted = None if permissions is None else set(permissions)
    chosen = [each for each in available(world, component, account) if wanted is None or each in wanted]
    now = world.now
    earlier = component.authorizations.get(account.appid)
    if earlier:
        earlier.permissions, earlier.refresh_token = chosen, new_refresh_token()
    else:
        component.authorizations[account.appid] = Authorization(chosen, int(now), new_refresh_token())
    code = component.new_authorization_code(account.appid, now)
    if known := component.pre_auth_codes.get(pre_auth_code):
        known.authorization_code = code
    event = {
        "InfoType": "updateauthorized" if earlier else "authorized",
        "AuthorizerAppid": account.appid,
        "AuthorizationCode": code,
        "AuthorizationCodeExpiredTime": int(now) + AUTHORIZATION_CODE_LIFE,
        "PreAuthCode": pre_auth_code,
    }
    return Granted(code, event)


def cancel(world: World, component: Component, account: Account) -> dict[str, Any]:
    """Revokes an authorisation and its tokens; returns the event to push. Raises 61003 if there is none."""
    ended = component.authorization(account.appid)
    for value in ended.tokens.issued:
        world.by_authorizer_token.pop(value, None)
    del component.authorizations[account.appid]
    return {"InfoType": "unauthorized", "AuthorizerAppid": account.appid}


def new_access_token(world: World, component: Component, appid: str) -> Token:
    """Returns a new authorizer_access_token; the one before it is valid for five more minutes."""
    token = component.authorization(appid).tokens.new_classic(world.now)
    world.by_authorizer_token[token.value] = component.appid, appid
    return token
