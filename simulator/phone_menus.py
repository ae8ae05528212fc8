"""The menu on the phone: the client's copy, its system, and buttons without an event."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from simulator.menus import IOS
from simulator.phone import Phone, endpoint, line
from simulator.push import Pusher
from simulator.saving import dump
from simulator.user_actions import ImpossibleError
from simulator.world import World

PLATFORMS = (1, 2, 3)


async def shown(phone: Phone) -> Any:
    """Returns ``button``, ``menuid`` and ``at`` of the client's copy, and its ``platform``."""
    menus, follower = phone.account.menus, phone.account.followers.get(phone.openid)
    platform = menus.platforms.get(phone.openid, IOS)
    if follower is None or not follower.subscribed:
        return {"button": [], "menuid": 0, "platform": platform}
    copy = menus.shown_to(follower, phone.world.now, phone.world.settings.menu_copy_seconds)
    return {**dump(copy), "platform": platform}


async def change_platform(phone: Phone) -> Any:
    """Changes the platform of the phone, as a new device without a copy of the menu."""
    platform = (await phone.given()).get("platform")
    if platform not in PLATFORMS:
        raise ImpossibleError("a phone is 1 (iOS), 2 (Android) or 3 (other)")
    phone.account.menus.platforms[phone.openid] = platform
    phone.account.menus.forget_copy(phone.openid)
    return await shown(phone)


async def give(phone: Phone) -> Any:
    """Shows the content of a media_id, article_id or page-made button; the account gets no event."""
    msgtype, content = given_by(phone, await phone.given())
    entry = phone.world.write(phone.account, phone.openid, "account", "menu", msgtype, content)
    return line(entry)


def given_by(phone: Phone, button: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Returns the message that a button shows instead of an event. Raises ImpossibleError or 40007."""
    kind = button.get("type")
    if kind == "media_id":
        media = phone.account.find_media(str(button.get("media_id")), phone.world.now)
        return media.kind, {"media_id": media.media_id}
    if kind in ("article_id", "news"):
        return "news", {"articles": [{"title": str(button.get("name", "")), "url": ""}]}
    if kind == "text":
        return "text", {"content": str(button.get("value", ""))}
    if kind in ("img", "photo", "voice", "video"):
        return "text", {"content": f"[{kind}]"}
    raise ImpossibleError("this button gives nothing")


def routes(world: World, pusher: Pusher) -> list[Route]:
    at = "/phone/{appid}/{person}"
    return [
        Route(f"{at}/menu", endpoint(world, pusher, shown)),
        Route(f"{at}/menu/platform", endpoint(world, pusher, change_platform), methods=["POST"]),
        Route(f"{at}/menu/give", endpoint(world, pusher, give), methods=["POST"]),
    ]
