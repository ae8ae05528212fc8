"""The settings of an account, and the checks of their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.setting_checks import (
    BadSettingError,
    Check,
    aes_key,
    check,
    flag,
    hosts,
    networks,
    one_of,
    text,
    texts,
    url,
)
from simulator.world import Account

CHECKS: Mapping[str, Check] = {
    "secret": Check("string", text),
    "token": Check("string", text),
    "aes_key": Check("string", aes_key),
    "mode": one_of("plain", "compatible", "safe"),
    "format": one_of("xml", "json"),
    "original_id": Check("string", text),
    "kind": one_of("service", "subscription", "miniprogram"),
    "verified": Check("boolean", flag),
    "name": Check("string", text),
    "callback_url": Check("string", url),
    "open_platform": Check("boolean", flag),
    "sandbox": Check("boolean", flag),
    "oauth_domains": Check("array", hosts),
    "ip_whitelist": Check("array", networks),
    "miniprograms": Check("array", texts),
}
SECRETS = ("secret", "token", "aes_key")


def apply(account: Account, settings: Mapping[str, Any]) -> None:
    """Applies all settings, or none. Raises BadSettingError if one of them is invalid."""
    check("an account", CHECKS, settings)
    merged = {"mode": account.mode, "aes_key": account.aes_key, **settings}
    if merged["mode"] != "plain" and not merged["aes_key"]:
        raise BadSettingError(f"mode {merged['mode']} needs an aes_key")
    for name, value in settings.items():
        setattr(account, name, value)
