"""The API of short keys, and of links that open a mini program (WeChat reference 7.4)."""

from __future__ import annotations

import secrets
import string
from typing import Any

from simulator.api.calls import OK, Answer, Call, api
from simulator.api.miniprogram import mini_program
from simulator.errors import ApiError
from simulator.world import ShortKey

LONGEST_DATA, LONGEST_LIFE, KEY_CHARACTERS = 4 * 1024, 2_592_000, 15
LONGEST_PATH, LONGEST_QUERY = 1_024, 512
MOST_DAYS = 30
VERSIONS = ("release", "trial", "develop")
ALPHABET = string.ascii_letters + string.digits


@api("POST", "/cgi-bin/shorten/gen")
def shorten(call: Call) -> Answer:
    """Stores any text under a short key, for at most thirty days.

    Raises 9410010 if the text is too long, 9410011 if the lifetime is invalid.
    """
    data, life = call.text("long_data", 9410010), call.whole("expire_seconds", LONGEST_LIFE, 9410011)
    if len(data.encode()) > LONGEST_DATA:
        raise ApiError(9410010)
    if not 0 < life <= LONGEST_LIFE:
        raise ApiError(9410011)
    key = random_text(KEY_CHARACTERS)
    now = int(call.world.now)
    call.account.short_keys[key] = ShortKey(data, now, now + life)
    return {**OK, "short_key": key}


@api("POST", "/cgi-bin/shorten/fetch")
def fetch(call: Call) -> Answer:
    found = call.account.short_keys.get(call.text("short_key", 9410012))
    if found is None or found.ends_at <= call.world.now:
        raise ApiError(9410012)
    left = found.ends_at - int(call.world.now)
    return {**OK, "long_data": found.data, "create_time": found.made_at, "expire_seconds": left}


@api("POST", "/wxa/generatescheme", right=mini_program)
def scheme(call: Call) -> Answer:
    target = call.body.get("jump_wxa", {})
    check_target(target if isinstance(target, dict) else {"path": None})
    check_life(call)
    return {**OK, "openlink": f"weixin://dl/business/?t={random_text(13)}"}


@api("POST", "/wxa/generate_urllink", right=mini_program)
def url_link(call: Call) -> Answer:
    check_target(call.body)
    check_life(call)
    return {**OK, "url_link": f"https://wxaurl.cn/{random_text(11)}"}


def check_target(target: dict[str, Any]) -> None:
    """Checks the page that a link opens.

    Raises 40165 for an invalid path, 40212 for an invalid query, 85402 for an unknown version.
    """
    path, query = target.get("path", ""), target.get("query", "")
    if not isinstance(path, str) or path.startswith("/") or len(path) > LONGEST_PATH or "?" in path:
        raise ApiError(40165)
    if not isinstance(query, str) or len(query) > LONGEST_QUERY:
        raise ApiError(40212)
    if target.get("env_version", "release") not in VERSIONS:
        raise ApiError(85402)


def check_life(call: Call) -> None:
    """Checks the expiry of a link: a time (type 0) or a number of days (type 1), at most thirty days ahead.

    Raises 85401 if it is invalid.
    """
    kind, now = call.body.get("expire_type", 0), call.world.now
    if kind == 1:
        days = call.body.get("expire_interval", MOST_DAYS)
        good = isinstance(days, int) and 0 < days <= MOST_DAYS
    else:
        at = call.body.get("expire_time", int(now) + 86_400)
        good = isinstance(at, int) and now < at <= now + MOST_DAYS * 86_400
    if not good:
        raise ApiError(85401)


def random_text(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
