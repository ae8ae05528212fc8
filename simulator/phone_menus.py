"""The menu on the phone: what its client shows, on which system it runs, and buttons that push nothing."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from simulator.menus import IOS
from simulator.phone import Hand, endpoint, line
from simulator.push import Pusher
from simulator.saving import dump
from simulator.user_actions import ImpossibleError
from simulator.world import World

PLATFORMS = (1, 2, 3)


async def shown(hand: Hand) -> Any:
    """`button`, `menuid` and `at` of the client's copy, and the `platform` it runs on."""
    menus, follower = hand.account.menus, hand.account.followers.get(hand.openid)
    platform = menus.platforms.get(hand.openid, IOS)
    if follower is None or not follower.subscribed:
        return {"button": [], "menuid": 0, "platform": platform}
    copy = menus.shown_to(follower, hand.world.now, hand.world.settings.menu_copy_seconds)
    return {**dump(copy), "platform": platform}


async def change_platform(hand: Hand) -> Any:
    """Another device: it has no copy of the menu yet."""
    platform = (await hand.request.json()).get("platform")
    if platform not in PLATFORMS:
        raise ImpossibleError("a phone is 1 (iOS), 2 (Android) or 3 (other)")
    hand.account.menus.platforms[hand.openid] = platform
    hand.account.menus.forget_copy(hand.openid)
    return await shown(hand)


async def give(hand: Hand) -> Any:
    """The platform itself sends what a media_id, article_id or page-made button stands for; no event."""
    button = await hand.request.json()
    msgtype, content = given_by(hand, button)
    entry = hand.world.write(hand.account, hand.openid, "account", "menu", msgtype, content)
    return line(entry)


def given_by(hand: Hand, button: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The message in place of a tap. Raises ImpossibleError or 40007."""
    kind = button.get("type")
    if kind == "media_id":
        media = hand.account.find_media(str(button.get("media_id")), hand.world.now)
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
