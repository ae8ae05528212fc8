"""The servers that receive an account's messages: its own, and those of authorised components."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from simulator.components import Component
from simulator.permissions import MESSAGES
from simulator.world import Account, World


class Health(Protocol):
    """The recent failures of deliveries to one server."""

    failed_pushes: int
    held_until: float


@dataclass(frozen=True, slots=True)
class Recipient:
    """A URL with the token and the key to sign and encrypt pushes to it."""

    url: str
    appid: str
    token: str
    aes_key: str
    mode: str
    format: str
    health: Health


def own(account: Account) -> Recipient:
    return Recipient(
        account.callback_url,
        account.appid,
        account.token,
        account.aes_key,
        account.mode,
        account.format,
        account,
    )


def of(world: World, account: Account) -> list[Recipient]:
    """Returns the account's own server, and the components with the permission for messages.

    The permission set of messages is not exclusive: all receive every message, the first reply is shown.
    """
    components = list(_components(world, account))
    return [own(account), *components] if account.callback_url or not components else components


def reachable(world: World, account: Account) -> bool:
    return any(each.url for each in of(world, account))


def _components(world: World, account: Account) -> Iterator[Recipient]:
    for component in world.state.components.values():
        found = component.authorizations.get(account.appid)
        if found and component.callback_url and MESSAGES in found.permissions:
            url = callback_of(component, account.appid)
            yield Recipient(url, component.appid, component.token, component.aes_key, "safe", "xml", found)


def callback_of(component: Component, appid: str) -> str:
    return component.callback_url.replace("$APPID$", appid)
