"""The calls for custom menus. WeChat reference 5."""

from collections.abc import Mapping, Sequence
from typing import Any

from wechat.sdk.answers import part, rows, text
from wechat.sdk.client import Client

Button = Mapping[str, Any]


def create(client: Client, button: Sequence[Button]) -> None:
    """Sets the default menu; the conditional ones stay."""
    client.post("/cgi-bin/menu/create", {"button": button})


def get(client: Client) -> dict[str, Any]:
    """Returns ``{"menu": {"button", "menuid"}, "conditionalmenu": [{"button", "matchrule", "menuid"}]}``.

    Only what was made by API. Raises ApiError 46003 when there is none.
    """
    return client.get("/cgi-bin/menu/get")


def delete(client: Client) -> None:
    """Deletes the default menu and all conditional ones."""
    client.get("/cgi-bin/menu/delete")


def current(client: Client) -> dict[str, Any]:
    """Returns ``{"is_menu_open", "selfmenu_info": {"button"}}``, also for a menu made on the platform's page.

    Children are in ``sub_button.list``; types text, img, photo, video, voice and news occur.
    """
    return client.get("/cgi-bin/get_current_selfmenu_info")


def add_conditional(client: Client, button: Sequence[Button], rule: Mapping[str, str]) -> str:
    """Adds a conditional menu and returns its menuid. Raises ApiError 65303 without a default menu."""
    answer = client.post("/cgi-bin/menu/addconditional", {"button": button, "matchrule": rule})
    return text(answer, "menuid")


def delete_conditional(client: Client, menuid: str) -> None:
    client.post("/cgi-bin/menu/delconditional", {"menuid": menuid})


def try_match(client: Client, user: str) -> list[dict[str, Any]]:
    """Returns the buttons shown to a follower, given by openid or WeChat ID.

    Raises ApiError 65302 for somebody who does not follow.
    """
    answer = client.post("/cgi-bin/menu/trymatch", {"user_id": user})
    return rows(answer, "button") or rows(part(answer, "menu"), "button")
