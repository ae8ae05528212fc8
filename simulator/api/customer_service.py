"""The API of customer-service messages and the typing state (WeChat reference 8.1 to 8.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.api.calls import OK, Answer, Call, api, verified
from simulator.api.miniprogram import mini_program
from simulator.errors import ApiError
from simulator.windows import spend

LONGEST_TEXT = 2048
MENU_ENTRIES = 10
MENU_ENTRY_CHARACTERS = 60
EXCHANGE_SECONDS = 30
TYPING_SECONDS = 15


@api("POST", "/cgi-bin/message/custom/send", right=verified)
def send(call: Call) -> Answer:
    """Sends a follower a customer-service message.

    Raises 45015 or 45047 if the follower cannot be sent a message now, and the errors of the content.
    """
    follower = call.account.follower(call.text("touser", 40003))
    kind = call.body.get("msgtype")
    if not isinstance(kind, str) or kind not in CHECKS:
        raise ApiError(40008)
    content = call.object(kind)
    CHECKS[kind](call, content)
    check_worker(call)
    if follower.blacklisted:
        raise ApiError(43019)
    if not follower.subscribed:
        raise ApiError(45015)
    spend(follower.grants or {}, call.world.now)
    follower.last_exchange, follower.typing_until = call.world.now, 0.0
    call.world.write(call.account, follower.openid, "account", "service", kind, content)
    return OK


@api("POST", "/cgi-bin/message/custom/typing", right=verified)
def typing(call: Call) -> Answer:
    return typed(call)


def typed(call: Call) -> Answer:
    follower = call.account.follower(call.text("touser", 40003))
    command, now = call.body.get("command"), call.world.now
    if command not in ("Typing", "CancelTyping"):
        raise ApiError(45072)
    if now - follower.last_exchange > EXCHANGE_SECONDS:
        raise ApiError(45080)
    if command == "Typing" and follower.typing_until > now:
        raise ApiError(45081)
    follower.typing_until = now + TYPING_SECONDS if command == "Typing" else 0.0
    call.world.live.publish(call.account.appid, follower.openid, "typing", command == "Typing")
    return OK


@api("POST", "/cgi-bin/message/custom/business/typing", right=mini_program)
def business_typing(call: Call) -> Answer:
    """Shows or hides the typing state of a business whose customer service a mini program runs."""
    call.number("businessid")
    return typed(call)


def check_worker(call: Call) -> None:
    """Checks the customer-service account that a message is sent by. Raises 65401 if it does not exist."""
    named = call.body.get("customservice")
    if named is None:
        return
    name = named.get("kf_account") if isinstance(named, dict) else None
    if not isinstance(name, str) or name not in call.account.customer_service.workers:
        raise ApiError(65401)


def filled(content: dict[str, Any], *names: str, missing: int = 47001) -> None:
    for name in names:
        if not isinstance(content.get(name), str) or not content[name]:
            raise ApiError(missing)


def media(call: Call, content: dict[str, Any], name: str, *kinds: str) -> None:
    filled(content, name, missing=40007)
    call.account.find_media(content[name], call.world.now, *kinds)


def check_text(call: Call, content: dict[str, Any]) -> None:
    filled(content, "content", missing=44004)
    if len(content["content"].encode()) > LONGEST_TEXT:
        raise ApiError(45002)


def check_image(call: Call, content: dict[str, Any]) -> None:
    media(call, content, "media_id", "image")


def check_voice(call: Call, content: dict[str, Any]) -> None:
    media(call, content, "media_id", "voice")


def check_video(call: Call, content: dict[str, Any]) -> None:
    media(call, content, "media_id", "video")
    if content.get("thumb_media_id"):
        media(call, content, "thumb_media_id", "thumb", "image")


def check_music(call: Call, content: dict[str, Any]) -> None:
    filled(content, "musicurl", "hqmusicurl")
    media(call, content, "thumb_media_id", "thumb", "image")


def check_news(call: Call, content: dict[str, Any]) -> None:
    articles = content.get("articles")
    if not isinstance(articles, list) or not articles:
        raise ApiError(44003)
    if len(articles) != 1:
        raise ApiError(45008)
    if not isinstance(articles[0], dict):
        raise ApiError(47001)
    filled(articles[0], "title")


def check_menu(call: Call, content: dict[str, Any]) -> None:
    entries = content.get("list")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ApiError(47001)
    if not 0 < len(entries) <= MENU_ENTRIES:
        raise ApiError(45098)
    for entry in entries:
        filled(entry, "content")
        if len(entry["content"]) > MENU_ENTRY_CHARACTERS or "id" not in entry:
            raise ApiError(45099)


def check_mini_program(call: Call, content: dict[str, Any]) -> None:
    filled(content, "appid", "pagepath")
    media(call, content, "thumb_media_id", "thumb", "image")


def check_link(call: Call, content: dict[str, Any]) -> None:
    if call.account.kind != "miniprogram":
        raise ApiError(48008)
    filled(content, "title", "url")


def check_article(call: Call, content: dict[str, Any]) -> None:
    filled(content, "article_id")


def check_card(call: Call, content: dict[str, Any]) -> None:
    filled(content, "card_id")


CHECKS: dict[str, Callable[[Call, dict[str, Any]], None]] = {
    "text": check_text,
    "image": check_image,
    "voice": check_voice,
    "video": check_video,
    "music": check_music,
    "news": check_news,
    "msgmenu": check_menu,
    "miniprogrampage": check_mini_program,
    "link": check_link,
    "mpnewsarticle": check_article,
    "wxcard": check_card,
}
