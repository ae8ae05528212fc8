"""The file ``accounts.toml``: the accounts, components and merchants to create or change at start."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from simulator import account_settings, component_settings
from simulator.pay import merchant_settings
from simulator.setting_checks import BadSettingError
from simulator.world import Account, World

FILES = ("certificate", "public_key")


class BadFileError(ValueError):
    """An error: the file cannot be used; the message says where and why."""


def load(world: World, path: Path) -> None:
    """Creates or changes what the file describes. Raises BadFileError, or OSError if there is no file."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadFileError(f"{path} is no TOML: {error}") from error
    if unknown := document.keys() - {"accounts", "components", "merchants"}:
        raise BadFileError(
            f"{path}: there is no [[{sorted(unknown)[0]}]], "
            "only [[accounts]], [[components]] and [[merchants]]"
        )
    for number, given in enumerate(_tables(document, "accounts", path), start=1):
        at = f"{path}: account {number}"
        appid = _named(given, "appid", at)
        account = world.state.accounts.get(appid) or Account(appid)
        try:
            account_settings.apply(account, given)
        except BadSettingError as error:
            raise BadFileError(f"{at}: {error}") from error
        world.state.accounts[appid] = account
    for number, given in enumerate(_tables(document, "components", path), start=1):
        at = f"{path}: component {number}"
        appid = _named(given, "appid", at)
        try:
            component_settings.configure(world, appid, given)
        except BadSettingError as error:
            raise BadFileError(f"{at}: {error}") from error
    for number, given in enumerate(_tables(document, "merchants", path), start=1):
        _merchant(world, given, path.parent, f"{path}: merchant {number}")


def _tables(document: dict[str, Any], name: str, path: Path) -> list[dict[str, Any]]:
    found = document.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise BadFileError(f"{path}: write each of the {name} under a [[{name}]] of its own")
    return found


def _named(given: dict[str, Any], name: str, at: str) -> str:
    value = given.pop(name, None)
    if not isinstance(value, str) or not value:
        raise BadFileError(f"{at} has no {name}")
    return value


def _text_of(folder: Path, file: Any, at: str) -> str:
    if not isinstance(file, str):
        raise BadFileError(f"{at} must be the name of a file")
    try:
        return (folder / file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadFileError(f"{at}: {file} is no PEM file") from error


def _merchant(world: World, given: dict[str, Any], folder: Path, at: str) -> None:
    """Creates or changes a merchant of the file. Raises BadFileError, which names the place ``at``.

    Its certificate or public key is in this file, or in a separate one (``certificate_file``).
    """
    for name in FILES:
        if file := given.pop(f"{name}_file", None):
            given[name] = _text_of(folder, file, f"{at}: {name}_file")
    known = world.state.pay.merchants.get(str(given.get("mchid")))
    if not any(name in given for name in FILES) and not (known and known.certificates):
        raise BadFileError(f"{at}: give its certificate, certificate_file, or public_key with serial_no")
    try:
        merchant_settings.configure(world, given)
    except merchant_settings.BadSettingError as error:
        raise BadFileError(f"{at}: {error}") from error
