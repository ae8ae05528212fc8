"""The settings of a component, and the checks of their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.components import Component
from simulator.permissions import NAMES
from simulator.setting_checks import BadSettingError, Check, aes_key, check, flag, hosts, networks, text, url
from simulator.world import World


def _permissions(value: Any) -> str:
    good = isinstance(value, list) and all(each in NAMES for each in value)
    return "" if good else f"must be a list of permission sets; known are {', '.join(map(str, NAMES))}"


CHECKS: Mapping[str, Check] = {
    "secret": Check("string", text),
    "token": Check("string", text),
    "aes_key": Check("string", aes_key),
    "name": Check("string", text),
    "event_url": Check("string", url),
    "callback_url": Check("string", url),
    "domains": Check("array", hosts),
    "ip_whitelist": Check("array", networks),
    "permissions": Check("array", _permissions),
    "pushes_tickets": Check("boolean", flag),
}
SECRETS = ("secret", "token", "aes_key")


def configure(world: World, appid: str, settings: Mapping[str, Any]) -> Component:
    """Creates a component, or changes its named settings. Raises BadSettingError."""
    check("a component", CHECKS, settings)
    if appid in world.state.accounts:
        raise BadSettingError(f"{appid} is the AppID of an account")
    known = world.state.components.get(appid)
    if not (settings.get("aes_key") or (known and known.aes_key)):
        raise BadSettingError("a component needs an aes_key: everything sent to it is encrypted")
    component = known or Component(appid)
    for name, value in settings.items():
        setattr(component, name, value)
    if known is None:
        world.state.components[appid] = component
        world.live.publish_reset()
    return component
